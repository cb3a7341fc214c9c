//! Tokens that a back end makes and ends itself, past the token endpoint. What lives by a grant is sealed: whoever does not
//! hold a token can find it by its digest, end it and see whose it is, and no more.

use std::sync::Arc;

use parhelion_protocol::client::{Client, GrantType};
use parhelion_protocol::params::authorization_details::AuthorizationDetails;
use parhelion_protocol::params::scope::{self, Scope};
use parhelion_protocol::refusal::Reason;
use parhelion_protocol::sender::token_type;

use crate::Engine;
use crate::fault::{Fault, Turned};
use crate::ports::{Commit, Condition, Id, Key, Kind, MAX_SCAN, Moment, Verdict, Write};
use crate::records::{self, AccessToken, External, Grant, Property};
use crate::reference::Reference;
use crate::registry::Mount;
use crate::ticket::{check_properties, check_subject};
use crate::token::issue::Basis;
use crate::token::{Granted, Tokens};

/// The most tokens that are looked through for one answer.
const LOOKED_AT_MAX: usize = 100_000;

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Whose it is to be.
    pub client: Arc<Client>,
    /// How it is said to have been got.
    pub grant_type: GrantType,
    /// The back end's user behind it; none where the client acts for itself.
    pub subject: Option<String>,
    /// What it allows; no more than the client may have.
    pub scopes: Vec<String>,
    /// How long it lives, in seconds, if that is less than the policy says.
    pub lifetime_s: Option<u32>,
    /// What is said of the user.
    pub said: External,
    /// When the user authenticated, in seconds since 1970.
    pub auth_time_s: Option<i64>,
    /// What is attached to it.
    pub properties: Vec<Property>,
}

/// What may be seen of a token by whoever does not hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSummary {
    /// SHA-256 of the token's bytes.
    pub id: Id,
    /// Whose it is.
    pub client_id: String,
    /// When it was made.
    pub made_at: Moment,
    /// From when on it is not good.
    pub expires_at: Moment,
}

impl Engine {
    /// Makes an access token, with a grant of its own.
    ///
    /// # Errors
    /// [`Reason::VouchedMalformed`], or [`Reason::ScopeNotAllowed`] for more than the client may have.
    pub async fn make_token(&self, mount: &Mount, new: NewToken) -> Result<Tokens, Turned> {
        check_properties(&new.properties)?;
        if let Some(subject) = &new.subject {
            check_subject(subject)?;
        }
        let scope = match new.scopes.as_slice() {
            [] => Scope::default(),
            words => scope::parse(&words.join(" ")).map_err(|_| Turned::from(Reason::VouchedMalformed))?,
        };
        if !scope.iter().all(|word| new.client.scope.has(word)) {
            return Err(Reason::ScopeNotAllowed.into());
        }
        let now = self.store.now();
        let known = self.find_client(mount, &new.client.client_id).await?;
        let policy = known.map_or_else(|| Arc::clone(&mount.policy), |known| known.policy);
        let longest_s = policy.access_token_lifetime_s.0;
        let lifetime_s = new.lifetime_s.map_or(longest_s, |asked_s| asked_s.min(longest_s));
        let gone_at = now.plus_s(lifetime_s.into());
        let basis = Basis {
            mount,
            client: &new.client,
            issuer: &mount.issuer,
            sub: new.subject.as_deref(),
            scope: scope.to_string(),
            granted_resources: &[],
            resources: Vec::new(),
            authorization_details: AuthorizationDetails::default(),
            grant: *Reference::draw(&*self.entropy)?.as_bytes(),
            bound_to: None,
            instance: None,
        };
        let access = Reference::draw(&*self.entropy)?;
        let grant = grant_of(&new, &basis.scope, now);
        let grant_write = self.put_grant(mount, basis.grant, &grant, gone_at)?;
        let conditions = vec![Condition::Absent(grant_write.key())];
        let writes = vec![grant_write, self.put_access_token(&basis, &access, gone_at)?];
        match self.store.commit(Commit { conditions, writes }).await? {
            Verdict::Done => Ok(tokens(&new, basis.scope, &access, lifetime_s, gone_at)),
            Verdict::Refused(_) => Err(Fault::Record.into()),
        }
    }

    /// Ends an access token, named by itself or by the digest of its bytes. Whether there was one.
    ///
    /// # Errors
    /// [`Turned::Faulted`].
    pub async fn end_token(&self, mount: &Mount, name: &str) -> Result<bool, Turned> {
        let Some(reference) = Reference::from_text(name) else { return Ok(false) };
        let by_itself = records::key_of::<AccessToken>(mount.tenant.uid, &reference);
        let by_digest = Key { id: Id(*reference.as_bytes()), ..by_itself };
        for key in [by_itself, by_digest] {
            if self.store.get(key).await?.is_some() {
                let commit = Commit { conditions: Vec::new(), writes: vec![Write::Delete(key)] };
                let (Verdict::Done | Verdict::Refused(_)) = self.store.commit(commit).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The access tokens of a tenant, or of one of its clients.
    ///
    /// # Errors
    /// [`Turned::Faulted`]; [`Fault::Busy`] where there is too much to look through.
    pub async fn list_tokens(&self, mount: &Mount, client_id: Option<&str>) -> Result<Vec<TokenSummary>, Turned> {
        let (mut tokens, mut after) = (Vec::new(), None);
        for _ in 0..LOOKED_AT_MAX.div_ceil(MAX_SCAN) {
            let page = self.store.scan(mount.tenant.uid, Kind::AccessToken, after, MAX_SCAN).await?;
            for (id, stored) in &page {
                let summary = records::summary::<AccessToken>(stored)?;
                if client_id.is_none_or(|wanted| wanted == summary.client_id) {
                    tokens.push(TokenSummary {
                        id: *id,
                        client_id: summary.client_id.into_owned(),
                        made_at: Moment(summary.made_at_ms),
                        expires_at: stored.expires_at,
                    });
                }
            }
            match page.last() {
                Some((last, _)) if page.len() == MAX_SCAN => after = Some(*last),
                Some(_) | None => return Ok(tokens),
            }
        }
        Err(Fault::Busy.into())
    }
}

fn grant_of(new: &NewToken, scope: &str, now: Moment) -> Grant {
    let external = new.subject.is_some().then(|| External { given_at_ms: now.0, ..new.said.clone() });
    Grant {
        client_id: new.client.client_id.clone(),
        sub: new.subject.clone(),
        scope: scope.to_owned(),
        auth_time_s: new.auth_time_s.unwrap_or(0),
        claims: None,
        session: None,
        authorization_details: None,
        external,
        properties: new.properties.clone(),
    }
}

fn tokens(new: &NewToken, scope: String, access: &Reference, lifetime_s: u32, expires_at: Moment) -> Tokens {
    Tokens {
        access_token: access.to_text(),
        token_type: token_type(None),
        expires_in_s: lifetime_s,
        authorization_details: AuthorizationDetails::default(),
        scope: Some(scope.clone()),
        refresh_token: None,
        id_token: None,
        granted: Granted {
            client_id: new.client.client_id.clone(),
            grant_type: new.grant_type,
            sub: new.subject.clone(),
            scope,
            resources: Vec::new(),
            access_token_resources: Vec::new(),
            properties: new.properties.clone(),
            expires_at,
            refresh_expires_at: None,
        },
    }
}

//! An access token that a back end changes. It stays what it was issued for, and as tight: its binding is never touched,
//! what a user of the tenant allowed is not widened, and it lives no longer than a new one would.

use parhelion_protocol::params::authorization_details;
use parhelion_protocol::params::scope::{self, Scope};
use parhelion_protocol::refusal::Reason;
use parhelion_protocol::sender::token_type;

use crate::Engine;
use crate::fault::{Fault, Turned};
use crate::person::Person;
use crate::ports::{Commit, Condition, Moment, Verdict, Write};
use crate::records::{self, AccessToken, Grant, Property};
use crate::reference::{Nonce, Reference};
use crate::registry::Mount;
use crate::ticket::check_properties;
use crate::token::grant_key;
use crate::userinfo::LiveToken;

/// How often a change is tried again when others change the same token.
const RACES_MAX: usize = 8;

/// What is to be changed; what is not named stays.
#[derive(Clone, Debug, Default)]
pub struct TokenChange {
    /// From when on it is not good.
    pub expires_at: Option<Moment>,
    /// What it allows. Words that it cannot have are left out.
    pub scopes: Option<Vec<String>>,
    /// The authorization details that it allows, as JSON text: some of those that were granted.
    pub authorization_details: Option<String>,
    /// What is attached to its grant, and so to every token that lives by it.
    pub properties: Option<Vec<Property>>,
    /// What it is called.
    pub value: TokenValue,
}

/// What a changed token is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenValue {
    /// As before.
    #[default]
    Kept,
    /// Anew; the value before is not good any more.
    Drawn,
}

/// A token after a change.
pub struct ChangedToken {
    /// What it is called: 43 base64url characters.
    pub access_token: String,
    /// How it is shown: `Bearer` or `DPoP`.
    pub token_type: &'static str,
    /// What it allows.
    pub scope: String,
    /// The authorization details that it allows, as JSON text.
    pub authorization_details: Option<String>,
    /// What is attached to its grant.
    pub properties: Vec<Property>,
    /// From when on it is not good.
    pub expires_at: Moment,
}

impl Engine {
    /// Changes an access token, all of it or nothing.
    ///
    /// # Errors
    /// [`Reason::AccessTokenInvalid`]; [`Reason::VouchedMalformed`]; what stands against the authorization details.
    pub async fn change_token(&self, mount: &Mount, text: &str, change: &TokenChange) -> Result<ChangedToken, Turned> {
        check_properties(change.properties.as_deref().unwrap_or_default())?;
        for _ in 0..RACES_MAX {
            let live = self.find_access_token(mount, text).await?.ok_or(Turned::from(Reason::AccessTokenInvalid))?;
            let (changed, commit) = self.changed_token(mount, text, live, change)?;
            if self.store.commit(commit).await? == Verdict::Done {
                return Ok(changed);
            }
        }
        Err(Fault::Busy.into())
    }

    fn changed_token(
        &self,
        mount: &Mount,
        text: &str,
        live: LiveToken,
        change: &TokenChange,
    ) -> Result<(ChangedToken, Commit), Turned> {
        let before = Reference::from_text(text).ok_or(Turned::from(Reason::AccessTokenInvalid))?;
        let longest = self.store.now().plus_s(live.known.policy.access_token_lifetime_s.0.into());
        let expires_at = change.expires_at.map_or(live.expires_at(), |asked| asked.min(longest));
        let scope = change.scopes.as_ref().map_or_else(|| live.token.scope.clone(), |asked| scope_of(&live, asked));
        let authorization_details = match &change.authorization_details {
            Some(asked) => narrowed_details(&live.grant, asked)?,
            None => live.token.authorization_details.clone(),
        };
        let grant_end = grant_end(&live, expires_at);
        let summary = records::summary::<AccessToken>(&live.stored)?;
        let token = AccessToken { scope, authorization_details, ..live.token };
        let properties = change.properties.clone().unwrap_or(live.grant.properties);
        let grant = Grant { properties, ..live.grant };
        let (old_key, grant_key) =
            (records::key_of::<AccessToken>(mount.tenant.uid, &before), grant_key(mount, token.grant));
        let mut conditions = vec![
            Condition::Unchanged(old_key, live.stored.version),
            Condition::Unchanged(grant_key, live.stored_grant.version),
        ];
        let mut writes = Vec::new();
        if change.properties.is_some() || grant_end != live.stored_grant.expires_at {
            writes.push(self.put_grant(mount, token.grant, &grant, grant_end)?);
        }
        let reference = match change.value {
            TokenValue::Kept => before,
            TokenValue::Drawn => {
                let drawn = Reference::draw(&*self.entropy)?;
                conditions.push(Condition::Absent(records::key_of::<AccessToken>(mount.tenant.uid, &drawn)));
                writes.push(Write::Delete(old_key));
                drawn
            }
        };
        let uid = mount.tenant.uid;
        writes.push(records::put_sealed(uid, &reference, &summary, &token, expires_at, Nonce::draw(&*self.entropy)?)?);
        let changed = ChangedToken {
            access_token: reference.to_text(),
            token_type: token_type(token.bound_to),
            scope: token.scope,
            authorization_details: token.authorization_details,
            properties: grant.properties,
            expires_at,
        };
        Ok((changed, Commit { conditions, writes }))
    }
}

/// What a token can have of what is asked for: anything of its client's, where a back end speaks for its own user or the
/// client acts for itself; else no more than the user of the tenant allowed.
fn scope_of(live: &LiveToken, asked: &[String]) -> String {
    let of_client = &live.known.client.scope;
    let allowed = match &live.user {
        None => of_client.clone(),
        Some(person @ Person::External { .. }) => parsed(&person.left_of(&of_client.to_string())),
        Some(Person::User(_)) => parsed(&live.grant.scope).filtered(|word| of_client.has(word)),
    };
    allowed.filtered(|word| asked.iter().any(|asked| asked == word)).to_string()
}

fn parsed(text: &str) -> Scope {
    scope::parse(text).unwrap_or_default()
}

//= rfc9396#7 what was granted bounds what a token allows
fn narrowed_details(grant: &Grant, asked: &str) -> Result<Option<String>, Turned> {
    let parse = |text: &str| authorization_details::parse(text);
    let granted = grant.authorization_details.as_deref().map_or(Ok(Default::default()), parse);
    Ok(granted.map_err(|_| Fault::Record)?.narrowed(parse(asked)?)?.to_text())
}

/// How long the grant is kept: as long as the token needs it. One that ends with its token, so that nothing renews it,
/// goes on ending with it. The code that it came from may be forgotten before: it ended long ago.
fn grant_end(live: &LiveToken, expires_at: Moment) -> Moment {
    let before = live.stored_grant.expires_at;
    if before == live.expires_at() { expires_at } else { before.max(expires_at) }
}

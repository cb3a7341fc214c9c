//! Userinfo: what the holder of an access token may know about the user (OpenID Connect Core section 5.3).

use std::borrow::Cow;

use parhelion_protocol::client::Client;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::params::scope;
use parhelion_protocol::profile::DpopNonce;
use parhelion_protocol::refusal::Reason;
use parhelion_protocol::sender::{Confirmation, certificate, dpop};
use serde_json::{Map, Value, json};

use crate::Engine;
use crate::client_request::{Judged, Possession};
use crate::clients::KnownClient;
use crate::fault::{Fault, Turned};
use crate::nonce;
use crate::person::Person;
use crate::ports::{Moment, Stored};
use crate::records::{self, AccessToken, Grant};
use crate::reference::Reference;
use crate::registry::Mount;
use crate::response_jwt;
use crate::user_claims::Place;

/// An access token that is live, and so is the grant behind it.
pub(crate) struct LiveToken {
    pub(crate) token: AccessToken,
    pub(crate) stored: Stored,
    pub(crate) grant: Grant,
    pub(crate) stored_grant: Stored,
    pub(crate) user: Option<Person>,
    pub(crate) known: KnownClient,
}

impl LiveToken {
    /// From when on it is not good.
    pub(crate) const fn expires_at(&self) -> Moment {
        self.stored.expires_at
    }
}

/// How an access token is shown.
pub struct ShownToken<'a> {
    /// The token.
    pub text: Cow<'a, str>,
    /// The scheme of the `Authorization` header; [`Scheme::Bearer`] for a token in a form.
    pub scheme: Scheme,
    /// The proof beside it.
    pub possession: Possession<'a>,
}

/// The scheme that an access token comes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449 section 7.1.
    Dpop,
}

/// The claims about a user, in the form that the client registered.
#[derive(Debug)]
pub enum Userinfo {
    /// `application/json`.
    Json(String),
    /// `application/jwt`.
    Jwt(String),
}

impl Engine {
    /// The claims about the user behind an access token.
    ///
    /// # Errors
    /// In the outcome: the token is not live, not shown as it must be, or lacks the scope.
    pub async fn userinfo(&self, mount: &Mount, shown: &ShownToken<'_>) -> Judged<Userinfo> {
        Judged {
            dpop_nonce: self.next_nonce(mount, shown),
            ..Judged::unidentified(self.claims_for(mount, shown).await)
        }
    }

    /// The nonce that the next proof must carry, where nonces are in force.
    pub(crate) fn next_nonce(&self, mount: &Mount, shown: &ShownToken<'_>) -> Option<String> {
        let due = shown.scheme == Scheme::Dpop && mount.policy.dpop_nonce == DpopNonce::Required;
        due.then(|| nonce::current(mount, self.store.now()).ok()).flatten()
    }

    /// A token that is live and shown as it must be.
    pub(crate) async fn accept(
        &self,
        mount: &Mount,
        shown: &ShownToken<'_>,
        endpoint: Endpoint,
    ) -> Result<LiveToken, Turned> {
        let live = self.find_access_token(mount, &shown.text).await?;
        let live = live.ok_or(Turned::from(Reason::AccessTokenInvalid))?;
        self.check_possession(mount, shown, &live, endpoint).await?;
        Ok(live)
    }

    async fn claims_for(&self, mount: &Mount, shown: &ShownToken<'_>) -> Result<Userinfo, Turned> {
        let live = self.accept(mount, shown, Endpoint::Userinfo).await?;
        let scope = scope::parse(&live.token.scope).unwrap_or_default();
        let user = live.user.as_ref().filter(|_| scope.has("openid"));
        let user = user.ok_or(Turned::from(Reason::AccessTokenScope))?;
        let mut claims = user.claims(&scope, live.grant.claims.as_deref(), Place::Userinfo);
        claims.insert("sub".to_owned(), user.shown_sub().into());
        Ok(userinfo(mount, &live.token, &live.known.client, claims)?)
    }

    /// Whether a token is shown as it must be: a bound one over a connection with its certificate (RFC 8705 section 3),
    /// or with a proof by its key, made for this token (RFC 9449 section 7.1).
    pub(crate) async fn check_possession(
        &self,
        mount: &Mount,
        shown: &ShownToken<'_>,
        live: &LiveToken,
        endpoint: Endpoint,
    ) -> Result<(), Turned> {
        let bound = live.token.bound_to.map(Confirmation::held).unwrap_or_default();
        let certificate = shown.possession.certificate.chain()?;
        if bound.x5t_s256.is_some() && bound.x5t_s256 != certificate.map(certificate::Chain::x5t_s256) {
            return Err(Reason::CertificateOfTokenWrong.into());
        }
        let jkt = match (bound.jkt, shown.scheme) {
            (None, Scheme::Bearer) => return Ok(()),
            (None, Scheme::Dpop) => return Err(Reason::AccessTokenInvalid.into()),
            (Some(_), Scheme::Bearer) => return Err(Reason::BoundTokenAsBearer.into()),
            (Some(jkt), Scheme::Dpop) => jkt,
        };
        let policy = &live.known.policy;
        let needed = policy.dpop_nonce.max(shown.possession.nonce);
        let proof = self.judge_proof(mount, policy, &shown.possession, endpoint, needed).await?;
        let proof = proof.ok_or(Turned::from(Reason::DpopProofMissing))?;
        if proof.ath != Some(dpop::ath(&shown.text)) {
            return Err(Reason::DpopAthWrong.into());
        }
        if proof.jkt != jkt {
            return Err(Reason::ProofKeyWrong.into());
        }
        self.claim_alone(&[proof.once]).await
    }

    /// The live token of a text; none if it is unknown, expired, revoked, or its client or user is gone.
    pub(crate) async fn find_access_token(&self, mount: &Mount, text: &str) -> Result<Option<LiveToken>, Turned> {
        let Some(reference) = Reference::from_text(text) else { return Ok(None) };
        let tenant = &mount.tenant;
        let Some(stored) = self.store.get(records::key_of::<AccessToken>(tenant.uid, &reference)).await? else {
            return Ok(None);
        };
        let mut token = records::open_sealed::<AccessToken>(tenant.uid, &reference, &stored)?;
        let Some((grant, stored_grant)) = self.find_grant(mount, token.grant).await? else { return Ok(None) };
        let user = match &token.sub {
            Some(sub) => self.find_person(mount, &token.client_id, sub, grant.external.as_ref()).await?,
            None => None,
        };
        let Some(known) = self.find_served_client(mount, &token.client_id).await? else { return Ok(None) };
        if let Some(person) = &user {
            token.scope = person.left_of(&token.scope);
        }
        let whole = user.is_some() == token.sub.is_some();
        Ok(whole.then_some(LiveToken { token, stored, grant, stored_grant, user, known }))
    }
}

//= openid-connect-core#5.3.2 a signed answer says who made it and for whom
pub(crate) fn userinfo(
    mount: &Mount,
    token: &AccessToken,
    client: &Client,
    mut claims: Map<String, Value>,
) -> Result<Userinfo, Fault> {
    let Some(registered) = client.responses.userinfo else {
        return Ok(Userinfo::Json(Value::Object(claims).to_string()));
    };
    claims.insert("iss".to_owned(), json!(token.issuer));
    claims.insert("aud".to_owned(), json!(token.client_id));
    let payload = Value::Object(claims).to_string();
    response_jwt::make(&mount.tenant, &registered, &client.keys, "JWT", payload.as_bytes()).map(Userinfo::Jwt)
}

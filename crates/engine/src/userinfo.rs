//! Userinfo: what the holder of an access token may know about the user (OpenID Connect Core section 5.3).

use std::sync::Arc;

use parhelion_protocol::params::scope;
use parhelion_protocol::refusal::Reason;
use serde_json::{Map, Value};

use crate::Engine;
use crate::fault::Turned;
use crate::ports::Moment;
use crate::records::{self, AccessToken, Grant};
use crate::reference::Reference;
use crate::registry::{Mount, User};
use crate::user_claims::{Place, about_user};

/// An access token that is live, and so is the grant behind it.
pub(crate) struct LiveToken {
    pub(crate) token: AccessToken,
    pub(crate) grant: Grant,
    pub(crate) expires_at: Moment,
    pub(crate) user: Option<Arc<User>>,
}

impl Engine {
    /// The claims about the user behind an access token, as a JSON object.
    ///
    /// # Errors
    /// [`Reason::AccessTokenInvalid`] or [`Reason::AccessTokenScope`].
    pub async fn userinfo(&self, mount: &Mount, access_token: &str) -> Result<Map<String, Value>, Turned> {
        let live = self.find_access_token(mount, access_token).await?;
        let LiveToken { token, grant, user, .. } = live.ok_or(Turned::from(Reason::AccessTokenInvalid))?;
        let scope = scope::parse(&token.scope).unwrap_or_default();
        let Some(user) = user.filter(|_| scope.has("openid")) else { return Err(Reason::AccessTokenScope.into()) };
        let mut claims = about_user(&scope, grant.claims.as_deref(), Place::Userinfo, &user);
        claims.insert("sub".to_owned(), Value::String(user.sub.clone()));
        Ok(claims)
    }

    /// The live token of a text; none if it is unknown, expired, revoked, or its client or user is gone.
    pub(crate) async fn find_access_token(&self, mount: &Mount, text: &str) -> Result<Option<LiveToken>, Turned> {
        let Some(reference) = Reference::from_text(text) else { return Ok(None) };
        let tenant = &mount.tenant;
        let Some(stored) = self.store.get(records::key_of::<AccessToken>(tenant.uid, &reference)).await? else {
            return Ok(None);
        };
        let token = records::open_sealed::<AccessToken>(tenant.uid, &reference, &stored)?;
        let Some((grant, _)) = self.find_grant(mount, token.grant).await? else { return Ok(None) };
        let user = token.sub.as_ref().and_then(|sub| tenant.users.with_sub(sub)).map(Arc::clone);
        let served = tenant.clients.get(&token.client_id).is_some_and(|client| client.is_enabled());
        let whole = served && user.is_some() == token.sub.is_some();
        Ok(whole.then_some(LiveToken { token, grant, expires_at: stored.expires_at, user }))
    }
}

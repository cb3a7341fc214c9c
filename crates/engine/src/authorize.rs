//! Authorize: `client_id` and `request_uri` begin an interaction (RFC 9126 section 4). Loading consumes
//! nothing and writes nothing: a mail scanner may do it, and a reload may.

use parhelion_protocol::limits;
use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::params::prompt::Prompt;
use parhelion_protocol::params::request_uri;
use parhelion_protocol::refusal::{Reason, Refusal};

use crate::Engine;
use crate::fault::Turned;
use crate::interaction::{Interaction, Login};
use crate::pending::{Fallen, Pending, Standing};
use crate::ports::Moment;
use crate::records::{self, Session};
use crate::reference::Reference;
use crate::registry::Mount;
use crate::response::AuthorizationResponse;

/// What loading led to.
#[derive(Debug)]
pub enum Loaded {
    /// The browser goes on to log in or to consent.
    Interaction(Interaction),
    /// The answer stands already.
    Response(AuthorizationResponse),
}

impl Engine {
    /// Loads a pushed request for a browser, which may bring a session.
    ///
    /// # Errors
    /// What stands in the way, to be shown on a page: there is no redirect URI to trust.
    pub async fn authorize(
        &self,
        mount: &Mount,
        parameters: &Parameters<'_>,
        session: Option<&str>,
    ) -> Result<Loaded, Turned> {
        let (client_id, reference) = read(parameters)?;
        let pending = self.find_pending(mount, &reference, client_id).await?;
        let now = self.store.now();
        //= rfc9126#4 an expired request_uri is rejected; no leeway, one clock
        if now >= Moment(pending.record.redeem_by_ms) {
            return Err(Reason::RequestUriExpired.into());
        }
        match self.stand(mount, &pending) {
            Ok(standing) => self.begin(mount, &pending, &standing, reference, session).await,
            Err(Fallen::Page(refusal)) => Err(refusal.into()),
            Err(Fallen::Redirect(response)) => self.answer(&pending, response).await,
        }
    }

    async fn begin(
        &self,
        mount: &Mount,
        pending: &Pending,
        standing: &Standing,
        reference: Reference,
        session: Option<&str>,
    ) -> Result<Loaded, Turned> {
        let now = self.store.now();
        let login = self.find_session(mount, session).await?.filter(|login| suffices(login, standing, now));
        if standing.request.prompts.has(Prompt::None) {
            let reason = if login.is_some() { Reason::ConsentRequired } else { Reason::LoginRequired };
            let state = standing.request.state.as_deref();
            let response = AuthorizationResponse::error(&standing.redirect_uri, &reason.into(), state, &mount.issuer);
            return self.answer(pending, response).await;
        }
        let lifetime_s = standing.policy.interaction_lifetime_s.0;
        // Never past the record itself, or a completion could find its tombstone collected.
        let deadline = now.plus_s(lifetime_s.into()).min(pending.gone_at);
        let client_id = &pending.record.client_id;
        Ok(Loaded::Interaction(Interaction::begin(&*self.entropy, reference, client_id, deadline, login)?))
    }

    /// An answer without interaction is an answer all the same: it takes the request.
    async fn answer(&self, pending: &Pending, response: AuthorizationResponse) -> Result<Loaded, Turned> {
        let mut by = [0; 16];
        self.entropy.fill(&mut by)?;
        self.take(pending, by, None).await?;
        Ok(Loaded::Response(response))
    }

    async fn find_session(&self, mount: &Mount, session: Option<&str>) -> Result<Option<Login>, Turned> {
        let Some(reference) = session.and_then(Reference::from_text) else { return Ok(None) };
        let tenant = mount.tenant.uid;
        let Some(stored) = self.store.get(records::key_of::<Session>(tenant, &reference)).await? else {
            return Ok(None);
        };
        let session = records::open_sealed::<Session>(tenant, &reference, &stored)?;
        let known = mount.tenant.users.contains_key(&session.username);
        let Session { username, auth_time_s } = session;
        Ok(known.then_some(Login { username, auth_time_s, session: reference.id().0 }))
    }
}

/// Reads the two parameters that count; every other is ignored and never echoed.
fn read<'a>(parameters: &'a Parameters<'_>) -> Result<(&'a str, Reference), Refusal> {
    let about = |reason, param| Refusal::new(reason).about(Some(param));
    let request_uri = parameters.get(Param::RequestUri);
    if parameters.get(Param::Request).is_some() {
        let reason = if request_uri.is_some() { Reason::RequestWithRequestUri } else { Reason::PlainRequestRefused };
        return Err(about(reason, Param::Request));
    }
    let plain = parameters.get(Param::ResponseType).is_some();
    let missing = if plain { Reason::PlainRequestRefused } else { Reason::AuthorizeParameterMissing };
    let request_uri = request_uri.ok_or(about(missing, Param::RequestUri))?;
    let client_id = parameters.get(Param::ClientId).ok_or(about(Reason::AuthorizeParameterMissing, Param::ClientId))?;
    Ok((client_id, Reference::from_bytes(request_uri::parse(request_uri)?)))
}

/// Whether a session spares the user from logging in again (OpenID Connect Core 3.1.2.1).
fn suffices(login: &Login, standing: &Standing, now: Moment) -> bool {
    let request = &standing.request;
    let fresh_asked = request.prompts.has(Prompt::Login) || request.prompts.has(Prompt::SelectAccount);
    let age_s = now.epoch_s().saturating_sub(login.auth_time_s);
    let young = request.max_age_s.is_none_or(|max_age_s| max_age_s > 0 && age_s <= i64::from(max_age_s));
    !fresh_asked && young && age_s <= i64::from(limits::SESSION_LIFETIME_S)
}

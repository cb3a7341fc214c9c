//! Authorize: `client_id` and `request_uri` begin an interaction (RFC 9126 section 4). Loading consumes
//! nothing and writes nothing: a mail scanner may do it, and a reload may.

use parhelion_protocol::checks::Column;
use parhelion_protocol::form;
use parhelion_protocol::limits;
use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::params::prompt::Prompt;
use parhelion_protocol::params::request_uri;
use parhelion_protocol::params::response_mode::Carrier;
use parhelion_protocol::profile::PushedRequests;
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::request_object::Door;

use crate::Engine;
use crate::clients::KnownClient;
use crate::fault::Turned;
use crate::interaction::{Interaction, Login, Shown};
use crate::pending::{Fallen, Pending, Standing, return_path, stand};
use crate::ports::{Moment, Verdict};
use crate::records::{self, Session};
use crate::reference::Reference;
use crate::registry::Mount;
use crate::response::AuthorizationResponse;

/// What loading led to.
#[derive(Debug)]
pub enum Loaded {
    /// The browser goes on to log in or to consent.
    Interaction(Interaction),
    /// The same; who asks reads a document that names the page.
    Flow(Interaction),
    /// The answer stands already.
    Response(AuthorizationResponse),
}

/// A request that stands and waits for its user.
pub(crate) struct Waits {
    pub(crate) pending: Pending,
    pub(crate) standing: Standing,
    pub(crate) reference: Reference,
}

/// What was found.
pub(crate) enum Waiting {
    /// The request; nobody has been asked yet.
    Request(Box<Waits>),
    /// Its client is told why not.
    Answered(AuthorizationResponse),
}

impl Engine {
    /// Loads a request for a browser, which may bring a session. `query` is the form-encoded query or body.
    /// Beside `request_uri` only `client_id` counts; every other parameter is ignored, however malformed.
    ///
    /// # Errors
    /// What stands in the way, to be shown on a page: there is no redirect URI to trust.
    pub async fn authorize(&self, mount: &Mount, query: &[u8], session: Option<&str>) -> Result<Loaded, Turned> {
        match self.load(mount, query).await? {
            Waiting::Request(waits) => self.begin(mount, *waits, session).await,
            Waiting::Answered(response) => Ok(Loaded::Response(response)),
        }
    }

    /// Finds the request that is asked for, or takes the one that was brought: from here on they are the same.
    pub(crate) async fn load(&self, mount: &Mount, query: &[u8]) -> Result<Waiting, Turned> {
        let parameters = form::parse_only(query, &[Param::ClientId, Param::RequestUri, Param::Request])?;
        if parameters.get(Param::RequestUri).is_none() {
            return self.load_plain(mount, &form::parse(query)?).await;
        }
        let (client_id, reference) = match read(&parameters) {
            Ok(read) => read,
            Err(refusal) => {
                let sent = form::parse(query).unwrap_or(parameters);
                return if refusal.reason == Reason::RequestUriByReference {
                    self.load_by_reference(mount, &sent, refusal).await
                } else {
                    self.refuse(mount, &sent, refusal).await
                };
            }
        };
        let pending = self.find_pending(mount, &reference, client_id).await?;
        //= rfc9126#4 an expired request_uri is rejected; no leeway, one clock
        if self.store.now() >= Moment(pending.record.redeem_by_ms) {
            return Err(Reason::RequestUriExpired.into());
        }
        match self.stand(mount, &pending).await {
            Ok(standing) => Ok(Waiting::Request(Box::new(Waits { pending, standing, reference }))),
            Err(Fallen::Page(refusal)) => Err(refusal.into()),
            Err(Fallen::Redirect(response)) => self.answer(&pending, response).await.map(Waiting::Answered),
            Err(Fallen::Broken(fault)) => Err(fault.into()),
        }
    }

    /// A request that its client keeps at a URL of its own is fetched, where that is on. What stands beside the URL does not
    /// count, but is what a refusal is returned by when there is nothing else.
    async fn load_by_reference(
        &self,
        mount: &Mount,
        sent: &Parameters<'_>,
        not_taken: Refusal,
    ) -> Result<Waiting, Turned> {
        let known = self.find_served_client(mount, sent.get(Param::ClientId).unwrap_or_default()).await?;
        if !known.as_ref().map_or(&mount.policy, |known| &known.policy).fetches_requests() {
            return self.refuse(mount, sent, not_taken).await;
        }
        let known = known.ok_or(Turned::from(Reason::ClientGone))?;
        match self.fetch_request(mount, &known.client, sent).await {
            Ok(request) => self.push_for_browser(mount, sent, &request, known).await,
            Err(refusal) => self.refuse(mount, sent, refusal).await,
        }
    }

    /// A request that the browser brings itself.
    async fn load_plain(&self, mount: &Mount, parameters: &Parameters<'_>) -> Result<Waiting, Turned> {
        let about = |reason, param| Refusal::new(reason).about(Some(param));
        let missing = about(Reason::AuthorizeParameterMissing, Param::ClientId);
        let client_id = parameters.get(Param::ClientId).ok_or(missing)?;
        let known = self.find_client(mount, client_id).await?;
        let policy = known.as_ref().map_or(&mount.policy, |known| &known.policy);
        if policy.pushed_requests != PushedRequests::Optional {
            return self.refuse(mount, parameters, about(Reason::PlainRequestRefused, Param::RequestUri)).await;
        }
        let known = known.filter(|known| known.client.is_enabled()).ok_or(Turned::from(Reason::ClientGone))?;
        self.push_for_browser(mount, parameters, parameters, known).await
    }

    /// Pushes a request on the browser's behalf: from here on it goes the same way. `sent` is what the browser brought.
    async fn push_for_browser(
        &self,
        mount: &Mount,
        sent: &Parameters<'_>,
        request: &Parameters<'_>,
        known: KnownClient,
    ) -> Result<Waiting, Turned> {
        let client_id = known.client.client_id.clone();
        let unpacked = match self.unpack(mount, request, (&known.client, &known.policy), Door::Browser).await {
            Ok(unpacked) => unpacked,
            Err(refusal) => return self.refuse(mount, sent, refusal).await,
        };
        let parameters = &*unpacked.parameters;
        match stand(mount, parameters, known, Column::Authorize, self.store.now()) {
            Ok(standing) => {
                let lifetime_s = standing.policy.request_uri_lifetime_s.0;
                let record = self.record(mount, parameters, &client_id, lifetime_s);
                let (reference, commit) = self.put_pushed(mount, &record, &standing.policy)?;
                if self.store.commit(commit).await? != Verdict::Done {
                    return Err(Reason::ServerFault.into());
                }
                let pending = self.find_pending(mount, &reference, &client_id).await?;
                Ok(Waiting::Request(Box::new(Waits { pending, standing, reference })))
            }
            Err(Fallen::Page(refusal)) => Err(refusal.into()),
            Err(Fallen::Redirect(response)) => Ok(Waiting::Answered(response)),
            Err(Fallen::Broken(fault)) => Err(fault.into()),
        }
    }

    async fn begin(&self, mount: &Mount, waits: Waits, session: Option<&str>) -> Result<Loaded, Turned> {
        let Waits { pending, standing, reference } = waits;
        let (pending, standing) = (&pending, &standing);
        let now = self.store.now();
        let login = self.find_session(mount, session).await?;
        let login = login.filter(|login| suffices(login, standing, now));
        if let Some(login) = &login
            && !standing.request.prompts.has(Prompt::Consent)
            // Who paid once has not agreed to pay again.
            && standing.request.authorization_details.is_empty()
        {
            let shown = Shown::of(standing);
            let client_id = &standing.client.client_id;
            if self.consented(mount, &standing.policy, &login.sub, client_id, &shown.scope).await? {
                let by = self.taker()?;
                return Ok(Loaded::Response(self.take_allowed(mount, pending, standing, by, login, &shown).await?));
            }
        }
        if standing.request.prompts.has(Prompt::None) {
            let reason = if login.is_some() { Reason::ConsentRequired } else { Reason::LoginRequired };
            return self.answer(pending, standing.back.error(&reason.into())?).await.map(Loaded::Response);
        }
        let lifetime_s = standing.policy.interaction_lifetime_s.0;
        // Never past the record itself, or a completion could find its tombstone collected.
        let deadline = now.plus_s(lifetime_s.into()).min(pending.gone_at);
        let client_id = &pending.record.client_id;
        let interaction = Interaction::begin(&*self.entropy, reference, client_id, deadline, login)?;
        let in_body = standing.back.way.0 == Carrier::Body;
        Ok(if in_body { Loaded::Flow(interaction) } else { Loaded::Interaction(interaction) })
    }

    /// An answer without interaction is an answer all the same: it takes the request.
    async fn answer(
        &self,
        pending: &Pending,
        response: AuthorizationResponse,
    ) -> Result<AuthorizationResponse, Turned> {
        self.take(pending, self.taker()?, Vec::new()).await?;
        Ok(response)
    }

    /// Turns a request down that was not pushed: to its client, where client and redirect URI can be trusted
    /// and the reason is the client's to hear; else on a page.
    async fn refuse(&self, mount: &Mount, parameters: &Parameters<'_>, refusal: Refusal) -> Result<Waiting, Turned> {
        let about_object = refusal.param == Some(Param::Request);
        let for_client = about_object
            || matches!(
                refusal.reason,
                Reason::PlainRequestRefused
                    | Reason::RequestUriByReference
                    | Reason::RequestUriNotRegistered
                    | Reason::RequestUriNotFetched
            );
        let Some(client_id) = parameters.get(Param::ClientId).filter(|_| for_client) else {
            return Err(refusal.into());
        };
        let Some(known) = self.find_served_client(mount, client_id).await? else { return Err(refusal.into()) };
        let KnownClient { client, policy } = &known;
        // A redirect URI that was not even sent was not asked for.
        let named = parameters.get(Param::RedirectUri).is_some();
        let returns = named && policy.pushed_requests != PushedRequests::RequiredWithoutReturn;
        match return_path(mount, parameters, client, policy, self.store.now()) {
            Ok(back) if returns => Ok(Waiting::Answered(back.error(&refusal)?)),
            Ok(_) | Err(_) => Err(refusal.into()),
        }
    }

    async fn find_session(&self, mount: &Mount, session: Option<&str>) -> Result<Option<Login>, Turned> {
        let Some(reference) = session.and_then(Reference::from_text) else { return Ok(None) };
        let tenant = mount.tenant.uid;
        let Some(stored) = self.store.get(records::key_of::<Session>(tenant, &reference)).await? else {
            return Ok(None);
        };
        let session = records::open_sealed::<Session>(tenant, &reference, &stored)?;
        let Session { sub, auth_time_s } = session;
        let known = mount.tenant.users.with_sub(&sub).is_some();
        Ok(known.then_some(Login { sub, auth_time_s, session: reference.id().0 }))
    }
}

/// Reads the two parameters that count; every other is ignored and never echoed.
fn read<'a>(parameters: &'a Parameters<'_>) -> Result<(&'a str, Reference), Refusal> {
    let about = |reason, param| Refusal::new(reason).about(Some(param));
    if parameters.get(Param::Request).is_some() {
        return Err(about(Reason::RequestWithRequestUri, Param::Request));
    }
    let client_id = parameters.get(Param::ClientId).ok_or(about(Reason::AuthorizeParameterMissing, Param::ClientId))?;
    let request_uri = parameters.get(Param::RequestUri).unwrap_or_default();
    Ok((client_id, Reference::from_bytes(request_uri::parse(request_uri)?)))
}

/// Whether a session spares the user from logging in again (OpenID Connect Core 3.1.2.1).
fn suffices(login: &Login, standing: &Standing, now: Moment) -> bool {
    let request = &standing.request;
    let fresh_asked = request.prompts.has(Prompt::Login) || request.prompts.has(Prompt::SelectAccount);
    let age_s = now.epoch_s().saturating_sub(login.auth_time_s);
    let young = request.max_age_s.is_none_or(|max_age_s| max_age_s > 0 && age_s <= i64::from(max_age_s));
    let expected = login.is_expected(standing.expected_sub.as_deref());
    !fresh_asked && young && expected && age_s <= i64::from(limits::SESSION_LIFETIME_S)
}

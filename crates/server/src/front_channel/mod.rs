//! The browser's side of a mount: the authorization endpoint, and the pages of an interaction.

mod cookies;
mod flow;
mod page_form;
pub(crate) mod pages;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use parhelion_dialects::{Dialect, Incoming, RequestId, Response};
use parhelion_engine::Engine;
use parhelion_engine::authorize::Loaded;
use parhelion_engine::fault::Turned;
use parhelion_engine::interaction::{Decision, Interaction, Page};
use parhelion_engine::logout::{Asked, Logout};
use parhelion_engine::reference::sha256;
use parhelion_engine::registry::Mount;
use parhelion_engine::response::{AuthorizationResponse, Delivery};
use parhelion_jose::base64url;
use parhelion_pages::LoginFailure;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::form;
use parhelion_protocol::refusal::{OAuthError, Reason, Refusal};
use parhelion_protocol::sender::certificate;

use crate::edge::{Attempt, AttemptKind, Exceeded, RatesOfSource};
use cookies::Cookie;
use page_form::PageForm;

/// Why an answer is an error, for the operator's log; travels with the answer inside the server.
#[derive(Clone, Copy, Debug)]
pub struct TurnedDown(pub Turned);

/// One request of a browser, within its limits.
pub struct Visit<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// Where the browser is.
    pub mount: &'a Mount,
    /// How that is spelt.
    pub dialect: &'static dyn Dialect,
    /// GET, HEAD or POST.
    pub method: &'a Method,
    /// The path of its URL.
    pub path: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The query of its URL.
    pub query: Option<&'a str>,
    /// Its body.
    pub body: &'a [u8],
    /// Its name.
    pub request_id: RequestId,
    /// Where the pages that explain codes are.
    pub public_url: &'a str,
    /// How often it may still fail.
    pub rates: RatesOfSource<'a>,
}

/// The login page says nothing that its form has to speak of.
const NOTHING_SHOWN: &str = "";

/// A page of an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Who are you.
    Login,
    /// May they.
    Consent,
}

impl Step {
    /// The last segment of its path.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Consent => "consent",
        }
    }
}

impl Visit<'_> {
    /// The authorization endpoint: `client_id` and `request_uri`, in the query or, with POST, in the body.
    pub async fn authorize(&self) -> Response {
        let guess = self.attempt(AttemptKind::RequestUri, None);
        if let Err(exceeded) = self.rates.check(&guess) {
            return told(exceeded, self.turned_away(Reason::TooManyFailures.into()));
        }
        match self.load().await {
            Ok(Loaded::Interaction(interaction)) => self.go_on(&interaction),
            Ok(Loaded::Flow(interaction)) => {
                let (step, page) = self.due(&interaction);
                self.carrying(&interaction, flow::due(&interaction, step, &page))
            }
            Ok(Loaded::Response(response)) => self.respond(&response),
            Err(turned) => {
                // Unknown, expired, used and foreign count alike, or the limit would tell them apart.
                if turned.public().error == OAuthError::InvalidRequestUri {
                    self.rates.count(&guess);
                }
                self.turned_away(turned)
            }
        }
    }

    /// What lies below `{base}/interaction/`: an asset, or a page of an interaction.
    pub async fn interaction(&self, path: &str) -> Response {
        if let Some(asset) = pages::asset(path) {
            return asset;
        }
        let step = match path.split_once('/') {
            Some((id, "login")) => Some((id, Step::Login)),
            Some((id, "consent")) => Some((id, Step::Consent)),
            Some(_) | None => None,
        };
        let Some((id, step)) = step else { return self.not_found() };
        let outcome = match (step, self.method) {
            (Step::Login, &Method::POST) => self.log_in(id).await,
            (Step::Consent, &Method::POST) => self.decide(id).await,
            (Step::Login, _) => self.show_login(id).await,
            (Step::Consent, _) => self.show_consent(id).await,
        };
        outcome.unwrap_or_else(|turned| {
            let mut response = self.error(turned);
            if turned.public().error == OAuthError::InvalidRequestUri {
                // Nothing will come of this interaction any more.
                cookies::clear(&mut response, &Cookie::of_interaction_id(self.mount, id));
            }
            response
        })
    }

    /// Ends the session at this tenant (OpenID Connect RP-Initiated Logout).
    pub async fn end_session(&self) -> Response {
        self.log_out().await.unwrap_or_else(|turned| self.error(turned))
    }

    async fn load(&self) -> Result<Loaded, Turned> {
        let session = cookies::find(self.headers, &Cookie::session(self.mount));
        self.engine.authorize(self.mount, self.query_or_body()?, session).await
    }

    /// What came in the query or, with POST, in the body.
    fn query_or_body(&self) -> Result<&[u8], Refusal> {
        match *self.method {
            Method::POST => self.form_body(),
            _ => Ok(self.query.unwrap_or_default().as_bytes()),
        }
    }

    async fn log_out(&self) -> Result<Response, Turned> {
        let sent = self.query_or_body()?;
        let parameters = form::parse(sent)?;
        let cookie = Cookie::session(self.mount);
        let session = cookies::find(self.headers, &cookie);
        // The answer of our own page: its token is derived from the session that only this browser carries.
        let token = session.map(logout_token);
        let confirmed = *self.method == Method::POST && self.form()?.form_token.is_some_and(|sent| Some(sent) == token);
        let asked = if confirmed { Asked::Confirmed } else { Asked::NotYet };
        match (self.engine.end_session(self.mount, &parameters, session, asked).await?, token) {
            (Logout::Ask, Some(token)) => Ok(pages::logout(self, sent, &token)),
            (Logout::Ask, None) => Err(Reason::InteractionUnknown.into()),
            (Logout::Done { redirect: to }, _) => {
                let mut response = to.map_or_else(|| pages::logged_out(self), |to| redirect(&to));
                cookies::clear(&mut response, &cookie);
                Ok(response)
            }
        }
    }

    async fn show_login(&self, id: &str) -> Result<Response, Turned> {
        let interaction = self.resume(id)?;
        self.login_page(&interaction, None).await
    }

    async fn log_in(&self, id: &str) -> Result<Response, Turned> {
        self.check_origin()?;
        let interaction = self.resume(id)?;
        let form = self.form()?;
        interaction.check_form_token(NOTHING_SHOWN, form.form_token.as_deref().unwrap_or_default())?;
        let (Some(username), Some(password)) = (form.username, form.password) else {
            return self.login_page(&interaction, Some(LoginFailure::Missing)).await;
        };
        let attempt = self.attempt(AttemptKind::Login, Some(&username));
        if let Err(exceeded) = self.rates.check(&attempt) {
            let mut response = self.login_page(&interaction, Some(LoginFailure::TooManyAttempts)).await?;
            response.extensions_mut().insert(TurnedDown(Reason::TooManyFailures.into()));
            return Ok(told(exceeded, response));
        }
        match self.engine.login(self.mount, &interaction, &username, password).await {
            Ok(logged_in) => {
                let mut response = self.go_on(&logged_in.interaction);
                cookies::set(&mut response, &Cookie::session(self.mount), &logged_in.session);
                Ok(response)
            }
            Err(turned @ Turned::Refused(Refusal { reason: Reason::LoginFailed, .. })) => {
                self.rates.count(&attempt);
                let mut response = self.login_page(&interaction, Some(LoginFailure::Mismatch)).await?;
                response.extensions_mut().insert(TurnedDown(turned));
                Ok(response)
            }
            Err(turned) => Err(turned),
        }
    }

    fn attempt<'b>(&self, kind: AttemptKind, name: Option<&'b str>) -> Attempt<'b> {
        Attempt { kind, tenant: Some(self.mount.tenant.uid), name }
    }

    async fn login_page(&self, interaction: &Interaction, failure: Option<LoginFailure>) -> Result<Response, Turned> {
        Ok(match self.engine.login_view(self.mount, interaction).await? {
            Page::Show(view) => pages::login(self, interaction, &view, failure),
            Page::Answer(response) => self.finish(interaction, &response),
        })
    }

    async fn show_consent(&self, id: &str) -> Result<Response, Turned> {
        let interaction = self.resume(id)?;
        if interaction.login().is_none() {
            return Ok(redirect(&self.page_url(&interaction, Step::Login)));
        }
        Ok(match self.engine.consent_view(self.mount, &interaction).await? {
            Page::Show(view) => pages::consent(self, &interaction, &view),
            Page::Answer(response) => self.finish(&interaction, &response),
        })
    }

    async fn decide(&self, id: &str) -> Result<Response, Turned> {
        self.check_origin()?;
        let interaction = self.resume(id)?;
        let form = self.form()?;
        let shown = match self.engine.consent_view(self.mount, &interaction).await? {
            Page::Show(view) => view.shown,
            Page::Answer(response) => return Ok(self.finish(&interaction, &response)),
        };
        interaction.check_form_token(&shown.to_string(), form.form_token.as_deref().unwrap_or_default())?;
        let decision = match form.decision.as_deref() {
            Some("allow") => Decision::Allow,
            Some("deny") => Decision::Deny,
            Some(_) | None => return Err(Reason::DecisionMissing.into()),
        };
        let response = self.engine.complete(self.mount, &interaction, decision, &shown).await?;
        Ok(self.finish(&interaction, &response))
    }

    /// Sends an answer on; nothing will come of its interaction any more.
    fn finish(&self, interaction: &Interaction, response: &AuthorizationResponse) -> Response {
        let mut response = self.respond(response);
        cookies::clear(&mut response, &Cookie::interaction(self.mount, interaction));
        response
    }

    fn resume(&self, id: &str) -> Result<Interaction, Turned> {
        let cookie = cookies::find(self.headers, &Cookie::of_interaction_id(self.mount, id));
        self.engine.resume(self.mount, id, cookie)
    }

    /// On to the page that is due, with the interaction in a cookie.
    fn go_on(&self, interaction: &Interaction) -> Response {
        self.carrying(interaction, redirect(&self.due(interaction).1))
    }

    /// The page that is due, and its address.
    fn due(&self, interaction: &Interaction) -> (Step, String) {
        let step = if interaction.login().is_some() { Step::Consent } else { Step::Login };
        (step, self.page_url(interaction, step))
    }

    /// An answer with the interaction in a cookie.
    fn carrying(&self, interaction: &Interaction, mut response: Response) -> Response {
        match interaction.to_cookie(self.mount, &*self.engine.entropy) {
            Ok(value) => {
                let cookie = Cookie::interaction(self.mount, interaction);
                cookies::set(&mut response, &cookie, &value);
                cookies::forget_oldest(self.headers, self.mount, &cookie, &mut response);
            }
            Err(fault) => return self.error(fault.into()),
        }
        response
    }

    fn page_path(&self, interaction: &Interaction, step: Step) -> String {
        format!("{}/interaction/{}/{}", self.mount.base_path(), interaction.id(), step.as_str())
    }

    /// Where the browser is sent: the configured host, whatever host it came by.
    fn page_url(&self, interaction: &Interaction, step: Step) -> String {
        format!("{}/interaction/{}/{}", self.mount.base_url, interaction.id(), step.as_str())
    }

    fn respond(&self, response: &AuthorizationResponse) -> Response {
        match response.delivery() {
            //= oauth-v2-1#7.5.2 303, so that a form is never sent on
            Delivery::Redirect(location) => redirect(&location),
            Delivery::FormPost { action, fields } => pages::form_post(self, action, fields),
            Delivery::Body(members) => flow::answer(members),
        }
    }

    /// The authorization endpoint's answer where there is no client to go back to.
    fn turned_away(&self, turned: Turned) -> Response {
        let incoming = Incoming {
            mount: self.mount,
            endpoint: Endpoint::Authorize,
            path: self.path,
            headers: self.headers,
            query: self.query,
            body: self.body,
            // Browsers come here, and what they show is nobody's business.
            certificate: &certificate::Shown::Absent,
            request_id: self.request_id,
            public_url: self.public_url,
        };
        let Some(mut response) = self.dialect.write_authorize_error(&incoming, &turned.refusal()) else {
            return self.error(turned);
        };
        pages::harden(&mut response, None);
        response.extensions_mut().insert(TurnedDown(turned));
        response
    }

    fn error(&self, turned: Turned) -> Response {
        let mut response =
            if wants_json(self.headers) { pages::error_json(&turned) } else { pages::error(self, &turned) };
        response.extensions_mut().insert(TurnedDown(turned));
        response
    }

    fn not_found(&self) -> Response {
        self.error(Reason::NotFound.into())
    }

    /// A form sent by a page of another site. Ours say `null`, because they ask for no referrer; the token
    /// in the form and the cookie's SameSite are what holds.
    fn check_origin(&self) -> Result<(), Turned> {
        let value = |name| self.headers.get(name).map(http::HeaderValue::as_bytes);
        let foreign_site = value("sec-fetch-site").is_some_and(|site| !matches!(site, b"same-origin" | b"none"));
        let ours = url::Url::parse(&self.mount.base_url).map(|url| url.origin().ascii_serialization()).ok();
        let foreign_origin = value("origin")
            .is_some_and(|origin| origin != b"null" && ours.as_deref().is_none_or(|ours| ours.as_bytes() != origin));
        if foreign_site || foreign_origin { Err(Reason::FormTokenWrong.into()) } else { Ok(()) }
    }

    fn form(&self) -> Result<PageForm, Refusal> {
        PageForm::read(self.form_body()?)
    }

    fn form_body(&self) -> Result<&[u8], Refusal> {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        if is_form { Ok(self.body) } else { Err(Reason::ContentTypeNotForm.into()) }
    }
}

fn told(exceeded: Exceeded, mut response: Response) -> Response {
    exceeded.tell(&mut response);
    response
}

/// What the form on the logout page carries.
fn logout_token(session: &str) -> String {
    base64url::encode(&sha256(&[b"parhelion/1/logout", session.as_bytes()]).0)
}

fn redirect(location: &str) -> Response {
    let mut response = Response::new(Bytes::new());
    match http::HeaderValue::from_str(location) {
        Ok(location) => {
            *response.status_mut() = StatusCode::SEE_OTHER;
            response.headers_mut().insert(header::LOCATION, location);
        }
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    pages::harden(&mut response, None);
    response
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}

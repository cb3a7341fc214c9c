//! The authorization endpoint of the caller: its user is asked there, the rules are here.

use parhelion_engine::records::External;
use parhelion_engine::registry::Right;
use parhelion_engine::response::{AuthorizationResponse, Delivery};
use parhelion_engine::ticket::{Completed, Failure, Opened, TicketView, Vouched};
use parhelion_protocol::params::prompt::Prompt;
use parhelion_protocol::params::scope::Scope;
use parhelion_protocol::refusal::Reason;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::members::{self, Property, properties};
use super::numbers::{client_number, parse, service_id};
use super::result::{self, No, acted, json_200};
use super::{caller, details, form_post};
use crate::incoming::Response;
use crate::operation::Asked;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authorization {
    parameters: Option<String>,
    context: Option<String>,
}

/// `/auth/authorization`: is the request one to ask the user about?
pub(super) async fn open(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseService)?;
    let sent: Authorization = members::read(asked)?;
    let Some(parameters) = sent.parameters else { return Err(Box::new(result::parameters_missing()).into()) };
    match asked.engine.open_ticket(asked.mount, parameters.as_bytes(), sent.context).await {
        Ok(Opened::Ticket(view)) => Ok(json_200(interaction(asked, &view))),
        Ok(Opened::Answer(response)) => {
            Ok(json_200(delivered(&response, "A900300", "The client is told why its request was refused.")))
        }
        Err(turned) => Err(result::turned(asked, turned, None)),
    }
}

/// `/auth/authorization/issue`: the user allowed it.
pub(super) async fn issue(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseService)?;
    let sent: Issue = members::read(asked)?;
    let ticket = sent.ticket.clone().unwrap_or_default();
    let vouched = sent.vouched().map_err(|turned| result::turned(asked, turned, None))?;
    match asked.engine.complete_ticket(asked.mount, &ticket, &vouched).await {
        Ok(completed) => Ok(json_200(issued(&completed))),
        Err(turned) => Err(result::turned(asked, turned, None)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fail {
    ticket: Option<String>,
    reason: Option<FailReason>,
    #[allow(dead_code, reason = "read for its type: descriptions that reach a client are constants")]
    description: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum FailReason {
    Unknown,
    NotLoggedIn,
    MaxAgeNotSupported,
    ExceedsMaxAge,
    DifferentSubject,
    AcrNotSatisfied,
    Denied,
    ServerError,
    NotAuthenticated,
    AccountSelectionRequired,
    ConsentRequired,
    InteractionRequired,
    InvalidTarget,
}

impl FailReason {
    const fn failure(self) -> Failure {
        match self {
            Self::Unknown | Self::ServerError => Failure::Unknown,
            Self::NotLoggedIn
            | Self::MaxAgeNotSupported
            | Self::ExceedsMaxAge
            | Self::DifferentSubject
            | Self::AcrNotSatisfied => Failure::LoginRequired,
            Self::Denied => Failure::Denied,
            Self::NotAuthenticated => Failure::NotAuthenticated,
            Self::AccountSelectionRequired => Failure::AccountSelectionRequired,
            Self::ConsentRequired => Failure::ConsentRequired,
            Self::InteractionRequired => Failure::InteractionRequired,
            Self::InvalidTarget => Failure::InvalidTarget,
        }
    }
}

/// `/auth/authorization/fail`: it is not allowed.
pub(super) async fn fail(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseService)?;
    let sent: Fail = members::read(asked)?;
    let missing = || Box::new(result::caller_error(&Reason::JsonTypeWrong.into()));
    let reason = sent.reason.ok_or_else(missing)?;
    match asked.engine.fail_ticket(asked.mount, &sent.ticket.unwrap_or_default(), reason.failure()).await {
        Ok(completed) => {
            let code = if matches!(reason, FailReason::Denied) { "A060306" } else { "A900301" };
            Ok(json_200(delivered(&completed.response, code, "The client is told that its request was not allowed.")))
        }
        Err(turned) => Err(result::turned(asked, turned, None)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issue {
    ticket: Option<String>,
    subject: Option<String>,
    auth_time: Option<i64>,
    acr: Option<String>,
    claims: Option<String>,
    properties: Option<Vec<Property>>,
    scopes: Option<Vec<String>>,
    sub: Option<String>,
    consented_claims: Option<Vec<String>>,
    authorization_details: Option<Value>,
    session_id: Option<String>,
    #[serde(flatten)]
    #[allow(dead_code, reason = "read for its types")]
    unused: UnusedOfIssue,
}

/// Members that are accepted and used by nothing that is built; their types are held all the same.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "read for their types")]
struct UnusedOfIssue {
    idt_header_params: Option<String>,
    claims_for_tx: Option<String>,
    jwt_at_claims: Option<String>,
    access_token: Option<String>,
    access_token_duration: Option<i64>,
    id_token_aud_type: Option<String>,
    verified_claims_for_tx: Option<Vec<String>>,
}

impl Issue {
    fn vouched(self) -> Result<Vouched, parhelion_engine::fault::Turned> {
        let present = |text: Option<String>| text.filter(|text| !text.is_empty());
        let details = self.authorization_details.as_ref().filter(|value| !value.is_null());
        Ok(Vouched {
            subject: self.subject.unwrap_or_default(),
            // The vendor's libraries send 0 for nothing.
            auth_time_s: self.auth_time.filter(|at_s| *at_s > 0),
            scopes: self.scopes.unwrap_or_default(),
            authorization_details: details.map(details::to_oauth).transpose()?,
            said: External {
                shown_sub: present(self.sub),
                acr: present(self.acr),
                claims: present(self.claims),
                consented_claims: self.consented_claims.unwrap_or_default(),
                session_id: present(self.session_id),
                given_at_ms: 0,
            },
            properties: properties(self.properties),
        })
    }
}

fn issued(completed: &Completed) -> Map<String, Value> {
    let response = &completed.response;
    let mut members = delivered(response, "A040001", "The authorization request was processed successfully.");
    members.insert("accessTokenDuration".to_owned(), 0.into());
    members.insert("accessTokenExpiresAt".to_owned(), 0.into());
    for (member, parameter) in [("authorizationCode", "code"), ("accessToken", "access_token"), ("idToken", "id_token")]
    {
        members.extend(response.parameter(parameter).map(|value| (member.to_owned(), value.into())));
    }
    let context = completed.context.as_ref();
    members.extend(context.map(|context| ("ticketInfo".to_owned(), json!({ "context": context }))));
    members
}

/// Where the browser goes: a URL, or a page that sends a form.
pub(super) fn delivered(response: &AuthorizationResponse, code: &str, message: &str) -> Map<String, Value> {
    let (action, content) = match response.delivery() {
        Delivery::Redirect(url) => ("LOCATION", url),
        Delivery::FormPost { action, fields } => ("FORM", form_post::page(action, fields)),
        // The one action whose content is JSON. No policy that this dialect may have accepts such a mode.
        Delivery::Body(members) => ("BAD_REQUEST", Value::from_iter(members.iter().cloned()).to_string()),
    };
    let mut members = acted(code, message, action);
    members.insert("responseContent".to_owned(), content.into());
    members
}

fn interaction(asked: &Asked<'_>, view: &TicketView) -> Map<String, Value> {
    let (request, client) = (&view.request, &view.client);
    let quiet = request.prompts.has(Prompt::None);
    let action = if quiet { "NO_INTERACTION" } else { "INTERACTION" };
    let mut members = acted("A004001", "A ticket was issued for the authorization request of the client.", action);
    let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    put("ticket", view.ticket.as_str().into());
    put("client", limited_client(client));
    put("clientIdAliasUsed", parse(&client.client_id).is_none().into());
    put(
        "service",
        json!({
            "apiKey": service_id(asked.mount),
            "serviceName": asked.mount.tenant.name,
            "clientIdAliasEnabled": true,
        }),
    );
    put("scopes", scopes(&view.shown.scope));
    put("maxAge", request.max_age_s.unwrap_or(0).into());
    put("acrEssential", false.into());
    let prompts = [Prompt::None, Prompt::Login, Prompt::Consent, Prompt::SelectAccount];
    let prompts: Vec<_> = prompts.into_iter().filter(|prompt| request.prompts.has(*prompt)).collect();
    let names: Vec<_> = prompts.iter().map(|prompt| prompt.as_str().to_uppercase()).collect();
    if let Some(lowest) = names.first().cloned() {
        put("lowestPrompt", lowest.into());
        put("prompts", names.into());
    }
    let words = |text: &Option<String>| text.as_deref().map(|text| text.split(' ').map(Value::from).collect::<Value>());
    if let Some(acrs) = words(&request.acr_values) {
        put("acrs", acrs);
    }
    if let Some(locales) = words(&request.ui_locales) {
        put("uiLocales", locales);
    }
    if let Some(hint) = &request.login_hint {
        put("loginHint", hint.username.as_str().into());
    }
    if let Some(subject) = &view.expected_sub {
        put("subject", subject.as_str().into());
    }
    if !request.resources.is_empty() {
        put("resources", request.resources.clone().into());
    }
    if let Some(elements) = details::of_oauth(view.shown.authorization_details.to_value().as_ref()) {
        put("authorizationDetails", elements);
    }
    claims(view, &mut put);
    members
}

/// What the `claims` parameter asks for, by place.
fn claims(view: &TicketView, put: &mut impl FnMut(&str, Value)) {
    let Some(claims) = &view.request.claims else { return };
    let places = [("id_token", "idTokenClaims", "claims"), ("userinfo", "userInfoClaims", "claimsAtUserInfo")];
    for (place, text_member, names_member) in places {
        if let Some(Value::Object(asked)) = claims.get(place) {
            put(text_member, Value::Object(asked.clone()).to_string().into());
            put(names_member, asked.keys().map(String::as_str).collect::<Vec<_>>().into());
        }
    }
}

/// A client as far as a user is to see it.
fn limited_client(client: &parhelion_protocol::client::Client) -> Value {
    let mut members = json!({
        "clientId": client_number(&client.client_id),
        "clientIdAlias": client.client_id,
        "clientIdAliasEnabled": true,
        "clientName": client.client_name,
        "clientType": if client.credential.method().is_public() { "PUBLIC" } else { "CONFIDENTIAL" },
    });
    if let (Some(uri), Some(members)) = (&client.client_uri, members.as_object_mut()) {
        members.insert("clientUri".to_owned(), uri.as_str().into());
    }
    members
}

/// Scopes as objects.
pub(super) fn scopes(scope: &Scope) -> Value {
    scope.iter().map(|name| json!({ "name": name, "defaultEntry": false })).collect()
}

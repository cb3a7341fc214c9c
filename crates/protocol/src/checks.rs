//! THE TABLE: row = check, column = where it runs, in the order they run. Reading a column down is
//! reading what is asked there.

use crate::authorization_details_type::AuthorizationDetailsTypes;
use crate::client::Client;
use crate::parameters::Param;
use crate::params::response_mode::{Content, ResponseMode};
use crate::params::scope::Scope;
use crate::params::{authorization_details, redirect_uri, resource};
use crate::profile::{NonceOrState, Policy, RedirectUriNeed, ScopeNeed, SignedResponses, UnknownScope};
use crate::refusal::{Reason, Refusal};
use crate::request::AuthorizationRequest;
use crate::sender::Constraints;

/// Where checks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// When the request is pushed.
    Push,
    /// When the browser brings it, which is the same asked at another door.
    Authorize,
    /// When it is loaded and when it is completed: against the client and the policy of that moment.
    Completion,
}

/// What is checked: the request, and who asks under which policy.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The parsed request.
    pub request: &'a AuthorizationRequest,
    /// The client.
    pub client: &'a Client,
    /// The policy in force for this client at this mount.
    pub policy: &'a Policy,
    /// The resource URIs that the tenant knows.
    pub resources: &'a [String],
    /// The authorization details types that the tenant knows.
    pub authorization_details_types: &'a AuthorizationDetailsTypes,
}

struct Check {
    run: fn(&Subject<'_>) -> Result<(), Refusal>,
    push: Runs,
    authorize: Runs,
    completion: Runs,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Runs {
    Yes,
    No,
}

use Runs::{No, Yes};

#[rustfmt::skip]
const TABLE: &[Check] = &[
    Check { run: response_type_is_allowed,  push: Yes, authorize: Yes, completion: Yes },
    Check { run: grant_types_are_allowed,   push: Yes, authorize: Yes, completion: Yes },
    Check { run: redirect_uri_is_sent,      push: Yes, authorize: Yes, completion: No  },
    Check { run: redirect_uri_is_registered, push: Yes, authorize: Yes, completion: Yes },
    Check { run: response_mode_keeps_tokens_secret, push: Yes, authorize: Yes, completion: Yes },
    Check { run: response_is_signed,        push: Yes, authorize: Yes, completion: Yes },
    Check { run: tokens_can_be_bound,       push: Yes, authorize: Yes, completion: Yes },
    Check { run: pkce_is_used,              push: Yes, authorize: Yes, completion: Yes },
    Check { run: id_token_is_asked_for_in_full, push: Yes, authorize: Yes, completion: Yes },
    Check { run: answer_can_be_told_apart,  push: Yes, authorize: Yes, completion: Yes },
    Check { run: scope_is_sent,             push: Yes, authorize: Yes, completion: No  },
    Check { run: scope_is_allowed,          push: Yes, authorize: Yes, completion: Yes },
    Check { run: resources_are_known,       push: Yes, authorize: Yes, completion: Yes },
    Check { run: authorization_details_fit_their_types, push: Yes, authorize: Yes, completion: Yes },
];

/// Runs a column; the first refusal wins.
///
/// # Errors
/// The [`Refusal`] of the first check that fails.
pub fn run(column: Column, subject: &Subject<'_>) -> Result<(), Refusal> {
    let runs = |check: &&Check| match column {
        Column::Push => check.push == Yes,
        Column::Authorize => check.authorize == Yes,
        Column::Completion => check.completion == Yes,
    };
    TABLE.iter().filter(runs).try_for_each(|check| (check.run)(subject))
}

/// The redirect URI that the response goes to: the one sent, or the only one registered.
#[must_use]
pub fn effective_redirect_uri<'a>(request: &'a AuthorizationRequest, client: &'a Client) -> Option<&'a str> {
    match (&request.redirect_uri, client.redirect_uris.as_slice()) {
        (Some(sent), _) => Some(sent),
        (None, [only]) => Some(only.as_str()),
        (None, _) => None,
    }
}

/// What of the requested scope the client may have.
#[must_use]
pub fn allowed_scope(request: &AuthorizationRequest, client: &Client) -> Scope {
    request.scope.filtered(|token| client.scope.has(token))
}

//= rfc6749#4.1.2.1, rfc7591#2.1
fn grant_types_are_allowed(subject: &Subject<'_>) -> Result<(), Refusal> {
    let has = |grant_type| subject.client.grant_types.contains(&grant_type);
    let allowed = subject.request.response_type.grant_types().all(has);
    if allowed { Ok(()) } else { Err(Reason::GrantNotAllowed.into()) }
}

//= openid-connect-core#3.1.2.1
fn redirect_uri_is_sent(subject: &Subject<'_>) -> Result<(), Refusal> {
    let needed = subject.policy.redirect_uri == RedirectUriNeed::Always || subject.request.scope.has("openid");
    let sent = subject.request.redirect_uri.is_some();
    let clear = effective_redirect_uri(subject.request, subject.client).is_some();
    if sent || (!needed && clear) { Ok(()) } else { Err(about(Reason::RedirectUriMissing, Param::RedirectUri)) }
}

//= rfc9126#2.1 step 3, oauth-v2-1#2.3.1
fn redirect_uri_is_registered(subject: &Subject<'_>) -> Result<(), Refusal> {
    match &subject.request.redirect_uri {
        Some(sent) => redirect_uri::check(sent, &subject.client.redirect_uris, subject.policy.loopback_redirect_uri),
        None if subject.client.redirect_uris.len() == 1 => Ok(()),
        None => Err(about(Reason::RedirectUriMissing, Param::RedirectUri)),
    }
}

fn response_type_is_allowed(subject: &Subject<'_>) -> Result<(), Refusal> {
    let allowed = subject.client.response_types.contains(&subject.request.response_type);
    if allowed { Ok(()) } else { Err(about(Reason::ResponseTypeNotAllowed, Param::ResponseType)) }
}

//= jarm#2.3.1 query.jwt carries tokens only where nobody but the client can read it
fn response_mode_keeps_tokens_secret(subject: &Subject<'_>) -> Result<(), Refusal> {
    let readable = subject.client.responses.authorization.encryption.is_none();
    let in_query = subject.request.response_mode == ResponseMode::QueryJwt;
    let refused = in_query && readable && subject.request.response_type.has_tokens();
    if refused { Err(about(Reason::ResponseModeUnfit, Param::ResponseMode)) } else { Ok(()) }
}

//= fapi-1.0-advanced#5.2.2 item 2
fn response_is_signed(subject: &Subject<'_>) -> Result<(), Refusal> {
    let request = subject.request;
    let as_jwt = request.response_mode.of(request.response_type).1 == Content::Jwt;
    let signed = as_jwt || request.response_type.has_id_token();
    let needed = subject.policy.signed_responses == SignedResponses::Required;
    if signed || !needed { Ok(()) } else { Err(about(Reason::ResponseUnsigned, Param::ResponseMode)) }
}

fn tokens_can_be_bound(subject: &Subject<'_>) -> Result<(), Refusal> {
    let must_bind = Constraints::of(subject.client, subject.policy).must_bind();
    let unbound = must_bind && subject.request.response_type.has_token();
    if unbound { Err(about(Reason::TokenUnbound, Param::ResponseType)) } else { Ok(()) }
}

//= openid-connect-core#3.2.2.1, openid-connect-core#3.3.2.11
fn id_token_is_asked_for_in_full(subject: &Subject<'_>) -> Result<(), Refusal> {
    let request = subject.request;
    if !request.response_type.has_id_token() {
        return Ok(());
    }
    match &request.nonce {
        None => Err(about(Reason::NonceMissing, Param::Nonce)),
        Some(_) if !allowed_scope(request, subject.client).has("openid") => {
            Err(about(Reason::OpenidMissing, Param::Scope))
        }
        Some(_) => Ok(()),
    }
}

//= fapi-1.0-baseline#5.2.2.2, fapi-1.0-baseline#5.2.2.3
fn answer_can_be_told_apart(subject: &Subject<'_>) -> Result<(), Refusal> {
    let request = subject.request;
    match (subject.policy.nonce_or_state, request.scope.has("openid")) {
        (NonceOrState::Required, true) if request.nonce.is_none() => Err(about(Reason::NonceMissing, Param::Nonce)),
        (NonceOrState::Required, false) if request.state.is_none() => Err(about(Reason::StateMissing, Param::State)),
        (NonceOrState::Required | NonceOrState::Optional, _) => Ok(()),
    }
}

//= rfc9700#2.1.1 "Public clients MUST use PKCE"; a challenge is for a code
fn pkce_is_used(subject: &Subject<'_>) -> Result<(), Refusal> {
    let asked = subject.policy.pkce.is_required() || subject.client.credential.method().is_public();
    let needed = asked && subject.request.response_type.has_code();
    let used = subject.request.code_challenge.is_some();
    if used || !needed { Ok(()) } else { Err(about(Reason::PkceMissing, Param::CodeChallenge)) }
}

fn scope_is_sent(subject: &Subject<'_>) -> Result<(), Refusal> {
    let missing = subject.policy.scope == ScopeNeed::Required && subject.request.scope.is_empty();
    if missing { Err(about(Reason::ScopeMissing, Param::Scope)) } else { Ok(()) }
}

//= rfc6749#3.3, openid-connect-core#3.1.2.1
fn scope_is_allowed(subject: &Subject<'_>) -> Result<(), Refusal> {
    let asked = &subject.request.scope;
    let is_allowed = |token| subject.client.scope.has(token);
    let lenient = subject.policy.unknown_scope == UnknownScope::IgnoredWithOpenid && asked.has("openid");
    let stands = if lenient { asked.iter().any(is_allowed) } else { asked.iter().all(is_allowed) };
    if stands { Ok(()) } else { Err(about(Reason::ScopeNotAllowed, Param::Scope)) }
}

//= rfc8707#2
fn resources_are_known(subject: &Subject<'_>) -> Result<(), Refusal> {
    let known = || subject.resources.iter().map(String::as_str);
    subject.request.resources.iter().try_for_each(|uri| resource::parse(uri, known()).map(drop))
}

//= rfc9396#5
fn authorization_details_fit_their_types(subject: &Subject<'_>) -> Result<(), Refusal> {
    let (types, client) = (subject.authorization_details_types, subject.client);
    authorization_details::check(&subject.request.authorization_details, types, &client.authorization_details_types)
}

fn about(reason: Reason, param: Param) -> Refusal {
    Refusal::new(reason).about(Some(param))
}

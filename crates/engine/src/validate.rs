//! What an authorization request is held to, by whichever door it came: parsed, then checked.

use parhelion_protocol::checks::{self, Column, Subject};
use parhelion_protocol::client::Client;
use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::profile::Policy;
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::request::{self, AuthorizationRequest};
use serde_json::Value;

use crate::id_token_hint;
use crate::registry::Mount;

/// A request that may stand, and the subject that its `id_token_hint` names.
pub(crate) struct Validated {
    pub(crate) request: AuthorizationRequest,
    pub(crate) expected_sub: Option<String>,
}

/// Parses a request and runs the column of checks for where it came in.
pub(crate) fn validate(
    mount: &Mount,
    parameters: &Parameters<'_>,
    client: &Client,
    policy: &Policy,
    column: Column,
) -> Result<Validated, Refusal> {
    let request = request::parse(parameters, policy)?;
    let tenant = &mount.tenant;
    let subject = Subject {
        request: &request,
        client,
        policy,
        resources: &tenant.resources,
        authorization_details_types: &tenant.authorization_details_types,
    };
    checks::run(column, &subject)?;
    let hint = request.id_token_hint.as_deref();
    let hinted = hint.map(|text| id_token_hint::read_for(mount, &client.client_id, text)).transpose()?;
    let expected_sub = match (hinted, claimed_sub(&request)?) {
        (Some(hinted), Some(claimed)) if hinted != claimed => return Err(about_claims(Reason::SubContradicted)),
        (hinted, claimed) => hinted.or(claimed),
    };
    Ok(Validated { request, expected_sub })
}

/// The subject that `claims` asks for. An essential `acr` cannot be met, and so is refused rather than
/// forgotten (OpenID Connect Core sections 5.5.1 and 5.5.1.1).
fn claimed_sub(request: &AuthorizationRequest) -> Result<Option<String>, Refusal> {
    let member = |place: &str, name: &str| request.claims.as_ref()?.get(place)?.get(name);
    let essential = member("id_token", "acr").and_then(|acr| acr.get("essential"));
    if essential.is_some_and(|essential| essential != &Value::Bool(false)) {
        return Err(about_claims(Reason::AcrEssential));
    }
    let places = ["id_token", "userinfo"];
    let mut subs = places.iter().filter_map(|place| member(place, "sub")?.get("value"));
    match (subs.next(), subs.next()) {
        (Some(first), Some(second)) if first != second => Err(about_claims(Reason::SubContradicted)),
        (Some(Value::String(sub)), _) => Ok(Some(sub.clone())),
        (Some(_), _) => Err(about_claims(Reason::ClaimsMalformed)),
        (None, _) => Ok(None),
    }
}

fn about_claims(reason: Reason) -> Refusal {
    Refusal::new(reason).about(Some(Param::Claims))
}

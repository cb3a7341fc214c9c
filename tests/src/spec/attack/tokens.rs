//! The token endpoint: races for a code and for a refresh token, and references that are cut short.

use super::{ask, at_one_moment, authorize_url_of, count, must_be, overlay};
use crate::browser::Browser;
use crate::spec::compose::compose;
use crate::spec::fields::Fields;
use crate::spec::invariants::differences;
use crate::spec::judge::short;
use crate::spec::site::{self, Place};
use crate::spec::stage::Stage;

/// One code, many connections, race after race: one is served.
pub(super) fn redemption_races(stage: &mut Stage<'_>, place: &Place, with: &mut Fields<'_>) -> Result<(), String> {
    let (client, races, width) = (with.needed_text("client"), count(with, "races"), count(with, "width"));
    let mut browser = Browser::new(stage.site().address());
    for race in 0..races {
        let pushed = ask(stage, place, &overlay("push", &client, &[]))?;
        must_be("a push", &pushed, 201)?;
        let uri = pushed.json()["request_uri"].as_str().unwrap_or_default().to_owned();
        let url = authorize_url_of(stage.site(), place, &client, &uri);
        let callback = browser.approve(&url, site::user("alice")).map_err(|error| error.to_string())?.callback();
        let code = callback.get("code").ok_or("no code")?;
        stage.references.push(code.clone());
        stage.scope.set("code", code);
        let outgoing = compose(stage.site(), &stage.scope, place, &overlay("code", &client, &[]));
        let answers = at_one_moment(stage, &outgoing, width)?;
        let served = answers.iter().filter(|answer| answer.status == 200).count();
        let refused =
            answers.iter().filter(|answer| answer.status == 400 && answer.text().contains("invalid_grant")).count();
        if (served, refused) != (1, width - 1) {
            return Err(format!("race {race}: {served} served, {refused} refused of {width}"));
        }
    }
    Ok(())
}

/// One refresh token that stays, on many connections at one moment: all are served.
pub(super) fn refreshes_at_one_moment(
    stage: &mut Stage<'_>,
    place: &Place,
    with: &mut Fields<'_>,
) -> Result<(), String> {
    let (client, times) = (with.needed_text("client"), count(with, "times"));
    let outgoing = compose(stage.site(), &stage.scope, place, &overlay("refresh", &client, &[]));
    let answers = at_one_moment(stage, &outgoing, times)?;
    for answer in &answers {
        must_be("a refresh", answer, 200)?;
        let token = answer.json()["access_token"].as_str().unwrap_or_default().to_owned();
        stage.references.push(token);
    }
    Ok(())
}

/// Every prefix of a reference, at every endpoint that takes it: refused, and all by the same bytes.
pub(super) fn truncated(stage: &mut Stage<'_>, place: &Place, with: &mut Fields<'_>) -> Result<(), String> {
    let (what, client) = (with.needed_text("what"), with.needed_text("client"));
    let value = stage.scope.get(&what).ok_or_else(|| format!("no {what}"))?.to_owned();
    let endpoints: &[&str] = match what.as_str() {
        "code" => &["code"],
        "refresh_token" => &["refresh"],
        _ => &["userinfo", "introspect"],
    };
    for endpoint in endpoints {
        let mut first = None;
        for length in 1..value.len() {
            let prefix = &value[..length];
            let mut request = match *endpoint {
                "code" => overlay("code", &client, &[("code", prefix)]),
                "refresh" => overlay("refresh", &client, &[("refresh_token", prefix)]),
                "introspect" => overlay("introspect", &client, &[("token", prefix)]),
                _ => overlay("userinfo", "", &[]),
            };
            if *endpoint == "userinfo" {
                request.headers.insert("Authorization".to_owned(), format!("Bearer {prefix}").into());
            }
            let answer = ask(stage, place, &request)?;
            let is_refused = answer.status >= 400 || answer.text() == r#"{"active":false}"#;
            let differences = first.as_ref().map(|first| differences(&answer, Some(first))).unwrap_or_default();
            if !is_refused || !differences.is_empty() {
                return Err(format!("{endpoint}, {length} characters: {} {differences:?}", short(&answer)));
            }
            first.get_or_insert(answer);
        }
    }
    Ok(())
}

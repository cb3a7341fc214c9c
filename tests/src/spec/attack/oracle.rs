//! What answers and files give away: secrets that are right at their beginning, users that exist, what lies in the
//! data folder.

use std::fs;

use super::jar::{Filled, Jar};
use super::{ask, authorize_url, count, must_be, overlay};
use crate::dice;
use crate::spec::fields::Fields;
use crate::spec::generate::no_secret_in;
use crate::spec::invariants::differences;
use crate::spec::judge::short;
use crate::spec::site::Place;
use crate::spec::stage::Stage;

/// Every prefix of a client's secret is refused by the same bytes, at its own endpoint and however it is sent.
pub(super) fn secret_prefixes(stage: &mut Stage<'_>, place: &Place, with: &mut Fields<'_>) -> Result<(), String> {
    let client = with.needed_text("client");
    let registered = stage.site().registered(&place.tenant, &client).ok_or("no such client")?;
    let secret = registered.secret.ok_or("it has no secret")?;
    let mut first = None;
    for length in 1..secret.len() {
        let mut request = overlay("push", &client, &[]);
        request.secret = Some(secret[..length].to_owned());
        let answer = ask(stage, place, &request)?;
        let differences = first.as_ref().map(|first| differences(&answer, Some(first))).unwrap_or_default();
        if !matches!(answer.status, 400 | 401) || !differences.is_empty() {
            return Err(format!("{length} characters: {} {differences:?}", short(&answer)));
        }
        first.get_or_insert(answer);
    }
    must_be("the whole secret", &ask(stage, place, &overlay("push", &client, &[]))?, 201)
}

/// A user who exists and one who does not, both with a wrong password: one page.
pub(super) fn login_answers(stage: &mut Stage<'_>, place: &Place) -> Result<(), String> {
    let mut jar = Jar::new(stage.site().address());
    let (url, page) = jar.open(&authorize_url(stage, place))?;
    let mut first = None;
    let tries = [
        ("alice", "wrong"),
        ("nobody", "wrong"),
        ("bob", "wrong"),
        ("ALICE", "wrong"),
        ("alice ", "wrong"),
        ("alice", "canary correct horse battery stapl"),
        ("nobody", "canary correct horse battery staple"),
        ("' OR 1=1--", "x"),
        ("*", "*"),
    ];
    for (username, password) in tries {
        let form = Filled::of(&url, &page, "login", &[("username", username), ("password", password)])?;
        let mut answer = jar.submit(&form)?;
        stage.requests += 1;
        if answer.status == 200 || answer.status >= 500 || jar.value("session").is_some() && answer.status != 400 {
            return Err(format!("{username}: {}", short(&answer)));
        }
        // Each interaction's cookie is sealed anew.
        answer.headers.retain(|(name, _)| name != "set-cookie");
        let answer = crate::wire::Response { body: answer.text().replace(username, "").into_bytes(), ..answer };
        let differences = first.as_ref().map(|first| differences(&answer, Some(first))).unwrap_or_default();
        if !differences.is_empty() {
            return Err(format!("{username} is told otherwise: {differences:?}"));
        }
        first.get_or_insert(answer);
    }
    Ok(())
}

/// No file of the data folder holds what was sent or issued in this case.
pub(super) fn data_folder(stage: &Stage<'_>) -> Result<(), String> {
    let folder = stage.site().server.folder().path().join("data");
    let references = stage.references.iter().cloned().collect();
    let mut files = 0;
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())?.flatten() {
        if let Ok(bytes) = fs::read(entry.path()) {
            files += 1;
            no_secret_in(&entry.path().display().to_string(), &bytes, &references)?;
        }
    }
    if files == 0 { Err("there is no file to look into".to_owned()) } else { Ok(()) }
}

/// Encrypted request objects with one random point after the other for an `epk`: all refused, and by the same bytes.
pub(super) fn points_off_the_curve(stage: &mut Stage<'_>, place: &Place, with: &mut Fields<'_>) -> Result<(), String> {
    let (client, times) = (with.needed_text("client"), count(with, "times"));
    let mut first = None;
    for _ in 0..times {
        let (x, y) = (dice::secret(), dice::secret());
        let different = format!(
            "keys = '{{{{keys}}}}'\nheader = {{ epk = {{ kty = 'EC', crv = 'P-256', x = '{x}', y = '{y}' }} }}"
        );
        let mut push = overlay("push", &client, &[]);
        push.request = Some(toml::Table::new());
        push.encrypt = Some(different.parse().map_err(|error| format!("{error}"))?);
        let answer = ask(stage, place, &push)?;
        must_be("a push", &answer, 400)?;
        let differences = first.as_ref().map(|first| differences(&answer, Some(first))).unwrap_or_default();
        if !differences.is_empty() {
            return Err(format!("{differences:?}"));
        }
        first.get_or_insert(answer);
    }
    Ok(())
}

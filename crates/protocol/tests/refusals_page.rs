//! The page of refusals that users read is the table itself, written out.
//!
//! `WRITE_GOLDEN=1 cargo test -p parhelion-protocol --test refusals_page` writes it anew.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

use std::fmt::Write;

use parhelion_protocol::refusal::Reason;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/refusals.md");

const HEAD: &str = "# Refusals

Why a request was turned down. The code is stable: it stands in `error_uri`, in the operator's log and at
`/errors/{code}` of a running server. Statuses are those of the standard dialect; a 401 is sent where the request
carried an `Authorization` header, otherwise `invalid_client` comes with 400. A row with \"shown as\" is what the
operator reads; strangers are told the other row, so that they cannot tell such cases apart.

| code | status | error | what is said | expected | how to mend it | source | shown as |
|---|---|---|---|---|---|---|---|
";

fn page() -> String {
    let mut page = HEAD.to_owned();
    for row in Reason::ALL.iter().map(|reason| reason.row()) {
        let public = row.public();
        let shown_as = if public.code == row.code { "" } else { public.code };
        let (status, error) = (row.status, row.error.as_str());
        let (said, expected, remedy, spec) = (row.description, row.expected, row.remedy, row.spec);
        writeln!(
            page,
            "| {} | {status} | `{error}` | {said} | {expected} | {remedy} | {spec} | {shown_as} |",
            row.code
        )
        .unwrap();
    }
    page
}

#[test]
fn page_is_the_table() {
    if std::env::var("WRITE_GOLDEN").is_ok() {
        std::fs::write(PAGE, page()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(PAGE).unwrap(), page(), "docs/refusals.md is not the table");
}

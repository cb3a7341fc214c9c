//! What must hold of the HTML of every page.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use std::collections::BTreeSet;

use parhelion_pages::{
    AuthorizationDetail, CodePage, ConsentPage, ErrorPage, Frame, HomePage, Language, LoginFailure, LoginPage,
    NotFoundPage, STYLESHEET, ScopeLine, ShownAddress,
};

const FAILURES: [LoginFailure; 5] = [
    LoginFailure::Missing,
    LoginFailure::Mismatch,
    LoginFailure::TooManyAttempts,
    LoginFailure::Stale,
    LoginFailure::Busy,
];

fn frame() -> Frame<'static> {
    Frame {
        language: Language::English,
        tenant_name: "Tenant",
        stylesheet_path: "/assets/pages.css",
        icon_path: "/assets/icon.svg",
    }
}

fn login() -> LoginPage<'static> {
    LoginPage {
        frame: frame(),
        action_path: "/interaction/x/login",
        form_token: "the-token",
        client_name: "Client",
        username_prefill: None,
        failure: None,
    }
}

fn consent() -> ConsentPage<'static> {
    ConsentPage {
        frame: frame(),
        action_path: "/interaction/x/consent",
        form_token: "the-token",
        client_name: "Client",
        client_uri: ShownAddress::of_page("https://client.example/"),
        username: "ada",
        scopes: vec![
            ScopeLine { name: "openid", description: Some("Know that it is you") },
            ScopeLine { name: "profile", description: None },
        ],
        authorization_details: vec![AuthorizationDetail { type_name: "payment", description: None, content: "{}" }],
        redirect_host: ShownAddress::of_redirect("https://app.client.example/cb").unwrap(),
    }
}

fn error() -> ErrorPage<'static> {
    ErrorPage {
        frame: frame(),
        title: "Title",
        explanation: "Explanation",
        remedy: "Remedy",
        code: "PAR-0001",
        code_path: Some("/errors/PAR-0001"),
        oauth_error: "invalid_request",
        request_id: Some("0123456789abcdef"),
    }
}

fn code() -> CodePage<'static> {
    CodePage {
        frame: frame(),
        code: "PAR-0001",
        title: "Title",
        oauth_error: "invalid_request",
        status: 400,
        specification: "RFC 9126",
        section: "2.1",
        expected: "Expected",
        remedy: "Remedy",
    }
}

fn home() -> HomePage<'static> {
    HomePage { frame: frame(), issuer: "https://as.example", metadata_path: "/.well-known/openid-configuration" }
}

/// Every page, in every state that changes its markup.
fn every_page() -> Vec<(String, String)> {
    let mut pages = vec![
        ("login".into(), login().render()),
        ("login, prefilled".into(), LoginPage { username_prefill: Some("ada"), ..login() }.render()),
        ("consent".into(), consent().render()),
        ("consent, bare".into(), bare_consent().render()),
        ("error".into(), error().render()),
        ("error, bare".into(), ErrorPage { code_path: None, request_id: None, ..error() }.render()),
        ("code".into(), code().render()),
        ("home".into(), home().render()),
        ("not found".into(), NotFoundPage { frame: frame() }.render()),
    ];
    pages.extend(FAILURES.map(|failure| (format!("login, {failure:?}"), failed(failure).render())));
    pages
}

fn bare_consent() -> ConsentPage<'static> {
    ConsentPage { client_uri: None, scopes: vec![], authorization_details: vec![], ..consent() }
}

fn failed(failure: LoginFailure) -> LoginPage<'static> {
    LoginPage { failure: Some(failure), ..login() }
}

/// The values of an attribute, in order of appearance.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    html.split(&start).skip(1).map(|rest| rest.split_once('"').unwrap().0).collect()
}

/// The start tag of the element with an id that must be there exactly once.
fn tag<'a>(html: &'a str, id: &str) -> &'a str {
    let (before, after) = html.split_once(&format!(" id=\"{id}\"")).unwrap();
    assert!(!after.contains(&format!(" id=\"{id}\"")), "{id} is there twice");
    let start = before.rfind('<').unwrap();
    html.get(start..).unwrap().split_inclusive('>').next().unwrap()
}

/// A text that would break out of an attribute, an element or a quoted string, told apart by the field's name.
fn hostile(field: &str) -> &'static str {
    format!("~{field}\"><script>alert(1)</script>'-alert(1)-'</textarea></title></bdi>&lt;").leak()
}

fn assert_all_escaped(html: &str, fields: &[&str]) {
    for raw in ["<script", "alert(1)<", "'-alert", "</textarea", "</bdi>&lt;"] {
        assert!(!html.contains(raw), "{raw} in {html}");
    }
    for field in fields {
        let escaped = format!(
            "~{field}&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#39;-alert(1)-&#39;\
             &#60;/textarea&#62;&#60;/title&#62;&#60;/bdi&#62;&#38;lt;"
        );
        assert!(html.contains(&escaped), "{field} is not shown, or not escaped");
        assert!(!html.contains(&format!("~{field}\"")), "{field} ends an attribute");
    }
}

fn hostile_frame() -> Frame<'static> {
    Frame {
        tenant_name: hostile("tenant_name"),
        stylesheet_path: hostile("stylesheet_path"),
        icon_path: hostile("icon_path"),
        ..frame()
    }
}

const FRAME_FIELDS: [&str; 3] = ["tenant_name", "stylesheet_path", "icon_path"];

#[test]
fn every_text_of_the_login_page_is_escaped() {
    let page = LoginPage {
        frame: hostile_frame(),
        action_path: hostile("action_path"),
        form_token: hostile("form_token"),
        client_name: hostile("client_name"),
        username_prefill: Some(hostile("username_prefill")),
        failure: Some(LoginFailure::Mismatch),
    };
    let fields = ["action_path", "form_token", "client_name", "username_prefill"];
    assert_all_escaped(&page.render(), &[&FRAME_FIELDS[..], &fields].concat());
}

#[test]
fn every_text_of_the_consent_page_is_escaped() {
    let page = ConsentPage {
        frame: hostile_frame(),
        action_path: hostile("action_path"),
        form_token: hostile("form_token"),
        client_name: hostile("client_name"),
        client_uri: ShownAddress::of_page("https://client.example/'\"><script>"),
        username: hostile("username"),
        scopes: vec![ScopeLine { name: hostile("scope.name"), description: Some(hostile("scope.description")) }],
        authorization_details: vec![AuthorizationDetail {
            type_name: hostile("type_name"),
            description: Some(hostile("detail.description")),
            content: hostile("content"),
        }],
        redirect_host: ShownAddress::of_redirect("https://app.client.example/").unwrap(),
    };
    let fields = ["action_path", "form_token", "client_name", "username", "scope.name", "scope.description"];
    let more = ["type_name", "detail.description", "content"];
    assert_all_escaped(&page.render(), &[&FRAME_FIELDS[..], &fields, &more].concat());
}

#[test]
fn every_text_of_the_other_pages_is_escaped() {
    let error = ErrorPage {
        frame: hostile_frame(),
        title: hostile("title"),
        explanation: hostile("explanation"),
        remedy: hostile("remedy"),
        code: hostile("code"),
        code_path: Some(hostile("code_path")),
        oauth_error: hostile("oauth_error"),
        request_id: Some(hostile("request_id")),
    };
    let fields = ["title", "explanation", "remedy", "code", "code_path", "oauth_error", "request_id"];
    assert_all_escaped(&error.render(), &[&FRAME_FIELDS[..], &fields].concat());

    let code = CodePage {
        frame: hostile_frame(),
        code: hostile("code"),
        title: hostile("title"),
        oauth_error: hostile("oauth_error"),
        status: 400,
        specification: hostile("specification"),
        section: hostile("section"),
        expected: hostile("expected"),
        remedy: hostile("remedy"),
    };
    let fields = ["code", "title", "oauth_error", "specification", "section", "expected", "remedy"];
    assert_all_escaped(&code.render(), &[&FRAME_FIELDS[..], &fields].concat());

    let home = HomePage { frame: hostile_frame(), issuer: hostile("issuer"), metadata_path: hostile("metadata_path") };
    assert_all_escaped(&home.render(), &[&FRAME_FIELDS[..], &["issuer", "metadata_path"]].concat());
    assert_all_escaped(&NotFoundPage { frame: hostile_frame() }.render(), &FRAME_FIELDS);
}

#[test]
fn no_page_runs_anything_or_styles_itself() {
    for (name, html) in every_page() {
        for forbidden in ["<script", " style=", "<style", "<iframe", "<object", "<base", "<img", "javascript:", "data:"]
        {
            assert!(!html.contains(forbidden), "{name}: {forbidden}");
        }
        let tags = html.split('<').filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag);
        assert!(tags.flat_map(|tag| tag.split(' ')).all(|word| !word.starts_with("on")), "{name}: an event handler");
    }
}

#[test]
fn no_page_refers_to_another_server() {
    for (name, html) in every_page() {
        for attribute in ["href", "src", "action", "formaction", "srcset", "xlink:href", "content"] {
            for value in values(&html, attribute) {
                assert!(!value.contains("//") && !value.contains("http"), "{name}: {attribute}={value}");
            }
        }
    }
}

#[test]
fn the_only_addresses_on_a_consent_page_are_the_ones_it_shows_as_text() {
    assert!(!bare_consent().render().contains("http"));
    let html = consent().render();
    assert_eq!(html.matches("http").count(), 1);
    assert!(html.contains(">https://client.example/</bdi>") && html.contains(">app.client.example</bdi>"));
}

#[test]
fn ids_that_scripts_rely_on_are_there_exactly_once() {
    for (name, html) in every_page() {
        let ids = values(&html, "id");
        let (login, consent) = (name.starts_with("login"), name.starts_with("consent"));
        let error = name.starts_with("error")
            || name == "not found"
            || FAILURES.iter().any(|f| name.ends_with(&format!("{f:?}")));
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{name}: {ids:?}");
        for (id, expected) in [
            ("username", login),
            ("password", login),
            ("login", login),
            ("allow", consent),
            ("deny", consent),
            ("error", error),
        ] {
            assert_eq!(ids.contains(&id), expected, "{name}: {id}");
        }
    }
}

#[test]
fn login_form_posts_what_the_server_reads() {
    let html = login().render();
    assert_eq!(html.matches("<form").count(), 1);
    assert!(html.contains("<form method=\"post\" action=\"/interaction/x/login\">"));
    assert!(html.contains("<input type=\"hidden\" name=\"form_token\" value=\"the-token\">"));
    assert_eq!(values(&html, "name").iter().filter(|name| ["username", "password"].contains(name)).count(), 2);
    assert!(tag(&html, "username").contains(" autocomplete=\"username\""));
    assert!(tag(&html, "password").contains(" type=\"password\" autocomplete=\"current-password\""));
    assert!(!tag(&html, "password").contains(" value="));
    assert!(tag(&html, "login").contains(" type=\"submit\""));
}

#[test]
fn consent_form_posts_one_decision() {
    let html = consent().render();
    assert_eq!(html.matches("<form").count(), 1);
    assert!(html.contains("<form method=\"post\" action=\"/interaction/x/consent\">"));
    assert!(html.contains("<input type=\"hidden\" name=\"form_token\" value=\"the-token\">"));
    let form = html.split_once("<form").unwrap().1.split_once("</form>").unwrap().0;
    for decision in ["allow", "deny"] {
        let button = tag(form, decision);
        assert!(button.starts_with("<button"), "{button}");
        assert!(button.contains(&format!(" type=\"submit\" name=\"decision\" value=\"{decision}\"")), "{button}");
    }
}

#[test]
fn focus_goes_to_the_first_field_to_be_filled_and_never_to_a_decision() {
    let fresh = login().render();
    assert!(tag(&fresh, "username").contains(" autofocus") && !tag(&fresh, "password").contains(" autofocus"));
    let prefilled = LoginPage { username_prefill: Some("ada"), ..login() }.render();
    assert!(!tag(&prefilled, "username").contains(" autofocus") && tag(&prefilled, "password").contains(" autofocus"));
    assert!(tag(&prefilled, "username").contains(" value=\"ada\""));
    assert!(!consent().render().contains("autofocus"));
}

#[test]
fn login_failure_is_announced_and_tied_to_the_fields() {
    for failure in FAILURES {
        let html = failed(failure).render();
        assert!(tag(&html, "error").contains(" role=\"alert\""), "{failure:?}");
        let blamed = matches!(failure, LoginFailure::Missing | LoginFailure::Mismatch);
        for field in ["username", "password"] {
            assert!(tag(&html, field).contains(" aria-describedby=\"error\""), "{failure:?}: {field}");
            assert_eq!(tag(&html, field).contains(" aria-invalid=\"true\""), blamed, "{failure:?}: {field}");
        }
    }
    let fresh = login().render();
    assert!(
        !fresh.contains("aria-describedby") && !fresh.contains("aria-invalid") && !fresh.contains("role=\"alert\"")
    );
}

#[test]
fn each_login_failure_has_words_of_its_own() {
    let shown: BTreeSet<String> = FAILURES.map(|failure| failed(failure).render()).into();
    assert_eq!(shown.len(), FAILURES.len());
}

#[test]
fn title_names_the_step_and_the_tenant_but_never_the_client() {
    for (name, html) in every_page() {
        let title = html.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0;
        let (step, whose) = title.rsplit_once(" · ").unwrap();
        assert!(!step.is_empty() && whose == "Tenant" && !title.contains("Client"), "{name}: {title}");
    }
}

#[test]
fn error_page_differs_by_its_request_id_alone() {
    let one = ErrorPage { request_id: Some("aaaa"), ..error() }.render();
    let other = ErrorPage { request_id: Some("bbbb"), ..error() }.render();
    assert_ne!(one, other);
    assert_eq!(one.replace("aaaa", "bbbb"), other);
}

#[test]
fn every_scope_and_detail_is_shown() {
    let names: Vec<String> = (0..64).map(|n| format!("scope-{n:02}")).collect();
    let scopes = names.iter().map(|name| ScopeLine { name, description: None }).collect();
    let html = ConsentPage { scopes, ..consent() }.render();
    for name in &names {
        assert_eq!(html.matches(&format!(">{name}</code>")).count(), 1, "{name}");
    }
    assert!(html.contains(">payment</code>") && html.contains("{}</pre>"));
}

#[test]
fn page_has_one_heading_of_the_first_level_and_each_landmark_once() {
    for (name, html) in every_page() {
        for element in ["<h1>", "<header", "<main", "<footer", "<html lang=\"en\" dir=\"ltr\">"] {
            assert_eq!(html.matches(element).count(), 1, "{name}: {element}");
        }
        assert!(html.find("<h1>") < html.find("<h2>").or(Some(usize::MAX)), "{name}: h2 before h1");
        assert!(!html.contains("<h3"), "{name}");
    }
}

#[test]
fn every_element_is_closed_in_order() {
    const VOID: [&str; 4] = ["!doctype", "meta", "link", "input"];
    for (name, html) in every_page() {
        let mut open = vec![];
        for rest in html.split('<').skip(1) {
            let tag = rest.split_once('>').unwrap().0;
            let element = tag.split([' ', '\n']).next().unwrap();
            match element.strip_prefix('/') {
                Some(closed) => assert_eq!(open.pop(), Some(closed), "{name}"),
                None if VOID.contains(&element) || tag.ends_with('/') => {}
                None => open.push(element),
            }
        }
        assert_eq!(open, [""; 0], "{name}");
    }
}

#[test]
fn every_class_is_in_the_stylesheet() {
    for (name, html) in every_page() {
        for class in values(&html, "class").iter().flat_map(|value| value.split(' ')) {
            assert!(STYLESHEET.contains(&format!(".{class}")), "{name}: {class}");
        }
    }
}

//! Writes every page in several states as files, to be looked at: `cargo run -p parhelion-pages --example gallery -- DIR`.

use std::path::Path;
use std::{env, fs, io};

use parhelion_pages::{
    AuthorizationDetail, CodePage, ConsentPage, ErrorPage, FormPostPage, Frame, HomePage, ICON, Language,
    LoggedOutPage, LoginFailure, LoginPage, LogoutPage, NotFoundPage, STYLESHEET, ScopeLine, ShownAddress, icon_name,
    stylesheet_name,
};

#[allow(clippy::disallowed_methods, reason = "an example that writes files")]
fn main() -> io::Result<()> {
    let argument = env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: gallery DIR"))?;
    let folder = Path::new(&argument);
    let (stylesheet, icon) = (stylesheet_name(), icon_name());
    let frame = Frame {
        language: Language::English,
        tenant_name: "Meridian Bank",
        stylesheet_path: &stylesheet,
        icon_path: &icon,
    };

    fs::create_dir_all(folder)?;
    fs::write(folder.join(&stylesheet), STYLESHEET)?;
    fs::write(folder.join(&icon), ICON)?;
    for (name, page) in logins(frame).into_iter().chain(consents(frame)).chain(others(frame)) {
        fs::write(folder.join(format!("{name}.html")), page)?;
    }
    Ok(())
}

fn logins(frame: Frame<'_>) -> Vec<(&'static str, String)> {
    let login = LoginPage {
        frame,
        action_path: "/interaction/x/login",
        form_token: "token",
        client_name: "Ledgerleaf",
        username_prefill: None,
        failure: None,
    };
    let long_tenant = Frame { tenant_name: &"Savings and Loans of the Upper Valley ".repeat(4), ..frame };
    let long = "Long".repeat(64);
    let mismatch = LoginPage { username_prefill: Some("ada"), failure: Some(LoginFailure::Mismatch), ..login };
    vec![
        ("login", login.render()),
        ("login-prefilled", LoginPage { username_prefill: Some("ada"), ..login }.render()),
        ("login-mismatch", mismatch.render()),
        ("login-busy", LoginPage { failure: Some(LoginFailure::Busy), ..login }.render()),
        (
            "login-long",
            LoginPage { frame: long_tenant, client_name: &long, username_prefill: Some(&long), ..login }.render(),
        ),
    ]
}

fn consents(frame: Frame<'_>) -> Vec<(&'static str, String)> {
    let consent = ConsentPage {
        frame,
        action_path: "/interaction/x/consent",
        form_token: "token",
        client_name: "Ledgerleaf",
        client_uri: ShownAddress::of_page("https://ledgerleaf.example/"),
        username: "ada",
        scopes: vec![
            ScopeLine { name: "openid", description: Some("Know that it is you") },
            ScopeLine { name: "accounts.read", description: Some("See your accounts and their balances") },
            ScopeLine { name: "offline_access", description: Some("Keep this access while you are away") },
            ScopeLine { name: "urn:example:statements", description: None },
        ],
        authorization_details: vec![],
        redirect_host: shown("https://app.ledgerleaf.example/cb"),
    };
    let payment = AuthorizationDetail {
        type_name: "payment_initiation",
        description: Some("Make one payment"),
        content: "{\n  \"amount\": \"123.50\",\n  \"currency\": \"EUR\",\n  \"creditor\": \"Merchant A\"\n}",
    };
    let names: Vec<String> =
        (1..=64).map(|n| format!("https://api.example.com/auth/resource-{n:02}.readwrite")).collect();
    let many = names.iter().map(|name| ScopeLine { name, description: None }).collect();
    let long = "W".repeat(256);
    let hostile = "\"><script>alert(1)</script></textarea><h1>' & \u{202e}moc.elgoog";
    vec![
        ("consent", consent.clone().render()),
        ("consent-payment", ConsentPage { authorization_details: vec![payment], ..consent.clone() }.render()),
        ("consent-none", ConsentPage { scopes: vec![], client_uri: None, ..consent.clone() }.render()),
        ("consent-many", ConsentPage { scopes: many, ..consent.clone() }.render()),
        ("consent-long", ConsentPage { client_name: &long, username: &long, ..consent.clone() }.render()),
        ("consent-hostile", ConsentPage { client_name: hostile, username: hostile, ..consent.clone() }.render()),
        ("consent-rtl", right_to_left(consent).render()),
    ]
}

fn right_to_left(consent: ConsentPage<'_>) -> ConsentPage<'_> {
    ConsentPage {
        client_name: "دفتر الحسابات",
        username: "عائشة",
        client_uri: ShownAddress::of_page("https://حسابات.example/"),
        redirect_host: shown("https://\u{430}pple.example/cb"),
        scopes: vec![ScopeLine {
            name: "accounts.read", description: Some("الاطلاع على حساباتك وأرصدتها")
        }],
        ..consent
    }
}

fn others(frame: Frame<'_>) -> Vec<(&'static str, String)> {
    let error = ErrorPage {
        frame,
        title: "This request is no longer valid",
        explanation: "The application's pushed authorization request is unknown, has expired or has been used already.",
        remedy: "Go back to the application and start again. If this happens every time, tell whoever runs the application.",
        code: "PAR-0124",
        code_path: None,
        oauth_error: "invalid_request_uri",
        request_id: None,
    };
    let code = CodePage {
        frame,
        code: "PAR-0031",
        title: "The pushed request contains a request_uri",
        oauth_error: "invalid_request",
        status: 400,
        specification: "RFC 9126",
        section: "2.1",
        expected: "A pushed authorization request carries its parameters itself; request_uri is not among them.",
        remedy: "Remove request_uri from the body that is posted to the pushed authorization request endpoint.",
    };
    let home = HomePage { frame, issuer: "https://as.example", metadata_path: "/.well-known/openid-configuration" };
    let id = Some("7f3c9a52e1b84d06");
    let answer = vec![("code", "SplxlOBeZQQYbYS6WxSbIA"), ("state", "a\"b")];
    let form_post = FormPostPage { frame, action: "about:blank", fields: answer };
    vec![
        ("error", error.render()),
        ("error-with-id", ErrorPage { code_path: Some("/errors/PAR-0124"), request_id: id, ..error }.render()),
        ("code", code.render()),
        ("home", home.render()),
        ("not-found", NotFoundPage { frame }.render()),
        ("form-post", form_post.render()),
        ("logout", LogoutPage { frame, form_token: "token", fields: vec![("state", "x")] }.render()),
        ("logged-out", LoggedOutPage { frame }.render()),
    ]
}

fn shown(redirect_uri: &str) -> ShownAddress {
    #[allow(clippy::expect_used, reason = "the gallery's own constants")]
    ShownAddress::of_redirect(redirect_uri).expect("a URI")
}

//! DPoP proofs: an accepted one is of this method, this URL as RFC 3986 compares URLs, this time, and of the key that it
//! carries; the URL is judged by another parser than ours.

use std::sync::LazyLock;

use fluent_uri::Uri;
use parhelion_protocol::profile::{Policy, shipped};
use parhelion_protocol::sender::dpop::{Judge, Proof, judge};
use serde_json::{Value, json};

use crate::Verdict;
use crate::second::{base64url, sha256};
use crate::signer;

const NOW: i64 = 1_800_000_000;
const URLS: [&str; 3] = ["https://as.example/t/par", "http://127.0.0.1:8443/%74/par", "http://[::1]:80/par"];

static POLICY: LazyLock<Policy> = LazyLock::new(|| shipped("fapi2-security").unwrap());

/// Reads the bytes as a proof, as the claims of one, as the header of one, and as the URL of one.
pub fn check(bytes: &[u8]) -> Verdict {
    let accepted = |htu: &&str| {
        let claims = json!({ "htm": "POST", "htu": htu, "iat": NOW, "jti": "j" }).to_string();
        let of_claims = check_proof(&signer::sign(header().as_bytes(), bytes), htu);
        let of_header = check_proof(&signer::sign(bytes, claims.as_bytes()), htu);
        let text = str::from_utf8(bytes).ok();
        let of_text = text.and_then(|text| check_proof(text, htu));
        let of_url = text.and_then(|text| check_url(text, htu));
        [of_claims, of_header, of_text, of_url].into_iter().any(|proof| proof.is_some())
    };
    Verdict::of(URLS.iter().filter(|htu| accepted(htu)).count() > 0)
}

/// A proof that is good but for its URL, which may be.
fn check_url(text: &str, htu: &str) -> Option<Proof> {
    let claims = json!({ "htm": "POST", "htu": text, "iat": NOW, "jti": "j" }).to_string();
    let accepted = check_proof(&signer::sign(header().as_bytes(), claims.as_bytes()), htu);
    assert!(accepted.is_some() || !is_same_url_as_written(text, htu), "{text}");
    accepted
}

fn header() -> String {
    json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": signer::public_jwk() }).to_string()
}

fn check_proof(proof: &str, htu: &str) -> Option<Proof> {
    let accepted = judge(proof, &Judge { policy: &POLICY, htm: "POST", htu, htu_alias: None, now_s: NOW }).ok()?;
    let part = |at: usize| crate::second::json(&base64url(proof.split('.').nth(at).unwrap()).unwrap()).unwrap();
    let (header, claims) = (part(0), part(1));
    assert!(header["typ"].as_str().unwrap().eq_ignore_ascii_case("dpop+jwt"));
    assert!(["PS256", "ES256", "EdDSA", "Ed25519"].contains(&header["alg"].as_str().unwrap()));
    assert!(header["jwk"].get("d").is_none() && header.get("crit").is_none());
    assert_eq!(claims["htm"], "POST");
    let sent = claims["htu"].as_str().unwrap();
    assert!(sent == htu || same_url(sent, htu), "{sent}");
    assert!(claims["iat"].as_f64().is_some_and(|iat| (-60.0..31.0).contains(&(iat - 1_800_000_000.0))));
    assert!(claims["jti"].as_str().is_some_and(|jti| (1..=256).contains(&jti.len())));
    let jwk = &header["jwk"];
    if jwk["kty"] == "OKP" {
        let members = json!({ "crv": jwk["crv"], "kty": jwk["kty"], "x": jwk["x"] });
        assert_eq!(accepted.jkt, sha256(members.to_string().as_bytes()));
    }
    assert_eq!(accepted.nonce.as_deref(), claims.get("nonce").map(|nonce| nonce.as_str().unwrap()));
    assert_eq!(accepted.ath.map(Vec::from), claims.get("ath").and_then(Value::as_str).and_then(base64url));
    Some(accepted)
}

/// Scheme, host, port, path and query of a URL, after RFC 3986 sections 6.2.2 and 6.2.3.
fn parts(text: &str) -> Option<[String; 4]> {
    let uri = Uri::parse(text).ok()?.normalize();
    let scheme = uri.scheme().as_str().to_owned();
    let authority = uri.authority().filter(|authority| !authority.has_userinfo())?;
    let default = match scheme.as_str() {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let port = authority.port_to_u16().ok()?.unwrap_or(default);
    let path = if uri.path().as_str().is_empty() { "/" } else { uri.path().as_str() };
    Some([scheme, authority.host().to_owned(), port.to_string(), path.to_owned()])
}

fn same_url(sent: &str, htu: &str) -> bool {
    parts(sent).is_some_and(|sent| Some(sent) == parts(htu))
}

/// The same, and written in a way that nobody can take for another: this much has to be accepted.
fn is_same_url_as_written(sent: &str, htu: &str) -> bool {
    same_url(sent, htu) && Uri::parse(sent).is_ok_and(|uri| uri.normalize().as_str() == sent)
}

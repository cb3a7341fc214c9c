//! DPoP proofs (RFC 9449 section 4): a JWT that shows, for one method and one URL, who holds a key.

use aws_lc_rs::digest;
use parhelion_jose::base64url;
use parhelion_jose::claims::{Claim, Claims};
use parhelion_jose::jwk::PublicKey;
use parhelion_jose::jws::{Compact, typ_is};
use serde_json::Value;
use url::Url;

pub use super::Shown;
use super::made_at;
use crate::client_auth::OnceKey;
use crate::limits;
use crate::profile::{AlgName, Policy};
use crate::refusal::{Reason, Refusal};

/// What a proof is judged against.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// The method of the request.
    pub htm: &'a str,
    /// The configured URL of the endpoint, never what the request said its host was.
    pub htu: &'a str,
    /// Where the same endpoint is reached with a client certificate (RFC 8705 section 5), if elsewhere.
    pub htu_alias: Option<&'a str>,
    /// Seconds since 1970.
    pub now_s: i64,
}

/// A proof that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// RFC 7638 thumbprint of its key.
    pub jkt: [u8; 32],
    /// To be claimed, so that the proof is used once.
    pub once: OnceKey,
    /// The server's nonce that it carries.
    pub nonce: Option<String>,
    /// The hash of the access token that it goes with.
    pub ath: Option<[u8; 32]>,
}

/// Judges a proof: form, key, signature, then what it claims (RFC 9449 section 4.3).
///
/// # Errors
/// [`Reason::DpopProofInvalid`] or one of the more exact reasons of its kind.
pub fn judge(proof: &str, judge: &Judge<'_>) -> Result<Proof, Refusal> {
    let invalid = Refusal::new(Reason::DpopProofInvalid).found_length(proof.len());
    let token = Compact::parse(proof).map_err(|_| invalid)?;
    let header = token.header();
    //= rfc9449#4.3 item 4
    if !header.typ().is_some_and(|typ| typ.eq_ignore_ascii_case("dpop+jwt") && typ_is(typ, "dpop+jwt")) {
        return Err(Reason::DpopTypWrong.into());
    }
    if !judge.policy.dpop_algs.has(&AlgName(header.alg())) {
        return Err(Reason::DpopAlgorithmRefused.into());
    }
    let Some(Value::Object(jwk)) = header.object().get("jwk") else { return Err(Reason::DpopKeyRefused.into()) };
    let key = PublicKey::from_jwk(jwk).map_err(|_| Refusal::new(Reason::DpopKeyRefused))?;
    let verified = token.verify_with(&key).map_err(|_| Refusal::new(Reason::DpopSignatureWrong))?;
    let claims = verified.claims().map_err(|_| invalid)?;
    check_request(&claims, judge)?;
    let issued_at_s = made_at(&claims, judge.now_s, Reason::DpopTimeWrong)?;
    let jkt = key.thumbprint();
    Ok(Proof {
        jkt,
        once: once_key(&claims, &jkt, judge.htu, issued_at_s)?,
        nonce: text(&claims, "nonce")?,
        ath: hash(&claims)?,
    })
}

/// The hash that a proof must carry to go with an access token (RFC 9449 section 4.2).
#[must_use]
pub fn ath(access_token: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, access_token.as_bytes()).as_ref());
    bytes
}

//= rfc9449#4.3 items 8 and 9
fn check_request(claims: &Claims, judge: &Judge<'_>) -> Result<(), Refusal> {
    if claims.string("htm") != Claim::Valid(judge.htm) {
        return Err(Reason::DpopMethodWrong.into());
    }
    let Claim::Valid(htu) = claims.string("htu") else { return Err(Reason::DpopUrlWrong.into()) };
    let sent = || normalised(htu);
    let is = |ours: &str| htu == ours || sent().is_some_and(|sent| Some(sent) == normalised(ours));
    if is(judge.htu) || judge.htu_alias.is_some_and(is) { Ok(()) } else { Err(Reason::DpopUrlWrong.into()) }
}

/// RFC 3986 sections 6.2.2 and 6.2.3, without query and fragment; a URL with user information is none.
fn normalised(text: &str) -> Option<String> {
    let host = host_as_written(text)?;
    let mut url = Url::parse(text).ok()?;
    // A browser's reader takes more for the same host than RFC 3986 does: 127.1, full-width digits.
    let verbatim = url.host_str().is_some_and(|read| read.eq_ignore_ascii_case(host));
    url.set_query(None);
    url.set_fragment(None);
    (verbatim && matches!(url.scheme(), "http" | "https")).then(|| unescape_unreserved(url.as_str()))
}

/// The host of `scheme://host[:port][path]...`, where all is made of characters of RFC 3986 and nothing stands
/// before the host: what a browser's reader would repair is no URI.
fn host_as_written(text: &str) -> Option<&str> {
    let of_uri = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%:/?#[]@!$&'()*+,;=".contains(&byte);
    let (_, rest) = text.split_once("://").filter(|_| text.bytes().all(of_uri))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host_end = authority.rfind(':').filter(|at| !authority.split_at(*at).1.contains(']'));
    let host = host_end.map_or(authority, |at| authority.split_at(at).0);
    (!host.is_empty() && !host.contains('@')).then_some(host)
}

/// Writes `%XX` of an unreserved character as that character, and other escapes in upper case.
fn unescape_unreserved(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let escape = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escape {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => out.push(char::from(byte)),
            Some(byte) => out.push_str(&format!("%{byte:02X}")),
            None => out.push('%'),
        }
        rest = if escape.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    out.push_str(rest);
    out
}

//= rfc9449#11.1 once in the context of the URL
fn once_key(claims: &Claims, jkt: &[u8; 32], htu: &str, issued_at_s: i64) -> Result<OnceKey, Refusal> {
    let accepted_until_s = issued_at_s.saturating_add(limits::PROOF_AGE_MAX_S);
    let scope = ["dpop", &base64url::encode(jkt), htu];
    OnceKey::of_jti(claims, &scope, accepted_until_s, Reason::DpopJtiMissing.into())
}

fn text(claims: &Claims, name: &str) -> Result<Option<String>, Refusal> {
    match claims.string(name) {
        Claim::Absent => Ok(None),
        Claim::Valid(text) => Ok(Some(text.to_owned())),
        Claim::Malformed => Err(Reason::DpopProofInvalid.into()),
    }
}

fn hash(claims: &Claims) -> Result<Option<[u8; 32]>, Refusal> {
    match claims.string("ath") {
        Claim::Absent => Ok(None),
        Claim::Valid(text) => base64url::decode_array(text).map(Some).ok_or(Reason::DpopAthWrong.into()),
        Claim::Malformed => Err(Reason::DpopAthWrong.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_compared_after_the_normalisation_of_rfc_3986() {
        let ours = normalised("https://as.example/acme/par");
        for same in [
            "https://AS.example/acme/par",
            "HTTPS://as.example:443/acme/par",
            "https://as.example/acme/%70ar",
            "https://as.example/acme/x/../par",
            "https://as.example/acme/par?x=1#y",
        ] {
            assert_eq!(normalised(same), ours, "{same}");
        }
        for other in [
            "https://as.example/acme/par/",
            "https://as.example//acme/par",
            "https://as.example/acme%2Fpar",
            "https://as.example/Acme/par",
            "http://as.example/acme/par",
            "https://as.example:8443/acme/par",
            "https://as.example.evil/acme/par",
            "https://u@as.example/acme/par",
            "https://@as.example/acme/par",
            "https:/as.example/acme/par",
            "https:as.example/acme/par",
            "https:////as.example/acme/par",
            "https:\\\\as.example\\acme\\par",
            " https://as.example/acme/par",
            "https://as.example/acme/par\n",
            "ht\ttps://as.example/acme/par",
            "https://as.exa\u{ad}mple/acme/par",
            "https://as\u{3002}example/acme/par",
            "https://%61s.example/acme/par",
            "/acme/par",
            "as.example/acme/par",
            "",
        ] {
            assert_ne!(normalised(other), ours, "{other}");
        }
    }

    #[test]
    fn address_is_what_is_written() {
        let ours = normalised("http://127.0.0.1:8080/par");
        assert!(ours.is_some());
        for other in ["127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "\u{ff11}27.0.0.1", "127.0.0.1.", "[::1]"] {
            assert_ne!(normalised(&format!("http://{other}:8080/par")), ours, "{other}");
        }
        assert_eq!(normalised("http://[::1]:80/par"), normalised("HTTP://[::1]/par"));
        assert!(normalised("http://[::1]/par").is_some());
    }
}

//! Software statements: what somebody whom the tenant trusts says of a client's software (RFC 7591 section 2.3).

use parhelion_jose::claims::Claim;
use parhelion_jose::jwk::KeySet;
use parhelion_jose::jws::{Compact, typ_is};
use serde_json::{Map, Value};

use crate::limits;
use crate::refusal::{Reason, Refusal};

/// Somebody whose statements a tenant believes.
#[derive(Debug)]
pub struct StatementIssuer {
    /// Its `iss`.
    pub issuer: String,
    /// What it signs with.
    pub keys: KeySet,
}

/// What a JWT says of itself; the rest is client metadata.
const OF_THE_JWT: &[&str] = &["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Verifies a statement; gives what it says of the client.
///
/// # Errors
/// [`Reason::SoftwareStatementInvalid`] or [`Reason::SoftwareStatementUnapproved`].
pub fn verify(text: &str, issuers: &[StatementIssuer], now_s: i64) -> Result<Map<String, Value>, Refusal> {
    let invalid = |_| Refusal::new(Reason::SoftwareStatementInvalid).found_length(text.len());
    let token = Compact::parse(text).map_err(invalid)?;
    // Whose it would be is looked up before anything is believed.
    let unverified = parhelion_jose::json::parse_object(token.unverified_payload(), parhelion_jose::limits::CLAIMS);
    let unverified = unverified.map_err(|_| Reason::SoftwareStatementInvalid)?;
    let issuer = issuers.iter().find(|issuer| unverified.get("iss") == Some(&Value::String(issuer.issuer.clone())));
    let issuer = issuer.ok_or(Reason::SoftwareStatementUnapproved)?;
    if !token.header().typ().is_none_or(|typ| typ_is(typ, "JWT")) {
        return Err(Reason::SoftwareStatementInvalid.into());
    }
    let claims = token.verify(&issuer.keys).map_err(invalid)?.claims().map_err(invalid)?;
    let soonest_s = now_s.saturating_add(limits::CLOCK_SKEW_AHEAD_S);
    let live = match claims.numeric_date("exp") {
        Claim::Absent => true,
        Claim::Valid(exp) => now_s < exp.saturating_add(limits::CLOCK_SKEW_BEHIND_S),
        Claim::Malformed => false,
    };
    let begun = match claims.numeric_date("nbf") {
        Claim::Absent => true,
        Claim::Valid(nbf) => nbf <= soonest_s,
        Claim::Malformed => false,
    };
    if !live || !begun {
        return Err(Reason::SoftwareStatementInvalid.into());
    }
    Ok(claims.into_object().into_iter().filter(|(name, _)| !OF_THE_JWT.contains(&name.as_str())).collect())
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use parhelion_jose::jws::Algorithm;
    use parhelion_jose::signing::SigningKey;
    use serde_json::json;

    const NOW_S: i64 = 1_800_000_000;

    fn issuers(key: &SigningKey) -> Vec<StatementIssuer> {
        let jwks = json!({ "keys": [key.public_jwk()] }).to_string();
        vec![StatementIssuer {
            issuer: "https://trust.example".to_owned(),
            keys: KeySet::from_jwks(jwks.as_bytes()).unwrap(),
        }]
    }

    fn judged(key: &SigningKey, typ: &str, claims: &Value) -> Result<Map<String, Value>, Reason> {
        let trusted = SigningKey::generate(Algorithm::Es256).unwrap();
        let text = key.sign(typ, claims.to_string().as_bytes()).unwrap();
        let mut all = issuers(key);
        all.extend(
            issuers(&trusted).into_iter().map(|issuer| StatementIssuer { issuer: "other".to_owned(), ..issuer }),
        );
        verify(&text, &all, NOW_S).map_err(|refusal| refusal.reason)
    }

    #[test]
    fn statement_of_a_trusted_issuer_says_what_the_client_is() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let said = json!({ "iss": "https://trust.example", "iat": NOW_S, "exp": NOW_S + 60, "client_name": "A" });
        let expected = json!({ "client_name": "A" }).as_object().cloned().unwrap();
        assert_eq!(judged(&key, "JWT", &said), Ok(expected));
    }

    #[test]
    fn strangers_and_stale_or_foreign_statements_are_told_apart() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let (unapproved, invalid) = (Err(Reason::SoftwareStatementUnapproved), Err(Reason::SoftwareStatementInvalid));
        let of = |iss: &str, exp: i64| json!({ "iss": iss, "exp": exp });
        assert_eq!(judged(&key, "JWT", &of("https://evil.example", NOW_S + 60)), unapproved);
        assert_eq!(judged(&key, "JWT", &json!({ "exp": NOW_S + 60 })), unapproved);
        assert_eq!(judged(&key, "JWT", &of("https://trust.example", NOW_S - 60)), invalid);
        assert_eq!(judged(&key, "at+jwt", &of("https://trust.example", NOW_S + 60)), invalid);
        // Signed with one trusted issuer's key in another one's name.
        assert_eq!(judged(&key, "JWT", &of("other", NOW_S + 60)), invalid);
        let soon = json!({ "iss": "https://trust.example", "nbf": NOW_S + 120 });
        assert_eq!(judged(&key, "JWT", &soon), invalid);
        let trusted = issuers(&key);
        let refused = verify("no.jwt.at all", &trusted, NOW_S).err().map(|refusal| refusal.reason);
        assert_eq!(refused, Some(Reason::SoftwareStatementInvalid));
    }
}

//! JWTs of the suite's clients, and JWTs of the server as they are read.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Value, json};

use crate::spec::keys::Key;
use crate::{base64, client_key, dice};

/// A difference that a check makes, by a name.
pub type Named<'n> = (&'n str, Box<dyn Fn(&mut Jwt)>);

/// One that is about to be signed; a check changes what it likes.
#[derive(Clone)]
pub struct Jwt {
    /// The header, without `alg`.
    pub header: Value,
    /// The claims.
    pub claims: Value,
    /// Who signs.
    pub key: &'static Key,
    /// How: a JOSE name; what the key cannot do leaves the signature empty.
    pub alg: &'static str,
    /// Whether the signature is another one.
    pub broken: bool,
}

impl Jwt {
    /// One that names its key by `kid`.
    #[must_use]
    pub fn new(key: &'static Key, claims: Value) -> Self {
        let header = json!({ "kid": key.jwk()["kid"] });
        Self { header, claims, key, alg: key.usual_alg(), broken: false }
    }

    /// A DPoP proof (RFC 9449 section 4.2).
    #[must_use]
    pub fn proof(key: &'static Key, htm: &str, htu: &str) -> Self {
        let claims = json!({ "jti": dice::secret(), "htm": htm, "htu": htu, "iat": now_s() });
        Self { header: json!({ "typ": "dpop+jwt", "jwk": key.thin_jwk() }), ..Self::new(key, claims) }
    }

    /// Signed, in compact form.
    #[must_use]
    pub fn signed(&self) -> String {
        let mut header = self.header.clone();
        if header.get("alg").is_none() {
            header["alg"] = self.alg.into();
        }
        if header["alg"].is_null() {
            header.as_object_mut().map(|members| members.remove("alg"));
        }
        let part = |value: &Value| base64::url_safe(value.to_string().as_bytes());
        let input = format!("{}.{}", part(&header), part(&self.claims));
        let mut signature = self.key.sign(self.alg, input.as_bytes(), "");
        if self.broken {
            signature[20] ^= 1;
        }
        format!("{input}.{}", base64::url_safe(&signature))
    }
}

/// Seconds since 1970.
#[must_use]
pub fn now_s() -> i64 {
    client_key::unix_s() as i64
}

/// The header and the claims of a JWT that a key of the set signed, with ES256 or RS256.
///
/// # Errors
/// What is wrong with it.
pub fn verified(jwt: &str, jwks: &Value) -> Result<(Value, Value), String> {
    let (input, signature) = jwt.rsplit_once('.').ok_or("not a JWT")?;
    let read = |part: &str| {
        let bytes = base64::from_url_safe(part).ok_or("not base64url")?;
        serde_json::from_slice::<Value>(&bytes).map_err(|_| "not JSON")
    };
    let (header, claims) = input.split_once('.').ok_or("not a JWT")?;
    let (header, claims) = (read(header)?, read(claims)?);
    let keys = jwks["keys"].as_array().ok_or("no keys")?;
    let key = keys.iter().find(|key| key["kid"] == header["kid"] && key["kid"].is_string());
    let key = key.ok_or("its kid is in no key")?;
    let member = |name: &str| base64::from_url_safe(key[name].as_str().unwrap_or_default()).unwrap_or_default();
    let signature = base64::from_url_safe(signature).ok_or("not base64url")?;
    let verdict = match header["alg"].as_str() {
        Some("ES256") => {
            let point = [vec![4], member("x"), member("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(input.as_bytes(), &signature)
        }
        Some("RS256") => {
            let key = RsaPublicKeyComponents { n: member("n"), e: member("e") };
            key.verify(&RSA_PKCS1_2048_8192_SHA256, input.as_bytes(), &signature)
        }
        _ => return Err(format!("signed with {}", header["alg"])),
    };
    verdict.map_err(|_| "the signature does not hold")?;
    Ok((header, claims))
}

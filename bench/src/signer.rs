//! Keys of clients: they sign assertions, and tell what one verification costs.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair,
};
use parhelion_tests::{base64, dice};
use serde_json::{Value, json};

use crate::cpu;

/// How long an assertion is good for.
const ASSERTION_LIFETIME_S: u64 = 60;

/// One client's key.
#[derive(Debug)]
pub(crate) struct Signer {
    pair: Pair,
    kid: String,
}

#[derive(Debug)]
enum Pair {
    Es256(EcdsaKeyPair),
    Ps256(Box<RsaKeyPair>),
}

impl Signer {
    pub(crate) fn es256() -> Result<Self, String> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| "no P-256 key")?;
        Ok(Self { pair: Pair::Es256(pair), kid: "es256".to_owned() })
    }

    /// Of 2048 bits.
    pub(crate) fn ps256() -> Result<Self, String> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| "no RSA key")?;
        Ok(Self { pair: Pair::Ps256(Box::new(pair)), kid: "ps256".to_owned() })
    }

    /// The key as it is registered.
    pub(crate) fn public_jwk(&self) -> Value {
        match &self.pair {
            Pair::Es256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
                let (x, y) = (base64::url_safe(x), base64::url_safe(y));
                json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid, "x": x, "y": y })
            }
            Pair::Ps256(pair) => {
                let public = pair.public_key();
                let n = base64::url_safe(public.modulus().big_endian_without_leading_zero());
                let e = base64::url_safe(public.exponent().big_endian_without_leading_zero());
                json!({ "kty": "RSA", "alg": "PS256", "use": "sig", "kid": self.kid, "n": n, "e": e })
            }
        }
    }

    /// A DPoP proof (RFC 9449 section 4.2).
    pub(crate) fn proof(&self, htm: &str, htu: &str) -> Result<String, String> {
        let mut jwk = self.public_jwk();
        if let Some(members) = jwk.as_object_mut() {
            members.retain(|name, _| matches!(name.as_str(), "kty" | "crv" | "x" | "y" | "n" | "e"));
        }
        let header = json!({ "typ": "dpop+jwt", "alg": self.alg(), "jwk": jwk });
        self.token(&header, &json!({ "jti": dice::secret(), "htm": htm, "htu": htu, "iat": now_s()? }))
    }

    /// A client assertion (RFC 7523 section 3).
    pub(crate) fn assertion(&self, client_id: &str, audience: &str) -> Result<String, String> {
        let now_s = now_s()?;
        let header = json!({ "alg": self.alg(), "kid": self.kid });
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": audience, "jti": dice::secret(),
            "iat": now_s, "exp": now_s + ASSERTION_LIFETIME_S,
        });
        self.token(&header, &claims)
    }

    fn token(&self, header: &Value, claims: &Value) -> Result<String, String> {
        let encode = |part: &Value| base64::url_safe(part.to_string().as_bytes());
        let input = format!("{}.{}", encode(header), encode(claims));
        let signature = self.sign(input.as_bytes())?;
        Ok(format!("{input}.{}", base64::url_safe(&signature)))
    }

    /// Something to verify, with the key parsed as the server keeps it.
    pub(crate) fn verification(&self) -> Result<Verification, String> {
        let messages = (0..32).map(|_| dice::secret().repeat(8));
        let signed = messages.map(|message| Ok((self.sign(message.as_bytes())?, message)));
        let signed = signed.collect::<Result<_, String>>()?;
        Ok(Verification { key: self.parsed().map_err(|_| "the public key does not parse")?, signed })
    }

    const fn alg(&self) -> &'static str {
        match self.pair {
            Pair::Es256(_) => "ES256",
            Pair::Ps256(_) => "PS256",
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Es256(pair) => pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
            Pair::Ps256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PSS_SHA256, &random, message, &mut signature).map(|()| signature)
            }
        };
        signature.map_err(|_| "cannot sign".to_owned())
    }

    fn parsed(&self) -> Result<ParsedPublicKey, aws_lc_rs::error::KeyRejected> {
        match &self.pair {
            Pair::Es256(pair) => ParsedPublicKey::new(
                &ECDSA_P256_SHA256_FIXED as &'static dyn signature::VerificationAlgorithm,
                pair.public_key(),
            ),
            Pair::Ps256(pair) => ParsedPublicKey::new(
                &RSA_PSS_2048_8192_SHA256 as &'static dyn signature::VerificationAlgorithm,
                pair.public_key(),
            ),
        }
    }
}

/// Signatures and what they are of.
#[derive(Debug)]
pub(crate) struct Verification {
    key: ParsedPublicKey,
    signed: Vec<(Vec<u8>, String)>,
}

impl Verification {
    /// CPU microseconds of one verification, the mean of that many.
    pub(crate) fn us(&self, count: u32) -> Result<f64, String> {
        let before = cpu::own_thread()?;
        for (signature, message) in self.signed.iter().cycle().take(count as usize) {
            self.key.verify_sig(message.as_bytes(), signature).map_err(|_| "a signature does not verify")?;
        }
        Ok((cpu::own_thread()? - before).as_secs_f64() * 1e6 / f64::from(count))
    }
}

fn now_s() -> Result<u64, String> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_key_sign_what_they_verify() {
        for signer in [Signer::es256().unwrap(), Signer::ps256().unwrap()] {
            assert!(signer.verification().unwrap().us(32).unwrap() > 0.0);
            assert_eq!(signer.assertion("app", "https://as.example").unwrap().split('.').count(), 3);
        }
    }

    #[test]
    fn a_coordinate_has_32_bytes() {
        let jwk = Signer::es256().unwrap().public_jwk();
        assert_eq!(jwk["x"].as_str().unwrap().len(), 43);
        assert_eq!(jwk["y"].as_str().unwrap().len(), 43);
    }
}

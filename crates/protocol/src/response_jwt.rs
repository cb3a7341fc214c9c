//! How answers that are JWTs are made for whom they are for: signed with what, and encrypted with what, as registered
//! (OpenID Connect Registration section 2, JARM section 3, RFC 9701 section 6).

use parhelion_jose::jwe::{self, ContentEncryption};
use parhelion_jose::jwk::KeySet;
use parhelion_jose::jws::Algorithm;

use crate::client::{ClientMetadata, MetadataFault};
use crate::profile::{EncryptionAlgName, EncryptionEncName, Policy};

/// How one kind of answer is made. Whatever is encrypted is signed first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResponseJwt {
    /// The one algorithm that signs it; none is whatever the tenant signs with.
    pub signing_alg: Option<Algorithm>,
    /// How it is encrypted, if it is.
    pub encryption: Option<Encryption>,
}

/// How a JWT is encrypted: how the content key travels, and what it encrypts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// `alg`.
    pub alg: jwe::Algorithm,
    /// `enc`.
    pub enc: ContentEncryption,
}

impl Encryption {
    /// Whether a policy accepts both.
    #[must_use]
    pub fn is_accepted_by(self, policy: &Policy) -> bool {
        policy.encryption_algs.has(&EncryptionAlgName(self.alg))
            && policy.encryption_encs.has(&EncryptionEncName(self.enc))
    }
}

/// How every kind of answer for a client is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Responses {
    /// ID tokens.
    pub id_token: ResponseJwt,
    /// Userinfo answers; none is plain JSON.
    pub userinfo: Option<ResponseJwt>,
    /// Authorization responses, in the response modes that sign them.
    pub authorization: ResponseJwt,
    /// Introspection answers, where a JWT is asked for.
    pub introspection: ResponseJwt,
}

/// A kind of answer that may be a JWT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An ID token.
    IdToken,
    /// A userinfo answer.
    Userinfo,
    /// An authorization response.
    Authorization,
    /// An introspection answer.
    Introspection,
}

/// What metadata says of one kind of answer: three members, as they are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Registered<'a> {
    /// `…_signed_response_alg`.
    pub signed: Option<&'a str>,
    /// `…_encrypted_response_alg`.
    pub alg: Option<&'a str>,
    /// `…_encrypted_response_enc`; default: `A128CBC-HS256`.
    pub enc: Option<&'a str>,
}

impl<'a> Registered<'a> {
    /// Of `…_signed_response_alg`, `…_encrypted_response_alg` and `…_encrypted_response_enc`.
    #[must_use]
    pub fn of([signed, alg, enc]: [&'a Option<String>; 3]) -> Self {
        Self { signed: signed.as_deref(), alg: alg.as_deref(), enc: enc.as_deref() }
    }
}

impl Answer {
    /// The names of its three members: signature, `alg` and `enc` of encryption.
    #[must_use]
    pub const fn members(self) -> [&'static str; 3] {
        match self {
            Self::IdToken => {
                ["id_token_signed_response_alg", "id_token_encrypted_response_alg", "id_token_encrypted_response_enc"]
            }
            Self::Userinfo => {
                ["userinfo_signed_response_alg", "userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc"]
            }
            Self::Authorization => [
                "authorization_signed_response_alg",
                "authorization_encrypted_response_alg",
                "authorization_encrypted_response_enc",
            ],
            Self::Introspection => [
                "introspection_signed_response_alg",
                "introspection_encrypted_response_alg",
                "introspection_encrypted_response_enc",
            ],
        }
    }

    /// Takes in what is registered for this kind of answer, for the owner of these keys.
    ///
    /// # Errors
    /// [`MetadataFault`]: an unknown algorithm, `enc` without `alg`, or no key to encrypt to.
    pub fn register(self, registered: Registered<'_>, keys: &KeySet) -> Result<ResponseJwt, MetadataFault> {
        let [signed_member, alg_member, enc_member] = self.members();
        let encryption = encryption(alg_member, enc_member, registered.alg, registered.enc)?;
        if let Some(Encryption { alg, .. }) = encryption
            && keys.encryption_key(alg).is_none()
        {
            let problem = "has no key in jwks that one encrypts to with it";
            return Err(MetadataFault::new(alg_member, problem).with(alg.name()));
        }
        Ok(ResponseJwt { signing_alg: signing_alg(signed_member, registered.signed)?, encryption })
    }

    /// The same for an answer that is plain JSON unless a signature is registered. What is encrypted and not signed is
    /// refused: nobody could tell who wrote it.
    ///
    /// # Errors
    /// As [`Answer::register`]; encryption without a signature.
    pub fn register_unless_plain(
        self,
        registered: Registered<'_>,
        keys: &KeySet,
    ) -> Result<Option<ResponseJwt>, MetadataFault> {
        let [_, alg_member, _] = self.members();
        let jwt = self.register(registered, keys)?;
        match (registered.signed, jwt.encryption) {
            (Some(_), _) => Ok(Some(jwt)),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(MetadataFault::new(alg_member, "needs a signature algorithm beside it")),
        }
    }
}

impl Responses {
    /// Takes in what a client's metadata says of every kind of answer.
    ///
    /// # Errors
    /// The first [`MetadataFault`] found.
    pub(crate) fn register(metadata: &ClientMetadata, keys: &KeySet) -> Result<Self, MetadataFault> {
        let ClientMetadata {
            id_token_signed_response_alg: id_token_signed,
            id_token_encrypted_response_alg: id_token_alg,
            id_token_encrypted_response_enc: id_token_enc,
            userinfo_signed_response_alg: userinfo_signed,
            userinfo_encrypted_response_alg: userinfo_alg,
            userinfo_encrypted_response_enc: userinfo_enc,
            authorization_signed_response_alg: authorization_signed,
            authorization_encrypted_response_alg: authorization_alg,
            authorization_encrypted_response_enc: authorization_enc,
            introspection_signed_response_alg: introspection_signed,
            introspection_encrypted_response_alg: introspection_alg,
            introspection_encrypted_response_enc: introspection_enc,
            ..
        } = metadata;
        let userinfo = Registered::of([userinfo_signed, userinfo_alg, userinfo_enc]);
        let of = Registered::of;
        Ok(Self {
            id_token: Answer::IdToken.register(of([id_token_signed, id_token_alg, id_token_enc]), keys)?,
            userinfo: Answer::Userinfo.register_unless_plain(userinfo, keys)?,
            authorization: Answer::Authorization
                .register(of([authorization_signed, authorization_alg, authorization_enc]), keys)?,
            introspection: Answer::Introspection
                .register(of([introspection_signed, introspection_alg, introspection_enc]), keys)?,
        })
    }

    /// The signature algorithms that are demanded, with the member that demands each.
    pub fn signing_algs(&self) -> impl Iterator<Item = (&'static str, Algorithm)> {
        self.all().filter_map(|(answer, jwt)| Some((answer.members()[0], jwt.signing_alg?)))
    }

    /// How answers are encrypted, with the member that says so.
    pub fn encryptions(&self) -> impl Iterator<Item = (&'static str, Encryption)> {
        self.all().filter_map(|(answer, jwt)| Some((answer.members()[1], jwt.encryption?)))
    }

    fn all(&self) -> impl Iterator<Item = (Answer, ResponseJwt)> {
        [
            (Answer::IdToken, Some(self.id_token)),
            (Answer::Userinfo, self.userinfo),
            (Answer::Authorization, Some(self.authorization)),
            (Answer::Introspection, Some(self.introspection)),
        ]
        .into_iter()
        .filter_map(|(answer, jwt)| Some((answer, jwt?)))
    }
}

/// Reads the two members that say how something is encrypted. Without `enc` it is `A128CBC-HS256` (OpenID Connect
/// Registration section 2).
///
/// # Errors
/// [`MetadataFault`]: an unknown algorithm, or `enc` without `alg`.
pub fn encryption(
    alg_member: &'static str,
    enc_member: &'static str,
    alg: Option<&str>,
    enc: Option<&str>,
) -> Result<Option<Encryption>, MetadataFault> {
    let known_enc = |name: &str| ContentEncryption::from_name(name).ok_or_else(|| unknown(enc_member, name));
    match (alg, enc) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(MetadataFault::new(enc_member, "needs the alg of its encryption beside it")),
        (Some(name), enc) => Ok(Some(Encryption {
            alg: jwe::Algorithm::from_name(name).ok_or_else(|| unknown(alg_member, name))?,
            enc: enc.map_or(Ok(ContentEncryption::A128CbcHs256), known_enc)?,
        })),
    }
}

/// Reads a member that names a signature algorithm.
///
/// # Errors
/// [`MetadataFault`] when there is none of that name.
pub fn signing_alg(member: &'static str, name: Option<&str>) -> Result<Option<Algorithm>, MetadataFault> {
    let known = |name: &str| Algorithm::from_name(name).ok_or_else(|| unknown(member, name));
    name.map(known).transpose()
}

fn unknown(member: &'static str, name: &str) -> MetadataFault {
    MetadataFault::new(member, "is not known").with(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_jose::jwe::DecryptionKey;

    fn keys() -> KeySet {
        let key = DecryptionKey::generate(jwe::Algorithm::EcdhEs).unwrap().public_jwk();
        KeySet::from_jwks(serde_json::json!({ "keys": [key] }).to_string().as_bytes()).unwrap()
    }

    fn problem(answer: Answer, registered: Registered<'_>) -> String {
        answer.register_unless_plain(registered, &keys()).unwrap_err().to_string()
    }

    #[test]
    fn enc_has_a_default_and_alg_has_none() {
        let encrypted = Registered { signed: Some("ES256"), alg: Some("ECDH-ES"), enc: None };
        let jwt = Answer::IdToken.register(encrypted, &keys()).unwrap();
        assert_eq!(jwt.encryption.unwrap().enc, ContentEncryption::A128CbcHs256);
        let enc_alone = Registered { enc: Some("A256GCM"), ..Registered::default() };
        assert_eq!(
            problem(Answer::Authorization, enc_alone),
            "authorization_encrypted_response_enc needs the alg of its encryption beside it"
        );
    }

    #[test]
    fn what_cannot_be_encrypted_or_is_not_known_is_refused_by_its_member() {
        let encrypted = |alg, enc| Registered { signed: Some("ES256"), alg: Some(alg), enc };
        for (registered, words) in [
            (encrypted("RSA-OAEP-256", None), "userinfo_encrypted_response_alg `RSA-OAEP-256` has no key in jwks"),
            (encrypted("RSA1_5", None), "userinfo_encrypted_response_alg `RSA1_5` is not known"),
            (encrypted("dir", None), "userinfo_encrypted_response_alg `dir` is not known"),
            (encrypted("ECDH-ES", Some("A192GCM")), "userinfo_encrypted_response_enc `A192GCM` is not known"),
            (
                Registered { signed: Some("none"), ..Registered::default() },
                "userinfo_signed_response_alg `none` is not known",
            ),
            (
                Registered { alg: Some("ECDH-ES"), ..Registered::default() },
                "userinfo_encrypted_response_alg needs a signature algorithm beside it",
            ),
        ] {
            let problem = problem(Answer::Userinfo, registered);
            assert!(problem.starts_with(words), "{problem}");
        }
    }

    #[test]
    fn userinfo_is_plain_unless_it_is_signed() {
        assert_eq!(Answer::Userinfo.register_unless_plain(Registered::default(), &keys()), Ok(None));
        let signed = Registered { signed: Some("PS256"), ..Registered::default() };
        let jwt = Answer::Userinfo.register_unless_plain(signed, &keys()).unwrap().unwrap();
        assert_eq!((jwt.signing_alg, jwt.encryption), (Some(Algorithm::Ps256), None));
    }
}

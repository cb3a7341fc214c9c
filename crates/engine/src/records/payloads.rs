//! The payload of each kind of record, version 1. What is sealed has no `Debug`: it must not end in a log.
//!
//! Fields are stored in this order: none is ever moved,
//! removed or put in between; what must change becomes a new version.

use parhelion_protocol::params::code_challenge::CodeChallenge;
use parhelion_protocol::sender::Confirmation;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::back_end::{External, ExternalConsent, ExternalConsentV1, Property, TenantSettings, Ticket};
use crate::ports::Kind;

/// What a payload is kept as.
pub trait Layout {
    /// Its kind.
    const KIND: Kind;
    /// The version of its layout.
    const VERSION: u8;
}

/// A payload that can be kept and read.
pub trait Payload: Layout + Serialize + DeserializeOwned {}

impl<T: Layout + Serialize + DeserializeOwned> Payload for T {}

macro_rules! payloads {
    ($($name:ident as $kind:ident version $version:literal),+ $(,)?) => {
        $(impl Layout for $name {
            const KIND: Kind = Kind::$kind;
            const VERSION: u8 = $version;
        })+
    };
}

payloads! {
    TenantRecord as Tenant version 1,
    SigningKeyRecord as SigningKey version 1,
    PushedRequest as PushedRequest version 1,
    Taken as Taken version 1,
    Code as Code version 1,
    AccessToken as AccessToken version 1,
    RefreshToken as RefreshToken version 1,
    OnceKeyMark as OnceKey version 1,
    Session as Session version 1,
    Grant as Grant version 1,
    ConsentRecord as Consent version 1,
    EncryptionKeyRecord as EncryptionKey version 1,
    ClientRecord as Client version 1,
    InitialAccessUses as InitialAccess version 1,
    Ticket as Ticket version 1,
    ExternalConsentV1 as ExternalConsent version 1,
    ExternalConsent as ExternalConsent version 2,
    TenantSettings as TenantSettings version 1,
}

/// A tenant's own name, made when it was first seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantRecord {
    /// The slug it was made for.
    pub slug: String,
    /// 128 random bits.
    pub uid: [u8; 16],
    /// Milliseconds since 1970.
    pub made_at_ms: i64,
}

/// A key that signs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKeyRecord(pub WrappedKey);

/// A key that decrypts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptionKeyRecord(pub WrappedKey);

macro_rules! keep_a_wrapped_key {
    ($($record:ty),+) => {$(
        impl From<WrappedKey> for $record {
            fn from(key: WrappedKey) -> Self {
                Self(key)
            }
        }

        impl From<$record> for WrappedKey {
            fn from(record: $record) -> Self {
                record.0
            }
        }
    )+};
}
keep_a_wrapped_key!(SigningKeyRecord, EncryptionKeyRecord);

/// A private key, wrapped by the master key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedKey {
    /// JOSE name of its algorithm.
    pub alg: String,
    /// Key identifier.
    pub kid: String,
    /// The PKCS #8 document, sealed.
    pub wrapped: Vec<u8>,
    /// Milliseconds since 1970.
    pub made_at_ms: i64,
}

/// A pushed authorization request: the parameters as they came, so that they can be judged again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedRequest {
    /// Who pushed it.
    pub client_id: String,
    /// The issuer of the mount it was pushed through, whose policy it is judged by.
    pub issuer: String,
    /// `expires_in` counts from here; milliseconds since 1970.
    pub pushed_at_ms: i64,
    /// From then on it cannot be loaded; milliseconds since 1970.
    pub redeem_by_ms: i64,
    /// Name and value of every parameter of the authorization request.
    pub parameters: Vec<(String, String)>,
    /// Thumbprint of the key of the client's instance that pushed it, where one was attested.
    pub instance: Option<[u8; 32]>,
}

/// A [`PushedRequest`] on its way to the store, borrowing what came.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct PushedRequestRef<'a> {
    /// See [`PushedRequest::client_id`].
    pub client_id: &'a str,
    /// See [`PushedRequest::issuer`].
    pub issuer: &'a str,
    /// See [`PushedRequest::pushed_at_ms`].
    pub pushed_at_ms: i64,
    /// See [`PushedRequest::redeem_by_ms`].
    pub redeem_by_ms: i64,
    /// See [`PushedRequest::parameters`].
    pub parameters: Vec<(&'a str, &'a str)>,
    /// See [`PushedRequest::instance`].
    pub instance: Option<[u8; 32]>,
}

impl Layout for PushedRequestRef<'_> {
    const KIND: Kind = PushedRequest::KIND;
    const VERSION: u8 = PushedRequest::VERSION;
}

/// The tombstone of a completed pushed request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The interaction that took it, so that a retry knows its own.
    pub by: [u8; 16],
}

/// Whether a code is still good.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodeState {
    /// Not redeemed; so many wrong verifiers were sent.
    Unused(u8),
    /// Redeemed; its tokens hang on the grant of this reference.
    Used([u8; 32]),
}

/// An authorization code and all that its redemption needs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Who may redeem it.
    pub client_id: String,
    /// The issuer of the mount it was issued at.
    pub issuer: String,
    /// Where the code was sent to.
    pub redirect_uri: String,
    /// Whether the request named it, so that redemption must too.
    pub redirect_uri_was_sent: bool,
    /// The challenge that was pushed.
    pub code_challenge: Option<CodeChallenge>,
    /// What was granted.
    pub scope: String,
    /// What was asked for.
    pub requested_scope: String,
    /// For the ID token.
    pub nonce: Option<String>,
    /// The `claims` parameter as it was pushed.
    pub claims: Option<String>,
    /// The resources the token may be for.
    pub resources: Vec<String>,
    /// The user's subject identifier.
    pub sub: String,
    /// When the user authenticated, in seconds since 1970.
    pub auth_time_s: i64,
    /// The id of the session that the user has.
    pub session: [u8; 32],
    /// The key that its redemption must show.
    pub bound_to: Option<Confirmation>,
    /// Whether it is still good.
    pub state: CodeState,
    /// The authorization details that were granted, as JSON text.
    pub authorization_details: Option<String>,
    /// Thumbprint of the key of the client's instance that may redeem it, where one was attested.
    pub instance: Option<[u8; 32]>,
    /// What a back end says of the user, who is its own and none of the tenant's.
    pub external: Option<External>,
    /// What a back end attached.
    pub properties: Vec<Property>,
}

/// An access token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// Whose it is.
    pub client_id: String,
    /// Who issued it.
    pub issuer: String,
    /// The user's subject identifier, if a user is behind it.
    pub sub: Option<String>,
    /// What it allows.
    pub scope: String,
    /// Whom it is for.
    pub audience: Vec<String>,
    /// The reference of the grant it lives by.
    pub grant: [u8; 32],
    /// Seconds since 1970.
    pub issued_at_s: i64,
    /// The key that its use must show.
    pub bound_to: Option<Confirmation>,
    /// The authorization details that it allows, as JSON text.
    pub authorization_details: Option<String>,
}

/// Whether a refresh token is still good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefreshState {
    /// It is.
    Current,
    /// Another took its place.
    Replaced,
}

/// A refresh token. What it is worth is the grant's business.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshToken {
    /// Whose it is.
    pub client_id: String,
    /// Who issued it.
    pub issuer: String,
    /// What it may ask for at the most.
    pub scope: String,
    /// The resources that tokens from it may be for.
    pub resources: Vec<String>,
    /// The reference of the grant it lives by.
    pub grant: [u8; 32],
    /// Seconds since 1970.
    pub issued_at_s: i64,
    /// The key that its use must show: a public client's only.
    pub bound_to: Option<Confirmation>,
    /// Whether it is still good.
    pub state: RefreshState,
    /// Thumbprint of the key of the client's instance that may use it, where one was attested.
    pub instance: Option<[u8; 32]>,
}

/// What a person granted a client. Tokens live only while it does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The client.
    pub client_id: String,
    /// The user's subject identifier, if a user is behind it.
    pub sub: Option<String>,
    /// What was granted.
    pub scope: String,
    /// When the user authenticated, in seconds since 1970.
    pub auth_time_s: i64,
    /// The `claims` parameter as it was pushed.
    pub claims: Option<String>,
    /// The id of the session that it ends with; none if it outlives every session.
    pub session: Option<[u8; 32]>,
    /// The authorization details that were granted, as JSON text.
    pub authorization_details: Option<String>,
    /// See [`Code::external`].
    pub external: Option<External>,
    /// See [`Code::properties`].
    pub properties: Vec<Property>,
}

/// What a person allowed a client before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRecord {
    /// The client.
    pub client_id: String,
    /// The user's subject identifier.
    pub sub: String,
    /// What was allowed.
    pub scope: String,
    /// Seconds since 1970.
    pub given_at_s: i64,
}

/// A value that was used. It says nothing but that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnceKeyMark;

/// A person's session at a browser.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The user's subject identifier.
    pub sub: String,
    /// When the user authenticated, in seconds since 1970.
    pub auth_time_s: i64,
}

/// A client that was registered at run time, or the place of one: an identifier is never given away twice.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientRecord {
    /// It is there.
    Live(Box<StoredClient>),
    /// It was deleted.
    Gone {
        /// Milliseconds since 1970.
        at_ms: i64,
    },
}

/// A client that was registered at run time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredClient {
    /// Unique in its tenant, among configured clients too.
    pub client_id: String,
    /// Its metadata as it was accepted, defaults included: JSON text (RFC 7591 section 2).
    pub metadata: String,
    /// Settings of a policy for it alone, beside those that follow from its metadata: TOML text.
    pub policy: String,
    /// Whether it is served.
    pub enabled: bool,
    /// Whether its secrets are to be read again, as some vendors' interfaces promise.
    pub recoverable: bool,
    /// The newest first.
    pub secrets: Vec<StoredSecret>,
    /// SHA-256 of its registration access token, if it manages itself (RFC 7592).
    pub registration_token: Option<[u8; 32]>,
    /// Through which interface it was made: `registration`, or a dialect's name.
    pub origin: String,
    /// Milliseconds since 1970.
    pub made_at_ms: i64,
    /// Milliseconds since 1970.
    pub changed_at_ms: i64,
}

/// A client's secret as it is kept: never as it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSecret {
    /// Its SHA-256.
    pub digest: [u8; 32],
    /// The secret, sealed under a key of the tenant's, where a method or an interface needs it again.
    pub sealed: Option<Vec<u8>>,
    /// From when on it is not good, in seconds since 1970.
    pub expires_at_s: Option<i64>,
}

/// How often an initial access token was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitialAccessUses {
    /// Registrations.
    pub uses: u32,
}

//! The choices of a policy: each says which of two of its values is the tighter.

use parhelion_jose::jwe::{self, ContentEncryption};
use parhelion_jose::jws::Algorithm;
use serde::{Deserialize, Serialize};

/// A choice that can be compared with another of its kind.
pub(super) trait Tightness: Sized + Clone {
    /// Whether accepting `self` accepts something that `bound` does not.
    fn is_looser_than(&self, bound: &Self) -> bool;
    /// What both accept.
    fn meet(&self, other: &Self) -> Self;
    /// Whether nothing is accepted.
    fn accepts_nothing(&self) -> bool {
        false
    }
}

/// What `aud` of a client assertion may be. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssertionAudience {
    /// Issuer, token or PAR endpoint among the values (RFC 7523 section 3, RFC 9126 section 2).
    Contains,
    /// The issuer alone, as a string or an array of one (rfc7523bis section 4).
    IssuerSole,
    /// The issuer as a string (FAPI 2.0 Security Profile section 5.3.2.1).
    IssuerString,
}

/// Whether the proof beside an attestation must carry a challenge of the server's. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttestationChallenge {
    /// It need not.
    Optional,
    /// It must (draft-ietf-oauth-attestation-based-client-auth-10 section 7.2).
    Required,
}

/// Whether `client_id` must stand in the form. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientIdInForm {
    /// The credential may name the client alone.
    FromCredential,
    /// It must (RFC 9126 section 2.1).
    Required,
}

/// What is asked of PKCE. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pkce {
    /// Public clients need it; others may leave it out; `plain` is accepted.
    Optional,
    /// Everyone needs it; `plain` is accepted.
    Required,
    /// Public clients need it; where it is used it is `S256`.
    S256,
    /// Everyone needs it, and it is `S256`.
    S256Required,
}

impl Pkce {
    /// Whether `plain` is accepted, and with it an absent `code_challenge_method`.
    #[must_use]
    pub const fn accepts_plain(self) -> bool {
        matches!(self, Self::Optional | Self::Required)
    }

    /// The same, where everyone needs it.
    #[must_use]
    pub const fn demanded(self) -> Self {
        if self.accepts_plain() { Self::Required } else { Self::S256Required }
    }

    /// Whether confidential clients need it too.
    #[must_use]
    pub const fn is_required(self) -> bool {
        matches!(self, Self::Required | Self::S256Required)
    }
}

/// When `redirect_uri` must be sent. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RedirectUriNeed {
    /// With `openid`, and where the client has not exactly one (OpenID Connect Core 3.1.2.1).
    WhenAmbiguous,
    /// Always.
    Always,
}

/// Whether `http` redirect URIs on a loopback address are accepted. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoopbackRedirectUri {
    /// They are, when registered (RFC 8252 section 7.3).
    Accepted,
    /// Only `https` and private schemes are.
    Refused,
}

/// Whether `scope` must be sent. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeNeed {
    /// It may be left out.
    Optional,
    /// It must be sent.
    Required,
}

/// What happens to a scope that is unknown or not allowed. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownScope {
    /// Ignored when `openid` is asked for (OpenID Connect Core 3.1.2.1), else refused.
    IgnoredWithOpenid,
    /// Refused.
    Refused,
}

/// When a client that has the grant type gets a refresh token. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefreshTokens {
    /// With every code.
    Always,
    /// Where `offline_access` was granted (OpenID Connect Core section 11).
    WithOfflineAccess,
}

/// Whether a refresh token is replaced by its use. Neither is tighter: a lower level chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefreshTokenRotation {
    /// It stays (FAPI 2.0 Security Profile section 5.3.2.1).
    Keep,
    /// It is replaced, and its reuse ends the grant (RFC 9700 section 4.14.2).
    Rotate,
}

/// Who may ask what a token is worth. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Introspection {
    /// A resource server it is for, and the client it was issued to.
    AudienceAndOwner,
    /// A resource server it is for.
    Audience,
}

/// Whether an authorization request must be pushed. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PushedRequests {
    /// The browser may bring it too.
    Optional,
    /// It must (RFC 9126 section 5); a client that can be trusted with the answer hears so.
    Required,
    /// It must, and nobody is sent back who comes without.
    RequiredWithoutReturn,
}

/// Whether an authorization request must be a signed request object. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestObjects {
    /// It may be one; one that is pushed need not be signed, where its client is registered so (OpenID Connect Core
    /// section 6.1).
    UnsignedByClient,
    /// It may be one.
    Optional,
    /// It must (RFC 9101 section 10.5).
    Required,
}

/// Whether a request object may be fetched from a `request_uri` of its client's own (RFC 9101 section 5.2). What is not
/// decided counts as refused, and leaves it to the other of two profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestUriByReference {
    /// From those that the client registered (OpenID Connect Registration section 2).
    Registered,
    /// From none, unless the other profile says otherwise.
    NotDecided,
    /// From none.
    Refused,
}

/// Whether a request object must say whom it is for, and from when to when it is good. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestObjectTerms {
    /// What it says is judged.
    Optional,
    /// `aud`, `exp` and `nbf`, an hour at the most (FAPI 2.0 Message Signing section 5.3.1).
    Required,
}

/// Whether an authorization response must be signed. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignedResponses {
    /// It is where the client asks for that.
    Optional,
    /// By an ID token in it, or as a JWT (FAPI 1.0 part 2 section 5.2.2).
    Required,
}

/// Whether a request must carry what its client knows the answer by. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NonceOrState {
    /// A `nonce` only where the response carries an ID token.
    Optional,
    /// A `nonce` with `openid`, else a `state` (FAPI 1.0 part 1 sections 5.2.2.2 and 5.2.2.3).
    Required,
}

/// Whether a DPoP proof must carry a nonce of the server's. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DpopNonce {
    /// It need not.
    Optional,
    /// It must (RFC 9449 section 8).
    Required,
}

/// Whether access tokens must be bound to a key. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SenderConstraint {
    /// They are where the client shows a proof.
    Optional,
    /// They always are.
    Required,
}

impl SenderConstraint {
    /// What a member of client metadata says that is true or false (RFC 9449 section 5.2, RFC 8705 section 3.4).
    #[must_use]
    pub const fn of_metadata(bound: bool) -> Self {
        if bound { Self::Required } else { Self::Optional }
    }
}

/// Whether a consent is remembered. A lower level chooses freely: the user was asked once either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consent {
    /// For this user, this client and no more than these scopes.
    Remembered,
    /// The user is asked every time.
    AskedEveryTime,
}

/// Accepted forms of `login_hint`. Neither is tighter: a JSON text is a name to the one and a realm to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoginHintForm {
    /// A name, or a JSON object with `realm` and `username`.
    TextOrRealm,
    /// Any text; what it means is the login page's business.
    Text,
}

macro_rules! later_is_tighter {
    ($($kind:ty),+) => {$(
        impl Tightness for $kind {
            fn is_looser_than(&self, bound: &Self) -> bool { self < bound }
            fn meet(&self, other: &Self) -> Self { (*self).max(*other) }
        }
    )+};
}
later_is_tighter!(
    AssertionAudience,
    AttestationChallenge,
    ClientIdInForm,
    RedirectUriNeed,
    LoopbackRedirectUri,
    ScopeNeed,
    UnknownScope,
    RefreshTokens,
    Introspection,
    PushedRequests,
    RequestObjects,
    RequestObjectTerms,
    SignedResponses,
    NonceOrState,
    DpopNonce,
    SenderConstraint,
    Min
);

/// Where one of two profiles does not decide, the other does; where both do, the tighter.
impl Tightness for RequestUriByReference {
    fn is_looser_than(&self, bound: &Self) -> bool {
        *self == Self::Registered && *bound != Self::Registered
    }

    fn meet(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::NotDecided, decided) | (decided, Self::NotDecided) => *decided,
            (one, other) => *one.max(other),
        }
    }
}

/// Where one of two profiles reads realms, realms are read.
impl Tightness for LoginHintForm {
    fn is_looser_than(&self, _: &Self) -> bool {
        false
    }

    fn meet(&self, other: &Self) -> Self {
        (*self).min(*other)
    }
}

/// Where one of two profiles remembers, it is remembered.
impl Tightness for Consent {
    fn is_looser_than(&self, _: &Self) -> bool {
        false
    }

    fn meet(&self, other: &Self) -> Self {
        (*self).min(*other)
    }
}

/// Where one of two profiles keeps refresh tokens, they are kept.
impl Tightness for RefreshTokenRotation {
    fn is_looser_than(&self, _: &Self) -> bool {
        false
    }

    fn meet(&self, other: &Self) -> Self {
        (*self).min(*other)
    }
}

/// `Required` and `S256` each allow something that the other does not.
impl Tightness for Pkce {
    fn is_looser_than(&self, bound: &Self) -> bool {
        (bound.is_required() && !self.is_required()) || (!bound.accepts_plain() && self.accepts_plain())
    }

    fn meet(&self, other: &Self) -> Self {
        let plain = self.accepts_plain() && other.accepts_plain();
        match (self.is_required() || other.is_required(), plain) {
            (true, true) => Self::Required,
            (true, false) => Self::S256Required,
            (false, true) => Self::Optional,
            (false, false) => Self::S256,
        }
    }
}

/// A largest value; smaller is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct Max(pub u32);

impl Tightness for Max {
    fn is_looser_than(&self, bound: &Self) -> bool {
        self > bound
    }

    fn meet(&self, other: &Self) -> Self {
        (*self).min(*other)
    }
}

/// A smallest value; larger is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct Min(pub u32);

/// A value that a lower level chooses freely within bounds of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Chosen(pub u32);

impl Tightness for Chosen {
    fn is_looser_than(&self, _: &Self) -> bool {
        false
    }

    fn meet(&self, other: &Self) -> Self {
        *other
    }
}

/// A set of accepted values; fewer is tighter. The order is the one that metadata shows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Set<T>(Vec<T>);

impl<T: PartialEq> Set<T> {
    /// Whether the value is accepted.
    #[must_use]
    pub fn has(&self, value: &T) -> bool {
        self.0.contains(value)
    }

    /// The accepted values.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

impl<T: PartialEq + Clone> Tightness for Set<T> {
    fn is_looser_than(&self, bound: &Self) -> bool {
        self.0.iter().any(|value| !bound.has(value))
    }

    fn meet(&self, other: &Self) -> Self {
        Self(self.0.iter().filter(|value| other.has(value)).cloned().collect())
    }

    fn accepts_nothing(&self) -> bool {
        self.0.is_empty()
    }
}

/// A signature algorithm, read by its JOSE name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AlgName(pub Algorithm);

impl TryFrom<String> for AlgName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Algorithm::from_name(&name).map(Self).ok_or(format!("unknown signature algorithm `{name}`"))
    }
}

/// A key management algorithm of encryption, read by its JOSE name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct EncryptionAlgName(pub jwe::Algorithm);

impl TryFrom<String> for EncryptionAlgName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        jwe::Algorithm::from_name(&name).map(Self).ok_or(format!("unknown encryption algorithm `{name}`"))
    }
}

/// A content encryption algorithm, read by its JOSE name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct EncryptionEncName(pub ContentEncryption);

impl TryFrom<String> for EncryptionEncName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        ContentEncryption::from_name(&name).map(Self).ok_or(format!("unknown content encryption `{name}`"))
    }
}

//! One policy: every choice that a profile makes, each with its direction of "tighter".

use parhelion_jose::jws::Algorithm;
use serde::Deserialize;

use crate::client_auth::Method;
use crate::params::prompt::Prompt;
use crate::params::response_mode::ResponseMode;

/// A choice that can be compared with another of its kind.
trait Tightness: Sized + Clone {
    /// Whether accepting `self` accepts something that `bound` does not.
    fn is_looser_than(&self, bound: &Self) -> bool;
    /// What both accept.
    fn meet(&self, other: &Self) -> Self;
    /// Whether nothing is accepted.
    fn accepts_nothing(&self) -> bool {
        false
    }
}

macro_rules! policy {
    ($($(#[$doc:meta])* $field:ident: $kind:ty),+ $(,)?) => {
        /// What is accepted, and how long things live. Levels below a profile only ever tighten it.
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Policy { $($(#[$doc])* pub $field: $kind),+ }

        impl Policy {
            /// What both policies accept.
            ///
            /// # Errors
            /// The name of a setting for which they accept nothing in common.
            pub fn meet(&self, other: &Self) -> Result<Self, Loosened> {
                let met = Self { $($field: self.$field.meet(&other.$field)),+ };
                $(if met.$field.accepts_nothing() {
                    return Err(Loosened { setting: stringify!($field) });
                })+
                met.with_request_uri_lifetime_clamped().request_uri_lifetime_within_bounds()
            }

            /// `candidate`, unless it accepts anything that `self` does not.
            ///
            /// # Errors
            /// The name of the first setting that would loosen.
            pub fn tightened(&self, candidate: Self) -> Result<Self, Loosened> {
                $(if candidate.$field.is_looser_than(&self.$field) {
                    return Err(Loosened { setting: stringify!($field) });
                })+
                candidate.request_uri_lifetime_within_bounds()
            }

            /// Puts the settings of `overlay` in place of its own.
            pub(super) fn overlay(&mut self, overlay: &toml::Table) -> Result<(), toml::de::Error> {
                for (name, value) in overlay {
                    match name.as_str() {
                        $(stringify!($field) => self.$field = <$kind>::deserialize(value.clone())?,)+
                        unknown => return Err(serde::de::Error::custom(format!("unknown setting `{unknown}`"))),
                    }
                }
                Ok(())
            }
        }
    };
}

impl Policy {
    fn request_uri_lifetime_within_bounds(self) -> Result<Self, Loosened> {
        let bounds = self.request_uri_lifetime_min_s.0..=self.request_uri_lifetime_max_s.0;
        let within = bounds.contains(&self.request_uri_lifetime_s.0);
        if within { Ok(self) } else { Err(Loosened { setting: "request_uri_lifetime_s" }) }
    }

    fn with_request_uri_lifetime_clamped(mut self) -> Self {
        let (min, max) = (self.request_uri_lifetime_min_s.0, self.request_uri_lifetime_max_s.0);
        self.request_uri_lifetime_s = Chosen(self.request_uri_lifetime_s.0.max(min).min(max));
        self
    }
}

/// A lower level tried to loosen a setting of a higher one, or two profiles have nothing in common in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loosened {
    /// The setting.
    pub setting: &'static str,
}

policy! {
    /// Largest body, in bytes.
    body_max_bytes: Max,
    /// Accepted client authentication methods, by their registered names.
    client_auth_methods: Set<Method>,
    /// Accepted signature algorithms of client assertions.
    client_assertion_algs: Set<AlgName>,
    /// What `aud` of a client assertion may be.
    client_assertion_audience: AssertionAudience,
    /// How far ahead `exp` of a client assertion may be, in seconds.
    client_assertion_lifetime_max_s: Max,
    /// Whether `client_id` must stand in the pushed form also where the credential names the client.
    client_id_in_form: ClientIdInForm,
    /// What is asked of PKCE.
    pkce: Pkce,
    /// When `redirect_uri` must be sent.
    redirect_uri: RedirectUriNeed,
    /// Whether `http` redirect URIs on a loopback address are accepted.
    loopback_redirect_uri: LoopbackRedirectUri,
    /// Whether `scope` must be sent.
    scope: ScopeNeed,
    /// What happens to a scope that is unknown or not allowed.
    unknown_scope: UnknownScope,
    /// Accepted response modes.
    response_modes: Set<ResponseMode>,
    /// Accepted values of `prompt`.
    prompts: Set<Prompt>,
    /// Accepted forms of `login_hint`.
    login_hint: LoginHintForm,
    /// Shortest `state`, in bytes, where one is sent.
    state_min_bytes: Min,
    /// Shortest `nonce`, in bytes, where one is sent.
    nonce_min_bytes: Min,
    /// `expires_in` of a pushed request, in seconds: what is issued unless tenant or client say otherwise.
    request_uri_lifetime_s: Chosen,
    /// The shortest `expires_in` that may be configured, in seconds.
    request_uri_lifetime_min_s: Min,
    /// The longest `expires_in` that may be configured, in seconds.
    request_uri_lifetime_max_s: Max,
    /// How long login and consent may take after the first load, in seconds.
    interaction_lifetime_s: Max,
    /// Lifetime of an authorization code, in seconds.
    code_lifetime_s: Max,
    /// Lifetime of an access token, in seconds.
    access_token_lifetime_s: Max,
    /// Accepted algorithms of the keys that sign ID tokens.
    id_token_signing_algs: Set<AlgName>,
    /// Lifetime of an ID token, in seconds.
    id_token_lifetime_s: Max,
    /// Lifetime of a grant with a refresh token, in seconds.
    refresh_token_lifetime_s: Max,
    /// When a client that has the grant type gets a refresh token.
    refresh_tokens: RefreshTokens,
    /// Whether a refresh token is replaced by its use.
    refresh_token_rotation: RefreshTokenRotation,
    /// Who may ask what a token is worth.
    introspection: Introspection,
    /// Whether an authorization request must be pushed.
    pushed_requests: PushedRequests,
    /// Whether a consent is remembered.
    consent: Consent,
    /// Whether an authorization request must be a signed request object.
    request_objects: RequestObjects,
    /// Accepted signature algorithms of request objects.
    request_object_algs: Set<AlgName>,
    /// Whether a request object must say whom it is for, and from when to when it is good.
    request_object_terms: RequestObjectTerms,
    /// Accepted signature algorithms of DPoP proofs.
    dpop_algs: Set<AlgName>,
    /// Whether a DPoP proof must carry a nonce of the server's.
    dpop_nonce: DpopNonce,
    /// Whether access tokens must be bound to a key.
    sender_constraint: SenderConstraint,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
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
    /// It may be one.
    Optional,
    /// It must (RFC 9101 section 10.5).
    Required,
}

/// Whether a request object must say whom it is for, and from when to when it is good. Later is tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestObjectTerms {
    /// What it says is judged.
    Optional,
    /// `aud`, `exp` and `nbf`, an hour at the most (FAPI 2.0 Message Signing section 5.3.1).
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
    DpopNonce,
    SenderConstraint,
    Min
);

/// Where one of two profiles reads realms, realms are read.
impl Tightness for LoginHintForm {
    fn is_looser_than(&self, _: &Self) -> bool {
        false
    }

    fn meet(&self, other: &Self) -> Self {
        (*self).min(*other)
    }
}

impl Tightness for Consent {
    fn is_looser_than(&self, _: &Self) -> bool {
        false
    }

    fn meet(&self, other: &Self) -> Self {
        (*self).max(*other)
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

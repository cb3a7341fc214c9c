//! One policy: every choice that a profile makes, each with its direction of "tighter".

use serde::Deserialize;

use super::choices::{
    AlgName, AssertionAudience, AttestationChallenge, Chosen, ClientIdInForm, Consent, DpopNonce, EncryptionAlgName,
    EncryptionEncName, Introspection, LoginHintForm, LoopbackRedirectUri, Max, Min, NonceOrState, Pkce, PushedRequests,
    RedirectUriNeed, RefreshTokenRotation, RefreshTokens, RequestObjectTerms, RequestObjects, RequestUriByReference,
    ScopeNeed, SenderConstraint, Set, SignedResponses, Tightness, UnknownScope,
};
use crate::client_auth::Method;
use crate::params::prompt::Prompt;
use crate::params::response_mode::ResponseMode;
use crate::params::response_type::ResponseType;
use crate::request_object::RequestObjectAlg;

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
    /// Whether a request may come by a `request_uri` of its client's own. It is a request that was not pushed.
    #[must_use]
    pub fn fetches_requests(&self) -> bool {
        self.request_uri_by_reference == RequestUriByReference::Registered
            && self.pushed_requests == PushedRequests::Optional
    }

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
    /// Accepted signature algorithms of client attestations.
    client_attestation_algs: Set<AlgName>,
    /// Accepted signature algorithms of the proofs beside them.
    client_attestation_pop_algs: Set<AlgName>,
    /// Whether a client that is attested must answer a challenge of the server's.
    attestation_challenge: AttestationChallenge,
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
    /// Accepted response types.
    response_types: Set<ResponseType>,
    /// Accepted response modes.
    response_modes: Set<ResponseMode>,
    /// Whether an authorization response must be signed.
    signed_responses: SignedResponses,
    /// Whether a request must carry what its client knows the answer by.
    nonce_or_state: NonceOrState,
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
    request_object_algs: Set<RequestObjectAlg>,
    /// Accepted ways in which the content key of an encrypted JWT travels, to the tenant and to its clients.
    encryption_algs: Set<EncryptionAlgName>,
    /// Accepted algorithms that encrypt the content.
    encryption_encs: Set<EncryptionEncName>,
    /// Whether a request object must say whom it is for, and from when to when it is good.
    request_object_terms: RequestObjectTerms,
    /// Whether a request object may be fetched from a `request_uri` of its client's own.
    request_uri_by_reference: RequestUriByReference,
    /// Accepted signature algorithms of DPoP proofs.
    dpop_algs: Set<AlgName>,
    /// Whether a DPoP proof must carry a nonce of the server's.
    dpop_nonce: DpopNonce,
    /// Whether access tokens must be bound to a key.
    sender_constraint: SenderConstraint,
}

//! Profiles: named sets of policy choices, as data.
//!
//! Order of policy: profile, then the dialect's own profile, then the tenant, then the client. A lower
//! level may tighten and never loosen; who needs it looser names another profile. [`Policy::meet`]
//! joins the first two, [`Policy::tightened`] applies the others and refuses what would loosen.

mod choices;
mod client_settings;
mod policy;
mod shipped;

pub use choices::{
    AlgName, AssertionAudience, AttestationChallenge, Chosen, ClientIdInForm, Consent, DpopNonce, EncryptionAlgName,
    EncryptionEncName, Introspection, LoginHintForm, LoopbackRedirectUri, Max, Min, NonceOrState, Pkce, PushedRequests,
    RedirectUriNeed, RefreshTokenRotation, RefreshTokens, RequestObjectTerms, RequestObjects, RequestUriByReference,
    ScopeNeed, SenderConstraint, Set, SignedResponses, UnknownScope,
};
pub use client_settings::ClientSettings;
pub use policy::{Loosened, Policy};
pub use shipped::{ProfileFault, names, read, reason, shipped};

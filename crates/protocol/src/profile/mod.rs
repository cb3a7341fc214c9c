//! Profiles: named sets of policy choices, as data.
//!
//! Order of policy: profile, then the dialect's own profile, then the tenant, then the client. A lower
//! level may tighten and never loosen; who needs it looser names another profile. [`Policy::meet`]
//! joins the first two, [`Policy::tightened`] applies the others and refuses what would loosen.

mod policy;
mod shipped;

pub use policy::{
    AlgName, AssertionAudience, Chosen, ClientIdInForm, Consent, DpopNonce, Introspection, LoginHintForm,
    LoopbackRedirectUri, Loosened, Max, Min, Pkce, Policy, PushedRequests, RedirectUriNeed, RefreshTokenRotation,
    RefreshTokens, RequestObjectTerms, RequestObjects, ScopeNeed, SenderConstraint, Set, UnknownScope,
};
pub use shipped::{ProfileFault, names, read, reason, shipped};

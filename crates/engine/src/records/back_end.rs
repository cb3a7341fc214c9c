//! What is kept of back ends and of their users, by the rules of [`super::payloads`].

use serde::{Deserialize, Serialize};

/// A user whom only a back end knows, as it spoke of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct External {
    /// What clients are told as `sub`, where it is not the subject.
    pub shown_sub: Option<String>,
    /// How the user authenticated.
    pub acr: Option<String>,
    /// Claims for the ID token: the text of a JSON object.
    pub claims: Option<String>,
    /// Names of the claims that the user lets the client know.
    pub consented_claims: Vec<String>,
    /// The back end's session, told as `sid`.
    pub session_id: Option<String>,
    /// When it was granted, in milliseconds since 1970.
    pub given_at_ms: i64,
}

/// One thing that a back end attached to tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Whether only the back end is to see it.
    pub hidden: bool,
}

/// An interaction that a back end leads.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The reference of the pushed request.
    pub request: [u8; 32],
    /// Who asks.
    pub client_id: String,
    /// When the request was loaded, in milliseconds since 1970.
    pub made_at_ms: i64,
    /// What the back end keeps with it.
    pub context: Option<String>,
}

/// What a user of a back end allowed a client, and what was taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalConsent {
    /// The client.
    pub client_id: String,
    /// The user, as the back end names them.
    pub sub: String,
    /// What was allowed last.
    pub latest: Option<String>,
    /// All that was allowed.
    pub merged: Option<String>,
    /// Milliseconds since 1970.
    pub changed_at_ms: i64,
    /// Grants that were given by then are over; milliseconds since 1970.
    pub ended_until_ms: i64,
    /// To what earlier grants were narrowed.
    pub narrowed: Option<Narrowed>,
}

/// What is left of grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Narrowed {
    /// The most that they allow.
    pub scope: String,
    /// Those that were given by then; milliseconds since 1970.
    pub until_ms: i64,
}

/// [`ExternalConsent`] in version 1.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalConsentV1 {
    /// See [`ExternalConsent::client_id`].
    pub client_id: String,
    /// See [`ExternalConsent::sub`].
    pub sub: String,
    /// See [`ExternalConsent::latest`].
    pub latest: Option<String>,
    /// See [`ExternalConsent::merged`].
    pub merged: Option<String>,
    /// See [`ExternalConsent::changed_at_ms`].
    pub changed_at_ms: i64,
    /// See [`ExternalConsent::ended_until_ms`].
    pub ended_until_ms: i64,
}

impl From<ExternalConsentV1> for ExternalConsent {
    fn from(former: ExternalConsentV1) -> Self {
        let ExternalConsentV1 { client_id, sub, latest, merged, changed_at_ms, ended_until_ms } = former;
        Self { client_id, sub, latest, merged, changed_at_ms, ended_until_ms, narrowed: None }
    }
}

/// Settings of a tenant's policy that were made at run time, for the mounts of one dialect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantSettings {
    /// The dialect.
    pub dialect: String,
    /// Those that differ from what the configuration says: TOML text.
    pub policy: String,
    /// Milliseconds since 1970.
    pub changed_at_ms: i64,
}

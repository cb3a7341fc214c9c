//! Which clients may register themselves with a tenant, and as what.

use std::collections::HashMap;

use parhelion_protocol::client_registration::Terms;
use parhelion_protocol::params::scope::Scope;
use parhelion_protocol::software_statement::StatementIssuer;

use crate::clients::SecretTerms;
use crate::ports::Id;
use crate::reference::sha256;
use crate::registry::Mount;

/// What a tenant lets clients register.
#[derive(Debug, Default)]
pub struct RegistrationTerms {
    /// Who may register.
    pub gate: Gate,
    /// The scope that a client may have at the most.
    pub scope: Scope,
    /// The types of authorization details that it may have at the most.
    pub authorization_details_types: Vec<String>,
    /// How long its secrets are good.
    pub secrets: SecretTerms,
    /// Whether a software statement must be there.
    pub statement: StatementNeed,
    /// Whose statements are believed.
    pub statement_issuers: Vec<StatementIssuer>,
}

/// Who may register a client.
#[derive(Debug, Default)]
pub enum Gate {
    /// Nobody.
    #[default]
    Closed,
    /// Who has an initial access token.
    InitialAccessToken(InitialAccessTokens),
    /// Everybody.
    Open,
}

/// Whether a software statement must be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatementNeed {
    /// It may be.
    #[default]
    Optional,
    /// It must be.
    Required,
}

/// The initial access tokens of a tenant, by the SHA-256 of their text.
#[derive(Debug, Default)]
pub struct InitialAccessTokens(HashMap<Id, InitialAccess>);

/// What an initial access token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitialAccess {
    /// From when on it is not good, in seconds since 1970.
    pub expires_at_s: Option<i64>,
    /// How many clients may be registered with it.
    pub uses_max: Option<u32>,
}

impl InitialAccessTokens {
    /// Takes a token in; gives back what the same one was good for before.
    pub fn insert(&mut self, text: &str, access: InitialAccess) -> Option<InitialAccess> {
        self.0.insert(sha256(&[text.as_bytes()]), access)
    }

    /// The token of this text, with the id of its count.
    pub(super) fn find(&self, text: &str) -> Option<(Id, InitialAccess)> {
        let id = sha256(&[text.as_bytes()]);
        self.0.get(&id).map(|access| (id, *access))
    }
}

/// What a back end may make of a client at a mount: the same, but for the scope, which is the back end's to say.
#[must_use]
pub fn of_back_end<'a>(mount: &'a Mount, scope: &'a Scope) -> Terms<'a> {
    Terms { scope, ..at(mount) }
}

/// The terms at a mount.
pub(super) fn at(mount: &Mount) -> Terms<'_> {
    let terms = &mount.tenant.registration;
    Terms {
        policy: &mount.policy,
        scope: &terms.scope,
        authorization_details_types: &terms.authorization_details_types,
        signing_alg: mount.tenant.keys.current().algorithm(),
        encryption_algs: mount.tenant.keys.encryption_algs(),
    }
}

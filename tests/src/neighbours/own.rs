//! What a tenant issued, kept for the places where it is shown.

use std::cell::RefCell;
use std::collections::HashMap;

use super::{Artefact, Tenant};

/// What a tenant issued for one cell, or for all of them: each kind once.
#[derive(Debug)]
pub struct Own<'a> {
    tenant: Tenant<'a>,
    issued: RefCell<HashMap<String, Artefact>>,
}

impl<'a> Own<'a> {
    /// Of this tenant.
    #[must_use]
    pub fn of(tenant: Tenant<'a>) -> Self {
        Self { tenant, issued: RefCell::default() }
    }

    /// Whose.
    #[must_use]
    pub fn tenant(&self) -> Tenant<'a> {
        self.tenant
    }

    /// The one of this kind; a registration's token is that of the client `registered`.
    #[must_use]
    pub fn get(&self, kind: &'static str, dialect: &str) -> Artefact {
        if kind == "assertion" {
            return self.tenant.issue(kind, dialect);
        }
        if kind == "registration_token" {
            let registered = self.get("registered", dialect);
            return Artefact { kind, value: registered.secret, secret: registered.value };
        }
        // An ID token is a mount's, everything else the tenant's.
        let name = if kind == "id_token" { format!("{kind} {dialect}") } else { kind.to_owned() };
        let known = self.issued.borrow().get(&name).cloned();
        known.unwrap_or_else(|| {
            let issued = self.tenant.issue(kind, dialect);
            self.issued.borrow_mut().insert(name, issued.clone());
            issued
        })
    }
}

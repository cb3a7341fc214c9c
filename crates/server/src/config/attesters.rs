//! Whose attestations of clients a tenant takes.

use std::collections::HashMap;
use std::sync::Arc;

use parhelion_protocol::client::Client;
use parhelion_protocol::client_auth::attest_jwt_client_auth::Attester;
use parhelion_protocol::limits;
use toml::Spanned;

use super::Context;
use super::fault::ConfigFault;
use super::file::AttesterSection;
use super::secret;

pub(super) fn read(context: &Context<'_>, sections: Vec<AttesterSection>) -> Vec<Attester> {
    if let Some(surplus) = sections.get(limits::ATTESTERS_MAX) {
        let problem = format!("a tenant has more than {} attesters", limits::ATTESTERS_MAX);
        let fault = context.source.fault_at(surplus.issuer.span(), problem);
        context.notes.note(fault.with_remedy("an attestation without iss is tried with the keys of each: name fewer"));
    }
    sections.into_iter().filter_map(|section| context.notes.keep(attester(context, section))).collect()
}

fn attester(context: &Context<'_>, section: AttesterSection) -> Result<Attester, ConfigFault> {
    let issuer = section.issuer.get_ref();
    let fault = |problem: String| {
        let problem = format!("attester `{}`: {problem}", issuer.escape_debug());
        context.source.fault_at(section.issuer.span(), problem)
    };
    let jwks = secret::jwks(section.jwks.clone(), section.jwks_file.as_ref(), context)?;
    let jwks = jwks.ok_or_else(|| fault("has no keys".to_owned()).with_remedy("add jwks or jwks_file"))?;
    Attester::register(issuer.clone(), &jwks).map_err(|problem| fault(problem.to_string()))
}

/// Notes a client for which nobody can vouch.
pub(super) fn check_there(context: &Context<'_>, tenant: &Spanned<String>, clients: &HashMap<String, Arc<Client>>) {
    let attested = clients.values().find(|client| client.credential.method().is_attested());
    if let Some(client) = attested {
        let id = client.client_id.escape_debug();
        let problem = format!("client `{id}` is to be attested, and no attester of its tenant is named");
        let fault = context.source.fault_at(tenant.span(), problem);
        context.notes.note(fault.with_remedy("add [[tenant.attester]] with issuer and jwks_file"));
    }
}

//! The resource servers of a tenant.

use std::collections::HashMap;
use std::sync::Arc;

use parhelion_protocol::client::Client;
use parhelion_protocol::client_auth::SecretDigest;
use parhelion_protocol::resource_server::{ResourceServer, ResourceServerMetadata};
use url::Url;

use super::Context;
use super::fault::ConfigFault;
use super::file::ResourceServerSection;
use super::secret::{self, SecretKeys};

pub(super) fn read(
    context: &Context<'_>,
    clients: &HashMap<String, Arc<Client>>,
    sections: Vec<ResourceServerSection>,
) -> HashMap<String, (usize, Arc<ResourceServer>)> {
    let mut servers: HashMap<String, (usize, Arc<ResourceServer>)> = HashMap::new();
    for section in sections {
        let Some(server) = context.notes.keep(resource_server(context, &servers, &section)) else { continue };
        let id = section.id.get_ref();
        if servers.contains_key(id) || clients.contains_key(id) {
            let problem = format!("resource server `{}` has the name of another one or of a client", id.escape_debug());
            let fault = context.source.fault_at(section.id.span(), problem);
            context.notes.note(fault.with_remedy("both authenticate: give it another id"));
        }
        let line = context.source.line(&section.id.span());
        servers.insert(id.clone(), (line, Arc::new(server)));
    }
    servers
}

fn resource_server(
    context: &Context<'_>,
    before: &HashMap<String, (usize, Arc<ResourceServer>)>,
    section: &ResourceServerSection,
) -> Result<ResourceServer, ConfigFault> {
    for uri in &section.uris {
        let text = uri.get_ref();
        let taken = before.values().any(|(_, server)| server.uris.contains(text));
        //= rfc8707#2 an absolute URI without a fragment
        if Url::parse(text).is_err() || text.contains('#') || taken {
            let problem =
                format!("resource `{}` is no absolute URI, has a fragment, or is there twice", text.escape_debug());
            let remedy = "each URI names one resource server";
            return Err(context.source.fault_at(uri.span(), problem).with_remedy(remedy));
        }
    }
    let keys = SecretKeys {
        name: "secret",
        literal: section.secret.as_ref(),
        file: section.secret_file.as_ref(),
        env: section.secret_env.as_ref(),
    };
    let secret = secret::read(&keys, context)?;
    let uris = section.uris.iter().map(|uri| uri.get_ref().clone()).collect();
    let metadata = ResourceServerMetadata {
        id: section.id.get_ref().clone(),
        uris,
        jwks: secret::jwks(section.jwks.clone(), section.jwks_file.as_ref(), context)?,
        introspection_signed_response_alg: section.introspection_signed_response_alg.clone(),
        introspection_encrypted_response_alg: section.introspection_encrypted_response_alg.clone(),
        introspection_encrypted_response_enc: section.introspection_encrypted_response_enc.clone(),
    };
    let digest = secret.as_deref().map(|secret| SecretDigest::of(secret));
    ResourceServer::register(metadata, digest).map_err(|problem| {
        let id = section.id.get_ref().escape_debug();
        context.source.fault_at(section.id.span(), format!("resource server `{id}`: {problem}"))
    })
}

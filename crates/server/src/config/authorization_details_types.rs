//! The authorization details types of a tenant, each with its JSON Schema, and which client may use which (RFC 9396).

use std::path::PathBuf;
use std::sync::Arc;

use parhelion_protocol::authorization_details_type::{AuthorizationDetailsType, AuthorizationDetailsTypes};
use serde::Deserialize;
use toml::Spanned;

use super::Context;
use super::fault::{ConfigFault, suggestion};
use super::file::ClientSection;
use super::secret;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthorizationDetailsTypeSection {
    #[serde(rename = "type")]
    name: Spanned<String>,
    description: Option<String>,
    schema: Option<Spanned<String>>,
    schema_file: Option<Spanned<PathBuf>>,
}

/// The types as configured; a schema that cannot be used is noted at its own line.
pub(super) fn read(
    context: &Context<'_>,
    sections: Vec<AuthorizationDetailsTypeSection>,
    clients: &[ClientSection],
) -> AuthorizationDetailsTypes {
    check_clients(context, &sections, clients);
    let mut types = AuthorizationDetailsTypes::new();
    for section in sections {
        let name = section.name.clone();
        let Some(registered) = context.notes.keep(registered(context, section)) else { continue };
        if types.insert(name.get_ref().clone(), Arc::new(registered)).is_some() {
            let problem = format!("authorization_details_type `{}` is there twice", name.get_ref().escape_debug());
            context.notes.note(context.source.fault_at(name.span(), problem).with_remedy("keep one of them"));
        }
    }
    types
}

fn registered(
    context: &Context<'_>,
    section: AuthorizationDetailsTypeSection,
) -> Result<AuthorizationDetailsType, ConfigFault> {
    let (name, at) = (section.name.get_ref(), section.name.span());
    let shown = name.escape_debug();
    let (schema, schema_at) = match (&section.schema, &section.schema_file) {
        (Some(text), None) => (text.get_ref().clone(), text.span()),
        (None, Some(file)) => (secret::text_file("schema", file, context)?.to_string(), file.span()),
        (None, None) => {
            let problem = format!("authorization_details_type `{shown}` has no schema");
            let remedy = "write schema_file or schema: a JSON Schema of draft 2020-12 or 7";
            return Err(context.source.fault_at(at, problem).with_remedy(remedy));
        }
        (Some(_), Some(file)) => {
            let problem = "`schema` and `schema_file` are two ways to say one thing";
            return Err(context.source.fault_at(file.span(), problem).with_remedy("keep one of them"));
        }
    };
    AuthorizationDetailsType::register(name, section.description, &schema).map_err(|problem| {
        context.source.fault_at(schema_at, format!("authorization_details_type `{shown}`: {problem}"))
    })
}

/// Notes what clients name that their tenant does not declare. A type that cannot be used is told once, where it stands.
fn check_clients(context: &Context<'_>, sections: &[AuthorizationDetailsTypeSection], clients: &[ClientSection]) {
    let declared = || sections.iter().map(|section| section.name.get_ref().as_str());
    for named in clients.iter().flat_map(|client| &client.authorization_details_types) {
        let name = named.get_ref();
        if !declared().any(|declared| declared == name) {
            let problem = format!("there is no authorization_details_type `{}`", name.escape_debug());
            let remedy = suggestion(name, declared());
            context.notes.note(context.source.fault_at(named.span(), problem).with_remedy(remedy));
        }
    }
}

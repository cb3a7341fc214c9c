//! The authorization details types of a tenant, each with its JSON Schema, and which client may use which (RFC 9396).

use std::path::PathBuf;
use std::sync::Arc;

use parhelion_protocol::authorization_details_type::{AuthorizationDetailsType, AuthorizationDetailsTypes};
use serde::Deserialize;
use toml::Spanned;

use super::Context;
use super::fault::{ConfigFault, suggestion};
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
pub(super) fn read(context: &Context<'_>, sections: Vec<AuthorizationDetailsTypeSection>) -> AuthorizationDetailsTypes {
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

/// Notes what a client names that its tenant does not know.
pub(super) fn check_client(context: &Context<'_>, types: &AuthorizationDetailsTypes, named: &[Spanned<String>]) {
    for unknown in named.iter().filter(|name| !types.contains_key(name.get_ref())) {
        let problem = format!("there is no authorization_details_type `{}`", unknown.get_ref().escape_debug());
        let remedy = suggestion(unknown.get_ref(), types.keys().map(String::as_str));
        context.notes.note(context.source.fault_at(unknown.span(), problem).with_remedy(remedy));
    }
}

//! Secrets: from a file or the environment; written out only in mode `dev`.
#![allow(clippy::disallowed_methods, reason = "this is where secrets and keys are read from files and environment")]

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use zeroize::Zeroizing;

use super::fault::ConfigFault;
use super::{Context, Mode};

/// The three ways to give one secret.
pub(super) struct SecretKeys<'a> {
    /// The key without `_file` or `_env`.
    pub(super) name: &'static str,
    pub(super) literal: Option<&'a Spanned<String>>,
    pub(super) file: Option<&'a Spanned<PathBuf>>,
    pub(super) env: Option<&'a Spanned<String>>,
}

/// The secret, if one is given.
pub(super) fn read(keys: &SecretKeys<'_>, context: &Context<'_>) -> Result<Option<Zeroizing<String>>, ConfigFault> {
    let name = keys.name;
    let (secret, span) = match (keys.literal, keys.file, keys.env) {
        (None, None, None) => return Ok(None),
        (Some(literal), None, None) => (literal_of(name, literal, context)?, literal.span()),
        (None, Some(file), None) => (text_file(name, file, context)?, file.span()),
        (None, None, Some(env)) => (variable(name, env, context)?, env.span()),
        (literal, file, env) => {
            let spans = [literal.map(Spanned::span), file.map(Spanned::span), env.map(Spanned::span)];
            let span = spans.into_iter().flatten().next_back().unwrap_or_default();
            let problem = format!("`{name}`, `{name}_file` and `{name}_env` are three ways to say one thing");
            return Err(context.source.fault_at(span, problem).with_remedy("keep one of them"));
        }
    };
    let fault = |problem: String| context.source.fault_at(span.clone(), problem);
    if secret.is_empty() {
        return Err(fault(format!("the secret of `{name}` is empty")));
    }
    Ok(Some(secret))
}

/// The text of a file that the configuration names, without the line end behind it.
pub(super) fn text_file(
    name: &str,
    path: &Spanned<PathBuf>,
    context: &Context<'_>,
) -> Result<Zeroizing<String>, ConfigFault> {
    let full = context.folder().join(path.get_ref());
    let fault = |problem: String| context.source.fault_at(path.span(), problem);
    let text = std::fs::read_to_string(&full).map(Zeroizing::new);
    let text = text.map_err(|error| fault(format!("`{name}_file`: cannot read {}: {error}", full.display())))?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The text of a JWK set that stands in the configuration or in a file of its own.
pub(super) fn jwks(
    literal: Option<String>,
    file: Option<&Spanned<PathBuf>>,
    context: &Context<'_>,
) -> Result<Option<String>, ConfigFault> {
    match (literal, file) {
        (jwks, None) => Ok(jwks),
        (None, Some(file)) => Ok(Some(text_file("jwks", file, context)?.to_string())),
        (Some(_), Some(file)) => {
            let problem = "`jwks` and `jwks_file` are two ways to say one thing";
            Err(context.source.fault_at(file.span(), problem).with_remedy("keep one of them"))
        }
    }
}

fn literal_of(name: &str, literal: &Spanned<String>, context: &Context<'_>) -> Result<Zeroizing<String>, ConfigFault> {
    match context.mode {
        Mode::Dev => Ok(Zeroizing::new(literal.get_ref().clone())),
        Mode::Production => {
            let problem = format!("`{name}` stands in the file itself, which only mode \"dev\" accepts");
            let remedy = format!("put it into a file of its own and name that as `{name}_file`, or use `{name}_env`");
            Err(context.source.fault_at(literal.span(), problem).with_remedy(remedy))
        }
    }
}

fn variable(name: &str, variable: &Spanned<String>, context: &Context<'_>) -> Result<Zeroizing<String>, ConfigFault> {
    let problem = || format!("`{name}_env`: the environment variable {} is not set", variable.get_ref());
    let fault = |span: Range<usize>| context.source.fault_at(span, problem());
    std::env::var(variable.get_ref()).map(Zeroizing::new).map_err(|_| fault(variable.span()))
}

impl Context<'_> {
    /// The folder of the configuration file: relative paths begin there.
    pub(super) fn folder(&self) -> &Path {
        self.source.file.parent().unwrap_or(Path::new(""))
    }
}

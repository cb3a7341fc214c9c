//! Which clients may register themselves with a tenant.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use parhelion_engine::clients::SecretTerms;
use parhelion_engine::registration::{Gate, InitialAccess, InitialAccessTokens, RegistrationTerms, StatementNeed};
use parhelion_jose::jwk::KeySet;
use parhelion_protocol::authorization_details_type::AuthorizationDetailsTypes;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::params::scope;
use parhelion_protocol::software_statement::StatementIssuer;
use serde::Deserialize;
use toml::Spanned;

use super::fault::{ConfigFault, suggestion};
use super::secret::{self, SecretKeys};
use super::tenants::MountPlan;
use super::{Context, Mode};

/// The scope that clients may register where the file does not say.
const SCOPE: &str = "openid profile email offline_access";
/// How long an exchanged secret stays good where the file does not say, in seconds.
const SECRET_GRACE_S: u32 = 24 * 3600;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RegistrationSection {
    pub(super) mode: RegistrationMode,
    scope: Option<Spanned<String>>,
    authorization_details_types: Vec<Spanned<String>>,
    client_secret_lifetime_s: Option<Spanned<u32>>,
    client_secret_grace_s: Option<u32>,
    software_statement: Option<Spanned<StatementKey>>,
    initial_access_token: Vec<InitialAccessTokenSection>,
    software_statement_issuer: Vec<StatementIssuerSection>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RegistrationMode {
    #[default]
    Off,
    InitialAccessToken,
    Open,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StatementKey {
    Optional,
    Required,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InitialAccessTokenSection {
    name: Spanned<String>,
    token: Option<Spanned<String>>,
    token_file: Option<Spanned<PathBuf>>,
    token_env: Option<Spanned<String>>,
    expires_at: Option<i64>,
    uses_max: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatementIssuerSection {
    issuer: Spanned<String>,
    jwks: Option<String>,
    jwks_file: Option<Spanned<PathBuf>>,
}

/// What a section says; what is wrong is noted.
pub(super) fn read(
    context: &Context<'_>,
    tenant: &Spanned<String>,
    section: RegistrationSection,
    types: &AuthorizationDetailsTypes,
    mounts: &[&MountPlan],
) -> Arc<RegistrationTerms> {
    let on = section.mode != RegistrationMode::Off;
    let note = |problem: &str, remedy: &str| {
        let problem = format!("registration of tenant `{}`: {problem}", tenant.get_ref());
        context.notes.note(context.source.fault_at(tenant.span(), problem).with_remedy(remedy));
    };
    let offers = |mount: &&MountPlan| {
        let by_operation = mount.dialect.operations().iter().any(|operation| operation.name == "registration");
        by_operation || mount.serves(Endpoint::Register)
    };
    if on && !mounts.iter().any(offers) {
        note("no mount has an endpoint for it", "add a mount of dialect \"standard\", \"ibm-verify\" or \"autional\"");
    }
    if section.mode == RegistrationMode::InitialAccessToken && section.initial_access_token.is_empty() {
        note("there is no token to register with", "add [[tenant.registration.initial_access_token]]");
    }
    if section.mode == RegistrationMode::Open && context.mode == Mode::Production {
        let problem = format!("everybody may register a client with tenant `{}`", tenant.get_ref());
        let remedy = "write mode = \"initial_access_token\", unless that is what the tenant is for";
        context.notes.doubt(context.source.fault_at(tenant.span(), problem).with_remedy(remedy));
    }
    let needed = section.software_statement.as_ref().map(Spanned::get_ref) == Some(&StatementKey::Required);
    if needed && section.software_statement_issuer.is_empty() {
        note("nobody's software statement is believed", "add [[tenant.registration.software_statement_issuer]]");
    }
    let text = section.scope.as_ref().map_or(SCOPE, |scope| scope.get_ref());
    let scope = scope::parse(text).map_err(|_| {
        let at = section.scope.as_ref().map(Spanned::span).unwrap_or_default();
        context.source.fault_at(at, "the scope of registration is malformed")
    });
    check_types(context, &section.authorization_details_types, types);
    let statement_issuers = section.software_statement_issuer.into_iter();
    Arc::new(RegistrationTerms {
        gate: gate(context, section.mode, section.initial_access_token),
        scope: context.notes.keep(scope).unwrap_or_default(),
        authorization_details_types: section.authorization_details_types.into_iter().map(Spanned::into_inner).collect(),
        secrets: SecretTerms {
            lifetime_s: context.notes.keep(lifetime(context, section.client_secret_lifetime_s)).flatten(),
            grace_s: section.client_secret_grace_s.unwrap_or(SECRET_GRACE_S),
        },
        statement: if needed { StatementNeed::Required } else { StatementNeed::Optional },
        statement_issuers: statement_issuers.filter_map(|section| statement_issuer(context, section)).collect(),
    })
}

fn lifetime(context: &Context<'_>, lifetime_s: Option<Spanned<u32>>) -> Result<Option<u32>, ConfigFault> {
    match lifetime_s {
        Some(zero) if *zero.get_ref() == 0 => {
            let problem = "client_secret_lifetime_s is 0, so that no secret would ever be good";
            Err(context
                .source
                .fault_at(zero.span(), problem)
                .with_remedy("leave it out for secrets that do not expire"))
        }
        lifetime_s => Ok(lifetime_s.map(Spanned::into_inner)),
    }
}

fn check_types(context: &Context<'_>, named: &[Spanned<String>], types: &AuthorizationDetailsTypes) {
    for name in named.iter().filter(|name| !types.contains_key(name.get_ref())) {
        let problem = format!("there is no authorization_details_type `{}`", name.get_ref().escape_debug());
        let remedy = suggestion(name.get_ref(), types.keys().map(String::as_str));
        context.notes.note(context.source.fault_at(name.span(), problem).with_remedy(remedy));
    }
}

fn gate(context: &Context<'_>, mode: RegistrationMode, sections: Vec<InitialAccessTokenSection>) -> Gate {
    let (mut tokens, mut names) = (InitialAccessTokens::default(), HashSet::new());
    for section in sections {
        let Some(text) = context.notes.keep(initial_access_token(context, &section)) else { continue };
        let access = InitialAccess { expires_at_s: section.expires_at, uses_max: section.uses_max };
        let known = tokens.insert(&text, access).is_some();
        if !names.insert(section.name.get_ref().clone()) || known {
            let problem = "an initial_access_token has a name or a token that another one has already";
            context.notes.note(context.source.fault_at(section.name.span(), problem).with_remedy("give each its own"));
        }
    }
    match mode {
        RegistrationMode::Off => Gate::Closed,
        RegistrationMode::InitialAccessToken => Gate::InitialAccessToken(tokens),
        RegistrationMode::Open => Gate::Open,
    }
}

fn initial_access_token(
    context: &Context<'_>,
    section: &InitialAccessTokenSection,
) -> Result<zeroize::Zeroizing<String>, ConfigFault> {
    let keys = SecretKeys {
        name: "token",
        literal: section.token.as_ref(),
        file: section.token_file.as_ref(),
        env: section.token_env.as_ref(),
    };
    secret::read(&keys, context)?.ok_or_else(|| {
        let problem = format!("initial_access_token `{}` has no token", section.name.get_ref().escape_debug());
        let remedy = "name a file with it as token_file, or a variable as token_env";
        context.source.fault_at(section.name.span(), problem).with_remedy(remedy)
    })
}

fn statement_issuer(context: &Context<'_>, section: StatementIssuerSection) -> Option<StatementIssuer> {
    let name = section.issuer.get_ref().escape_debug().to_string();
    let fault = |problem: String| context.source.fault_at(section.issuer.span(), problem);
    let jwks = context.notes.keep(secret::jwks(section.jwks, section.jwks_file.as_ref(), context))?;
    let keys = jwks.ok_or_else(|| fault(format!("software_statement_issuer `{name}` has no keys")));
    let keys = context.notes.keep(keys.map_err(|fault| fault.with_remedy("write jwks_file or jwks")))?;
    let keys = KeySet::from_jwks(keys.as_bytes());
    let keys = keys.map_err(|cause| fault(format!("software_statement_issuer `{name}`: jwks cannot be used: {cause}")));
    Some(StatementIssuer { keys: context.notes.keep(keys)?, issuer: section.issuer.into_inner() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, TlsOption};
    use std::path::Path;

    const BASE: &str = "version = 1\n[server]\nmode = \"dev\"\n[[tenant]]\nid = \"a\"\n[[tenant.mount]]\n\
                        dialect = \"DIALECT\"\nbase_url = \"https://as.example/a\"\n[tenant.registration]\n";

    fn faults(dialect: &str, section: &str) -> Vec<String> {
        let text = format!("{}{section}\n", BASE.replace("DIALECT", dialect));
        let examined =
            crate::config::examined(Path::new("x.toml"), &text, parhelion_dialects::ALL, TlsOption::AsConfigured);
        examined.faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_could_not_work_is_refused() {
        let token = "[[tenant.registration.initial_access_token]]\nname = \"ci\"\ntoken = \"t\"\n";
        let twice = format!("mode = \"open\"\n{token}{}", token.replace("ci", "other"));
        for (dialect, section, expected) in [
            ("standard", "mode = \"initial_access_token\"", "there is no token to register with"),
            ("pingone", "mode = \"open\"", "no mount has an endpoint for it"),
            ("standard", "mode = \"open\"\nsoftware_statement = \"required\"", "nobody's software statement"),
            ("standard", "mode = \"open\"\nclient_secret_lifetime_s = 0", "client_secret_lifetime_s is 0"),
            (
                "standard",
                "mode = \"open\"\nauthorization_details_types = [\"x\"]",
                "there is no authorization_details_type `x`",
            ),
            ("standard", "mode = \"open\"\nscope = \"\\u0007\"", "the scope of registration is malformed"),
            ("standard", &twice, "another one has already"),
            ("standard", "mode = \"on\"", "unknown variant `on`"),
        ] {
            let faults = faults(dialect, section);
            assert!(faults.iter().any(|fault| fault.contains(expected)), "{section}: {faults:?}");
        }
        assert_eq!(faults("standard", &format!("mode = \"initial_access_token\"\n{token}")), Vec::<String>::new());
    }

    #[test]
    fn endpoints_are_there_only_where_it_is_on() {
        let urls = |section: &str| {
            let text = format!("{}{section}\n", BASE.replace("DIALECT", "standard"));
            let config = Config::read(Path::new("x.toml"), &text, parhelion_dialects::ALL).unwrap();
            config.tenants[0].mounts[0].urls()
        };
        assert!(!urls("").contains_key(&Endpoint::Register));
        assert_eq!(urls("mode = \"open\"")[&Endpoint::RegisteredClient], "https://as.example/a/register/");
    }
}

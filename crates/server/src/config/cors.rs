//! Which web pages may call a mount from a browser.

use toml::Spanned;

use super::fault::ConfigFault;
use super::{BaseUrl, Context};

/// What stands for every origin.
const ANY: &str = "*";

/// Which origins (RFC 6454) may read a mount's answers (Fetch section 3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CorsPlan {
    /// None.
    #[default]
    Off,
    /// Every one that has a name, and never with cookies or the like.
    Any,
    /// These.
    Exact {
        /// As a browser writes them.
        origins: Vec<String>,
        /// Whether their requests may carry cookies and the like.
        credentials: bool,
    },
}

/// What a tenant or a mount says.
pub(super) struct CorsKeys<'a> {
    pub(super) origins: Option<&'a Spanned<Vec<Spanned<String>>>>,
    pub(super) credentials: Option<&'a Spanned<bool>>,
}

impl CorsPlan {
    /// A mount's plan: what it says itself, or else what its tenant says.
    pub(super) fn read(
        context: &Context<'_>,
        mount: &CorsKeys<'_>,
        tenant: &CorsKeys<'_>,
    ) -> Result<Self, ConfigFault> {
        let keys = if mount.origins.is_some() { mount } else { tenant };
        let plan = keys.origins.map_or(Ok(Self::Off), |origins| exact_or_any(context, origins.get_ref()))?;
        let of_both = [mount.credentials, keys.credentials];
        let Some(asked) = of_both.into_iter().flatten().find(|credentials| *credentials.get_ref()) else {
            return Ok(plan);
        };
        match plan {
            Self::Exact { origins, .. } => Ok(Self::Exact { origins, credentials: true }),
            Self::Off | Self::Any => {
                let problem = "cors_credentials = true, and cors_origins names no origin";
                let remedy = "write the origins of the pages that may send cookies: cors_origins = [\"https://…\"]";
                Err(context.source.fault_at(asked.span(), problem).with_remedy(remedy))
            }
        }
    }
}

fn exact_or_any(context: &Context<'_>, texts: &[Spanned<String>]) -> Result<CorsPlan, ConfigFault> {
    if let Some(any) = texts.iter().find(|text| text.get_ref() == ANY) {
        let alone = texts.len() == 1;
        let fault = || context.source.fault_at(any.span(), "cors_origins: \"*\" beside other origins");
        return if alone { Ok(CorsPlan::Any) } else { Err(fault().with_remedy("write \"*\" alone, or leave it out")) };
    }
    let origins: Vec<String> = texts.iter().map(|text| origin(context, text)).collect::<Result<_, _>>()?;
    Ok(if origins.is_empty() { CorsPlan::Off } else { CorsPlan::Exact { origins, credentials: false } })
}

/// An origin in the one form that browsers send it in. `null` is no origin: every sandbox has it.
fn origin(context: &Context<'_>, text: &Spanned<String>) -> Result<String, ConfigFault> {
    let fault = |problem: String| context.source.fault_at(text.span(), format!("cors_origins: {problem}"));
    if text.get_ref().contains(ANY) {
        return Err(fault(format!("`{}` has a star in it; there are no patterns", text.get_ref())));
    }
    let url = BaseUrl::parse(text.get_ref(), context.mode).map_err(fault)?;
    if url.path().is_empty() {
        return Ok(url.as_str().to_owned());
    }
    let fault = fault(format!("`{}` has a path, and an origin has none", text.get_ref()));
    let origin = text.get_ref().strip_suffix(url.path()).unwrap_or_default();
    Err(fault.with_remedy(format!("write `{origin}`")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::plain_dialect::DIALECTS;
    use std::path::Path;

    /// With the keys of the tenant on line 4 and those of the mount on line 8.
    fn read(tenant: &str, mount: &str) -> Result<CorsPlan, String> {
        let text = format!(
            "version = 1\n[[tenant]]\nid = \"acme\"\n{tenant}\n[[tenant.mount]]\ndialect = \"plain\"\n\
             base_url = \"https://as.example/acme\"\n{mount}\n"
        );
        let mut config = Config::read(Path::new("x.toml"), &text, DIALECTS).map_err(|fault| fault.to_string())?;
        Ok(std::mem::take(&mut config.tenants[0].mounts[0].cors))
    }

    fn exact(origin: &str, credentials: bool) -> Result<CorsPlan, String> {
        Ok(CorsPlan::Exact { origins: vec![origin.to_owned()], credentials })
    }

    #[test]
    fn nobody_is_let_in_unless_tenant_or_mount_says_so_and_the_mount_has_the_last_word() {
        assert_eq!(read("", ""), Ok(CorsPlan::Off));
        let tenant = "cors_origins = [\"https://app.example\"]";
        assert_eq!(read(tenant, ""), exact("https://app.example", false));
        assert_eq!(read(tenant, "cors_origins = []"), Ok(CorsPlan::Off));
        assert_eq!(read(tenant, "cors_origins = [\"*\"]"), Ok(CorsPlan::Any));
        assert_eq!(read("", "cors_origins = [\"http://localhost:3000\"]"), exact("http://localhost:3000", false));
    }

    #[test]
    fn credentials_need_origins_with_names() {
        let tenant = "cors_origins = [\"https://app.example\"]\ncors_credentials = true";
        assert_eq!(read(tenant, ""), exact("https://app.example", true));
        // Whoever names other origins says it again.
        assert_eq!(read(tenant, "cors_origins = [\"https://b.example\"]"), exact("https://b.example", false));
        let refused = read("", "cors_origins = [\"*\"]\ncors_credentials = true").unwrap_err();
        assert!(refused.starts_with("x.toml:9: cors_credentials = true, and"), "{refused}");
        assert!(read("", "cors_credentials = true").is_err() && read("cors_credentials = true", "").is_err());
    }

    #[test]
    fn origin_is_written_as_browsers_send_it() {
        for (origins, words) in [
            ("\"null\"", "not an absolute URL"),
            ("\"https://app.example/\"", "write `https://app.example`"),
            ("\"https://app.example/spa\"", "has a path, and an origin has none; write `https://app.example`"),
            ("\"https://APP.example:443\"", "write `https://app.example`"),
            ("\"http://app.example\"", "use https"),
            ("\"https://*.example\"", "there are no patterns"),
            ("\"*\", \"https://app.example\"", "write \"*\" alone"),
        ] {
            let refused = read("", &format!("cors_origins = [{origins}]")).unwrap_err();
            assert!(refused.starts_with("x.toml:8: cors_origins: ") && refused.contains(words), "{refused}");
        }
    }
}

//! How often a source may fail, and how much a client may ask for.

use std::num::NonZeroU32;

use serde::Deserialize;
use toml::Spanned;

use super::fault::ConfigFault;
use super::{Context, Mode};

/// Failures a minute where the file does not say: of one client, or one user name, at one source.
const FAILURES_PER_MINUTE: u32 = 60;
/// The same in mode `dev`, where tests fail on purpose.
const FAILURES_PER_MINUTE_DEV: u32 = 6_000;

/// Registrations a minute where everybody may register and the file does not say.
const REGISTRATIONS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).unwrap();

/// The section as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RateSection {
    failures_per_minute: Option<Spanned<u32>>,
    successes_per_minute: Option<Spanned<u32>>,
    registrations_per_minute: Option<NonZeroU32>,
}

/// How much is too much. What is not bounded is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RatePlan {
    /// Failures of one client, or one user name, at one source.
    pub failures_per_minute: Option<NonZeroU32>,
    /// Requests of one client at one source that do authenticate.
    pub successes_per_minute: Option<NonZeroU32>,
    /// Clients that one source registers where everybody may.
    pub registrations_per_minute: NonZeroU32,
}

impl RatePlan {
    pub(super) fn read(context: &Context<'_>, section: &RateSection) -> Result<Self, ConfigFault> {
        let default = match context.mode {
            Mode::Production => FAILURES_PER_MINUTE,
            Mode::Dev => FAILURES_PER_MINUTE_DEV,
        };
        let failures = section.failures_per_minute.as_ref();
        let failures_per_minute = NonZeroU32::new(failures.map_or(default, |count| *count.get_ref()));
        if let (Some(count), None, Mode::Production) = (failures, failures_per_minute, context.mode) {
            let problem = "failures_per_minute is 0, so that secrets and passwords could be guessed without end";
            let remedy = "write a number, or leave it out for 60; 0 is for mode = \"dev\"";
            return Err(context.source.fault_at(count.span(), problem).with_remedy(remedy));
        }
        let successes = section.successes_per_minute.as_ref();
        let successes_per_minute = successes.and_then(|count| NonZeroU32::new(*count.get_ref()));
        if let (Some(count), None) = (successes, successes_per_minute) {
            let problem = "successes_per_minute is 0, so that no client would be answered";
            return Err(context.source.fault_at(count.span(), problem).with_remedy("leave it out for no bound"));
        }
        let registrations_per_minute = section.registrations_per_minute.unwrap_or(REGISTRATIONS_PER_MINUTE);
        Ok(Self { failures_per_minute, successes_per_minute, registrations_per_minute })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::plain_dialect::DIALECTS;
    use std::path::Path;

    fn read(server: &str) -> Result<(u32, u32), String> {
        let text = format!("version = 1\n[server]\n{server}\n");
        let config = Config::read(Path::new("x.toml"), &text, DIALECTS).map_err(|fault| fault.to_string())?;
        let RatePlan { failures_per_minute, successes_per_minute, .. } = config.server.rate;
        Ok((failures_per_minute.map_or(0, NonZeroU32::get), successes_per_minute.map_or(0, NonZeroU32::get)))
    }

    #[test]
    fn failures_are_bounded_and_successes_are_not_unless_the_file_says_so() {
        assert_eq!(read(""), Ok((60, 0)));
        assert_eq!(read("mode = \"dev\""), Ok((6_000, 0)));
        assert_eq!(read("rate = { failures_per_minute = 5, successes_per_minute = 7 }"), Ok((5, 7)));
    }

    #[test]
    fn failures_without_bound_are_for_dev() {
        assert_eq!(read("mode = \"dev\"\n[server.rate]\nfailures_per_minute = 0"), Ok((0, 0)));
        let refused = read("[server.rate]\nfailures_per_minute = 0").unwrap_err();
        assert!(refused.starts_with("x.toml:4: failures_per_minute is 0"), "{refused}");
        let refused = read("[server.rate]\nsuccesses_per_minute = 0").unwrap_err();
        assert!(refused.starts_with("x.toml:4: successes_per_minute is 0"), "{refused}");
        let refused = read("[server.rate]\nfailures_per_minut = 1").unwrap_err();
        assert!(refused.contains("did you mean `failures_per_minute`?"), "{refused}");
    }
}

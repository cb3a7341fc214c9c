//! What the OpenID Foundation's conformance suite asks of a server, asked by clients of ours: a table of checks in the
//! suite's order, each for every plan that it applies to, against the binary over https.

pub mod authorizing;
pub mod call;
pub mod callback;
pub mod client;
pub mod judge;
pub mod left_out;
pub mod metadata;
pub mod openid;
pub mod plan;
pub mod pushing;
pub mod refreshing;
pub mod resource;
pub mod signed_jwt;
pub mod site;
pub mod tls;
pub mod tokens;

use std::panic::{AssertUnwindSafe, catch_unwind};

use plan::Plan;
use site::Site;

/// What a check found, or nothing.
pub type Finding = Result<(), String>;

/// One thing that the suite looks at.
pub struct Check {
    /// The section of the list of requirements, and the line in it.
    pub line: &'static str,
    /// What must hold, in the words of the list.
    pub name: &'static str,
    /// Where it applies.
    pub applies: fn(Plan) -> bool,
    /// Looks.
    pub run: fn(&Site) -> Finding,
}

/// Everywhere.
#[must_use]
pub fn always(_: Plan) -> bool {
    true
}

/// Every check, in the order of the list.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    [
        metadata::CHECKS,
        pushing::CHECKS,
        pushing::objects::CHECKS,
        authorizing::CHECKS,
        tokens::CHECKS,
        resource::CHECKS,
        refreshing::CHECKS,
        tls::CHECKS,
    ]
    .into_iter()
    .flatten()
}

/// Runs every check of a plan; what does not hold, each with its line, its name and the plan.
#[must_use]
pub fn run(plan: Plan) -> Vec<String> {
    run_at(&Site::start(plan))
}

/// The same at a server that runs already.
#[must_use]
pub fn run_at(site: &Site) -> Vec<String> {
    let applies = |check: &&Check| (check.applies)(site.plan);
    checks().filter(applies).filter_map(|check| finding(site, check)).collect()
}

fn finding(site: &Site, check: &Check) -> Option<String> {
    let found = match catch_unwind(AssertUnwindSafe(|| (check.run)(site))) {
        Ok(Ok(())) => return None,
        Ok(Err(found)) => found,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
        }
    };
    Some(format!("{} {} [{}]: {found}", check.line, check.name, site.plan))
}

/// Ends a check with what was found, unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($holds:expr, $($found:tt)+) => {
        if !$holds {
            return Err(format!($($found)+));
        }
    };
}

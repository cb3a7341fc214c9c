//! What the memory store's figures are held against: ratios within one run, never microseconds.

use serde_json::{Value, json};

use crate::figures::Series;
use crate::rounds::{Load, Results};
use crate::scenario::{Scenario, StoreKind};

/// One goal and how it was met.
pub(super) struct Goal {
    pub(super) name: &'static str,
    pub(super) measured: f64,
    pub(super) at_most: f64,
    pub(super) unit: &'static str,
}

impl Goal {
    pub(super) fn is_met(&self) -> bool {
        self.measured <= self.at_most
    }

    pub(super) fn json(&self) -> Value {
        json!({ "name": self.name, "unit": self.unit, "measured": self.measured, "at_most": self.at_most })
    }
}

/// The goals that this run can judge: none without the memory store.
pub(super) fn goals(results: &Results) -> Vec<Goal> {
    let Some(memory) = results.of(StoreKind::Memory) else { return Vec::new() };
    let load = |wanted| memory.loads.iter().find(|(scenario, _)| *scenario == wanted).map(|(_, load)| load);
    let (null, none) = (&results.null, load(Scenario::None));
    let times_null = |scenario| load(scenario).map(|load| load.times(null));
    let above_none = |scenario, verify: &Series| {
        let (load, none): (&Load, &Load) = (load(scenario)?, none?);
        Some((load.cpu_us.median() - none.cpu_us.median()) / verify.median())
    };
    let rows = [
        ("none + PKCE", times_null(Scenario::None), 2.0, "x null"),
        ("client_secret_basic", times_null(Scenario::Basic), 2.1, "x null"),
        (
            "private_key_jwt ES256",
            above_none(Scenario::Es256, &results.es256_verify_us),
            1.5,
            "verifications above none",
        ),
        (
            "private_key_jwt PS256",
            above_none(Scenario::Ps256, &results.ps256_verify_us),
            1.7,
            "verifications above none",
        ),
        ("none + DPoP", above_none(Scenario::NoneDpop, &results.es256_verify_us), 1.5, "verifications above none"),
        (
            "private_key_jwt ES256 + DPoP",
            above_none(Scenario::Es256Dpop, &results.es256_verify_us),
            2.8,
            "verifications above none",
        ),
    ];
    let judged = rows
        .into_iter()
        .filter_map(|(name, measured, at_most, unit)| Some(Goal { name, measured: measured?, at_most, unit }));
    judged.collect()
}

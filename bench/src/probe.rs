//! How busy others keep the servers' core: the same small work before and after each figure.

use std::hint::black_box;

use crate::cpu::{self, Placement};
use crate::figures::Series;
use crate::signer::Verification;

/// Turns of the probe's loop: about a fifth of a millisecond.
const TURNS: u64 = 100_000;

/// Verifications in one figure of what they cost.
const MEASURED: u32 = 30;

/// Figures of it in each round.
const FIGURES: u32 = 20;

/// The probe, and the fastest that it was so far.
#[derive(Debug)]
pub(crate) struct Probe {
    placement: Placement,
    fastest_us: f64,
}

impl Probe {
    pub(crate) const fn new(placement: Placement) -> Self {
        Self { placement, fastest_us: f64::INFINITY }
    }

    /// What it takes at this moment.
    pub(crate) fn us(&mut self) -> Result<f64, String> {
        let us = self.placement.on_server_core(|| {
            let before = cpu::own_thread()?;
            work();
            Ok::<_, String>((cpu::own_thread()? - before).as_secs_f64() * 1e6)
        })?;
        self.fastest_us = self.fastest_us.min(us);
        Ok(us)
    }

    /// The fastest of the run: nobody else was there.
    pub(crate) const fn fastest_us(&self) -> f64 {
        self.fastest_us
    }

    /// Measures what a verification costs on the servers' core.
    pub(crate) fn measure(&mut self, verification: &Verification, series: &mut Series) -> Result<(), String> {
        let mut before_us = self.us()?;
        for _ in 0..FIGURES {
            let us = self.placement.on_server_core(|| verification.us(MEASURED))?;
            let after_us = self.us()?;
            series.push_probed(us, before_us.max(after_us));
            before_us = after_us;
        }
        Ok(())
    }
}

/// Eight sums that do not wait for each other keep all units of a core busy, which a neighbour on the same core is then
/// felt in; in registers, so that whoever is measured finds the caches as they were.
fn work() {
    let mut sums = [1_u64, 3, 5, 7, 11, 13, 17, 19];
    for turn in 0..black_box(TURNS) {
        for sum in &mut sums {
            *sum = sum.wrapping_mul(3) ^ turn;
        }
        black_box(&mut sums[0]);
    }
    black_box(sums);
}

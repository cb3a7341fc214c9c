//! Medians, spreads and percentiles, of what was measured while nobody else had a share in the processor.

use std::time::Duration;

/// How much slower than the fastest probe of a run those beside a figure may be.
const QUIET: f64 = 1.1;

/// Fewer figures than this say nothing.
const ENOUGH: usize = 10;

/// Figures of one kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    figures: Vec<Figure>,
    /// How many there were before the disturbed ones were left out.
    measured: usize,
}

#[derive(Clone, Copy, Debug)]
struct Figure {
    value: f64,
    /// The slower one of the probes before and after; nothing where none was made.
    probe_us: f64,
}

impl Figure {
    fn is_quiet(&self, fastest_us: f64) -> bool {
        self.probe_us <= QUIET * fastest_us
    }
}

impl Series {
    /// A figure that counts however busy the machine was.
    pub(crate) fn push(&mut self, value: f64) {
        self.push_probed(value, 0.0);
    }

    /// A figure, and the slower one of the probes before and after it.
    pub(crate) fn push_probed(&mut self, value: f64, probe_us: f64) {
        self.figures.push(Figure { value, probe_us });
        self.measured = self.figures.len();
    }

    /// Whether enough of it was not disturbed, by the fastest probe of the run.
    pub(crate) fn is_quiet_enough(&self, fastest_us: f64) -> bool {
        let quiet = self.figures.iter().filter(|figure| figure.is_quiet(fastest_us));
        quiet.count() >= ENOUGH.min(self.measured)
    }

    /// Leaves out what was disturbed.
    pub(crate) fn keep_quiet(&mut self, fastest_us: f64) {
        self.figures.retain(|figure| figure.is_quiet(fastest_us));
    }

    /// How many figures count, of how many.
    pub(crate) const fn counts(&self) -> (usize, usize) {
        (self.figures.len(), self.measured)
    }

    pub(crate) fn median(&self) -> f64 {
        let sorted = self.sorted();
        let middle = sorted.len() / 2;
        match (sorted.len() % 2, middle.checked_sub(1).and_then(|below| sorted.get(below)), sorted.get(middle)) {
            (0, Some(below), Some(above)) => f64::midpoint(*below, *above),
            (_, _, Some(exactly)) => *exactly,
            (_, _, None) => f64::NAN,
        }
    }

    pub(crate) fn least(&self) -> f64 {
        self.sorted().first().copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn most(&self) -> f64 {
        self.sorted().last().copied().unwrap_or(f64::NAN)
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted: Vec<f64> = self.figures.iter().map(|figure| figure.value).collect();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

/// The smallest latency that this share of all is not above, in microseconds.
pub(crate) fn percentile_us(sorted: &[Duration], per_mille: usize) -> f64 {
    let rank = (sorted.len() * per_mille).div_ceil(1000).saturating_sub(1);
    sorted.get(rank).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(figures: &[(f64, f64)]) -> Series {
        let mut series = Series::default();
        figures.iter().for_each(|(value, probe_us)| series.push_probed(*value, *probe_us));
        series
    }

    #[test]
    fn a_median_is_in_the_middle() {
        let median = |values: &[f64]| series(&values.iter().map(|value| (*value, 0.0)).collect::<Vec<_>>()).median();
        assert!((median(&[3.0, 1.0, 9.0]) - 3.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 9.0, 2.0]) - 3.0).abs() < 1e-9);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn what_was_disturbed_is_left_out_where_enough_was_not() {
        let quiet: Vec<_> = (0..10).map(|number| (f64::from(20 + number), f64::from(45 + number))).collect();
        let mut some = series(&[&quiet[..], &[(70.0, 90.0)]].concat());
        assert!(some.is_quiet_enough(50.0));
        some.keep_quiet(50.0);
        assert_eq!(some.counts(), (10, 11));
        assert!((some.most() - 29.0).abs() < 1e-9);
        assert!(!series(&[&quiet[1..], &[(70.0, 90.0)]].concat()).is_quiet_enough(50.0));
    }

    #[test]
    fn few_figures_have_to_be_quiet_all_and_those_without_a_probe_are() {
        assert!(series(&[(1.0, 50.0), (2.0, 0.0)]).is_quiet_enough(50.0));
        assert!(!series(&[(1.0, 50.0), (2.0, 90.0)]).is_quiet_enough(50.0));
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let sorted: Vec<Duration> = (1..=1000).map(Duration::from_micros).collect();
        for (per_mille, expected) in [(500, 500.0), (990, 990.0), (999, 999.0), (1000, 1000.0)] {
            assert!((percentile_us(&sorted, per_mille) - expected).abs() < 1e-6, "{per_mille}");
        }
        assert!(percentile_us(&[], 500).is_nan());
    }
}

//! Medians, spreads and percentiles.

use std::time::Duration;

/// One figure per round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
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

    /// Round by round.
    pub(crate) fn with(&self, other: &Self, join: impl Fn(f64, f64) -> f64) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, other)| join(*one, *other)).collect())
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
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

    #[test]
    fn a_median_is_in_the_middle() {
        assert!((Series(vec![3.0, 1.0, 9.0]).median() - 3.0).abs() < 1e-9);
        assert!((Series(vec![4.0, 1.0, 9.0, 2.0]).median() - 3.0).abs() < 1e-9);
        assert!(Series::default().median().is_nan());
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

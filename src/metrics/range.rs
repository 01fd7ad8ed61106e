//! Which values a metric can have: what an interval of it must not leave.

use serde::Serialize;

use super::definition::Metric;

/// The values that are possible: from zero up to a largest one, where there is one. No metric can be negative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Range {
    /// The largest value, if there is one.
    pub most: Option<f64>,
}

impl Range {
    /// Times, counts, costs, and loads that may exceed what there is.
    pub const NOT_NEGATIVE: Self = Self { most: None };
    /// Shares of a whole, in percent.
    pub const PERCENT: Self = Self { most: Some(100.0) };
    /// An index between zero and one.
    pub const UNIT: Self = Self { most: Some(1.0) };

    /// Whether a value is possible.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        value >= 0.0 && self.most.is_none_or(|most| value <= most)
    }
}

/// Words of a name in percent that say what is *asked for* as a share of what there is: more than 100 % is possible.
const DEMANDS: [&str; 2] = ["_utilisation_", "_load_"];

impl Metric {
    /// The values that are possible, by the unit and the name.
    #[must_use]
    pub fn range(&self) -> Range {
        match self.unit {
            "%" if DEMANDS.iter().any(|word| self.name.contains(word)) => Range::NOT_NEGATIVE,
            "%" => Range::PERCENT,
            "index" => Range::UNIT,
            _ => Range::NOT_NEGATIVE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{METRICS, MetricId};
    use super::*;

    #[test]
    fn shares_end_at_100_and_demands_do_not() {
        let of = |id: MetricId| id.definition().range();
        assert_eq!([MetricId::Delivered, MetricId::Failed].map(of), [Range::PERCENT; 2]);
        assert_eq!([MetricId::UplinkMax, MetricId::CpuP95, MetricId::TurnLoad].map(of), [Range::NOT_NEGATIVE; 3]);
        assert_eq!([MetricId::LatencyP95, MetricId::Cost].map(of), [Range::NOT_NEGATIVE; 2]);
        assert_eq!(of(MetricId::LiveFairness), Range::UNIT);
        // A metric whose meaning says that it can exceed 100 % must have a name that says so too.
        let exceeds = |metric: &&Metric| metric.meaning.contains("above 100 %");
        assert!(METRICS.iter().filter(exceeds).all(|metric| metric.range() == Range::NOT_NEGATIVE));
    }

    #[test]
    fn a_range_holds_its_edges() {
        assert!(Range::PERCENT.holds(0.0) && Range::PERCENT.holds(100.0));
        assert!(!Range::PERCENT.holds(-0.1) && !Range::PERCENT.holds(100.1) && !Range::NOT_NEGATIVE.holds(f64::NAN));
    }
}

//! What a replication measures: the table of metrics, streaming histograms, and the record that
//! a replication returns.

mod definition;
mod histogram;
mod interval;
mod record;
mod spread;

pub use definition::{Better, METRICS, Metric, MetricId};
pub use histogram::LatencyHistogram;
pub use interval::{Interval, Verdict};
pub use record::{Finding, MetricValues, RunCounts, RunRecord};
pub use spread::Spread;

//! What a replication measures: the table of metrics, streaming histograms, and the record that
//! a replication returns.

mod definition;
mod histogram;
mod interval;
mod pair;
mod range;
mod record;
mod spread;

pub use definition::{Better, METRICS, Metric, MetricId};
pub use histogram::LatencyHistogram;
pub use interval::{Ends, Interval, Verdict};
pub use pair::PairOpening;
pub use range::Range;
pub use record::{Finding, MetricValues, Opening, RunCounts, RunRecord};
pub use spread::Spread;

//! What a replication measures: the table of metrics, streaming histograms, and the record that
//! a replication returns.

mod definition;
mod finding;
mod histogram;
mod interval;
pub(crate) mod leb128;
mod pair;
mod range;
mod real;
mod record;
mod sign_test;
mod spread;
mod values;

pub use definition::{Better, METRICS, Metric, MetricId};
pub use finding::{CRASHED, FINDING_KINDS, Finding, NO_RESULT};
pub use histogram::LatencyHistogram;
pub use interval::{Ends, Interval, Verdict};
pub use pair::PairOpening;
pub use range::Range;
pub use record::{Opening, RunCounts, RunRecord};
pub use sign_test::sign_test;
pub use spread::{MeanSpread, Spread};
pub use values::{MetricValues, PackedValues};

//! What no overlay can beat with a population and its workloads, each figure by name, with what binds and its source; and
//! which families of overlays can carry them at all.

mod family;
mod figure;
mod latency;
mod least;
mod row;
mod rows;
mod sheet;
mod subject;
mod text;

pub use family::FamilyRow;
pub(crate) use least::{LeastLatency, Looks};
pub use row::{BoundRow, Side};
pub use sheet::BoundSheet;
pub use text::render;

//! Running an experiment: every cell with every seed, in parallel.
//!
//! Replications are independent and pure, so threads change nothing but the time: results are put back into the order of
//! cells and seeds. Work starts with the most expensive cells, so that no thread is left alone with one at the end. What
//! replications share, the knowledge of a population's set-ups, is learned once and then only read.
//!
//! Each replication goes to the store as it ends, so that nothing that is finished is ever lost, and a run can go on
//! where another was cut off. One that panics or fails is a finding, and the rest goes on.

pub(crate) mod disk;
mod key;
mod knowledge;
mod memory;
mod results;
mod run;
mod rung;
pub mod store;

pub use key::{CellKey, GIT_COMMIT, VERSION};
pub use memory::{MemoryError, check_memory, memory_needed};
pub use results::{CellRuns, Merged, Replication, Results, RunCost};
pub use run::{Observer, SweepError, SweepOptions, resume, run};
pub use rung::{ReplicationError, Rung};
pub use store::{Kept, Store};

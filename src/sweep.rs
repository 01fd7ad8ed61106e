//! Running an experiment: every cell with every seed, in parallel.

mod results;

pub use results::{CellRuns, Replication, Results, RunCost};

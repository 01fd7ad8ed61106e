//! Trees that bring a message from one peer to all others soonest, while nobody serves more children than it can.
//!
//! The rooted degree-bounded tree of least largest, 95th-percentile or mean latency. Each is NP-hard (Shi and Turner,
//! "Multicast routing and bandwidth dimensioning in overlay networks", IEEE JSAC 20, 2002; Banerjee et al., "Construction of
//! an efficient overlay multicast infrastructure", INFOCOM 2003), so there are several ways, a file each.

mod anneal;
mod bits;
pub(in crate::optimiser) mod change;
mod closing;
mod compact;
mod critical;
mod exact;
mod feasible;
mod matching;
mod mean;
mod near;
mod neighbourhood;
mod pieces;
mod plain;
mod problem;
mod shortest;
mod solve;
mod sparse;
pub(in crate::optimiser) mod state;
mod verify;

#[cfg(test)]
mod tests;

pub use plain::plain_trees;
pub use problem::{Infeasible, Objective, TreeProblem, TreeValue};
pub use shortest::{UNREACHED, shortest_us};
pub(super) use solve::search;
pub use solve::{Effort, SearchStep, TreeAnswer, solve};
pub use verify::{Violation, verify};

//! What lies between two peers: access links, propagation delay, NATs.

pub mod cities;
mod latency;
mod link;
mod matrix;
mod nat;
mod server;
mod temp;
pub use temp::*;

pub use latency::{LatencyModel, LatencySpec, Place, RegionMix};
pub use link::{Link, LinkSpec};
pub use matrix::{MatrixError, MatrixFile, MatrixTable, MatrixUnit, Measures};
pub use nat::{Filtering, Mapping, Nat, NatMix, PairOutcome, pair_outcome};
pub use server::FifoServer;

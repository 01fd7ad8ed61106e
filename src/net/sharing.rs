//! Max-min fair sharing of access links, exact and incremental, and bulk flows that progress by it.
//!
//! A flow takes the uplink of its source and the downlink of its destination. Rates are max-min fair: none can
//! grow without another that is no larger becoming smaller (Bertsekas and Gallager, "Data Networks", 2nd ed.
//! 1992, section 6.5.2), here with a weight and a cap for each flow. Where packets are many and their order does
//! not matter, as in the download of a file, this stands for what congestion control arrives at.
//!
//! A flow here is fluid: bits that leave one host for another. It is not a workload's flow of messages.

mod agenda;
mod fluid;
mod group;
mod level;
mod shares;
mod table;
#[cfg(test)]
mod tests;

use crate::units::Bitrate;

pub use fluid::FluidFlows;
pub use shares::FairShares;

/// A flow that exists. The number is free again once the flow has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(u32);

impl FlowId {
    /// A small number, for tables of flows: ended flows leave theirs to later ones.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A link at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkState {
    /// Whose link it is.
    pub host: u32,
    /// Whether it is the uplink.
    pub is_up: bool,
    /// Whether it limits flows: all of it is in use.
    pub is_full: bool,
}

/// What a flow asks for. Hosts are numbered in the order in which they were added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlowSpec {
    /// The host whose uplink it takes.
    pub from: u32,
    /// The host whose downlink it takes.
    pub to: u32,
    /// The most it takes; unlimited if absent.
    pub cap: Option<Bitrate>,
    /// Its share where it meets others: twice the weight, twice the rate. Positive and finite.
    pub weight: f64,
}

impl FlowSpec {
    /// A flow of weight 1 without a cap.
    #[must_use]
    pub const fn new(from: u32, to: u32) -> Self {
        Self { from, to, cap: None, weight: 1.0 }
    }
}

/// The rate in bit/s; what is not given does not limit.
fn bps(rate: Option<Bitrate>) -> f64 {
    rate.map_or(f64::INFINITY, |rate| rate.as_bps() as f64)
}

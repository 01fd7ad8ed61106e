//! What no overlay can beat, in closed form: rates, times, diameters, relays; and which families of overlays can be at all.
//!
//! Each bound comes with its name and its source, and with what binds: whose capacity would have to grow for it to move.
//! Capacities are those of an [`Instance`](super::Instance)'s peers; one without a limit counts infinite.

mod family;
mod latency;
mod makespan;
mod matching;
mod moore;
mod one_message;
mod rate;
mod reach;

pub use family::{Cpu, Family, Feasibility, Pattern, Resource, feasibility};
pub use latency::{SHORTEST_WAY, soonest_us};
pub use makespan::{MakespanBinds, makespan, makespan_in_parts};
pub use matching::{MATCHING_PEERS_MAX, latency_in_tree_us};
pub use moore::{mean_distance, moore_diameter};
pub use one_message::{GrowthBinds, one_message};
pub use rate::{AllToAllBinds, RateBinds, all_to_all_rate, hub_rate, mesh_rate, stream_rate};
pub use reach::{Reach, disjoint_ways, reach, relay_links};

use super::instance::Peer;

/// A bound's name, and who has shown it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Law {
    /// What it is called.
    pub name: &'static str,
    /// Where it is shown.
    pub source: &'static str,
}

/// A value that no overlay beats, and what binds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound<V, B> {
    /// The value.
    pub value: V,
    /// What would have to change for it to change.
    pub binds: B,
    /// What bounds it.
    pub law: Law,
}

fn up_bps(peer: &Peer) -> f64 {
    peer.up_bps.map_or(f64::INFINITY, |bps| bps as f64)
}

fn down_bps(peer: &Peer) -> f64 {
    peer.down_bps.map_or(f64::INFINITY, |bps| bps as f64)
}

// The peer with the least of something, the first of equals, and how much that is.
fn least(values: impl Iterator<Item = (u32, f64)>) -> Option<(u32, f64)> {
    values.reduce(|least, next| if next.1 < least.1 { next } else { least })
}

//! The least time in which a content can reach everybody, however it is sent.
//!
//! Kumar and Ross, "Peer-assisted file distribution: the minimum distribution time", IEEE HotWeb 2006: with a
//! content of `F` bits, sources that upload `u_s` together, `L` peers that want it and upload `u_i`, the slowest of
//! which downloads at `d_min`, no scheme is faster than `max(F / u_s, F / d_min, L F / (u_s + sum u_i))`. Servers
//! that a topology adds help like peers that want nothing.

use crate::overlay::workload::Content;
use crate::scenario::Settings;
use crate::units::{Bitrate, SimDuration};
use crate::world::World;

/// That time, headers included.
pub(super) fn least_time(world: &World, settings: &Settings, content: &Content) -> SimDuration {
    let bits = content.bits(&settings.webrtc);
    let is_source = |node: u32| content.sources.binary_search(&node).is_ok();
    let bps = |rate: Option<Bitrate>| rate.map_or(f64::INFINITY, |rate| rate.as_bps() as f64);
    let up = |node: u32| bps(world.rates(node).up);
    let from_sources: f64 = content.sources.iter().map(|&node| up(node)).sum();
    let from_all: f64 = (0..world.nodes()).map(up).sum();
    let receivers = || (0..world.peers()).filter(|&node| !is_source(node));
    let slowest = receivers().map(|node| bps(world.rates(node).down)).fold(f64::INFINITY, f64::min);
    let wanted = receivers().count() as f64;
    if wanted < 1.0 {
        return SimDuration::ZERO;
    }
    let least = (bits / from_sources).max(bits / slowest).max(wanted * bits / from_all);
    SimDuration::from_secs_f64(least)
}

//! How many spokes a hub can serve within its budgets.
//!
//! A hub of `H` that are connected by a core passes the messages of its own `s` spokes on into the core, and every message
//! that its spokes need to these. With `T` messages a second of `w` bits, of which each peer needs a share `r`, `n` peers,
//! and a hub that has `f(s)` children among its spokes, summed over workloads,
//!
//! ```text
//! need = T * min(1, r (s + 1)),   own = max(T (s + 1) / n, the rate of the busiest source)
//! in   = need in a full mesh,     T where members of the core pass on what comes over it
//! out  = (own or T, likewise) * c(H) + need * min(f(s), r s)
//! ```
//!
//! where `c(H)` is how many connections the core gives its busiest member. Uplink, downlink and CPU, the upkeep of
//! connections included, are not to be asked for more than [`LOAD_MAX`] of what they have; connections and memory keep
//! within their limits.

use super::context::Offered;
use crate::units::Bitrate;
use crate::webrtc::Wire;
use crate::world::World;

/// Share of a link or CPU that a hub is given: bursts and queues need the rest.
pub(super) const LOAD_MAX: f64 = 0.5;

/// What hubs are to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Duty<'a> {
    /// By workload.
    pub(super) offered: &'a [Offered],
    /// Whether to count all messages as if they were for everybody.
    pub(super) for_all: bool,
    /// All peers, and those among whom the hubs are.
    pub(super) peers: u32,
    pub(super) members: u32,
    /// How many hubs there are.
    pub(super) hubs: u32,
    /// Most connections that the core gives a hub, and whether its members pass on what they receive over it.
    pub(super) core_degree: u32,
    pub(super) core_passes_on: bool,
    /// Whether a message comes to a member of the core over every connection of it.
    pub(super) core_floods: bool,
    /// Most children that a hub has among its spokes.
    pub(super) fan_out: u32,
    /// How many second parents each has on standby: a hub stands by for as many as it has children, for each of them.
    pub(super) backups: u32,
}

impl Duty<'_> {
    /// How many spokes a node can serve; `None` if it cannot even be a hub without any.
    pub(super) fn spokes_max(&self, world: &World, node: u32) -> Option<u32> {
        if !self.is_within_budget(world, node, 0) {
            return None;
        }
        let most = self.members.saturating_sub(self.hubs);
        // What is asked grows with the number of spokes.
        let (mut fits, mut exceeds) = (0, most + 1);
        while exceeds - fits > 1 {
            let spokes = fits + (exceeds - fits) / 2;
            if self.is_within_budget(world, node, spokes) { fits = spokes } else { exceeds = spokes }
        }
        Some(fits)
    }

    /// Whether a node can serve so many spokes.
    pub(super) fn is_within_budget(&self, world: &World, node: u32, spokes: u32) -> bool {
        let children = spokes.min(self.fan_out);
        // Those on standby take memory and upkeep as all do, and no message.
        let connections = children + self.core_degree + self.backups.saturating_mul(children + 1);
        let copies = self.offered.iter().map(|offered| (offered.wire, self.copies(offered, spokes)));
        asked(world, node, connections, copies) <= LOAD_MAX
    }

    // Copies of a workload that come to a hub with so many spokes, and that it sends, each second.
    fn copies(&self, offered: &Offered, spokes: u32) -> [f64; 2] {
        let &Offered { per_s, peak_per_s, reach, .. } = offered;
        let reach = if self.for_all { 1.0 } else { reach };
        let own = (per_s * f64::from(spokes + 1) / f64::from(self.peers.max(1))).max(peak_per_s);
        let for_group = per_s * (reach * f64::from(spokes + 1)).min(1.0);
        let needed = (reach * f64::from(spokes)).min(f64::from(spokes.min(self.fan_out)));
        let into_core = if self.core_passes_on { per_s } else { own };
        let came = match (self.core_passes_on, self.core_floods) {
            (_, true) => per_s * f64::from(self.core_degree.max(1)),
            (true, _) => per_s.max(for_group),
            (false, _) => for_group,
        };
        [came, into_core * f64::from(self.core_degree) + for_group * needed]
    }
}

/// What so many connections and these copies a second, those that come and those that are sent, ask of a node: the share of
/// its uplink, downlink or CPU, whichever is most. It is infinite where a limit on connections or memory is broken.
pub(super) fn asked(world: &World, node: u32, connections: u32, copies: impl Iterator<Item = (Wire, [f64; 2])>) -> f64 {
    let class = world.class(node);
    let seconds = |work| class.device.service_time(work).as_secs_f64();
    let memory = class.device.memory.is_none_or(|budget| class.engine.memory(connections) <= budget);
    if !memory || class.engine.max_connections.is_some_and(|most| connections > most) {
        return f64::INFINITY;
    }
    let wake = seconds(class.engine.cpu_per_wakeup);
    let mut cpu = seconds(class.engine.cpu_idle_per_s) * f64::from(connections);
    let (mut down_bps, mut up_bps) = (0.0, 0.0);
    for (wire, [came, sent]) in copies {
        let bits = wire.bytes.get() as f64 * 8.0;
        cpu += (came + sent) * seconds(class.engine.message_cost(wire)) + came * wake;
        down_bps += came * bits;
        up_bps += sent * bits;
    }
    let rates = world.rates(node);
    let share = |rate: Option<Bitrate>, bps: f64| rate.map_or(0.0, |rate| bps / rate.as_bps() as f64);
    cpu.max(share(rates.down, down_bps)).max(share(rates.up, up_bps))
}

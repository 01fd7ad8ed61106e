//! TURN servers at work while messages flow: what they forward, how fast, and what their outages
//! break.
//!
//! A server whose bandwidth is limited is a FIFO server on the way of a copy, so such a copy takes
//! an event at each server. Without a limit it takes none.
//!
//! What an outage does to a connection follows from the connection's ends alone, so nothing is kept
//! for it. The server's allocations are gone; the ends fall silent to each other and notice after the
//! time of their ICE profile; ICE then restarts: an allocation on another server or, where there is
//! none, on the same one once it is back (two round trips to the server), offer and answer, then a
//! check and a nomination (two round trips of the new path). Until then copies are lost.

use crate::net::FifoServer;
use crate::units::{Bitrate, ByteCount, SimDuration, SimTime};
use crate::webrtc::SetupProfile;
use crate::webrtc::ice::IceSpec;
use crate::webrtc::turn::{OutageWindow, RelayCode, RestartOn, TurnIndex, Via, framing_bytes};
use crate::world::World;

/// The TURN servers of a replication.
#[derive(Clone, Debug)]
pub(in crate::simulation) struct Relays {
    servers: Vec<Server>,
    /// Of each server, in the measured window.
    pub(in crate::simulation) forwarded: Vec<Forwarded>,
    /// Whether some server has a queue.
    pub(in crate::simulation) has_queues: bool,
    /// Whether some server fails.
    pub(in crate::simulation) has_outages: bool,
    // Whether headers count.
    frames: bool,
    silence: SimDuration,
}

#[derive(Clone, Copy, Debug)]
struct Server {
    queue: FifoServer,
    bandwidth: Option<Bitrate>,
    buffer_ns: u64,
}

/// Bytes on the wire that a TURN server has received and sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Forwarded {
    /// From peers and other TURN servers.
    pub(crate) received: u64,
    /// To them.
    pub(crate) sent: u64,
}

impl Relays {
    /// The servers of a world; `frames` if headers count.
    pub(in crate::simulation) fn new(world: &World, frames: bool) -> Self {
        let server = |server: &crate::webrtc::turn::TurnServer| Server {
            queue: FifoServer::default(),
            bandwidth: server.bandwidth,
            buffer_ns: server.buffer.as_ns(),
        };
        let servers: Vec<Server> = world.turn_servers().iter().map(server).collect();
        Self {
            forwarded: vec![Forwarded::default(); servers.len()],
            has_queues: servers.iter().any(|server| server.bandwidth.is_some()),
            has_outages: world.turn_outages().is_some_and(|outages| !outages.is_empty()),
            frames,
            silence: silence(world),
            servers,
        }
    }

    /// What the sender of `packets` puts on its uplink beyond the message itself.
    pub(in crate::simulation) fn framing(&self, via: Option<Via>, packets: u64) -> u64 {
        match via {
            Some(via) if self.frames => framing_bytes(via.transport) * packets,
            _ => 0,
        }
    }

    /// Counts a copy of `bytes` in `packets` that its sender sends through these allocations.
    pub(in crate::simulation) fn count(&mut self, relay: RelayCode, bytes: u64, packets: u64) {
        let in_bytes = bytes + self.framing(relay.own(), packets);
        let out_bytes = bytes + self.framing(relay.far(), packets);
        let mut add = |server: TurnIndex, received, sent| {
            let forwarded = &mut self.forwarded[usize::from(server)];
            forwarded.received += received;
            forwarded.sent += sent;
        };
        match relay.servers() {
            [Some(first), Some(second)] => {
                add(first, in_bytes, bytes);
                add(second, bytes, out_bytes);
            }
            [Some(only), None] => add(only, in_bytes, out_bytes),
            _ => {}
        }
    }

    /// A server has a copy to forward: when its last bit leaves, or `None` where it is dropped, which
    /// only what `may_be_dropped` is.
    pub(in crate::simulation) fn forward(
        &mut self,
        server: TurnIndex,
        now: SimTime,
        bytes: u64,
        may_be_dropped: bool,
    ) -> Option<SimTime> {
        let server = &mut self.servers[usize::from(server)];
        if may_be_dropped && server.queue.wait_ns(now.as_ns()) > server.buffer_ns {
            return None;
        }
        let service = server.bandwidth.map_or(0, |rate| rate.serialisation_time(ByteCount::new(bytes)).as_ns());
        Some(SimTime::from_ns(server.queue.serve(now.as_ns(), service)))
    }

    /// The allocations that packets between two nodes pass at a time, where outages may have moved them
    /// from `set_up`; `None` while there are none. Both codes are as `from` sees them.
    pub(in crate::simulation) fn at(
        &self,
        world: &World,
        [from, to]: [u32; 2],
        set_up: RelayCode,
        at: SimTime,
    ) -> Option<RelayCode> {
        // Both ends must find the same: it is told from the side of the lower number.
        let (a, b) = (from.min(to), from.max(to));
        let mut relay = if from == a { set_up } else { set_up.seen_from_far_end() };
        let mut up_since = SimTime::ZERO;
        while let Some(outage) = first_outage(world, relay, up_since).filter(|outage| outage.from <= at) {
            let noticed = outage.from.max(up_since) + self.silence;
            let (next, ready) = restarted(world, [a, b], relay, noticed);
            up_since = ready + restart_time(world, [a, b], next);
            if at < up_since {
                return None;
            }
            relay = next;
        }
        Some(if from == a { relay } else { relay.seen_from_far_end() })
    }
}

// The first outage that is not over at `after` of a server on the path.
fn first_outage(world: &World, relay: RelayCode, after: SimTime) -> Option<OutageWindow> {
    let outages = world.turn_outages()?;
    relay.servers().into_iter().flatten().filter_map(|server| outages.first_after(server, after)).min()
}

// The allocations after a restart that begins at `now`, and when their servers take them.
fn restarted(world: &World, ends: [u32; 2], relay: RelayCode, now: SimTime) -> (RelayCode, SimTime) {
    let mut ready = now;
    let mut moved = |node: u32, via: Option<Via>| {
        via.map(|via| {
            let (server, works_from) = world.replacement(node, via, now);
            ready = ready.max(works_from);
            Via { server, ..via }
        })
    };
    let next = RelayCode::new(moved(ends[0], relay.own()), moved(ends[1], relay.far()));
    (next, ready)
}

// Allocation, offer and answer, check and nomination.
fn restart_time(world: &World, [a, b]: [u32; 2], relay: RelayCode) -> SimDuration {
    let allocation_ns = |node: u32, via: Option<Via>| {
        via.map_or(0, |via| {
            let legs = world.to_turn_ns(node, via.server) + world.from_turn_ns(via.server, node);
            2 * (legs + 2 * world.class(node).access_delay.as_ns())
        })
    };
    let allocation = allocation_ns(a, relay.own()).max(allocation_ns(b, relay.far()));
    let signaling = world.signaling_ns(a, b) + world.signaling_ns(b, a);
    let there = world.paths_from(a).relayed(b, relay).delay_ns;
    let back = world.paths_from(b).relayed(a, relay.seen_from_far_end()).delay_ns;
    SimDuration::from_ns(allocation + signaling + 2 * (there + back))
}

// How long ends hear nothing before they restart ICE.
fn silence(world: &World) -> SimDuration {
    let ice = match world.setup() {
        SetupProfile::WebrtcRs => IceSpec::WebrtcRs021,
        _ => IceSpec::Chromium,
    };
    match world.restart_on() {
        RestartOn::Failed => ice.profile().failed_after,
        RestartOn::Disconnected => ice.profile().disconnected_after,
    }
}

//! The access links that set-ups share while an overlay connects.
//!
//! One packet link a node and direction, as at packet grain: serialisation at the link's rate, first in, first out,
//! behind whatever other set-ups have put there; jitter; a full buffer drops. Losses are drawn with the set-up
//! ([`Chance`](crate::webrtc::setup::Chance)), so that they are the same in every topology; but bursts belong to the link.
//!
//! Messages do not flow yet while the overlay connects. What they would add is their mean: a link of which they take
//! the share `rho` serves set-ups at `1 - rho` of its rate, and a packet waits `rho / (1 - rho) * burst / 2` for them
//! (Pollaczek and Khinchine for bursts of equal length), where the burst is one message to each connection on an uplink and
//! one message on a downlink. Both grow with the share of the node's connections that are open.

use crate::net::{LossSpec, PacketLink, PacketLinkSpec};
use crate::overlay::Overlay;
use crate::overlay::dissemination::Traffic;
use crate::rng::{Domain, PairKey, Streams};
use crate::units::{Bitrate, ByteCount, SimDuration, SimTime};
use crate::webrtc::setup::Parcel;
use crate::world::World;

/// Up, and down.
pub(super) const UP: usize = 0;
pub(super) const DOWN: usize = 1;

/// What messages ask of a node: how many it sends and gets a second, and their bytes on the wire.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::simulation) struct Messages {
    pub(in crate::simulation) number: Traffic,
    pub(in crate::simulation) bytes: Traffic,
}

/// All links.
#[derive(Debug)]
pub(super) struct Links {
    nodes: Vec<[Line; 2]>,
    losses: PairKey,
}

#[derive(Debug)]
struct Line {
    link: PacketLink,
    // The one-way delay of the link.
    delay: SimDuration,
    // The share that messages take once all connections are open, and the time of a burst of theirs.
    load: f64,
    burst: SimDuration,
    // Loss of a packet, as a threshold of 64 bits, and how many packets of TCP have been sent.
    loss: u64,
    sent: u32,
    // When the last signaling message is through: they all go over one TCP connection, which keeps their order.
    signaled: SimTime,
}

/// Until TCP repeats what was lost: Linux waits 200 ms beyond a round trip, for which 100 ms stand (RFC 6298, section 2).
const TCP_REPEATS_AFTER: SimDuration = SimDuration::from_ms(300);
/// Repeats of one packet of TCP, each after twice the wait of the one before.
const TCP_REPEATS_MAX: u32 = 6;
/// Messages that ask for more are an overload of their own; set-ups still get a little.
const LOAD_MAX: f64 = 0.95;

impl Links {
    /// Whether the links of a world make any difference: whether one has a rate, jitter or losses in bursts.
    pub(super) fn matter(world: &World) -> bool {
        (0..world.nodes()).any(|node| {
            let rates = world.rates(node);
            let has_rate = rates.up.is_some() || rates.down.is_some();
            has_rate || world.class(node).jitter > SimDuration::ZERO || world.class(node).loss.has_bursts()
        })
    }

    pub(super) fn new(world: &World, overlay: &Overlay, streams: Streams, messages: &[Messages]) -> Self {
        let line = |node: u32, direction: usize, rate: Option<Bitrate>| {
            let class = world.class(node);
            let spec = PacketLinkSpec {
                delay: class.access_delay,
                rate,
                buffer: rate.zip(class.buffer).map(|(rate, wait)| rate.bytes_in(wait)),
                jitter: class.jitter,
                loss: if class.loss.has_bursts() { class.loss } else { LossSpec::None },
            };
            let id = u64::from(node) << 1 | direction as u64;
            let asked = messages.get(node as usize).copied().unwrap_or_default();
            let of = |traffic: Traffic| if direction == UP { traffic.sent } else { traffic.received };
            let (number, bytes) = (of(asked.number), of(asked.bytes));
            let load = rate.map_or(0.0, |rate| 8.0 * bytes / rate.as_bps() as f64).min(LOAD_MAX);
            let copies = if direction == UP { f64::from(overlay.carrying_degree(node)) } else { 1.0 };
            let burst = if number > 0.0 { ByteCount::new((copies * bytes / number) as u64) } else { ByteCount::new(0) };
            Line {
                link: PacketLink::new(spec, streams.stream(Domain::ConnectLink, id)),
                delay: class.access_delay,
                load,
                burst: rate.map_or(SimDuration::ZERO, |rate| rate.serialisation_time(burst)),
                loss: class.access_loss.threshold(),
                sent: 0,
                signaled: SimTime::ZERO,
            }
        };
        let both = |node: u32| {
            let rates = world.rates(node);
            [line(node, UP, rates.up), line(node, DOWN, rates.down)]
        };
        Self { nodes: (0..world.nodes()).map(both).collect(), losses: streams.pair_key(Domain::ConnectLink) }
    }

    /// The one-way delay of a node's link.
    pub(super) fn delay(&self, node: u32) -> SimDuration {
        self.nodes[node as usize][UP].delay
    }

    /// A signaling message comes to a link at `now`: when it is through, behind those before it.
    pub(super) fn pass_letter(&mut self, node: u32, direction: usize, now: SimTime, bytes: u32, open: f64) -> SimTime {
        let parcel = Parcel { bytes, stream: true, local: false };
        let through = self.pass(node, direction, now, parcel, open).unwrap_or(now);
        let last = &mut self.nodes[node as usize][direction].signaled;
        *last = through.max(*last);
        *last
    }

    /// A packet comes to a link at `now`, while this share of the node's connections is open: when its last bit is
    /// through, unless it is dropped.
    pub(super) fn pass(
        &mut self,
        node: u32,
        direction: usize,
        now: SimTime,
        parcel: Parcel,
        open: f64,
    ) -> Option<SimTime> {
        let line = &mut self.nodes[node as usize][direction];
        let load = line.load * open;
        let size = if load > 0.0 { (f64::from(parcel.bytes) / (1.0 - load)) as u64 } else { u64::from(parcel.bytes) };
        let size = ByteCount::new(size);
        let wait_ns = if load > 0.0 { load / (1.0 - load) * open * line.burst.as_ns() as f64 / 2.0 } else { 0.0 };
        let wait = SimDuration::from_ns(wait_ns as u64);
        let sent = match parcel {
            Parcel { local: true, .. } => line.link.serialise(now, size),
            Parcel { stream: true, .. } => line.link.send_reliably(now, size),
            _ => line.link.send(now, size),
        };
        let through = match sent {
            Ok(through) => through + wait,
            // The stream's sender finds out later, and repeats it.
            Err(_) if parcel.stream => now + line.delay + TCP_REPEATS_AFTER,
            Err(_) => return None,
        };
        if !parcel.stream || line.loss == 0 {
            return Some(through);
        }
        line.sent += 1;
        let key = (node << 1 | direction as u32, line.sent);
        let lost = |repeat: &u32| self.losses.directed_nth(key.0, key.1, u64::from(*repeat)) < line.loss;
        let repeats = (0..TCP_REPEATS_MAX).take_while(lost).count() as u32;
        Some(through + TCP_REPEATS_AFTER * ((1 << repeats) - 1))
    }
}

//! What a distribution knows of the network: who is connected to whom, how far, and how fast.

use super::setting::Setting;
use crate::net::{FlowSpec, FluidFlows};
use crate::overlay::Overlay;
use crate::overlay::dissemination::Traffic;
use crate::overlay::workload::Content;
use crate::rng::{Domain, PairKey};
use crate::simulation::control::connect::Connected;
use crate::simulation::data::costs::message_cpu;
use crate::units::{Bitrate, ByteCount, SimDuration, SimTime};
use crate::webrtc::turn::RelayCode;
use crate::webrtc::{WebrtcSpec, Wire};
use crate::world::{Path, World};

/// The network under the contents.
#[derive(Debug)]
pub(super) struct Links<'a> {
    pub(super) world: &'a World,
    overlay: &'a Overlay,
    connected: &'a Connected,
    key: PairKey,
    webrtc: &'a WebrtcSpec,
    traffic: Option<&'a [Traffic]>,
    // Of each content: a message that pieces are sent in.
    chunks: Vec<Chunk>,
}

// The message that the pieces of a content are sent in.
#[derive(Clone, Debug)]
struct Chunk {
    size: ByteCount,
    wire: Wire,
    // CPU time of one at each node, in ns.
    cpu_ns: Vec<u64>,
}

/// Most bytes of a connection under way: what pion and webrtc-rs announce as their receive window. Chromium's is
/// 5 MiB, but its congestion control does not fill it (docs/MODELS.md, "Distributions").
pub(in crate::simulation) const WINDOW_BITS: f64 = 8.0 * 1_048_576.0;
/// Payload of a packet in Mathis' formula, and its constant for SACKs of every second packet.
const SEGMENT_BITS: f64 = 8.0 * 1_163.0;
const MATHIS: f64 = 1.22;

impl<'a> Links<'a> {
    pub(super) fn new(setting: &Setting<'a>, contents: &[Content]) -> Self {
        let Setting { settings, world, overlay, connected, idle_share, traffic, streams } = *setting;
        let chunk = |content: &Content| {
            let wire = settings.webrtc.wire(content.chunk);
            let cpu = |(&idle, node): (&f32, u32)| message_cpu(world, node, wire, idle).as_ns();
            Chunk { size: content.chunk, wire, cpu_ns: idle_share.iter().zip(0..).map(cpu).collect() }
        };
        let chunks = contents.iter().map(chunk).collect();
        let key = streams.pair_key(Domain::Distribution);
        Self { world, overlay, connected, key, webrtc: &settings.webrtc, traffic, chunks }
    }

    /// All nodes as hosts of fluid flows, in the order of their numbers, with what messages leave of their links; a CPU
    /// limits like a link, by the content that is the least work for it.
    pub(super) fn hosts(&self) -> FluidFlows {
        let mut flows = FluidFlows::new();
        for node in 0..self.world.nodes() {
            let cpu = self.chunks.iter().map(|chunk| chunk.cpu_bps(node)).fold(0.0, f64::max);
            let cpu = limit(cpu);
            let slower = |link: Option<Bitrate>| [link, cpu].into_iter().flatten().min_by_key(|rate| rate.as_bps());
            let rates = self.world.rates(node);
            let Traffic { sent, received } = self.traffic.map(|traffic| traffic[node as usize]).unwrap_or_default();
            let left = |link: Option<Bitrate>, messages_bps: f64| {
                link.map(|rate| Bitrate::from_bps((rate.as_bps() as f64 - messages_bps).max(1.0) as u64))
            };
            flows.add_host(slower(left(rates.up, sent)), slower(left(rates.down, received)));
        }
        flows
    }

    /// How many pieces of a content a node sends at a time.
    pub(super) fn uploads_max(&self, node: u32, content: &Content) -> u32 {
        if node < self.world.peers() {
            return content.uploads;
        }
        let kilobytes_per_s = self.world.rates(node).up.map_or(u64::MAX, |rate| rate.as_bps() / 8_000);
        u32::try_from((kilobytes_per_s / 10).saturating_mul(6).isqrt()).unwrap_or(u32::MAX).max(content.uploads)
    }

    /// Its neighbours, from a place on that is drawn by `nth`.
    pub(super) fn neighbours_from(&self, node: u32, nth: u32) -> impl Iterator<Item = u32> {
        let pairs = self.overlay.pair_neighbours(node);
        let seats = self.overlay.seats(node);
        let in_blocks: usize = seats.iter().map(|seat| self.overlay.block(seat.block).len()).sum();
        let count = pairs.len() + in_blocks;
        let first = crate::rng::below(self.key.directed_nth(node, nth, 0), count.max(1) as u64) as usize;
        let at = move |place: usize| match place.checked_sub(pairs.len()) {
            None => pairs[place],
            Some(place) => self.overlay.member_at(seats, place),
        };
        (first..count).chain(0..first).map(at).filter(move |&other| other != node)
    }

    /// Whether two neighbours' connection is open.
    pub(super) fn is_open(&self, a: u32, b: u32, now: SimTime) -> bool {
        let all_open_at = self.connected.all_open_at;
        // By rule a connection without a path may count as open from the join on.
        let has_path = all_open_at == SimTime::MAX || self.world.path(a, b).is_some();
        has_path && (now >= all_open_at || self.connected.between(self.overlay, a, b).at() <= now)
    }

    /// Connections that open later than `after`, and when.
    pub(super) fn opening_after(&self, after: SimTime) -> Vec<(SimTime, u32, u32)> {
        let mut opening = Vec::new();
        if after < self.connected.all_open_at {
            self.overlay.for_each_carrying(|connection| {
                let (a, b) = (connection.a, connection.b);
                let at = self.connected.between(self.overlay, a, b).at();
                if at > after && at < SimTime::MAX {
                    opening.push((at, a, b));
                }
            });
        }
        opening
    }

    /// Whether a node's CPU is slower than its up- or downlink, so that no queue stands before that.
    pub(super) fn is_held_by_cpu(&self, node: u32, is_up: bool) -> bool {
        let rates = self.world.rates(node);
        let link_bps = if is_up { rates.up } else { rates.down }.map_or(f64::INFINITY, |rate| rate.as_bps() as f64);
        self.chunks.iter().map(|chunk| chunk.cpu_bps(node)).fold(0.0, f64::max) < link_bps
    }

    /// A message of bulk data on a link: the largest of all contents'.
    pub(super) fn message(&self) -> ByteCount {
        self.chunks.iter().map(|chunk| chunk.wire.bytes).max().unwrap_or_default()
    }

    /// How many open connections of a node carry messages.
    pub(super) fn degree(&self, node: u32) -> u32 {
        self.connected.carrying_at(node)
    }

    /// The round trip of a connection without queues.
    pub(super) fn round_trip(&self, from: u32, to: u32) -> SimDuration {
        SimDuration::from_ns(self.path(from, to).delay_ns + self.path(to, from).delay_ns)
    }

    /// The way of a connection that is open.
    pub(super) fn path(&self, from: u32, to: u32) -> Path {
        let paths = self.world.paths_from(from);
        let by_rule = self.connected.all_open_at < SimTime::MAX;
        let relay = if by_rule { None } else { self.connected.between(self.overlay, from, to).relay(from, to) };
        match relay {
            Some(relay) => paths.through(to, relay),
            None => paths.to(to).expect("invariant: an open connection has a path"),
        }
    }

    /// A flow of a content from one node to another, with what its connection and the CPUs of both carry.
    pub(super) fn flow(&self, content: usize, from: u32, to: u32) -> FlowSpec {
        let path = self.path(from, to);
        let round_trip = self.round_trip(from, to).as_secs_f64();
        let loss = self.world.packet_loss(self.world.class_index(from), usize::from(path.class)).get();
        let by_loss = if loss > 0.0 { MATHIS * SEGMENT_BITS / libm::sqrt(loss) } else { f64::INFINITY };
        let by_cpus = [from, to].map(|node| self.chunks[content].cpu_bps(node));
        let bps = (by_loss.min(WINDOW_BITS) / round_trip).min(by_cpus[0]).min(by_cpus[1]);
        FlowSpec { cap: limit(bps), ..FlowSpec::new(from, to) }
    }

    /// A piece of this size on a link.
    pub(super) fn wire(&self, content: &Content, size: ByteCount) -> Wire {
        content.wire(size, self.webrtc)
    }

    /// A SACK on a link; nothing where headers do not count.
    pub(super) fn sack(&self) -> ByteCount {
        self.webrtc.wire(ByteCount::default()).bytes
    }

    /// The work of a node's CPU for a piece of this size, sent or received, in ns.
    pub(super) fn cpu_ns(&self, content: usize, node: u32, size: ByteCount) -> u64 {
        let chunk = &self.chunks[content];
        (u128::from(chunk.cpu_ns[node as usize]) * u128::from(size.get()) / u128::from(chunk.size.get())) as u64
    }

    /// The TURN allocations of a path.
    pub(super) fn relay(&self, from: u32, to: u32) -> RelayCode {
        self.path(from, to).relay
    }
}

impl Chunk {
    // What a node's CPU handles, in bits on the link.
    fn cpu_bps(&self, node: u32) -> f64 {
        self.wire.bytes.get() as f64 * 8.0 / SimDuration::from_ns(self.cpu_ns[node as usize]).as_secs_f64()
    }
}

/// What is faster is not limited: 1 Tbit/s.
const LIMIT_MAX_BPS: f64 = 1e12;

fn limit(bps: f64) -> Option<Bitrate> {
    (bps < LIMIT_MAX_BPS).then(|| Bitrate::from_bps((bps as u64).max(1)))
}

impl Content {
    /// All of it on a link, in bits, with all headers.
    pub(in crate::simulation) fn bits(&self, webrtc: &WebrtcSpec) -> f64 {
        let (whole, rest) = (self.size.get() / self.piece.get(), self.size.get() % self.piece.get());
        let wire = |bytes: u64| self.wire(ByteCount::new(bytes), webrtc).bytes.get();
        (wire(self.piece.get()) * whole + wire(rest)) as f64 * 8.0
    }

    /// A piece of this size on a link, in messages with all their headers.
    pub(super) fn wire(&self, size: ByteCount, webrtc: &WebrtcSpec) -> Wire {
        let (whole, rest) = (size.get() / self.chunk.get(), size.get() % self.chunk.get());
        let message = webrtc.wire(self.chunk);
        let mut wire = Wire { bytes: message.bytes * whole, packets: message.packets * whole };
        if rest > 0 {
            let last = webrtc.wire(ByteCount::new(rest));
            wire = Wire { bytes: wire.bytes + last.bytes, packets: wire.packets + last.packets };
        }
        wire
    }
}

//! What is counted while the overlay connects.

use super::peer::Peer;
use super::server::{Batch, Traffic};
use super::set_up::Parts;
use crate::metrics::{LatencyHistogram, PairOpening};
use crate::overlay::Overlay;
use crate::units::{SimDuration, SimTime};
use crate::webrtc::setup::RelayTransport;
use crate::webrtc::turn::RelayCode;
use crate::world::World;

/// The counts of the phase.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    /// From the begin of the first attempt until open, of every connection that opened.
    pub(crate) setup: LatencyHistogram,
    /// From the start of the replication until open.
    pub(crate) opening: LatencyHistogram,
    /// Sums over the connections that opened: the parts of the attempt that succeeded, and what went
    /// before its offer.
    pub(crate) parts: [u128; 5],
    pub(crate) before: u128,
    /// Attempts begun, those that failed in time or ran out of it, and offers that their receiver's engine had no room for.
    pub(crate) attempts: u64,
    pub(crate) timeouts: u64,
    pub(crate) unanswered: u64,
    /// Connections without any path, those given up that have one, and those never begun.
    pub(crate) impossible: u64,
    pub(crate) given_up: u64,
    pub(crate) never_begun: u64,
    /// Those of the impossible ones that are on standby; and standby connections given up or never begun though they have a
    /// path, which are in none of those.
    pub(crate) standby_impossible: u64,
    pub(crate) standby_given_up: u64,
    /// Allocations on the paths of open connections, and those that TURN servers refused.
    pub(crate) allocations: u64,
    pub(crate) refused_allocations: u64,
    /// What the signaling server was asked to do.
    pub(crate) signaling: Traffic,
    /// Messages that went over the overlay, and their hops.
    pub(crate) in_band_messages: u64,
    pub(crate) in_band_hops: u64,
    /// Negotiations that met, messages that this wasted, and negotiations that failed by it.
    pub(crate) glares: u64,
    pub(crate) wasted_messages: u64,
    pub(crate) failed_negotiations: u64,
    /// Renegotiations begun, and how long those took that succeeded.
    pub(crate) renegotiations: u64,
    pub(crate) renegotiation: LatencyHistogram,
    /// The node that its engine's limit kept from most connections, and how many nodes it kept.
    pub(crate) wall: Option<Wall>,
    // Of each pair of classes, the lower first: [low * classes + high].
    pairs: Vec<PairOpening>,
    classes: usize,
}

/// An engine's limit that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wall {
    pub(crate) node: u32,
    pub(crate) wanted: u32,
    pub(crate) nodes: usize,
}

impl Tally {
    pub(super) fn new(world: &World) -> Self {
        let classes = world.classes().len();
        let names = world.classes();
        let pair = |index: usize| PairOpening::of([&names[index / classes].name, &names[index % classes].name]);
        Self {
            setup: LatencyHistogram::new(),
            opening: LatencyHistogram::new(),
            parts: [0; 5],
            before: 0,
            attempts: 0,
            timeouts: 0,
            unanswered: 0,
            impossible: 0,
            given_up: 0,
            never_begun: 0,
            standby_impossible: 0,
            standby_given_up: 0,
            allocations: 0,
            refused_allocations: 0,
            signaling: Traffic::default(),
            in_band_messages: 0,
            in_band_hops: 0,
            glares: 0,
            wasted_messages: 0,
            failed_negotiations: 0,
            renegotiations: 0,
            renegotiation: LatencyHistogram::new(),
            wall: None,
            pairs: (0..classes * classes).map(pair).collect(),
            classes,
        }
    }

    /// A connection opens.
    #[inline]
    pub(super) fn open(
        &mut self,
        world: &World,
        nodes: (u32, u32),
        relay: RelayCode,
        open: SimTime,
        took: SimDuration,
    ) {
        self.opening.record(open.since(SimTime::ZERO));
        self.setup.record(took);
        let pair = self.pair(world, nodes.0, nodes.1);
        match relay.transport() {
            None => pair.direct += 1,
            Some(RelayTransport::Udp) => pair.relayed_udp += 1,
            Some(RelayTransport::Tcp) => pair.relayed_tcp += 1,
            Some(RelayTransport::Tls) => pair.relayed_tls += 1,
        }
        pair.setup_ns += u128::from(took.as_ns());
        self.allocations += u64::from(relay.allocations());
    }

    /// A connection that has opened is closed for good. How long its set-up took still counts.
    pub(super) fn close(&mut self, world: &World, [a, b]: [u32; 2], relay: RelayCode) {
        let pair = self.pair(world, a, b);
        // Those that stay took as long as all did.
        pair.setup_ns -= pair.setup_ns / u128::from(pair.opened());
        pair.failed += 1;
        match relay.transport() {
            None => pair.direct -= 1,
            Some(RelayTransport::Udp) => pair.relayed_udp -= 1,
            Some(RelayTransport::Tcp) => pair.relayed_tcp -= 1,
            Some(RelayTransport::Tls) => pair.relayed_tls -= 1,
        }
    }

    /// What a set-up that took this long consisted of.
    #[inline]
    pub(super) fn parts(&mut self, parts: &Parts, took: SimDuration) {
        let own = [parts.gathering, parts.signaling, parts.checks, parts.dtls, parts.sctp];
        let mut rest = u128::from(took.as_ns());
        for (sum, part) in self.parts.iter_mut().zip(own) {
            *sum += u128::from(part.as_ns());
            rest -= u128::from(part.as_ns());
        }
        self.before += rest;
    }

    /// A connection is given up.
    pub(super) fn given_up(&mut self, world: &World, a: u32, b: u32, relay: Option<RelayCode>) {
        self.pair(world, a, b).failed += 1;
        match relay {
            Some(_) => self.given_up += 1,
            None => self.impossible += 1,
        }
    }

    /// A connection was never begun.
    pub(super) fn never_begun(&mut self, world: &World, a: u32, b: u32, relay: Option<RelayCode>) {
        self.pair(world, a, b).failed += 1;
        match relay {
            Some(_) => self.never_begun += 1,
            None => self.impossible += 1,
        }
    }

    /// A standby connection is given up or was never begun. No message misses it.
    pub(super) fn without_standby(&mut self, world: &World, a: u32, b: u32, relay: Option<RelayCode>) {
        self.pair(world, a, b).failed += 1;
        self.impossible += u64::from(relay.is_none());
        self.standby_impossible += u64::from(relay.is_none());
        self.standby_given_up += u64::from(relay.is_some());
    }

    /// Messages go over the overlay.
    pub(super) fn in_band(&mut self, batch: Batch, hops: u32) {
        self.in_band_messages += u64::from(batch.messages);
        self.in_band_hops += u64::from(batch.messages) * u64::from(hops);
    }

    /// The counts of the classes of two nodes.
    #[inline]
    pub(super) fn pair(&mut self, world: &World, a: u32, b: u32) -> &mut PairOpening {
        let (a, b) = (world.class_index(a), world.class_index(b));
        &mut self.pairs[a.min(b) * self.classes + a.max(b)]
    }

    /// The counts of all pairs of classes that want any connection.
    pub(crate) fn pairs(&self) -> Vec<PairOpening> {
        self.pairs.iter().filter(|pair| pair.wanted() > 0).cloned().collect()
    }

    /// Open connections that run through TURN servers, by the hardest transport on their way.
    pub(super) fn relayed(&self) -> [u64; 3] {
        let sum = |count: fn(&PairOpening) -> u64| self.pairs.iter().map(count).sum();
        [sum(|pair| pair.relayed_udp), sum(|pair| pair.relayed_tcp), sum(|pair| pair.relayed_tls)]
    }

    /// Notes whom engines' limits kept from connections.
    pub(super) fn walls(&mut self, world: &World, overlay: &Overlay, peers: &[Peer]) {
        let kept = |node: &u32| {
            let limit = world.class(*node).engine.max_connections;
            peers[*node as usize].walled && limit.is_some_and(|most| overlay.degree(*node) > most)
        };
        let over: Vec<u32> = (0..world.nodes()).filter(kept).collect();
        // The first of those that want most.
        let most = over.iter().rev().max_by_key(|&&node| overlay.degree(node));
        self.wall = most.map(|&node| Wall { node, wanted: overlay.degree(node), nodes: over.len() });
    }
}

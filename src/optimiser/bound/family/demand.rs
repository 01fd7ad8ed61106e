//! What each family asks of its peers, resource by resource.

use crate::optimiser::instance::{Peer, Stream};

/// A family of overlays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Everybody is connected with everybody.
    Mesh,
    /// One peer passes everything on.
    Star,
    /// One tree, which carries all streams.
    Tree,
    /// Several trees that share the streams out, each peer passing on in one of them.
    MultiTree,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mesh, Self::Star, Self::Tree, Self::MultiTree];

    /// Its name: that of a topology.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mesh => "mesh",
            Self::Star => "star",
            Self::Tree => "tree",
            Self::MultiTree => "multi-tree",
        }
    }

    /// The condition that decides.
    #[must_use]
    pub const fn condition(self) -> &'static str {
        match self {
            Self::Mesh => "a publisher sends n - 1 copies, everybody keeps n - 1 connections",
            Self::Star => "the hub sends every stream to all but its publisher",
            Self::Tree => "the slots of all peers are as many as the others",
            Self::MultiTree => "Kumar-Ross: every bit is sent once for each receiver",
        }
    }
}

/// Who publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// One peer.
    OneToAll {
        /// Which.
        source: u32,
    },
    /// Everybody.
    AllToAll,
}

/// What can be scarce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Uplink, in bit/s.
    Uplink,
    /// Downlink, in bit/s.
    Downlink,
    /// A CPU's time, in percent.
    Cpu,
    /// Connections.
    Connections,
    /// Peers that others can be served by, counted as often as they can.
    Slots,
    /// The uplinks of all, in bit/s.
    Uplinks,
    /// The CPU time of all, in percent of one peer's.
    Cpus,
}

impl Resource {
    /// Its name and unit.
    #[must_use]
    pub const fn name_and_unit(self) -> [&'static str; 2] {
        match self {
            Self::Uplink => ["uplink", "bit/s"],
            Self::Downlink => ["downlink", "bit/s"],
            Self::Cpu => ["CPU", "%"],
            Self::Cpus => ["all CPUs", "%"],
            Self::Connections => ["connections", ""],
            Self::Slots => ["slots", ""],
            Self::Uplinks => ["all uplinks", "bit/s"],
        }
    }
}

/// What a peer's CPU does, as shares of what it may be used: nothing if it does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cpu {
    /// For a message a second that it sends, or receives.
    pub per_message: f64,
    /// For a connection that it keeps open.
    pub per_connection: f64,
}

/// How much of something is asked, and how much there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    pub(super) resource: Resource,
    pub(super) peer: Option<u32>,
    pub(super) needed: f64,
    pub(super) available: f64,
}

impl Need {
    pub(super) fn holds(&self) -> bool {
        self.needed <= self.available * (1.0 + 1e-12)
    }

    // What is asked of what there is; nothing of nothing is nothing.
    fn load(&self) -> f64 {
        if self.needed <= 0.0 { 0.0 } else { self.needed / self.available }
    }
}

/// A family among some peers.
pub(super) struct Demand<'a> {
    family: Family,
    peers: &'a [Peer],
    cpus: &'a [Cpu],
    pattern: Pattern,
    stream: Stream,
    hub: u32,
}

// The peer with the least of something, and how much.
type Least = Option<(u32, f64)>;

impl<'a> Demand<'a> {
    pub(super) fn new(
        family: Family,
        (peers, cpus): (&'a [Peer], &'a [Cpu]),
        pattern: Pattern,
        stream: Stream,
    ) -> Self {
        let mut demand = Self { family, peers, cpus, pattern, stream, hub: 0 };
        if family == Family::Star {
            demand.hub = demand.best_hub();
        }
        demand
    }

    // The one that serves most peers; the first of equals.
    fn best_hub(&self) -> u32 {
        let serves = |hub| largest(|count| self.asked_of_hub(hub, f64::from(count)).iter().all(Need::holds));
        let serves = |hub| serves(hub).unwrap_or(u32::MAX);
        let hubs = (0..self.peers.len() as u32).map(|hub| (hub, serves(hub)));
        hubs.reduce(|best, next| if next.1 > best.1 { next } else { best }).map_or(0, |(hub, _)| hub)
    }

    /// What is scarcest among so many peers of this mix.
    pub(super) fn scarcest(&self, count: u32) -> Need {
        let nothing = Need { resource: Resource::Uplink, peer: None, needed: 0.0, available: f64::INFINITY };
        if count < 2 || self.peers.is_empty() {
            return nothing;
        }
        let count = f64::from(count);
        let needs = match self.family {
            Family::Mesh => self.of_mesh(count),
            Family::Star => self.of_star(count),
            Family::Tree => self.of_tree(count),
            Family::MultiTree => self.of_multi_tree(count),
        };
        needs.into_iter().fold(nothing, |worst, need| if need.load() > worst.load() { need } else { worst })
    }

    fn of_mesh(&self, count: f64) -> Vec<Need> {
        let others = count - 1.0;
        vec![
            self.sending(self.least_published(up_bps), others),
            need(Resource::Connections, self.least(connections), others),
            self.busiest(|number| self.received(number, count) + self.published(number) * others, others),
            self.receiving(count),
        ]
    }

    fn of_star(&self, count: f64) -> Vec<Need> {
        let mut needs = self.asked_of_hub(self.hub, count);
        needs.push(self.sending(self.least_published(up_bps), 1.0));
        needs.push(self.busiest(|number| self.received(number, count) + self.published(number), 1.0));
        needs.push(self.receiving(count));
        needs
    }

    // The hub sends each stream to all but the two that have it, or but the one where it is its own.
    fn asked_of_hub(&self, hub: u32, count: f64) -> Vec<Need> {
        let copies = match self.pattern {
            Pattern::AllToAll => (count - 1.0) * (count - 1.0),
            Pattern::OneToAll { source } if source == hub => count - 1.0,
            Pattern::OneToAll { .. } => count - 2.0,
        };
        let of_hub = |value: fn(&Peer) -> f64| self.peers.get(hub as usize).map(|peer| (hub, value(peer)));
        let needed = self.cpu(hub, self.received(hub, count) + copies, count - 1.0);
        vec![
            self.sending(of_hub(up_bps), copies),
            need(Resource::Connections, of_hub(connections), count - 1.0),
            Need { resource: Resource::Cpu, peer: Some(hub), needed, available: 100.0 },
        ]
    }

    // A peer with `k` neighbours in a tree of `n` sends each stream to all but the one it has it from, its own to all, and so
    // handles each stream `k` times: the neighbours of all together are twice the connections, which are `n - 1`.
    fn of_tree(&self, count: f64) -> Vec<Need> {
        let others = count - 1.0;
        let all: Vec<f64> =
            (0..self.peers.len() as u32).map(|number| self.neighbours_max(number, count) - 1.0).collect();
        let available = match self.pattern {
            // The source's are there once, whatever the others.
            Pattern::OneToAll { source } => {
                let of_source = all[source as usize] + 1.0;
                let rest: f64 = all.iter().sum::<f64>() - all[source as usize];
                of_source + mean(rest, all.len() - 1, others)
            }
            Pattern::AllToAll => mean(all.iter().sum(), all.len(), count) + 1.0,
        };
        vec![
            Need { resource: Resource::Slots, peer: None, needed: others, available },
            self.sending(self.least_published(up_bps), 1.0),
            need(Resource::Connections, self.least(connections), 1.0),
            self.busiest(|number| self.received(number, count) + self.published(number), 1.0),
            self.receiving(count),
        ]
    }

    fn neighbours_max(&self, number: u32, count: f64) -> f64 {
        let peer = &self.peers[number as usize];
        let copies = (up_bps(peer) / self.stream.rate_bps.max(1) as f64 * (1.0 + 1e-12)).floor();
        let (by_uplink, streams) = match self.pattern {
            Pattern::AllToAll => (1.0 + ((copies - 1.0) / count).floor(), count),
            Pattern::OneToAll { source } if source == number => (copies, 1.0),
            Pattern::OneToAll { .. } => (1.0 + copies, 1.0),
        };
        let each = self.cpu(number, streams, 1.0);
        let by_cpu = if each > 0.0 { (100.0 / each * (1.0 + 1e-12)).floor() } else { f64::INFINITY };
        by_uplink.min(by_cpu).min(connections(peer)).min(count - 1.0)
    }

    fn of_multi_tree(&self, count: f64) -> Vec<Need> {
        let (len, others) = (self.peers.len(), count - 1.0);
        let rate = self.stream.rate_bps as f64;
        let up = |number: u32| up_bps(&self.peers[number as usize]);
        // What the source has is there once, whatever the others; how often each stream is sent on.
        let (of_source, rest, streams): (f64, f64, f64) = match self.pattern {
            Pattern::OneToAll { source } => {
                let rest = (0..len as u32).filter(|&number| number != source).map(up).sum();
                (up(source), mean(rest, len - 1, others), 1.0)
            }
            Pattern::AllToAll => (0.0, mean((0..len as u32).map(up).sum(), len, count), count),
        };
        let uplinks = Need {
            resource: Resource::Uplinks,
            peer: None,
            needed: rate * streams * others,
            available: of_source + rest,
        };
        // A copy costs its sender and its receiver; the mean CPU counts.
        let both: f64 = (0..len as u32).map(|number| self.cpu(number, 2.0, 0.0)).sum();
        let cpus = Need {
            resource: Resource::Cpus,
            peer: None,
            needed: both / len as f64 * streams * others,
            available: 100.0 * count,
        };
        vec![
            uplinks,
            cpus,
            self.sending(self.least_published(up_bps), 1.0),
            self.busiest(|number| self.received(number, count) + self.published(number), 1.0),
            self.receiving(count),
        ]
    }

    // So many copies of a stream through an uplink.
    fn sending(&self, up: Least, copies: f64) -> Need {
        need(Resource::Uplink, up, copies * self.stream.rate_bps as f64)
    }

    // How many streams a peer receives, and publishes.
    fn received(&self, number: u32, count: f64) -> f64 {
        match self.pattern {
            Pattern::AllToAll => count - 1.0,
            Pattern::OneToAll { .. } => 1.0 - self.published(number),
        }
    }

    fn published(&self, number: u32) -> f64 {
        let publishes = self.pattern == Pattern::AllToAll || self.pattern == Pattern::OneToAll { source: number };
        if publishes { 1.0 } else { 0.0 }
    }

    // What a peer's CPU is asked for by copies of streams, sent or received, and by connections, in percent.
    fn cpu(&self, number: u32, copies: f64, connections: f64) -> f64 {
        let Cpu { per_message, per_connection } = self.cpus.get(number as usize).copied().unwrap_or_default();
        100.0 * (copies * self.stream.messages_per_s as f64 * per_message + connections * per_connection)
    }

    // The peer whose CPU is asked for most.
    fn busiest(&self, copies: impl Fn(u32) -> f64, connections: f64) -> Need {
        let asked = (0..self.peers.len() as u32).map(|number| (number, self.cpu(number, copies(number), connections)));
        let busiest = asked.reduce(|most, next| if next.1 > most.1 { next } else { most });
        let (peer, needed) = busiest.map_or((None, 0.0), |(peer, needed)| (Some(peer), needed));
        Need { resource: Resource::Cpu, peer, needed, available: 100.0 }
    }

    // Everybody receives all streams but its own.
    fn receiving(&self, count: f64) -> Need {
        let streams = if self.pattern == Pattern::AllToAll { count - 1.0 } else { 1.0 };
        let receives = |number: u32| self.pattern != Pattern::OneToAll { source: number };
        let least = self.least_of(down_bps, receives);
        need(Resource::Downlink, least, streams * self.stream.rate_bps as f64)
    }

    fn least(&self, value: fn(&Peer) -> f64) -> Least {
        self.least_of(value, |_| true)
    }

    fn least_published(&self, value: fn(&Peer) -> f64) -> Least {
        let publishes = |number: u32| match self.pattern {
            Pattern::OneToAll { source } => source == number,
            Pattern::AllToAll => true,
        };
        self.least_of(value, publishes)
    }

    fn least_of(&self, value: fn(&Peer) -> f64, counts: impl Fn(u32) -> bool) -> Least {
        let peers = self.peers.iter().zip(0..).filter(|(_, number)| counts(*number));
        let smaller = |least: (u32, f64), next: (u32, f64)| if next.1 < least.1 { next } else { least };
        peers.map(|(peer, number)| (number, value(peer))).reduce(smaller)
    }
}

/// More peers are not asked about.
const PEERS_MAX: u32 = 1 << 24;

/// The largest number of peers for which something holds that asks for more the more there are; `None` if for any. One peer
/// alone asks for nothing.
pub(super) fn largest(holds_at: impl Fn(u32) -> bool) -> Option<u32> {
    if holds_at(PEERS_MAX) {
        return None;
    }
    let (mut holds, mut fails) = (1, PEERS_MAX);
    while fails - holds > 1 {
        let count = holds + (fails - holds) / 2;
        if holds_at(count) { holds = count } else { fails = count }
    }
    Some(holds)
}

fn need(resource: Resource, least: Least, needed: f64) -> Need {
    let (peer, available) = least.map_or((None, f64::INFINITY), |(peer, available)| (Some(peer), available));
    Need { resource, peer, needed, available }
}

// What `count` have together, if `of` have this sum.
fn mean(sum: f64, of: usize, count: f64) -> f64 {
    if of == 0 { 0.0 } else { sum * (count / of as f64) }
}

fn up_bps(peer: &Peer) -> f64 {
    peer.up_bps.map_or(f64::INFINITY, |bps| bps as f64)
}

fn down_bps(peer: &Peer) -> f64 {
    peer.down_bps.map_or(f64::INFINITY, |bps| bps as f64)
}

fn connections(peer: &Peer) -> f64 {
    peer.connections_max.map_or(f64::INFINITY, f64::from)
}

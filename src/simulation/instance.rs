//! A population and what it is to carry, in the plain arrays of the optimisers.
//!
//! A hop takes what its path takes, and what its receiver takes to read a message: downlink and CPU. What a sender takes for
//! a copy, CPU and uplink, stands apart, for it passes on several, one after the other. All messages count as one mean
//! message, by weight of how often it is received. A peer sends as much as its uplink and its CPU bear, when it has received
//! what it must and has kept its connections open; it holds as many connections as its engine and its memory let it.

mod hops;

use crate::optimiser::bound::Cpu;
use crate::optimiser::tree::TreeProblem;
use crate::optimiser::{Hop, Instance, InstanceError, Peer, Stream};
use crate::overlay::audience::ALL;
use crate::overlay::workload::{Arrivals, Content, Flow, Role};
use crate::rng::{Seed, Streams};
use crate::scenario::Settings;
use crate::simulation::error::SimulationError;
use crate::simulation::prepared::Crowd;
use crate::units::{Bitrate, ByteCount, SimDuration};
use crate::webrtc::Wire;
use crate::webrtc::turn::{Billing, TurnServer};
use crate::world::{Class, World};

/// How a population becomes an instance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Posing {
    /// The share of its uplink and of its CPU's budget that a peer is given: 1 for bounds, less where bursts and queues
    /// want the rest. Above 0, at most 1.
    pub share: f64,
    /// Whether every message finds its receiver's CPU idle, and waits until that has woken up. In a bound none does:
    /// messages that come while a CPU is at work share it.
    pub wakes: bool,
    /// Whether the packets of a message pass links and CPUs one behind the other, so that the slowest of those on a hop
    /// is all that they take together, and not each takes the whole message before the next. So it is in a bound.
    pub pipelines: bool,
}

impl Posing {
    /// The most that a population can bear and the least that a hop can take: for bounds.
    pub const BOUND: Self = Self { share: 1.0, wakes: false, pipelines: true };
}

/// Why a population is no instance.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PoseError {
    /// There is no population.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// The arrays are none of an instance.
    #[error(transparent)]
    Instance(#[from] InstanceError),
    /// Too many peers, none like another.
    #[error(
        "{peers} peers see the others in {groups} ways, which is too many for a table: at most {most} ways where there are \
         more than {most} peers"
    )]
    Groups {
        /// How many peers there are.
        peers: u32,
        /// How many groups.
        groups: usize,
        /// How many there may be.
        most: usize,
    },
}

/// One peer that publishes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Publisher {
    /// The peer.
    pub peer: u32,
    /// How many messages a second.
    pub messages_per_s: f64,
    /// The place of those that they are for among the audiences; `None` where they are for everybody.
    pub audience: Option<u32>,
}

/// What one workload has peers carry.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried {
    /// The workload's place among those of the scenario.
    pub nth: u16,
    /// Who publishes, by number, and for whom.
    pub publishers: Vec<Publisher>,
    /// Messages of all publishers, per second.
    pub messages_per_s: f64,
    /// The share of all other peers that a message is for, on average.
    pub reach: f64,
    /// What a message takes on the wire, by weight of how often it is received.
    pub wire: Wire,
    /// Whether all messages are of one size, and none answers another.
    pub is_alike: bool,
    /// Whether its bitrate gives way where links are full; what it carries is then that of the highest.
    pub adapts: bool,
    /// Whether each publisher publishes in equal steps, at least once in the measured window.
    pub is_periodic: bool,
    /// By which share a publisher's messages of the measured window may be more or fewer than its rate says, for the
    /// window is no whole number of its steps.
    pub uneven: f64,
}

/// A content that peers fetch.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetched {
    /// The workload's place among those of the scenario.
    pub nth: u32,
    /// Who has it from the beginning, by number.
    pub sources: Vec<u32>,
    /// All of it on a link, in bits.
    pub bits: f64,
    /// In how many parts it is fetched.
    pub parts: u64,
}

/// A population as an instance, and what it is to carry.
#[derive(Debug)]
pub struct Posed {
    /// The population.
    pub world: World,
    /// What optimisers see of it.
    pub instance: Instance,
    /// Whether hops are typical ones, those among groups of peers that see others alike, without what a pair draws for
    /// itself. So it is above [`MATRIX_PEERS_MAX`](Self::MATRIX_PEERS_MAX) peers.
    pub is_typical: bool,
    /// What workloads publish.
    pub carried: Vec<Carried>,
    /// Whom messages are for that are not for everybody: lists of peers, which publishers name by their places.
    pub audiences: Vec<Vec<u32>>,
    /// What is fetched in pieces beside that.
    pub fetched: Vec<Fetched>,
    /// What messages and connections take of each peer's CPU.
    pub cpus: Vec<Cpu>,
    send_us: Vec<u32>,
    // What the CPU of a peer that publishes takes to wake up.
    wake_us: Vec<u32>,
}

impl Posed {
    /// Up to so many peers every pair has a hop of its own.
    pub const MATRIX_PEERS_MAX: u32 = 5_000;

    /// The population of a replication with these settings and this seed.
    ///
    /// # Errors
    /// When the population cannot be drawn, or is none that fits into the arrays.
    pub fn new(settings: &Settings, seed: Seed, posing: Posing) -> Result<Self, PoseError> {
        Self::with(settings, seed, posing, |_| true)
    }

    /// The same with what one workload publishes alone, by its place among those of the scenario.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_workload(settings: &Settings, seed: Seed, posing: Posing, nth: u16) -> Result<Self, PoseError> {
        Self::with(settings, seed, posing, |workload| workload == nth)
    }

    fn with(settings: &Settings, seed: Seed, posing: Posing, counts: impl Fn(u16) -> bool) -> Result<Self, PoseError> {
        let streams = Streams::new(seed);
        let Crowd { world, flows, audiences, .. } = Crowd::of(settings, 0, streams)?;
        let of_workloads =
            flows.chunk_by(|a, b| a.workload() == b.workload()).filter(|flows| counts(flows[0].workload()));
        let carried: Vec<Carried> =
            of_workloads.filter_map(|flows| carried(flows, &audiences, &world, settings)).collect();
        let contents = settings.workloads.iter().zip(0..);
        let contents = contents.filter_map(|(workload, nth)| workload.content(&world, streams, nth));
        let fetched = contents.map(|content| fetched(content, settings)).collect();
        let load = Load::of(&carried, &world);
        let costs: Vec<Cost> = (0..world.peers()).map(|peer| load.cost(&world, peer, posing)).collect();
        let (delays, is_typical) = hops::delays(&world, &costs)?;
        let peers = costs.iter().map(|cost| cost.peer).collect();
        let instance = Instance::new(peers, delays, relay_usd_per_gb(&world))?;
        let send_us = costs.iter().map(|cost| cost.send_us).collect();
        let wake_us = costs.iter().map(|cost| cost.wake_us).collect();
        let cpus = costs.iter().map(|cost| cost.cpu).collect();
        Ok(Self { world, instance, is_typical, carried, audiences, fetched, cpus, send_us, wake_us })
    }

    /// All messages that a peer receives, as one stream; `None` where nothing is published.
    #[must_use]
    pub fn stream(&self) -> Option<Stream> {
        Load::of(&self.carried, &self.world).stream()
    }

    /// How long each peer is busy with sending one copy of the mean message, in microseconds: CPU and uplink.
    #[must_use]
    pub fn send_us(&self) -> &[u32] {
        &self.send_us
    }

    /// Who publishes most; the first of equals.
    #[must_use]
    pub fn busiest(&self) -> Option<u32> {
        let mut per_s = vec![0.0; self.world.peers() as usize];
        for publisher in self.carried.iter().flat_map(|carried| &carried.publishers) {
            per_s[publisher.peer as usize] += publisher.messages_per_s;
        }
        let busier = |best: u32, peer: u32| if per_s[peer as usize] > per_s[best as usize] { peer } else { best };
        let busiest = (0..self.world.peers()).reduce(busier)?;
        (per_s[busiest as usize] > 0.0).then_some(busiest)
    }

    /// The problem of a tree from `root` that carries all messages; `None` where nothing is published. The root's CPU
    /// wakes up for what it publishes.
    ///
    /// # Panics
    /// When the root is not a peer.
    #[must_use]
    pub fn tree_problem(&self, root: u32) -> Option<TreeProblem<'_>> {
        let problem = TreeProblem::of(&self.instance, root, self.stream()?);
        let mut send_us = self.send_us.clone();
        send_us[root as usize] += self.wake_us[root as usize];
        Some(problem.with_send_us(send_us))
    }
}

// What the flows of one workload carry; nothing where nobody is there to receive it.
fn carried(flows: &[Flow], audiences: &[Vec<u32>], world: &World, settings: &Settings) -> Option<Carried> {
    let others = f64::from(world.peers().saturating_sub(1));
    let (mut per_s, mut received, mut bytes, mut packets) = (0.0, 0.0, 0.0, 0.0);
    let mut publishers: Vec<Publisher> = Vec::new();
    for flow in flows {
        let rate = 1.0 / flow.period.as_secs_f64().max(1e-9);
        let receivers = if flow.audience == ALL { others } else { audiences[flow.audience as usize].len() as f64 };
        let wire = settings.webrtc.wire(flow.size);
        per_s += rate;
        received += rate * receivers;
        bytes += rate * receivers * wire.bytes.get() as f64;
        packets += rate * receivers * wire.packets as f64;
        if flow.role != Role::Response {
            publishers.push(Publisher {
                peer: flow.source,
                messages_per_s: rate,
                audience: (flow.audience != ALL).then_some(flow.audience),
            });
        }
    }
    if received <= 0.0 || others < 1.0 {
        return None;
    }
    publishers.sort_by_key(|publisher| (publisher.peer, publisher.audience));
    publishers.dedup_by(|next, kept| {
        let is_same = (next.peer, next.audience) == (kept.peer, kept.audience);
        kept.messages_per_s += if is_same { next.messages_per_s } else { 0.0 };
        is_same
    });
    let bytes = ByteCount::new((bytes / received).round() as u64);
    let wire = Wire { bytes, packets: (packets / received).round().max(1.0) as u64 };
    let nth = flows[0].workload();
    let live = settings.workloads.get(usize::from(nth)).and_then(|workload| workload.live());
    let adapts = live.is_some_and(|live| live.adaptation.is_some());
    let is_like_first = |flow: &Flow| flow.size == flows[0].size && flow.role == Role::Message;
    let window = settings.run.duration - settings.run.warmup;
    let is_periodic =
        |flow: &Flow| flow.arrivals == Arrivals::Periodic && flow.times.is_none() && flow.period <= window;
    let uneven = |flow: &Flow| match (window.as_ns(), flow.period.as_ns().max(1)) {
        (window_ns, period_ns) if window_ns % period_ns == 0 => 0.0,
        (window_ns, period_ns) => 1.0 / (window_ns / period_ns).max(1) as f64,
    };
    Some(Carried {
        nth,
        publishers,
        messages_per_s: per_s,
        reach: received / per_s / others,
        wire,
        adapts,
        is_alike: !adapts && flows.iter().all(is_like_first),
        is_periodic: flows.iter().all(is_periodic),
        uneven: flows.iter().map(uneven).fold(0.0, f64::max),
    })
}

fn fetched(content: Content, settings: &Settings) -> Fetched {
    let (bits, parts) = (content.bits(&settings.webrtc), content.size.get().div_ceil(content.piece.get().max(1)));
    Fetched { nth: content.nth, sources: content.sources, bits, parts }
}

// What relays cost: the cheapest of them, and twice where both directions count.
fn relay_usd_per_gb(world: &World) -> f64 {
    let price = |server: &TurnServer| server.price.get() * if server.billing == Billing::Both { 2.0 } else { 1.0 };
    world.turn_servers().iter().map(price).reduce(f64::min).unwrap_or(0.0)
}

// What a peer receives, as messages that are all alike.
struct Load {
    messages_per_s: f64,
    wire: Wire,
    // Of each peer how many of them are its own.
    own_per_s: Vec<f64>,
}

// What messages cost one peer, and what it bears.
struct Cost {
    peer: Peer,
    send_us: u32,
    receive_us: u32,
    // Whether receiving goes on while the sender sends.
    overlaps: bool,
    wake_us: u32,
    cpu: Cpu,
}

impl Load {
    fn of(carried: &[Carried], world: &World) -> Self {
        let mut load =
            Self { messages_per_s: 0.0, wire: Wire::default(), own_per_s: vec![0.0; world.peers() as usize] };
        let (mut bytes, mut packets) = (0.0, 0.0);
        for Carried { publishers, messages_per_s, reach, wire, .. } in carried {
            let received = messages_per_s * reach;
            load.messages_per_s += received;
            bytes += received * wire.bytes.get() as f64;
            packets += received * wire.packets as f64;
            for publisher in publishers {
                load.own_per_s[publisher.peer as usize] += publisher.messages_per_s * reach;
            }
        }
        if load.messages_per_s > 0.0 {
            let bytes = ByteCount::new((bytes / load.messages_per_s).round() as u64);
            load.wire = Wire { bytes, packets: (packets / load.messages_per_s).round().max(1.0) as u64 };
        }
        load
    }

    fn stream(&self) -> Option<Stream> {
        let rate_bps = (self.messages_per_s * self.wire.bytes.get() as f64 * 8.0).round();
        let messages_per_s = self.messages_per_s.round().max(1.0) as u64;
        (rate_bps > 0.0).then(|| Stream { rate_bps: (rate_bps as u64).max(1), messages_per_s })
    }

    fn cost(&self, world: &World, peer: u32, posing: Posing) -> Cost {
        let (class, rates) = (world.class(peer), world.rates(peer));
        let bps = |rate: Bitrate| (rate.as_bps() as f64 * posing.share) as u64;
        let cpu = class.device.service_time(class.engine.message_cost(self.wire));
        let wake = class.device.service_time(class.engine.cpu_per_wakeup);
        let serialise =
            |rate: Option<Bitrate>| rate.map_or(SimDuration::ZERO, |rate| rate.serialisation_time(self.wire.bytes));
        let waits = if posing.wakes { wake } else { SimDuration::ZERO };
        let is_idle = self.messages_per_s <= 0.0;
        let us = |time: SimDuration| if is_idle { 0 } else { whole_us(time) };
        let overlaps = posing.pipelines && self.wire.packets > 1;
        let both = |cpu: SimDuration, link: SimDuration| if overlaps { cpu.max(link) } else { cpu + link };
        Cost {
            peer: Peer {
                up_bps: rates.up.map(bps),
                down_bps: rates.down.map(Bitrate::as_bps),
                sends_per_s: self.sends_per_s(class, cpu, self.own_per_s[peer as usize], posing),
                connections_max: connections_max(class),
            },
            send_us: us(both(cpu, serialise(rates.up))),
            receive_us: us(both(cpu, serialise(rates.down)) + waits),
            overlaps,
            wake_us: us(waits),
            cpu: Cpu {
                per_message: cpu.as_secs_f64() / posing.share,
                per_connection: class.device.service_time(class.engine.cpu_idle_per_s).as_secs_f64() / posing.share,
            },
        }
    }

    // Over `k` connections beside the one that feeds it, a peer that receives `r` messages a second sends `k r`:
    // `r cost + idle + k (r cost + idle)` is within its share.
    fn sends_per_s(&self, class: &Class, cpu: SimDuration, own_per_s: f64, posing: Posing) -> Option<u64> {
        let idle = class.device.service_time(class.engine.cpu_idle_per_s).as_secs_f64();
        let stream = self.stream()?;
        let each = self.messages_per_s * cpu.as_secs_f64() + idle;
        if each <= 0.0 {
            return None;
        }
        let others_per_s = (self.messages_per_s - own_per_s).max(0.0);
        let fed = if others_per_s > 0.0 { others_per_s * cpu.as_secs_f64() + idle } else { 0.0 };
        let copies = ((posing.share - fed) / each).max(0.0);
        // The optimisers divide by the stream's rate, which is rounded.
        Some((copies * stream.messages_per_s as f64 + 1e-6) as u64)
    }
}

// Most connections that an engine and a device's memory hold.
fn connections_max(class: &Class) -> Option<u32> {
    let by_memory = class.device.memory.and_then(|budget| {
        let (once, each) = (class.engine.memory_once.get(), class.engine.memory_per_connection.get());
        let left = budget.get().saturating_sub(once);
        if budget.get() < once {
            Some(0)
        } else {
            left.checked_div(each).map(|most| u32::try_from(most).unwrap_or(u32::MAX))
        }
    });
    [class.engine.max_connections, by_memory].into_iter().flatten().min()
}

// Rounded down: the sum of a way is a bound still.
fn whole_us(time: SimDuration) -> u32 {
    u32::try_from(time.as_ns() / 1_000).unwrap_or(u32::MAX).min(Hop::DELAY_MAX_US)
}

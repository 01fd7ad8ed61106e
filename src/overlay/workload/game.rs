//! A game: players tell those near them how they move, and everybody what happens.
//!
//! Each player stands somewhere in a square world, drawn uniformly, and sends its state at the tick rate to the `nearest`
//! players: its area of interest. Events, such as a hit or a score, are rarer, go to everybody and must arrive.
//!
//! Peer-to-peer shooters send full updates in frames of 50 ms to the five players that somebody pays attention to
//! (Bharambe et al., "Donnybrook: Enabling Large-Scale, High-Speed, Peer-to-Peer Games", SIGCOMM 2008). Players of a
//! busy Counter-Strike server sent 40 bytes a message on average and the server 130, in ticks of 50 ms (Feng, Chang, Feng
//! and Walpole, "Provisioning On-line Games: A Traffic Analysis of a Busy Counter-Strike Server", IMW 2002).

mod nearest;

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Arrivals, Channel, Estimate, Flow, Limits, Service, Traffic, Workload, WorkloadEntry, service};
use crate::overlay::audience::ALL;
use crate::overlay::json_of;
use crate::rng::{Domain, Streams};
use crate::units::{Bounded, ByteCount, Frequency, SimDuration};
use crate::webrtc::sctp::Priority;
use crate::world::World;

pub(super) const ENTRY: WorkloadEntry =
    WorkloadEntry::new::<Game>("game", "players send their state to those near them, and events to everybody");

/// Every peer, or every peer of a class, plays: it sends its state to the nearest players and events to all peers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Game {
    /// The class of those that play; everybody if absent.
    #[serde(default)]
    from: Option<String>,
    /// To how many players a player sends its state: all others if there are fewer.
    #[serde(default = "five")]
    nearest: Bounded<1, 1_000>,
    /// The size of a state.
    #[serde(default = "state")]
    state: ByteCount,
    /// How often each player sends it.
    #[serde(default = "tick")]
    rate: Frequency,
    /// The size of an event.
    #[serde(default = "event")]
    event: ByteCount,
    /// How often something happens to each player, at random.
    #[serde(default = "event_rate")]
    event_rate: Frequency,
    /// The channel that carries states; events take one that is reliable and unordered.
    #[serde(default)]
    channel: Channel,
    /// Its share of a connection beside other workloads. Needs packets.
    #[serde(default, skip_serializing_if = "service::is_default")]
    priority: Priority,
}

fn five() -> Bounded<1, 1_000> {
    Bounded::new(5).expect("invariant: five is in range")
}

// What a player tells of itself.
const fn state() -> ByteCount {
    ByteCount::new(40)
}

// What a server tells in a tick.
const fn event() -> ByteCount {
    ByteCount::new(130)
}

fn tick() -> Frequency {
    Frequency::from_per_second(20.0).expect("invariant: above zero")
}

// Assumed: something of interest to all every ten seconds.
fn event_rate() -> Frequency {
    Frequency::from_per_second(0.1).expect("invariant: above zero")
}

/// The side of the world.
const SIDE: u32 = 1 << 20;

impl Game {
    // Where each player stands.
    fn positions(players: &[u32], streams: Streams, nth: u32) -> Vec<[u32; 2]> {
        let position = |&player: &u32| {
            let mut stream = streams.stream(Domain::GamePositions, u64::from(nth) << 32 | u64::from(player));
            [stream.random_range(0..SIDE), stream.random_range(0..SIDE)]
        };
        players.iter().map(position).collect()
    }
}

impl Workload for Game {
    fn flows(&self, world: &World, streams: Streams, nth: u32) -> Vec<Flow> {
        let states = Traffic {
            message: self.state,
            period: self.rate.period(),
            arrivals: Arrivals::Periodic,
            channel: self.channel,
        };
        let events = Traffic {
            message: self.event,
            period: self.event_rate.period(),
            arrivals: Arrivals::Poisson,
            channel: Channel::ReliableUnordered,
        };
        let place = u64::from(nth) << 32;
        let of_player = |(player, number): (u32, u32)| {
            let state = super::flow_of(player, number, &states, streams, place);
            [state, super::flow_of(player, ALL, &events, streams, 1 << 48 | place)]
        };
        world.peers_of_class(self.from.as_deref()).into_iter().zip(0..).flat_map(of_player).collect()
    }

    fn audiences(&self, world: &World, streams: Streams, nth: u32) -> Vec<Vec<u32>> {
        let players = world.peers_of_class(self.from.as_deref());
        let near = nearest::all(&Self::positions(&players, streams, nth), self.nearest.get() as usize, SIDE);
        near.into_iter().map(|near| near.into_iter().map(|place| players[place as usize]).collect()).collect()
    }

    fn service(&self) -> Service {
        Service { priority: self.priority, lifetime: None }
    }

    fn limits(&self) -> Limits<'_> {
        Limits {
            sizes: vec![("state", self.state), ("event", self.event)],
            classes: self.from.iter().map(|class| ("from", class.as_str())).collect(),
            ..Limits::default()
        }
    }

    // As if all classes played.
    fn estimate(&self, peers: u32, run: SimDuration) -> Estimate {
        let (others, states, events) = (f64::from(peers - 1), self.rate.per_second(), self.event_rate.per_second());
        Estimate {
            messages: f64::from(peers) * (states + events) * run.as_secs_f64(),
            at_random: f64::from(peers) * events * run.as_secs_f64(),
            receivers: (others.min(f64::from(self.nearest.get())) * states + others * events) / (states + events),
            flows: 2 * u64::from(peers),
            channel: self.channel,
            ..Estimate::default()
        }
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}

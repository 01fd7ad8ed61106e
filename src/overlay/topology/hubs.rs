//! Who is a hub, and how many there are.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::capacity::Duty;
use super::context::BuildContext;
use crate::net::{Filtering, Nat};
use crate::units::{Bitrate, Bounded};
use crate::world::{Vantage, World};

/// Which peers become hubs first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Choose {
    /// Those with the fastest uplinks.
    #[default]
    BestUplink,
    /// Those whose CPU budget sends most messages a second.
    BestCpu,
    /// Those that can serve most spokes within all of their budgets: uplink, downlink, CPU, memory, connections.
    BestCapacity,
    /// Those that everybody reaches: public, then behind NATs that let in whoever knows the address, then others; of equals
    /// those with the fastest uplinks.
    Reachable,
    /// Those with the least mean delay to all others.
    Central,
    /// As they are numbered: what a system without knowledge of its peers gets.
    Arrival,
}

/// How many hubs there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub(super) enum HubCount {
    /// So many.
    Number(Bounded<1, 1_000_000>),
    /// The fewest that keep within their budgets.
    #[schemars(with = "Auto")]
    Fewest,
}

/// The word for the fewest that suffice.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Auto {
    /// The fewest that keep within their budgets.
    #[expect(dead_code, reason = "only the schema names it")]
    Auto,
}

impl Serialize for HubCount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(hubs) => hubs.serialize(serializer),
            Self::Fewest => "auto".serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for HubCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(word) if word == "auto" => Ok(Self::Fewest),
            Value::String(word) => {
                Err(D::Error::custom(format!("expected a number of hubs or \"auto\", not `{word}`")))
            }
            number => Bounded::deserialize(number).map(Self::Number).map_err(D::Error::custom),
        }
    }
}

/// Hubs in their order, each with the number of spokes that it takes at most.
pub(super) type Rooms = Vec<(u32, u32)>;

impl Choose {
    /// The members, those first that become hubs first.
    pub(super) fn order(self, context: &BuildContext<'_>, members: &[u32], duty: &Duty) -> Vec<u32> {
        let world = context.world;
        let mut order = members.to_vec();
        let uplink = |node: u32| Reverse(world.rates(node).up.map_or(u64::MAX, Bitrate::as_bps));
        match self {
            Self::BestUplink => order.sort_by_key(|&node| uplink(node)),
            Self::BestCpu => {
                let cost = |node: u32| {
                    let class = world.class(node);
                    class.device.service_time(class.engine.message_cost(duty.offered.wire))
                };
                order.sort_by_key(|&node| (cost(node), uplink(node)));
            }
            Self::BestCapacity => {
                let rooms = Capacities::of(world, &order, duty);
                order.sort_by_key(|&node| (Reverse(rooms.of_node(world, node)), uplink(node)));
            }
            Self::Reachable => order.sort_by_key(|&node| (rank(world.nat(node)), uplink(node))),
            Self::Central => {
                let delays = mean_delays(world, &order);
                order.sort_by_key(|&node| (delays[&(world.vantage(node), world.class_index(node))], uplink(node)));
            }
            Self::Arrival => order.sort_unstable(),
        }
        order
    }
}

// How easily others reach who is behind it (RFC 4787: endpoint-independent filtering lets in whoever knows the address).
const fn rank(nat: Nat) -> u8 {
    match nat {
        Nat::Public => 0,
        Nat::Nat(_, Filtering::EndpointIndependent) => 1,
        Nat::Nat(..) => 2,
        Nat::UdpBlocked => 3,
    }
}

// The mean typical delay to the members from each group of nodes that see them alike; who is not reached counts ten seconds.
fn mean_delays(world: &World, members: &[u32]) -> BTreeMap<(Vantage, usize), u64> {
    const UNREACHED_NS: u64 = 10_000_000_000;
    let mut groups = BTreeMap::new();
    for &node in members {
        groups.entry((world.vantage(node), world.class_index(node))).or_insert((node, 0_u64)).1 += 1;
    }
    let examples: Vec<(u32, u64)> = groups.values().copied().collect();
    let mean = |from: u32| {
        let delay =
            |&(to, count): &(u32, u64)| world.typical_delay_ns(from, to).unwrap_or(UNREACHED_NS) / 1_000 * count;
        examples.iter().map(delay).sum::<u64>() / members.len().max(1) as u64
    };
    groups.iter().map(|(&key, &(example, _))| (key, mean(example))).collect()
}

/// The first hubs of an order, each with the same room.
pub(super) fn equal_rooms(order: &[u32], hubs: u32, room: u32) -> Rooms {
    let hubs = hubs.clamp(1, order.len() as u32);
    order[..hubs as usize].iter().map(|&hub| (hub, room)).collect()
}

/// The fewest of an order that have room for all others within their budgets, to within some 2 %; where no number
/// suffices, that which lacks least, with all rooms enlarged alike.
pub(super) fn fewest(world: &World, order: &[u32], duty_of: impl Fn(u32) -> Duty) -> Rooms {
    let members = order.len() as u32;
    let mut best: Option<(f64, u32)> = None;
    let mut hubs = 1;
    while hubs <= members {
        let duty = duty_of(hubs);
        let capacities = Capacities::of(world, &order[..hubs as usize], &duty);
        let room: u64 = order[..hubs as usize].iter().map(|&hub| u64::from(capacities.of_node(world, hub))).sum();
        let wanted = u64::from(members - hubs);
        if room >= wanted {
            return rooms(world, &order[..hubs as usize], &duty, 1.0);
        }
        let share = room as f64 / wanted as f64;
        if best.is_none_or(|(most, _)| share > most) {
            best = Some((share, hubs));
        }
        hubs += (hubs / 64).max(1);
    }
    let (share, hubs) = best.unwrap_or((1.0, 1));
    if share <= 0.0 {
        return equal_rooms(order, hubs, members.div_ceil(hubs) - 1);
    }
    rooms(world, &order[..hubs as usize], &duty_of(hubs), 1.0 / share)
}

fn rooms(world: &World, hubs: &[u32], duty: &Duty, larger: f64) -> Rooms {
    let capacities = Capacities::of(world, hubs, duty);
    let room = |&hub: &u32| (hub, (f64::from(capacities.of_node(world, hub)) * larger).ceil() as u32);
    hubs.iter().map(room).collect()
}

// What nodes of one class with the same links can serve is the same.
struct Capacities(BTreeMap<Kind, u32>);

type Kind = (usize, u64, u64);

impl Capacities {
    fn of(world: &World, nodes: &[u32], duty: &Duty) -> Self {
        let mut known = BTreeMap::new();
        for &node in nodes {
            known.entry(kind(world, node)).or_insert_with(|| duty.spokes_max(world, node));
        }
        Self(known)
    }

    fn of_node(&self, world: &World, node: u32) -> u32 {
        self.0.get(&kind(world, node)).copied().unwrap_or(0)
    }
}

fn kind(world: &World, node: u32) -> Kind {
    let rates = world.rates(node);
    let bps = |rate: Option<Bitrate>| rate.map_or(u64::MAX, Bitrate::as_bps);
    (world.class_index(node), bps(rates.up), bps(rates.down))
}

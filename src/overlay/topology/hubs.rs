//! Who is a hub, and how many there are.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::capacity::Duty;
use super::context::Offered;
use crate::net::{Filtering, Nat};
use crate::units::{Bitrate, Bounded, SimDuration};
use crate::world::{Vantage, World};

/// Which peers become hubs first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// Those from which messages reach all others soonest, within their budgets, as a search finds them; up to 5,000 peers,
    /// beyond that as `best-capacity`.
    Optimised,
    /// Nobody of the population: servers are added, in a data centre at the place with the least mean delay to all peers.
    Servers,
    /// Those of the class with this name, then all others; among equals those with the fastest uplinks.
    Class(String),
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
    pub(super) fn order(&self, world: &World, members: &[u32], duty: &Duty) -> Vec<u32> {
        let mut order = members.to_vec();
        let uplink = |node: u32| Reverse(world.rates(node).up.map_or(u64::MAX, Bitrate::as_bps));
        match self {
            Self::BestUplink | Self::Servers => order.sort_by_key(|&node| uplink(node)),
            Self::Class(name) => {
                order.sort_by_key(|&node| (*world.class(node).name != **name, uplink(node)));
            }
            Self::BestCpu => {
                let cost = |node: u32| {
                    let class = world.class(node);
                    let of_one = |offered: &Offered| class.device.service_time(class.engine.message_cost(offered.wire));
                    duty.offered.iter().map(of_one).fold(SimDuration::ZERO, |sum, cost| sum + cost)
                };
                order.sort_by_key(|&node| (cost(node), uplink(node)));
            }
            Self::BestCapacity | Self::Optimised => {
                let kinds = Kinds::of(world, &order);
                let capacities = kinds.capacities(world, duty);
                let mut ranked: Vec<_> = order.iter().zip(&kinds.of_node).collect();
                ranked.sort_by_key(|&(&node, &kind)| {
                    (Reverse(capacities[kind as usize].map_or(0, |spokes| spokes + 1)), uplink(node))
                });
                order = ranked.into_iter().map(|(&node, _)| node).collect();
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

/// How many spokes each of these nodes can serve; none also where it cannot do without any.
pub(super) fn spokes_max(world: &World, nodes: &[u32], duty: &Duty) -> Vec<u32> {
    let kinds = Kinds::of(world, nodes);
    let capacities = kinds.capacities(world, duty);
    kinds.of_node.iter().map(|&kind| capacities[kind as usize].unwrap_or(0)).collect()
}

/// The first hubs of an order, each with the same room.
pub(super) fn equal_rooms(order: &[u32], hubs: u32, room: u32) -> Rooms {
    let hubs = hubs.clamp(1, order.len() as u32);
    order[..hubs as usize].iter().map(|&hub| (hub, room)).collect()
}

/// So many hubs of an order as the duty says, with room for all others: as much as each can serve within its budgets, and
/// where that does not suffice, as much more, for all alike.
pub(super) fn so_many(world: &World, order: &[u32], rooted: bool, duty: &Duty) -> Rooms {
    let (rooms, _) = Kinds::of(world, order).rooms(world, order, rooted, duty);
    let room: u64 = rooms.iter().map(|&(_, room)| u64::from(room)).sum();
    let wanted = (order.len() as u32).saturating_sub(duty.hubs);
    if room == 0 {
        equal_rooms(order, duty.hubs, wanted.div_ceil(duty.hubs.max(1)))
    } else {
        enlarged(rooms, room, wanted)
    }
}

/// The fewest of an order that have room for all others within their budgets, to within some 2 %. Who cannot even bear
/// what the core asks of it is passed over; not the first, if it is the root. Where no number suffices, it is that which
/// has room for the largest share, with all rooms enlarged alike.
pub(super) fn fewest<'a>(
    world: &World,
    order: &[u32],
    (rooted, least): (bool, u32),
    duty_of: impl Fn(u32) -> Duty<'a>,
) -> Rooms {
    let members = order.len() as u32;
    let kinds = Kinds::of(world, order);
    // The share of others for whom there is room.
    let mut best: Option<(f64, Rooms)> = None;
    let mut hubs = least.clamp(1, members.max(1));
    while hubs <= members {
        let (rooms, are_able) = kinds.rooms(world, order, rooted, &duty_of(hubs));
        let room: u64 = rooms.iter().map(|&(_, room)| u64::from(room)).sum();
        let wanted = u64::from(members - hubs);
        if are_able && room >= wanted {
            return rooms;
        }
        let share = room as f64 / wanted.max(1) as f64;
        if wanted > 0 && best.as_ref().is_none_or(|(most, _)| share > *most) {
            best = Some((share, enlarged(rooms, room, wanted as u32)));
        }
        hubs += (hubs / 64).max(1);
    }
    match best {
        Some((share, rooms)) if share > 0.0 => rooms,
        // Nobody can serve anybody: as many as without a rule.
        _ => equal_rooms(order, members.div_ceil(PEERS_PER_HUB), PEERS_PER_HUB - 1),
    }
}

// These rooms, for so many in all, with room for as many as are wanted.
fn enlarged(rooms: Rooms, room: u64, wanted: u32) -> Rooms {
    let larger = (f64::from(wanted) / room as f64).max(1.0);
    rooms.into_iter().map(|(hub, room)| (hub, (f64::from(room) * larger).ceil() as u32)).collect()
}

/// Most peers at a hub, itself included, where nothing else says how many.
pub(super) const PEERS_PER_HUB: u32 = 16;

// What nodes of one class with the same links can serve is the same.
struct Kinds {
    // Of each node of an order.
    of_node: Vec<u32>,
    examples: Vec<u32>,
}

impl Kinds {
    fn of(world: &World, order: &[u32]) -> Self {
        let (mut known, mut examples) = (BTreeMap::new(), Vec::new());
        let mut number = |&node: &u32| {
            *known.entry(kind(world, node)).or_insert_with(|| {
                examples.push(node);
                examples.len() as u32 - 1
            })
        };
        let of_node = order.iter().map(&mut number).collect();
        Self { of_node, examples }
    }

    // By kind, how many spokes each serves.
    fn capacities(&self, world: &World, duty: &Duty) -> Vec<Option<u32>> {
        self.examples.iter().map(|&node| duty.spokes_max(world, node)).collect()
    }

    // The first of the order that can do their duty as hubs, and how many spokes each serves; and whether there are
    // enough. Where not, others stand in for them, without room.
    fn rooms(&self, world: &World, order: &[u32], rooted: bool, duty: &Duty) -> (Rooms, bool) {
        let capacities = self.capacities(world, duty);
        let hubs = duty.hubs as usize;
        let (mut chosen, mut unable): (Rooms, Rooms) = (Vec::with_capacity(hubs), Vec::new());
        let mut are_able = true;
        for (place, (&node, &kind)) in order.iter().zip(&self.of_node).enumerate() {
            if chosen.len() == hubs {
                break;
            }
            match capacities[kind as usize] {
                Some(spokes) => chosen.push((node, spokes)),
                None if rooted && place == 0 => {
                    are_able = false;
                    chosen.push((node, 0));
                }
                None => unable.push((node, 0)),
            }
        }
        are_able &= chosen.len() == hubs;
        let missing = hubs - chosen.len();
        chosen.extend(unable.into_iter().take(missing));
        (chosen, are_able)
    }
}

type Kind = (usize, u64, u64);

fn kind(world: &World, node: u32) -> Kind {
    let rates = world.rates(node);
    let bps = |rate: Option<Bitrate>| rate.map_or(u64::MAX, Bitrate::as_bps);
    (world.class_index(node), bps(rates.up), bps(rates.down))
}

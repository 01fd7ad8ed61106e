//! The hops among the peers of a world: of every pair, or of groups that see others alike.

use std::collections::BTreeMap;

use super::{Cost, PoseError, Posed};
use crate::net::PairOutcome;
use crate::optimiser::{Delays, Hop};
use crate::world::{Vantage, World};

/// The hops, each with what its receiver takes; and whether they are typical ones.
pub(super) fn delays(world: &World, costs: &[Cost]) -> Result<(Delays, bool), PoseError> {
    if world.peers() <= Posed::MATRIX_PEERS_MAX {
        return Ok((matrix(world, costs), false));
    }
    groups(world, costs).map(|delays| (delays, true))
}

// What a receiver takes beyond what its sender has taken: all of it, or, where the two go on at once, what is left.
fn receive_us(to: &Cost, send_us: u32) -> u32 {
    if to.overlaps { to.receive_us.saturating_sub(send_us) } else { to.receive_us }
}

fn matrix(world: &World, costs: &[Cost]) -> Delays {
    let peers = world.peers();
    let mut hops = Vec::with_capacity(peers as usize * peers as usize);
    for from in 0..peers {
        let paths = world.paths_from(from);
        let send_us = costs[from as usize].send_us;
        hops.extend((0..peers).zip(costs).map(|(to, cost)| {
            if from == to {
                return Hop::direct(0);
            }
            paths
                .to(to)
                .map_or(Hop::NEVER, |path| hop(path.delay_ns, receive_us(cost, send_us), !path.relay.is_direct()))
        }));
    }
    Delays::Matrix { peers, hops }
}

// Of a group the fastest receiver counts.
fn groups(world: &World, costs: &[Cost]) -> Result<Delays, PoseError> {
    let slowest_us = costs.iter().map(|cost| cost.send_us).max().unwrap_or_default();
    let mut numbers: BTreeMap<(Vantage, usize), u32> = BTreeMap::new();
    let mut examples: Vec<Example> = Vec::new();
    let mut group_of = Vec::with_capacity(costs.len());
    for (peer, cost) in (0..world.peers()).zip(costs) {
        let receive_us = receive_us(cost, slowest_us);
        let group = *numbers.entry((world.vantage(peer), world.class_index(peer))).or_insert_with(|| {
            examples.push(Example { first: peer, last: peer, receive_us });
            examples.len() as u32 - 1
        });
        let example = &mut examples[group as usize];
        example.last = peer;
        example.receive_us = example.receive_us.min(receive_us);
        group_of.push(group);
    }
    let (groups, most) = (examples.len(), Posed::MATRIX_PEERS_MAX as usize);
    if groups > most {
        return Err(PoseError::Groups { peers: world.peers(), groups, most });
    }
    let between = |from: &Example, to: &Example| {
        let Some(delay_ns) = world.typical_delay_ns(from.first, to.last) else { return Hop::NEVER };
        let is_relayed = world.outcome(from.first, to.last) == PairOutcome::Relayed;
        hop(delay_ns, to.receive_us, is_relayed)
    };
    let hops = examples.iter().flat_map(|from| examples.iter().map(|to| between(from, to))).collect();
    Ok(Delays::Groups { group_of, groups: groups as u32, hops })
}

// Of a group the first peer and the last: two, where it has two.
struct Example {
    first: u32,
    last: u32,
    receive_us: u32,
}

// Rounded down: the sum of a way is a bound still.
fn hop(delay_ns: u64, receive_us: u32, is_relayed: bool) -> Hop {
    let delay_us = u32::try_from(delay_ns / 1_000).unwrap_or(u32::MAX).saturating_add(receive_us);
    if is_relayed { Hop::relayed(delay_us) } else { Hop::direct(delay_us) }
}

//! The hops among the peers of a world: of every pair, or of groups that see others alike.

use std::collections::BTreeMap;

use super::{PoseError, Posed};
use crate::net::PairOutcome;
use crate::optimiser::{Delays, Hop};
use crate::world::{Vantage, World};

/// The hops, each with what its receiver takes; and whether they are typical ones.
pub(super) fn delays(world: &World, receive_us: &[u32]) -> Result<(Delays, bool), PoseError> {
    if world.peers() <= Posed::MATRIX_PEERS_MAX {
        return Ok((matrix(world, receive_us), false));
    }
    groups(world, receive_us).map(|delays| (delays, true))
}

fn matrix(world: &World, receive_us: &[u32]) -> Delays {
    let peers = world.peers();
    let mut hops = Vec::with_capacity(peers as usize * peers as usize);
    for from in 0..peers {
        let paths = world.paths_from(from);
        hops.extend((0..peers).zip(receive_us).map(|(to, &receive_us)| {
            if from == to {
                return Hop::direct(0);
            }
            paths.to(to).map_or(Hop::NEVER, |path| hop(path.delay_ns, receive_us, !path.relay.is_direct()))
        }));
    }
    Delays::Matrix { peers, hops }
}

// Of a group the fastest receiver counts.
fn groups(world: &World, receive_us: &[u32]) -> Result<Delays, PoseError> {
    let mut numbers: BTreeMap<(Vantage, usize), u32> = BTreeMap::new();
    let mut examples: Vec<Example> = Vec::new();
    let mut group_of = Vec::with_capacity(receive_us.len());
    for (peer, &receive_us) in (0..world.peers()).zip(receive_us) {
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

//! A tree that is searched for: the optimiser's, of the delays that pairs have and of what sending takes.
//!
//! [`solve_in_turn`] makes the largest delay least, copies leaving one after the other. The same members, fan-outs and
//! delays give the same tree.

use super::compact::compact_tree;
use super::part::Site;
use crate::optimiser::in_turn::solve_in_turn;
use crate::optimiser::tree::{Effort, TreeProblem};
use crate::optimiser::{Delays, Hop};
use crate::rng::Seed;
use crate::units::SimDuration;
use crate::world::World;

/// Up to so many members every pair has a delay of its own; beyond, there is no room for all.
const SEARCHED_MAX: usize = 5_000;
/// How much is tried for each member, and at least and at most: about a second for a thousand members.
const WORK_EACH: u64 = 100;
const WORK_MIN: u64 = 20_000;
const WORK_MAX: u64 = 100_000;

/// The pairs of a tree among `members`, the first of which is the root, each with its most children. Where the search finds
/// none, or members are too many for it, it is the compact tree.
pub(super) fn optimised_tree(site: &Site<'_>, members: &[u32], fan_outs: &[u32]) -> Vec<(u32, u32)> {
    let world = site.build.world;
    if members.len() < 2 || members.len() > SEARCHED_MAX {
        return compact_tree(world, members, fan_outs);
    }
    let delays = matrix(world, members);
    let send_us = members.iter().map(|&member| send_us(site, member)).collect();
    let problem = TreeProblem::new(&delays, 0, fan_outs.to_vec()).with_send_us(send_us);
    let work = (WORK_EACH * members.len() as u64).clamp(WORK_MIN, WORK_MAX);
    match solve_in_turn(&problem, Effort { work, seed: Seed(1) }) {
        Ok(found) => top_down(members, &found.sends.children),
        // Some cannot connect to any that serves: their connections fail, as in every tree.
        Err(_) => compact_tree(world, members, fan_outs),
    }
}

// From the root down, the children of each in the order in which they are sent to.
fn top_down(members: &[u32], children: &[Vec<u32>]) -> Vec<(u32, u32)> {
    let (mut order, mut pairs, mut next) = (vec![0], Vec::with_capacity(members.len()), 0);
    while let Some(&parent) = order.get(next) {
        for &child in &children[parent as usize] {
            pairs.push((members[parent as usize], members[child as usize]));
            order.push(child);
        }
        next += 1;
    }
    pairs
}

fn matrix(world: &World, members: &[u32]) -> Delays {
    let hops = members.iter().flat_map(|&from| {
        let paths = world.paths_from(from);
        members.iter().map(move |&to| match paths.to(to) {
            Some(_) if from == to => Hop::direct(0),
            Some(path) => {
                let delay_us = u32::try_from(path.delay_ns / 1_000).unwrap_or(u32::MAX);
                if path.relay.is_direct() { Hop::direct(delay_us) } else { Hop::relayed(delay_us) }
            }
            None => Hop::NEVER,
        })
    });
    Delays::Matrix { peers: members.len() as u32, hops: hops.collect() }
}

// What a member takes to send a copy of the messages that are published most: CPU and uplink.
fn send_us(site: &Site<'_>, member: u32) -> u32 {
    let Some(offered) = site.offered.iter().max_by(|a, b| a.per_s.total_cmp(&b.per_s)) else { return 0 };
    let class = site.build.world.class(member);
    let cpu = class.device.service_time(class.engine.message_cost(offered.wire));
    let uplink = site.build.world.rates(member).up.map(|rate| rate.serialisation_time(offered.wire.bytes));
    let busy_us = (cpu.as_ns() + uplink.map_or(0, SimDuration::as_ns)) / 1_000;
    u32::try_from(busy_us).unwrap_or(u32::MAX).min(Hop::DELAY_MAX_US)
}

//! Hubs that are searched for: where they stand, and who hangs at which, by the capacitated p-median of delays.
//!
//! A peer at a hub hears after the way from the middle of those who publish to the hub, and from there to the peer. This sum
//! over all peers is made least, while no hub has more spokes than its budgets bear. The same members and budgets give the
//! same hubs.

use super::part::Site;
use crate::optimiser::hub::{CapacitatedPMedian, Effort, Matrix, UNREACHABLE};
use crate::rng::Seed;

/// Up to so many members every pair has a delay of its own; beyond, there is no room for all.
const SEARCHED_MAX: usize = 5_000;
/// Most members that are looked at as hubs: those that can serve most.
const SITES_MAX: usize = 300;
/// Publishers whose delays count, where there are more: each so-many-th.
const PUBLISHERS_MAX: usize = 32;
/// How much is tried, in pairs of a member and a hub: some tenths of a second.
const WORK: u64 = 10_000_000;

/// So many hubs among the members, each first of its group, of which none is larger than its capacity; a capacity of zero is
/// no hub. `None` where there are too many members for a search, or it finds nothing.
pub(super) fn median_groups(
    site: &Site<'_>,
    members: &[u32],
    hubs: usize,
    capacities: &[u32],
) -> Option<Vec<Vec<u32>>> {
    if members.len() > SEARCHED_MAX || hubs == 0 {
        return None;
    }
    let mut sites: Vec<usize> = (0..members.len()).filter(|&place| capacities[place] > 0).collect();
    sites.sort_by_key(|&place| std::cmp::Reverse(capacities[place]));
    sites.truncate(SITES_MAX.max(hubs));
    let costs = Matrix::new(members.len(), sites.len(), costs(site, members, &sites)).ok()?;
    let ones = vec![1; members.len()];
    let room = sites.iter().map(|&place| u64::from(capacities[place])).collect();
    let problem = CapacitatedPMedian::new(costs, ones.clone(), ones, room, hubs).ok()?;
    let answer = problem.solve(Effort { seed: Seed(1), work: WORK }).ok()?;
    let hub_of = |client: usize| members[sites[answer.allocation[client] as usize]];
    let mut groups: Vec<Vec<u32>> = answer.hubs.iter().map(|&hub| vec![members[sites[hub as usize]]]).collect();
    for (client, &member) in members.iter().enumerate() {
        if groups.iter().any(|group| group[0] == member) {
            continue;
        }
        let group = groups.iter_mut().find(|group| group[0] == hub_of(client))?;
        group.push(member);
    }
    Some(groups)
}

// From the middle of those who publish to each site and on to each member, in microseconds, member by member.
fn costs(site: &Site<'_>, members: &[u32], sites: &[usize]) -> Vec<u32> {
    let world = site.build.world;
    let sources = site.build.sources;
    let publishers: Vec<u32> = sources.iter().copied().step_by(sources.len().div_ceil(PUBLISHERS_MAX).max(1)).collect();
    let delay_us = |from: u32, to: u32| {
        if from == to {
            return Some(0);
        }
        world.paths_from(from).to(to).map(|path| path.delay_ns / 1_000)
    };
    let from_middle = |hub: u32| {
        let delays = publishers.iter().filter_map(|&from| delay_us(from, hub));
        delays.sum::<u64>() / publishers.len().max(1) as u64
    };
    let mut costs = vec![UNREACHABLE; members.len() * sites.len()];
    for (column, &place) in sites.iter().enumerate() {
        let hub = members[place];
        let (paths, to_hub) = (world.paths_from(hub), from_middle(hub));
        for (row, &member) in members.iter().enumerate() {
            let on_us = if member == hub { Some(0) } else { paths.to(member).map(|path| path.delay_ns / 1_000) };
            if let Some(on_us) = on_us {
                costs[row * sites.len() + column] = u32::try_from(to_hub + on_us).unwrap_or(UNREACHABLE - 1);
            }
        }
    }
    costs
}

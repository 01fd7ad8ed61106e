//! Greedy: one hub after the other, each where it saves most (Kuehn and Hamburger 1963; Cornuéjols, Fisher and Nemhauser
//! 1977).

use super::instance::Instance;
use crate::optimiser::hub::work::Work;

/// The hubs that greed chooses, in that order.
pub(super) fn greedy(instance: &Instance, work: &mut Work) -> Vec<u32> {
    let mut nearest = vec![instance.penalty; instance.clients()];
    let mut is_hub = vec![false; instance.sites()];
    let mut savings = vec![0_i64; instance.sites()];
    let mut hubs = Vec::with_capacity(instance.hubs);
    while hubs.len() < instance.hubs {
        savings.fill(0);
        let mut steps = instance.sites();
        for (client, &distance) in nearest.iter().enumerate() {
            let weight = instance.weights[client];
            let nearer = instance.near(client).iter().take_while(|near| near.distance < distance);
            for near in nearer {
                savings[near.site as usize] += weight * i64::from(distance - near.distance);
                steps += 1;
            }
        }
        // The first of the best, so that ties do not depend on anything.
        let sites = (0..instance.sites()).filter(|&site| !is_hub[site]);
        let best = sites.max_by_key(|&site| (savings[site], std::cmp::Reverse(site)));
        let best = best.expect("invariant: no more hubs than sites");
        is_hub[best] = true;
        hubs.push(best as u32);
        for (client, distance) in nearest.iter_mut().enumerate() {
            *distance = (*distance).min(instance.distance(client, best as u32));
        }
        work.spend(steps + instance.clients());
    }
    hubs
}

//! Every choice of hubs and every allocation, one after the other.

use std::ops::RangeInclusive;

use peerscape::optimiser::hub::{HubCenter, HubLocation};

use super::instances::Instance;

/// All sets of `p` of `n`.
pub(crate) fn sets(n: usize, p: usize) -> Vec<Vec<u32>> {
    let all = 0..1_u32 << n;
    let set = |bits: u32| (0..n as u32).filter(|site| bits >> site & 1 == 1).collect();
    all.filter(|bits| bits.count_ones() as usize == p).map(set).collect()
}

/// All allocations of the nodes to these hubs; with `own`, a hub is served by itself.
fn allocations(n: usize, hubs: &[u32], own: bool) -> Vec<Vec<u32>> {
    let mut all = vec![Vec::new()];
    for node in 0..n as u32 {
        let choices: Vec<u32> = if own && hubs.contains(&node) { vec![node] } else { hubs.to_vec() };
        let longer = |start: &Vec<u32>| {
            let start = start.clone();
            choices.clone().into_iter().map(move |hub| start.iter().copied().chain([hub]).collect::<Vec<u32>>())
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

pub(crate) fn p_median(instance: &Instance, p: usize) -> u64 {
    let nearest =
        |node, hubs: &[u32]| hubs.iter().map(|&hub| instance.distance(node, hub as usize)).min().expect("an answer");
    let weight = |node: usize| u64::from(instance.weights[node]);
    let value = |hubs: Vec<u32>| (0..instance.n).map(|node| weight(node) * nearest(node, &hubs)).sum();
    sets(instance.n, p).into_iter().map(value).min().expect("an answer")
}

pub(crate) fn k_center(instance: &Instance, p: usize) -> u64 {
    let nearest =
        |node, hubs: &[u32]| hubs.iter().map(|&hub| instance.distance(node, hub as usize)).min().expect("an answer");
    let value = |hubs: Vec<u32>| (0..instance.n).map(|node| nearest(node, &hubs)).max().expect("an answer");
    sets(instance.n, p).into_iter().map(value).min().expect("an answer")
}

/// `None` if no assignment is within the capacities.
pub(crate) fn capacitated(instance: &Instance, p: usize) -> Option<u64> {
    let all = sets(instance.n, p).into_iter().flat_map(|hubs| allocations(instance.n, &hubs, false));
    let fits = |hub_of: &Vec<u32>| {
        let load = |hub: usize| (0..instance.n).filter(move |&node| hub_of[node] as usize == hub);
        (0..instance.n).all(|hub| load(hub).map(|node| instance.demands[node]).sum::<u32>() <= instance.capacities[hub])
    };
    all.filter(fits).map(|hub_of| assignment_cost(instance, &hub_of)).min()
}

pub(crate) fn assignment_cost(instance: &Instance, hub_of: &[u32]) -> u64 {
    let cost = |node: usize| u64::from(instance.weights[node]) * instance.distance(node, hub_of[node] as usize);
    (0..instance.n).map(cost).sum()
}

pub(crate) fn hub_center(problem: &HubCenter, n: usize, p: usize) -> u64 {
    let all = sets(n, p).into_iter().flat_map(|hubs| allocations(n, &hubs, true));
    all.map(|hub_of| problem.value(&hub_of).expect("an answer")).min().expect("an answer")
}

pub(crate) fn hub_location(problem: &HubLocation, n: usize, hubs: RangeInclusive<usize>) -> f64 {
    let all = hubs.flat_map(|p| sets(n, p)).flat_map(|hubs| allocations(n, &hubs, true));
    all.map(|hub_of| problem.value(&hub_of).expect("an answer")).fold(f64::INFINITY, f64::min)
}

/// Any number of hubs, among what fits; infinite if nothing does.
pub(crate) fn hub_location_within(problem: &HubLocation, n: usize, fits: &dyn Fn(&[u32]) -> bool) -> f64 {
    let all = (1..=n).flat_map(|p| sets(n, p)).flat_map(|hubs| allocations(n, &hubs, true));
    let values = all.filter(|hub_of| fits(hub_of)).map(|hub_of| problem.value(&hub_of).expect("an answer"));
    values.fold(f64::INFINITY, f64::min)
}

/// The largest latency of two nodes, from its definition.
pub(crate) fn largest_latency(instance: &Instance, hub_of: &[u32]) -> u64 {
    let way = |a: usize, b: usize| {
        let (first, second) = (hub_of[a] as usize, hub_of[b] as usize);
        instance.distance(a, first) + instance.distance(first, second) + instance.distance(second, b)
    };
    (0..instance.n).flat_map(|a| (0..a).map(move |b| way(a, b))).max().unwrap_or(0)
}

/// What all flows cost, from the definition, with prices of 3, 0.75 and 2.
pub(crate) fn flow_cost(instance: &Instance, hub_of: &[u32]) -> f64 {
    let way = |a: usize, b: usize| {
        let (first, second) = (hub_of[a] as usize, hub_of[b] as usize);
        let parts = [instance.distance(a, first), instance.distance(first, second), instance.distance(second, b)];
        3.0 * parts[0] as f64 + 0.75 * parts[1] as f64 + 2.0 * parts[2] as f64
    };
    let flow = |a: usize, b: usize| f64::from(instance.flows[a * instance.n + b]);
    (0..instance.n).flat_map(|a| (0..instance.n).map(move |b| flow(a, b) * way(a, b))).sum()
}

//! A hub center problem as its algorithms read it, and the best allocation to given hubs.

use crate::optimiser::hub::matrix::{Matrix, UNREACHABLE};
use crate::optimiser::hub::work::Work;

/// Latencies that add up without overflow.
pub(super) struct Latencies {
    pub(super) n: usize,
    pub(super) hubs: usize,
    /// From a node to a hub.
    access: Vec<u64>,
    /// Between two hubs, the slower way.
    backbone: Vec<u64>,
}

/// The two farthest nodes of a hub.
type Far = [u64; 2];

impl Latencies {
    pub(super) fn new(access: &Matrix<u32>, backbone: &Matrix<u32>, hubs: usize) -> Self {
        let n = access.rows();
        // A hole is longer than any way without one.
        let finite = access.values().iter().chain(backbone.values()).filter(|&&latency| latency != UNREACHABLE);
        let hole = 3 * u64::from(finite.copied().max().unwrap_or(0)) + 1;
        let length = |latency: u32| if latency == UNREACHABLE { hole } else { u64::from(latency) };
        let slower = |pair: usize| {
            let (a, b) = (pair / n, pair % n);
            if a == b { 0 } else { length(backbone.at(a, b).max(backbone.at(b, a))) }
        };
        let access = access.values().iter().map(|&latency| length(latency)).collect();
        Self { n, hubs, access, backbone: (0..n * n).map(slower).collect() }
    }

    /// Values from here on go through a hole.
    pub(super) fn hole(&self) -> u64 {
        let all = self.access.iter().chain(&self.backbone);
        all.copied().max().unwrap_or(0).max(1)
    }

    pub(super) fn access(&self, node: usize, hub: u32) -> u64 {
        self.access[node * self.n + hub as usize]
    }

    pub(super) fn backbone(&self, a: u32, b: u32) -> u64 {
        self.backbone[a as usize * self.n + b as usize]
    }

    /// The largest latency of two nodes.
    pub(super) fn value(&self, hub_of: &[u32]) -> u64 {
        let mut hubs = hub_of.to_vec();
        hubs.sort_unstable();
        hubs.dedup();
        let mut far = vec![None; hubs.len()];
        for (node, hub) in hub_of.iter().enumerate() {
            let slot = hubs.binary_search(hub).expect("invariant: it was put there");
            far[slot] = Some(farther(far[slot], self.access(node, *hub)));
        }
        let far: Vec<Option<Far>> = far;
        (0..hubs.len()).map(|slot| self.longest(&hubs, &far, slot)).max().unwrap_or(0)
    }

    /// The longest way of two nodes of which one is served by the hub in `slot`.
    fn longest(&self, hubs: &[u32], far: &[Option<Far>], slot: usize) -> u64 {
        let Some(own) = far[slot] else { return 0 };
        let within = if own[1] == u64::MAX { 0 } else { own[0] + own[1] };
        let others = far.iter().zip(hubs).enumerate().filter(|&(other, _)| other != slot);
        let ways = others.filter_map(|(_, (far, &hub))| Some(own[0] + self.backbone(hubs[slot], hub) + (*far)?[0]));
        ways.fold(within, u64::max)
    }

    /// The way of each pair through whichever of these hubs is best: no allocation to them has a smaller maximum.
    pub(super) fn least(&self, hubs: &[u32]) -> u64 {
        let p = hubs.len();
        let mut reach = vec![0; self.n * p];
        for node in 0..self.n {
            for (slot, &hub) in hubs.iter().enumerate() {
                let ways = hubs.iter().map(|&first| self.to_hub(hubs, node, first) + self.backbone(first, hub));
                reach[node * p + slot] = ways.min().unwrap_or(0);
            }
        }
        let mut longest = 0;
        for a in 0..self.n {
            for b in 0..a {
                let ways = hubs.iter().zip(&reach[b * p..]).map(|(&hub, reach)| self.to_hub(hubs, a, hub) + reach);
                longest = longest.max(ways.min().unwrap_or(0));
            }
        }
        longest
    }

    /// Access of a node to one of these hubs; a hub is served by itself.
    fn to_hub(&self, hubs: &[u32], node: usize, hub: u32) -> u64 {
        let is_other = hub as usize != node && hubs.contains(&(node as u32));
        if is_other { u64::from(u32::MAX) * 8 } else { self.access(node, hub) }
    }

    /// The best allocation to these hubs if it is below `limit`, by branch and bound; `None` if there is none, `Err` if
    /// the work was done before that was clear.
    pub(super) fn allocate(&self, hubs: &[u32], limit: u64, work: &mut Work) -> Result<Option<Vec<u32>>, ()> {
        let is_hub = |node: usize| hubs.contains(&(node as u32));
        let nearest = |node: usize| hubs.iter().map(|&hub| self.access(node, hub)).min();
        let mut order: Vec<usize> = (0..self.n).collect();
        order.sort_by_key(|&node| (!is_hub(node), std::cmp::Reverse(nearest(node)), node));
        let mut search = Allocation { latencies: self, hubs, order, hub_of: vec![0; self.n], limit, found: None };
        let is_done = search.serve(0, &vec![None; hubs.len()], work);
        if is_done { Ok(search.found) } else { Err(()) }
    }
}

fn farther(far: Option<Far>, access: u64) -> Far {
    // One node has no other within its cluster yet.
    match far {
        None => [access, u64::MAX],
        Some([first, second]) => {
            let second = if second == u64::MAX { 0 } else { second };
            if access > first { [access, first] } else { [first, second.max(access)] }
        }
    }
}

struct Allocation<'a> {
    latencies: &'a Latencies,
    hubs: &'a [u32],
    order: Vec<usize>,
    hub_of: Vec<u32>,
    limit: u64,
    found: Option<Vec<u32>>,
}

impl Allocation<'_> {
    /// Serves the nodes from `place` on; false if the work was done before.
    fn serve(&mut self, place: usize, far: &[Option<Far>], work: &mut Work) -> bool {
        let Some(&node) = self.order.get(place) else {
            self.limit = self.latencies.value(&self.hub_of);
            self.found = Some(self.hub_of.clone());
            return work.is_left();
        };
        let own = self.hubs.iter().position(|&hub| hub as usize == node);
        let slots = own.map_or_else(|| (0..self.hubs.len()).collect(), |own| vec![own]);
        let mut slots: Vec<(u64, u64, usize)> = slots.into_iter().map(|slot| self.with(node, slot, far)).collect();
        slots.sort_unstable();
        for (longest, _, slot) in slots {
            if longest >= self.limit {
                break;
            }
            let mut now = far.to_vec();
            now[slot] = Some(farther(now[slot], self.latencies.access(node, self.hubs[slot])));
            self.hub_of[node] = self.hubs[slot];
            if !work.spend(self.hubs.len() * self.hubs.len()) {
                return false;
            }
            if self.is_open(place + 1, &now, work) && !self.serve(place + 1, &now, work) {
                return false;
            }
        }
        true
    }

    /// The longest way of a node if it is served by a slot.
    fn with(&self, node: usize, slot: usize, far: &[Option<Far>]) -> (u64, u64, usize) {
        let Self { latencies, hubs, .. } = self;
        let access = latencies.access(node, hubs[slot]);
        let ways =
            far.iter().zip(*hubs).filter_map(|(far, &hub)| Some((*far)?[0] + latencies.backbone(hubs[slot], hub)));
        (ways.max().map_or(0, |way| way + access), access, slot)
    }

    /// Every node that is left still has a hub below the limit.
    fn is_open(&self, place: usize, far: &[Option<Far>], work: &mut Work) -> bool {
        work.spend((self.order.len() - place) * self.hubs.len());
        self.order[place..].iter().all(|&node| {
            let own = self.hubs.contains(&(node as u32));
            own || (0..self.hubs.len()).any(|slot| self.with(node, slot, far).0 < self.limit)
        })
    }
}

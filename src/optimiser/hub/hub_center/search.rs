//! Sets of hubs: one after the other, or by exchanges where there are too many.

use rand::RngExt;

use super::latencies::Latencies;
use crate::optimiser::hub::work::Work;
use crate::rng::Stream;

/// Steps for the allocation to one set of hubs in the search by exchanges.
const ALLOCATION: u64 = 20_000;

/// The best allocation so far.
pub(super) struct Best {
    pub(super) hub_of: Vec<u32>,
    pub(super) value: u64,
}

impl Best {
    /// Tries a set of hubs; false if it is not clear whether there is anything better.
    fn try_hubs(&mut self, latencies: &Latencies, hubs: &[u32], work: &mut Work) -> bool {
        work.spend(latencies.n * hubs.len() * (hubs.len() + latencies.n / 2));
        if latencies.least(hubs) >= self.value {
            return true;
        }
        match latencies.allocate(hubs, self.value, work) {
            Ok(Some(hub_of)) => {
                self.value = latencies.value(&hub_of);
                self.hub_of = hub_of;
                true
            }
            Ok(None) => true,
            Err(()) => false,
        }
    }
}

/// Every node goes to its nearest hub, a hub to itself.
pub(super) fn nearest(latencies: &Latencies, hubs: &[u32]) -> Vec<u32> {
    let serve = |node: usize| {
        let nearest = hubs.iter().copied().min_by_key(|&hub| (latencies.access(node, hub), hub));
        let is_hub = hubs.contains(&(node as u32));
        if is_hub { node as u32 } else { nearest.expect("invariant: there is a hub") }
    };
    (0..latencies.n).map(serve).collect()
}

/// Exchanges, the best of all, until none helps; then a random one, until `failures` of them lead nowhere.
pub(super) fn exchange(
    latencies: &Latencies,
    hubs: &[u32],
    best: &mut Best,
    failures: u32,
    stream: &mut Stream,
    work: &mut Work,
) {
    let value = |hubs: &[u32], work: &mut Work| {
        work.spend(latencies.n * hubs.len());
        latencies.value(&nearest(latencies, hubs))
    };
    let mut now = hubs.to_vec();
    let mut failed = 0;
    while failed < failures && work.is_left() {
        let before = best.value;
        let mut present = value(&now, work);
        loop {
            let mut chosen = None;
            for (slot, site) in (0..now.len()).flat_map(|slot| (0..latencies.n as u32).map(move |site| (slot, site))) {
                if now.contains(&site) || !work.is_left() {
                    continue;
                }
                let old = std::mem::replace(&mut now[slot], site);
                let then = value(&now, work);
                if then < present {
                    (present, chosen) = (then, Some((slot, site)));
                }
                now[slot] = old;
            }
            let Some((slot, site)) = chosen else { break };
            now[slot] = site;
        }
        if present < best.value {
            *best = Best { value: present, hub_of: nearest(latencies, &now) };
        }
        // The nearest hub is not always the best one.
        let mut part = Work::new(ALLOCATION.min(work.left()));
        best.try_hubs(latencies, &now, &mut part);
        work.spend(part.spent() as usize);
        failed = if best.value < before { 0 } else { failed + 1 };
        let slot = stream.random_range(0..now.len());
        let site = stream.random_range(0..latencies.n as u32);
        if !now.contains(&site) {
            now[slot] = site;
        }
    }
}

/// Looks through all sets of hubs; true if none is better than the best now.
pub(super) fn all(latencies: &Latencies, best: &mut Best, work: &mut Work) -> bool {
    extend(latencies, &mut Vec::new(), 0, best, work)
}

fn extend(latencies: &Latencies, hubs: &mut Vec<u32>, from: usize, best: &mut Best, work: &mut Work) -> bool {
    if hubs.len() == latencies.hubs {
        return best.try_hubs(latencies, hubs, work) && work.is_left();
    }
    let last = latencies.n - (latencies.hubs - hubs.len());
    (from..=last).all(|hub| {
        hubs.push(hub as u32);
        let is_done = extend(latencies, hubs, hub + 1, best, work);
        hubs.pop();
        is_done
    })
}

//! Branch and bound: a site is a hub, or is not, with a Lagrangian bound for each case (Beasley 1985, "A note on solving
//! large p-median problems"). It can stop after any node and go on later.

use std::collections::BTreeMap;

use super::instance::Instance;
use super::interchange::Exchange;
use super::lagrangian::{Prices, Status};
use crate::optimiser::hub::work::Work;

/// Rounds of the subgradient method at a node, and the step it begins with.
const ROUNDS: u32 = 20;
const STEP: f64 = 1.0;

/// Open cases that are kept at most, about.
const OPEN_MAX: usize = 4_000;

/// The best answer known.
pub(super) struct Best {
    pub(super) hubs: Vec<u32>,
    pub(super) value: i64,
}

impl Best {
    /// Takes an answer if it is better.
    pub(super) fn offer(&mut self, hubs: &[u32], value: i64) -> i64 {
        if value < self.value {
            self.value = value;
            self.hubs = hubs.to_vec();
        }
        self.value
    }
}

/// A case that is open: what is decided of each site, and the prices that its bound comes from.
struct Node {
    status: Vec<Status>,
    prices: Prices,
}

/// A search that is under way.
pub(super) struct Tree {
    /// Open cases by what their relaxation costs, then by age: the cheapest decides on the bound, so it comes first.
    open: BTreeMap<(i64, u64), Node>,
    nodes: u64,
}

impl Tree {
    pub(super) fn new(status: Vec<Status>, prices: Prices) -> Self {
        Self { open: BTreeMap::from([((i64::MIN, 0), Node { status, prices })]), nodes: 0 }
    }

    /// No answer costs less than this.
    pub(super) fn bound(&self, best: &Best) -> i64 {
        let bounds = self.open.values().map(|node| node.prices.bound);
        bounds.min().unwrap_or(best.value).min(best.value)
    }

    /// Goes on until nothing is open or `until` steps are spent in all.
    pub(super) fn search(&mut self, instance: &Instance, best: &mut Best, until: u64, work: &mut Work) {
        let mut exchange = Exchange::new(instance, &best.hubs, work);
        while work.is_left() && work.spent() < until {
            // Among very many cases the youngest are closed first, so that memory has a bound.
            let next = if self.open.len() < OPEN_MAX { self.open.pop_first() } else { self.open.pop_last() };
            let Some((_, node)) = next else { return };
            if node.prices.bound < best.value {
                self.branch(instance, &node, best, &mut exchange, work);
            }
        }
    }

    /// Splits a node by the site that the relaxation chooses most often: without it, the bound rises most.
    fn branch(&mut self, instance: &Instance, node: &Node, best: &mut Best, exchange: &mut Exchange, work: &mut Work) {
        let free = (0..instance.sites()).filter(|&site| node.status[site] == Status::Free);
        let often = |site: &usize| node.prices.often[*site];
        let Some(site) = free.max_by(|a, b| often(a).total_cmp(&often(b)).then(b.cmp(a))) else {
            let is_hub = |&site: &u32| node.status[site as usize] == Status::Hub;
            let hubs: Vec<u32> = (0..instance.sites() as u32).filter(is_hub).collect();
            best.offer(&hubs, instance.value(&hubs));
            return;
        };
        for what in [Status::Hub, Status::Never] {
            let mut case = Node { status: node.status.clone(), prices: node.prices.clone() };
            case.status[site] = what;
            case.prices.restart(STEP);
            let mut seen = |hubs: &[u32], value| best.offer(hubs, value);
            let chosen = case.prices.ascend(instance, &mut case.status, ROUNDS, work, &mut seen);
            // What the relaxation chooses is near to good answers.
            if chosen.len() == instance.hubs && case.prices.bound < best.value {
                exchange.become_like(&chosen, work);
                exchange.descend(work);
                best.offer(exchange.hubs(), exchange.value());
            }
            self.nodes += 1;
            if case.prices.bound < best.value {
                self.open.insert((case.prices.scaled, self.nodes), case);
            }
        }
    }
}

//! A capacitated p-median as its algorithms read it, and the assignment of clients to given hubs.

use crate::optimiser::hub::matrix::{Matrix, UNREACHABLE};
use crate::optimiser::hub::work::Work;

/// Costs of each pair, demands and capacities.
pub(super) struct Clients {
    pub(super) hubs: usize,
    pub(super) sites: usize,
    pub(super) demands: Vec<i64>,
    pub(super) capacities: Vec<i64>,
    /// Weighted distances, client by client.
    costs: Vec<i64>,
    /// What a pair costs that cannot be connected, and a unit of demand above a capacity: more than everything else.
    pub(super) hole: i64,
}

/// Which client is served by which hub.
#[derive(Clone, Debug)]
pub(super) struct Assignment {
    pub(super) hub_of: Vec<u32>,
    pub(super) cost: i64,
    /// Demand above capacities, in all.
    pub(super) excess: i64,
}

impl Assignment {
    /// First what is within the capacities, then what is cheap.
    pub(super) fn is_better_than(&self, other: &Self) -> bool {
        (self.excess, self.cost) < (other.excess, other.cost)
    }
}

impl Clients {
    pub(super) fn new(
        distances: &Matrix<u32>,
        weights: &[u32],
        demands: &[u32],
        capacities: &[u64],
        hubs: usize,
    ) -> Self {
        let finite = distances.values().iter().filter(|&&distance| distance != UNREACHABLE);
        let largest = i64::from(finite.copied().max().unwrap_or(0));
        let heaviest = i64::from(weights.iter().copied().max().unwrap_or(0));
        let hole = (largest * heaviest + 1).saturating_mul(distances.rows().cast_signed() as i64 + 1);
        let cost = |pair: usize| match distances.values()[pair] {
            UNREACHABLE => hole,
            distance => i64::from(distance) * i64::from(weights[pair / distances.columns()]),
        };
        let demands: Vec<i64> = demands.iter().map(|&demand| i64::from(demand)).collect();
        let all: i64 = demands.iter().sum();
        Self {
            hubs,
            sites: distances.columns(),
            // More than everybody needs is of no use.
            capacities: capacities.iter().map(|&capacity| capacity.min(all.cast_unsigned()).cast_signed()).collect(),
            demands,
            costs: (0..distances.values().len()).map(cost).collect(),
            hole,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.demands.len()
    }

    #[inline]
    pub(super) fn cost(&self, client: usize, site: u32) -> i64 {
        self.costs[client * self.sites + site as usize]
    }

    /// What the hubs would cost if they had room for all: no assignment to them costs less.
    pub(super) fn least(&self, hubs: &[u32]) -> i64 {
        let nearest = |client| hubs.iter().map(|&hub| self.cost(client, hub)).min().unwrap_or(self.hole);
        (0..self.len()).map(nearest).sum()
    }

    /// Serves those first who would lose most by coming late, then mends by moves and exchanges (regret: Martello and
    /// Toth 1981).
    pub(super) fn assign(&self, hubs: &[u32], work: &mut Work) -> Assignment {
        let regret = |client: usize| {
            let (mut first, mut second) = (self.hole, self.hole);
            for cost in hubs.iter().map(|&hub| self.cost(client, hub)) {
                if cost < first {
                    (first, second) = (cost, first);
                } else {
                    second = second.min(cost);
                }
            }
            second - first
        };
        let mut order: Vec<(i64, i64, usize)> =
            (0..self.len()).map(|client| (-regret(client), -self.demands[client], client)).collect();
        order.sort_unstable();
        let mut room: Vec<i64> = hubs.iter().map(|&hub| self.capacities[hub as usize]).collect();
        let mut slots = vec![0; self.len()];
        for (.., client) in order {
            let demand = self.demands[client];
            let slot = (0..hubs.len()).min_by_key(|&slot| {
                let lacks = (demand - room[slot]).max(0) - (-room[slot]).max(0);
                (lacks.max(0), self.cost(client, hubs[slot]), slot)
            });
            slots[client] = slot.expect("invariant: there is a hub");
            room[slots[client]] -= demand;
        }
        work.spend(2 * self.len() * hubs.len());
        self.mend(hubs, &mut slots, &mut room, work);
        let cost = (0..self.len()).map(|client| self.cost(client, hubs[slots[client]])).sum();
        let excess = room.iter().map(|room| (-room).max(0)).sum();
        Assignment { hub_of: slots.into_iter().map(|slot| hubs[slot]).collect(), cost, excess }
    }

    /// Moves single clients, and lets two of them change places, as long as that helps.
    fn mend(&self, hubs: &[u32], slots: &mut [usize], room: &mut [i64], work: &mut Work) {
        let excess = |room: i64| (-room).max(0);
        let mut is_better = true;
        while is_better && work.is_left() {
            is_better = false;
            for client in 0..self.len() {
                let demand = self.demands[client];
                for slot in 0..hubs.len() {
                    let own = slots[client];
                    let saved = self.cost(client, hubs[own]) - self.cost(client, hubs[slot]);
                    let eased = excess(room[own]) + excess(room[slot])
                        - excess(room[own] + demand)
                        - excess(room[slot] - demand);
                    if (eased, saved) > (0, 0) {
                        room[own] += demand;
                        room[slot] -= demand;
                        slots[client] = slot;
                        is_better = true;
                    }
                }
                for other in 0..client {
                    let (a, b) = (slots[client], slots[other]);
                    if a == b {
                        continue;
                    }
                    let more = self.demands[other] - demand;
                    let saved = self.cost(client, hubs[a]) + self.cost(other, hubs[b])
                        - self.cost(client, hubs[b])
                        - self.cost(other, hubs[a]);
                    let eased = excess(room[a]) + excess(room[b]) - excess(room[a] - more) - excess(room[b] + more);
                    if (eased, saved) > (0, 0) {
                        room[a] -= more;
                        room[b] += more;
                        slots.swap(client, other);
                        is_better = true;
                    }
                }
            }
            work.spend(self.len() * (self.len() + hubs.len()));
        }
    }
}

//! All sets of hubs, and for each that may be better the best assignment by branch and bound.

use super::clients::{Assignment, Clients};
use crate::optimiser::hub::work::Work;

/// Looks through all sets of hubs; true if none is better than the best now.
pub(super) fn search(clients: &Clients, best: &mut Assignment, work: &mut Work) -> bool {
    extend(clients, &mut Vec::new(), 0, best, work)
}

fn extend(clients: &Clients, hubs: &mut Vec<u32>, from: usize, best: &mut Assignment, work: &mut Work) -> bool {
    if hubs.len() == clients.hubs {
        return look_at(clients, hubs, best, work);
    }
    let last = clients.sites - (clients.hubs - hubs.len());
    (from..=last).all(|hub| {
        hubs.push(hub as u32);
        let is_done = extend(clients, hubs, hub + 1, best, work);
        hubs.pop();
        is_done
    })
}

fn look_at(clients: &Clients, hubs: &[u32], best: &mut Assignment, work: &mut Work) -> bool {
    let capacity: i64 = hubs.iter().map(|&hub| clients.capacities[hub as usize]).sum();
    let demand: i64 = clients.demands.iter().sum();
    work.spend(clients.len() * hubs.len());
    if capacity < demand || best.excess == 0 && clients.least(hubs) >= best.cost {
        return work.is_left();
    }
    let mut order: Vec<usize> = (0..clients.len()).collect();
    order.sort_by_key(|&client| (std::cmp::Reverse(clients.demands[client]), client));
    let room = hubs.iter().map(|&hub| clients.capacities[hub as usize]).collect();
    let mut tree = Tree { clients, hubs, order, room, hub_of: vec![0; clients.len()], best };
    tree.serve(0, 0, work)
}

struct Tree<'a> {
    clients: &'a Clients,
    hubs: &'a [u32],
    /// The largest demands first.
    order: Vec<usize>,
    room: Vec<i64>,
    hub_of: Vec<u32>,
    best: &'a mut Assignment,
}

impl Tree<'_> {
    fn serve(&mut self, place: usize, cost: i64, work: &mut Work) -> bool {
        let Some(&client) = self.order.get(place) else {
            *self.best = Assignment { hub_of: self.hub_of.clone(), cost, excess: 0 };
            return work.is_left();
        };
        let demand = self.clients.demands[client];
        let mut slots: Vec<(i64, usize)> =
            (0..self.hubs.len()).map(|slot| (self.clients.cost(client, self.hubs[slot]), slot)).collect();
        slots.sort_unstable();
        for (more, slot) in slots {
            if self.room[slot] < demand {
                continue;
            }
            self.room[slot] -= demand;
            self.hub_of[client] = self.hubs[slot];
            let least = cost + more + self.rest(place + 1);
            let can_win = least < self.best.cost || self.best.excess > 0 && least < i64::MAX / 4;
            let is_left = work.spend((self.order.len() - place) * self.hubs.len());
            let is_done = is_left && (!can_win || self.serve(place + 1, cost + more, work));
            self.room[slot] += demand;
            if !is_done {
                return false;
            }
        }
        true
    }

    /// What those who are left cost at least: each for itself, where there is room for it.
    fn rest(&self, place: usize) -> i64 {
        let least = |&client: &usize| {
            let roomy = (0..self.hubs.len()).filter(|&slot| self.room[slot] >= self.clients.demands[client]);
            roomy.map(|slot| self.clients.cost(client, self.hubs[slot])).min().unwrap_or(i64::MAX / 2)
        };
        self.order[place..].iter().map(least).fold(0, i64::saturating_add)
    }
}

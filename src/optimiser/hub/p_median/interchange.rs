//! Fast interchange: the best exchange of a hub for another site, over and over, until none helps.
//!
//! What every exchange would save is kept in three arrays and mended after each, as by Resende and Werneck ("A fast
//! swap-based local search procedure for location problems", 2007): what a new site gains, what closing a hub loses,
//! and what of that loss the new site makes good.

use super::instance::{Instance, NONE};
use crate::optimiser::hub::work::Work;

/// A set of hubs, and what every exchange would save.
pub(super) struct Exchange<'a> {
    instance: &'a Instance,
    /// The site in each slot.
    hubs: Vec<u32>,
    /// The slot of each site, or none.
    slots: Vec<u32>,
    /// The two nearest hubs of each client.
    served: Vec<Served>,
    gain: Vec<i64>,
    loss: Vec<i64>,
    /// A row for each slot.
    made_good: Vec<i64>,
    value: i64,
}

#[derive(Clone, Copy)]
struct Served {
    first: u32,
    second: u32,
    first_distance: u32,
    second_distance: u32,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(instance: &'a Instance, hubs: &[u32], work: &mut Work) -> Self {
        let mut slots = vec![NONE; instance.sites()];
        for (&hub, slot) in hubs.iter().zip(0..) {
            slots[hub as usize] = slot;
        }
        let nobody = Served { first: NONE, second: NONE, first_distance: 0, second_distance: 0 };
        let mut exchange = Self {
            instance,
            hubs: hubs.to_vec(),
            slots,
            served: vec![nobody; instance.clients()],
            gain: vec![0; instance.sites()],
            loss: vec![0; hubs.len()],
            made_good: vec![0; hubs.len() * instance.sites()],
            value: 0,
        };
        let mut steps = exchange.made_good.len();
        for client in 0..instance.clients() {
            steps += exchange.serve(client) + exchange.count(client, 1);
        }
        work.spend(steps);
        exchange
    }

    pub(super) fn value(&self) -> i64 {
        self.value
    }

    pub(super) fn hubs(&self) -> &[u32] {
        &self.hubs
    }

    pub(super) fn is_hub(&self, site: u32) -> bool {
        self.slots[site as usize] != NONE
    }

    /// The hub that a client is nearest to, or the second.
    pub(super) fn slot_near(&self, client: usize, second: bool) -> Option<usize> {
        let slot = if second { self.served[client].second } else { self.served[client].first };
        (slot != NONE).then_some(slot as usize)
    }

    /// Makes the best exchange until none helps or the work is done.
    pub(super) fn descend(&mut self, work: &mut Work) {
        while work.is_left() {
            let Some((slot, site)) = self.best(work) else { return };
            self.swap(slot, site, work);
        }
    }

    /// Makes this set of hubs of the present one.
    pub(super) fn become_like(&mut self, hubs: &[u32], work: &mut Work) {
        let mut wanted = vec![false; self.instance.sites()];
        hubs.iter().for_each(|&hub| wanted[hub as usize] = true);
        let mut missing = hubs.iter().copied().filter(|&hub| !self.is_hub(hub)).collect::<Vec<_>>();
        for slot in 0..self.hubs.len() {
            if !wanted[self.hubs[slot] as usize]
                && let Some(hub) = missing.pop()
            {
                self.swap(slot, hub, work);
            }
        }
    }

    /// The hub of this slot becomes a site like others, and `site` a hub.
    pub(super) fn swap(&mut self, slot: usize, site: u32, work: &mut Work) {
        let old = self.hubs[slot];
        let mut steps = 2 * self.served.len();
        self.hubs[slot] = site;
        self.slots[old as usize] = NONE;
        self.slots[site as usize] = slot as u32;
        for client in 0..self.served.len() {
            let now = self.served[client];
            let distance = self.instance.distance(client, site);
            let loses = now.first == slot as u32 || now.second == slot as u32;
            if !loses && distance >= now.second_distance {
                continue;
            }
            steps += self.count(client, -1);
            if loses {
                steps += self.serve(client);
            } else {
                let new = Served { second: slot as u32, second_distance: distance, ..now };
                let is_nearest = distance < now.first_distance;
                self.served[client] = if is_nearest {
                    let (second, second_distance) = (now.first, now.first_distance);
                    Served { first: slot as u32, first_distance: distance, second, second_distance }
                } else {
                    new
                };
            }
            steps += self.count(client, 1);
        }
        work.spend(steps);
    }

    /// The exchange that saves most, if any saves anything.
    fn best(&self, work: &mut Work) -> Option<(usize, u32)> {
        let sites = self.instance.sites();
        let mut best = (0, 0, 0);
        for (slot, row) in self.made_good.chunks_exact(sites).enumerate() {
            let saved = |(gain, good): (&i64, &i64)| gain + good;
            let most = self.gain.iter().zip(row).map(saved).max().unwrap_or(0) - self.loss[slot];
            if most > best.0 {
                let site = self.gain.iter().zip(row).map(saved).position(|saved| saved - self.loss[slot] == most);
                best = (most, slot, site.unwrap_or(0));
            }
        }
        // Sums of neighbours in an array: two of them are a step.
        work.spend(self.made_good.len() / 2);
        (best.0 > 0).then_some((best.1, best.2 as u32))
    }

    /// Finds the two nearest hubs of a client.
    fn serve(&mut self, client: usize) -> usize {
        let penalty = self.instance.penalty;
        let mut found = Served { first: NONE, second: NONE, first_distance: penalty, second_distance: penalty };
        let mut steps = 0;
        for near in self.instance.near(client) {
            steps += 1;
            let slot = self.slots[near.site as usize];
            if slot == NONE {
                continue;
            }
            if found.first == NONE {
                (found.first, found.first_distance) = (slot, near.distance);
            } else {
                (found.second, found.second_distance) = (slot, near.distance);
                break;
            }
        }
        self.served[client] = found;
        steps
    }

    /// Adds a client to the three arrays, or takes it out again.
    fn count(&mut self, client: usize, sign: i64) -> usize {
        let Served { first, first_distance, second_distance, .. } = self.served[client];
        let weight = sign * self.instance.weights[client];
        self.value += weight * i64::from(first_distance);
        let to_second = weight * i64::from(second_distance - first_distance);
        let sites = self.instance.sites();
        let near = self.instance.near(client);
        if first == NONE {
            // Whoever reaches no hub gains by every site within reach, and loses by none that closes.
            near.iter().for_each(|near| {
                self.gain[near.site as usize] += weight * i64::from(first_distance - near.distance);
            });
            return near.len();
        }
        let slot = first as usize;
        self.loss[slot] += to_second;
        let made_good = &mut self.made_good[slot * sites..(slot + 1) * sites];
        let mut steps = 0;
        for near in near {
            if near.distance >= second_distance {
                break;
            }
            steps += 1;
            let site = near.site as usize;
            if near.distance < first_distance {
                self.gain[site] += weight * i64::from(first_distance - near.distance);
                made_good[site] += to_second;
            } else {
                made_good[site] += weight * i64::from(second_distance - near.distance);
            }
        }
        steps
    }
}

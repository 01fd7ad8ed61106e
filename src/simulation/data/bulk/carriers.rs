//! Connections that carry pieces at the moment, by the links that they take.

use std::collections::BTreeMap;

use crate::units::SimDuration;

/// Connections with pieces on their way.
#[derive(Clone, Debug)]
pub(super) struct Carriers {
    // Pieces on their way, by sender and receiver.
    pieces: BTreeMap<[u32; 2], u32>,
    // Of each link, uplinks and downlinks in turn: how many connections carry pieces, and the sum of their round trips.
    links: Vec<(u32, SimDuration)>,
}

impl Carriers {
    /// None yet, among so many nodes.
    pub(super) fn new(nodes: u32) -> Self {
        Self { pieces: BTreeMap::new(), links: vec![(0, SimDuration::ZERO); 2 * nodes as usize] }
    }

    /// One more piece is on its way between these ends, whose connection has this round trip.
    pub(super) fn add(&mut self, ends: [u32; 2], round_trip: SimDuration) {
        let pieces = self.pieces.entry(ends).or_default();
        *pieces += 1;
        if *pieces == 1 {
            for link in links(ends) {
                let (carriers, sum) = &mut self.links[link];
                (*carriers, *sum) = (*carriers + 1, *sum + round_trip);
            }
        }
    }

    /// One fewer is.
    pub(super) fn remove(&mut self, ends: [u32; 2], round_trip: SimDuration) {
        let pieces = self.pieces.get_mut(&ends).expect("invariant: it was added");
        *pieces -= 1;
        if *pieces == 0 {
            self.pieces.remove(&ends);
            for link in links(ends) {
                let (carriers, sum) = &mut self.links[link];
                (*carriers, *sum) = (*carriers - 1, *sum - round_trip);
            }
        }
    }

    /// How many connections carry pieces over a node's up- or downlink, and the mean of their round trips.
    pub(super) fn of_link(&self, node: u32, is_up: bool) -> (u32, SimDuration) {
        let (carriers, sum) = self.links[2 * node as usize + usize::from(!is_up)];
        (carriers, SimDuration::from_ns(sum.as_ns() / u64::from(carriers.max(1))))
    }
}

fn links([from, to]: [u32; 2]) -> [usize; 2] {
    [2 * from as usize, 2 * to as usize + 1]
}

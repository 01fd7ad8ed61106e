//! A graph that is changed by 2-switches.

use crate::optimiser::instance::Delays;

/// Connections, and of each peer its neighbours.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub(super) edges: Vec<[u32; 2]>,
    pub(super) neighbours: Vec<Vec<u32>>,
}

/// What a switch has changed: the places of two connections, and what stood there.
pub(super) struct Switch {
    places: [usize; 2],
    before: [[u32; 2]; 2],
}

impl Graph {
    pub(super) fn new(peers: usize) -> Self {
        Self { edges: Vec::new(), neighbours: vec![Vec::new(); peers] }
    }

    pub(super) fn is_joined(&self, a: u32, b: u32) -> bool {
        self.neighbours[a as usize].contains(&b)
    }

    pub(super) fn join(&mut self, a: u32, b: u32) {
        self.edges.push([a, b]);
        self.neighbours[a as usize].push(b);
        self.neighbours[b as usize].push(a);
    }

    /// `a-b` and `c-d` become `a-c` and `b-d`, or `a-d` and `b-c` if turned; `None` where that cannot be.
    pub(super) fn switch(&mut self, delays: &Delays, places: [usize; 2], turned: bool) -> Option<Switch> {
        let before = places.map(|place| self.edges[place]);
        let after = self.after(delays, places, turned)?;
        self.put(places, before, after);
        Some(Switch { places, before })
    }

    /// What two connections would become.
    pub(super) fn after(&self, delays: &Delays, places: [usize; 2], turned: bool) -> Option<[[u32; 2]; 2]> {
        let [[a, b], [mut c, mut d]] = places.map(|place| self.edges[place]);
        if turned {
            (c, d) = (d, c);
        }
        if a == c || b == d || a == d || b == c || self.is_joined(a, c) || self.is_joined(b, d) {
            return None;
        }
        if delays.hop(a, c).delay_us().is_none() || delays.hop(b, d).delay_us().is_none() {
            return None;
        }
        Some([[a, c], [b, d]])
    }

    pub(super) fn undo(&mut self, switch: &Switch) {
        let now = switch.places.map(|place| self.edges[place]);
        self.put(switch.places, now, switch.before);
    }

    fn put(&mut self, places: [usize; 2], before: [[u32; 2]; 2], after: [[u32; 2]; 2]) {
        for [a, b] in before {
            self.neighbours[a as usize].retain(|&other| other != b);
            self.neighbours[b as usize].retain(|&other| other != a);
        }
        for (place, [a, b]) in places.into_iter().zip(after) {
            self.edges[place] = [a, b];
            self.neighbours[a as usize].push(b);
            self.neighbours[b as usize].push(a);
        }
    }

    /// Of each peer the number of its part, and how many parts there are.
    pub(super) fn parts(&self) -> (Vec<u32>, u32) {
        let mut part_of = vec![u32::MAX; self.neighbours.len()];
        let mut parts = 0;
        for start in 0..self.neighbours.len() {
            if part_of[start] != u32::MAX {
                continue;
            }
            let mut pending = vec![start as u32];
            part_of[start] = parts;
            while let Some(peer) = pending.pop() {
                for &next in &self.neighbours[peer as usize] {
                    if part_of[next as usize] == u32::MAX {
                        part_of[next as usize] = parts;
                        pending.push(next);
                    }
                }
            }
            parts += 1;
        }
        (part_of, parts)
    }

    /// How many are not in the part of the first peer.
    pub(super) fn outside(&self) -> u32 {
        self.parts().0.iter().filter(|part| **part != 0).count() as u32
    }

    pub(super) fn sorted(mut self) -> Vec<Vec<u32>> {
        self.neighbours.iter_mut().for_each(|others| others.sort_unstable());
        self.neighbours
    }
}

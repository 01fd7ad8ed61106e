//! Bulk flows whose rates are all computed anew at every change, by water-filling with a heap of links.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use peerscape::net::FlowSpec;

/// Flows of a size over access links of bit/s, uplink and downlink in turn.
pub(crate) struct Filling {
    capacities: Vec<f64>,
    flows: Vec<Flow>,
    /// The flows of each link.
    members: Vec<Vec<u32>>,
    /// What is left of each link, and for how many flows, while rates are computed.
    left: Vec<(f64, u32)>,
    heap: BinaryHeap<Reverse<(u64, u32)>>,
    now_s: f64,
}

struct Flow {
    links: [u32; 2],
    bits: f64,
    rate: f64,
}

impl Filling {
    pub(crate) fn new(hosts: u32, up: f64, down: f64) -> Self {
        Self {
            capacities: (0..hosts).flat_map(|_| [up, down]).collect(),
            flows: Vec::new(),
            members: vec![Vec::new(); 2 * hosts as usize],
            left: Vec::new(),
            heap: BinaryHeap::new(),
            now_s: 0.0,
        }
    }

    pub(crate) fn start(&mut self, spec: &FlowSpec, bytes: u64) {
        let links = [2 * spec.from, 2 * spec.to + 1];
        links.iter().for_each(|&link| self.members[link as usize].push(self.flows.len() as u32));
        self.flows.push(Flow { links, bits: bytes as f64 * 8.0, rate: 0.0 });
    }

    /// Ends the next flow and puts this one in its place.
    pub(crate) fn replace_next(&mut self, spec: &FlowSpec, bytes: u64) {
        self.fill();
        let span = |flow: &Flow| flow.bits / flow.rate;
        let first = (0..self.flows.len())
            .min_by(|&a, &b| span(&self.flows[a]).total_cmp(&span(&self.flows[b])))
            .expect("there are flows");
        let least = span(&self.flows[first]);
        self.now_s += least;
        self.flows.iter_mut().for_each(|flow| flow.bits -= flow.rate * least);
        let before = self.flows[first].links;
        before.iter().for_each(|&link| self.members[link as usize].retain(|&flow| flow != first as u32));
        let links = [2 * spec.from, 2 * spec.to + 1];
        links.iter().for_each(|&link| self.members[link as usize].push(first as u32));
        self.flows[first] = Flow { links, bits: bytes as f64 * 8.0, rate: 0.0 };
    }

    fn fill(&mut self) {
        self.flows.iter_mut().for_each(|flow| flow.rate = 0.0);
        self.left.clear();
        self.left.extend(self.capacities.iter().zip(&self.members).map(|(&rate, flows)| (rate, flows.len() as u32)));
        self.heap.clear();
        for link in 0..self.left.len() as u32 {
            self.offer(link);
        }
        while let Some(Reverse((share, link))) = self.heap.pop() {
            let (rest, count) = self.left[link as usize];
            // An entry from before a neighbour was filled is out of date.
            if count == 0 || (rest / f64::from(count)).to_bits() != share {
                continue;
            }
            for at in 0..self.members[link as usize].len() {
                let flow = &mut self.flows[self.members[link as usize][at] as usize];
                if flow.rate == 0.0 {
                    flow.rate = f64::from_bits(share);
                    let other = flow.links[usize::from(flow.links[0] == link)];
                    let left = &mut self.left[other as usize];
                    *left = (left.0 - f64::from_bits(share), left.1 - 1);
                    self.offer(other);
                }
            }
            self.left[link as usize] = (0.0, 0);
        }
    }

    /// Puts the share of a link into the heap. Positive numbers are ordered as their bits.
    fn offer(&mut self, link: u32) {
        let (rest, count) = self.left[link as usize];
        if count > 0 {
            self.heap.push(Reverse(((rest / f64::from(count)).to_bits(), link)));
        }
    }
}

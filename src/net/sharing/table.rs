//! Flows and links in arrays: who shares a link with whom.
//!
//! Every link has the list of its flows, and every flow its places in two lists, so that flows come and go in
//! constant time. Lists keep their memory, so a steady state allocates nothing.

use super::FlowSpec;
use super::level::{Member, Terms};

/// The two links of a flow.
pub(super) const ENDS: [usize; 2] = [0, 1];

/// A flow's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// Uplink and downlink.
    pub(super) links: [u32; 2],
    /// Its place among the members of each.
    places: [u32; 2],
    pub(super) terms: Terms,
    /// Whether there is such a flow, and not a free row.
    pub(super) alive: bool,
    /// Whether it came or was changed since the rates were last settled.
    pub(super) fresh: bool,
}

/// All flows, and the members of every link.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) flows: Vec<Flow>,
    pub(super) members: Vec<Vec<Member>>,
    free: Vec<u32>,
}

/// A host's uplink among the links.
pub(super) const fn uplink(host: u32) -> u32 {
    2 * host
}

/// A host's downlink among the links.
pub(super) const fn downlink(host: u32) -> u32 {
    2 * host + 1
}

impl Table {
    /// Takes a free row for a flow and makes it a member of its links.
    pub(super) fn insert(&mut self, spec: &FlowSpec, terms: Terms) -> u32 {
        let links = [uplink(spec.from), downlink(spec.to)];
        let id = self.free.pop().unwrap_or(self.flows.len() as u32);
        let places = ENDS.map(|end| {
            let members = &mut self.members[links[end] as usize];
            members.push(Member::new(id, links[1 - end]));
            members.len() as u32 - 1
        });
        let flow = Flow { links, places, terms, alive: true, fresh: false };
        if id as usize == self.flows.len() {
            self.flows.push(flow);
        } else {
            self.flows[id as usize] = flow;
        }
        id
    }

    /// Takes a flow out of its links and frees its row.
    pub(super) fn remove(&mut self, id: u32) {
        let Flow { links, places, .. } = self.flows[id as usize];
        for end in ENDS {
            let (place, members) = (places[end], &mut self.members[links[end] as usize]);
            members.swap_remove(place as usize);
            if let Some(moved) = members.get(place as usize) {
                self.flows[moved.flow()].places[end] = place;
            }
        }
        let flow = &mut self.flows[id as usize];
        (flow.alive, flow.fresh) = (false, false);
        self.free.push(id);
    }

    /// Notes whether a flow is in the group of one of its links.
    pub(super) fn set_here(&mut self, id: u32, link: u32, is_here: bool) {
        let place = self.flows[id as usize].places[link as usize % 2];
        self.members[link as usize][place as usize].set_here(is_here);
    }
}

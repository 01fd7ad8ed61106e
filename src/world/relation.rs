//! What two nodes have in common, and how those connect that share a box.
//!
//! In a local network the two see each other's own addresses, unless both hide them behind mDNS
//! names and multicast does not carry these. What is left to them, and to peers of two homes behind
//! one carrier's NAT, are their outside addresses, which need a box that hairpins (RFC 4787, REQ-9).

use super::World;
use super::company::Seat;
use crate::net::PairOutcome;
use crate::webrtc::setup::{EndSpec, Ipv6, Relation};

impl World {
    /// What two nodes have in common.
    #[must_use]
    pub fn relation(&self, a: u32, b: u32) -> Relation {
        if !(self.nodes[a as usize].company && self.nodes[b as usize].company) {
            return Relation::Apart;
        }
        let (seat_a, seat_b) = (self.seats[a as usize], self.seats[b as usize]);
        if seat_a.lan == seat_b.lan {
            return if seat_a.multicast { Relation::SameLan } else { Relation::SameLanNoMulticast };
        }
        if seat_a.carrier == seat_b.carrier { Relation::SameCarrier } else { Relation::Apart }
    }

    /// Every kind of end that the nodes have.
    #[must_use]
    pub fn ends(&self) -> &[EndSpec] {
        &self.ends
    }

    /// The kind of a node's end of a connection, by its place in [`World::ends`].
    #[inline]
    #[must_use]
    pub fn end_kind(&self, node: u32) -> u16 {
        self.nodes[node as usize].end
    }

    /// What stands before a node, and the engine behind it.
    #[must_use]
    pub fn end(&self, node: u32) -> &EndSpec {
        &self.ends[usize::from(self.end_kind(node))]
    }

    /// The local network of a node, by the number of its first peer, which has company in it or
    /// behind a carrier's NAT; none for a node that shares no box.
    #[must_use]
    pub fn lan(&self, node: u32) -> Option<u32> {
        self.company(node).map(|seat| seat.lan)
    }

    /// The carrier-grade NAT of a node, by the number of the first peer behind it; none for a node
    /// that has none or shares no box.
    #[must_use]
    pub fn carrier_nat(&self, node: u32) -> Option<u32> {
        self.company(node).filter(|seat| seat.chain.chain().carrier).map(|seat| seat.carrier)
    }

    fn company(&self, node: u32) -> Option<&Seat> {
        self.seats.get(node as usize).filter(|seat| seat.company)
    }

    /// Whether two nodes are in one local network.
    #[must_use]
    pub fn same_lan(&self, a: u32, b: u32) -> bool {
        matches!(self.relation(a, b), Relation::SameLan | Relation::SameLanNoMulticast)
    }

    // How two nodes connect by what they have in common; none where that does not decide.
    pub(super) fn outcome_within(&self, a: u32, b: u32) -> Option<PairOutcome> {
        let within = self.within[usize::from(self.end_kind(a))];
        let direct = match self.relation(a, b) {
            Relation::Apart => return None,
            Relation::SameLan => true,
            Relation::SameLanNoMulticast => within.silent_lan,
            Relation::SameCarrier => within.carrier || self.both_have_ipv6(a, b),
        };
        Some(match (direct, self.has_relay()) {
            (true, _) => PairOutcome::Direct,
            (false, true) => PairOutcome::Relayed,
            (false, false) => PairOutcome::Impossible,
        })
    }

    fn both_have_ipv6(&self, a: u32, b: u32) -> bool {
        [a, b].into_iter().all(|node| self.end(node).ipv6 == Ipv6::Firewalled)
    }
}

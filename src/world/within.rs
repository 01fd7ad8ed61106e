//! How ends of one kind connect that share a local network or a carrier's NAT.

use crate::net::{MiddleboxSpec, Nat, PairOutcome, overall_nat, pair_outcome};
use crate::webrtc::setup::{EndSpec, Ipv6};

/// Whether ends of one kind that share boxes connect directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Within {
    // In one local network that filters multicast.
    pub(super) silent_lan: bool,
    // Behind one carrier's NAT.
    pub(super) carrier: bool,
}

impl Within {
    pub(super) fn new(spec: &EndSpec) -> Self {
        let turned = turned_around(spec);
        let ipv6 = spec.ipv6 == Ipv6::Firewalled;
        let visible = !spec.stack.mdns;
        // With nothing but the carrier's NAT in front, both have addresses of its realm.
        let one_realm = spec.boxes.iter().filter(|part| part.translates()).count() <= 1;
        Self { silent_lan: visible || turned || ipv6, carrier: (visible && one_realm) || turned }
    }
}

// Whether two ends behind the same outermost translator reach each other by their outside
// addresses: it hairpins, without filtering, and the boxes inside it let that in.
fn turned_around(spec: &EndSpec) -> bool {
    let Some(outermost) = spec.boxes.iter().rposition(MiddleboxSpec::translates) else {
        // The outside address is the own one, if a STUN server told it.
        return passes_udp(spec);
    };
    let hairpins = matches!(spec.boxes[outermost], MiddleboxSpec::Nat(nat) if nat.hairpin);
    let seen = match (overall_nat(&spec.boxes), overall_nat(&spec.boxes[..outermost])) {
        (Nat::Nat(mapping, _), Nat::Nat(_, filtering)) => Nat::Nat(mapping, filtering),
        (_, inside) => inside,
    };
    hairpins && passes_udp(spec) && pair_outcome(seen, seen, false) == PairOutcome::Direct
}

/// Whether UDP gets out of these boxes.
fn passes_udp(spec: &EndSpec) -> bool {
    overall_nat(&spec.boxes) != Nat::UdpBlocked
}

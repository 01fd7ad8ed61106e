//! Which pairs of candidates can work at all, by the rules for boxes: what a set-up need not wait for.
//!
//! Where there is no rule a pair counts as one that may work.

use std::net::Ipv4Addr;

use super::spec::{EndSpec, Ipv6, PairSetup, Relation};
use crate::net::{Filtering, Mapping, MiddleboxSpec, Nat, PairOutcome, overall_nat, pair_outcome};
use crate::webrtc::ice::{Candidate, CandidateKind, Route};

/// What two ends reach.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    // Whether they may reach each other without a relay.
    directly: bool,
    ends: [EndReach; 2],
}

#[derive(Clone, Copy, Debug)]
struct EndReach {
    // Whether its sockets reach servers.
    out: bool,
    // Whether relays reach the addresses it is told it has.
    from_relays: bool,
    // Whether its own addresses are those of another realm.
    hidden: bool,
}

impl Reach {
    pub(super) fn new(setup: &PairSetup) -> Self {
        let [offerer, answerer] = &setup.ends;
        let [nat_a, nat_b] = [offerer, answerer].map(|end| overall_nat(&end.boxes));
        let directly = setup.relation != Relation::Apart
            || (offerer.ipv6 != Ipv6::None && answerer.ipv6 != Ipv6::None)
            || pair_outcome(nat_a, nat_b, false) == PairOutcome::Direct;
        Self { directly, ends: [EndReach::new(offerer, nat_a), EndReach::new(answerer, nat_b)] }
    }

    /// Whether relays reach all addresses that the ends tell of and can send from.
    pub(super) fn relays_reach_all(&self) -> bool {
        self.ends.iter().all(|end| end.from_relays || !end.out)
    }

    /// Whether a pair of the end `side` may work, where relays are at `server`.
    pub(super) fn may_work(&self, side: usize, local: &Candidate, remote: &Candidate, server: Ipv4Addr) -> bool {
        let [own, other] = [self.ends[side], self.ends[1 - side]];
        let relayed = *remote.address.ip() == server;
        match local.route {
            Route::Socket(_) if relayed => own.out,
            Route::Socket(_) => self.directly,
            Route::Relay(_) => relayed || (other.from_relays && !(other.hidden && remote.kind == CandidateKind::Host)),
        }
    }
}

impl EndReach {
    // What a symmetric translator with the strictest filter maps for a relay has another port than what a
    // STUN server was shown, and that one lets in nobody else.
    fn new(end: &EndSpec, nat: Nat) -> Self {
        let symmetric = Nat::Nat(Mapping::AddressAndPortDependent, Filtering::AddressAndPortDependent);
        let out = nat != Nat::UdpBlocked;
        let v6 = end.ipv6 != Ipv6::None;
        Self {
            out: out || v6,
            from_relays: v6 || (out && nat != symmetric),
            hidden: end.boxes.iter().any(MiddleboxSpec::translates) && !v6,
        }
    }
}

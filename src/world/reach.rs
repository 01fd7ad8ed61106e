//! What nodes are reached through: a kind of NAT, or a network without UDP; and how each two of these connect.

use crate::net::{Nat, PairOutcome, pair_outcome};
use crate::webrtc::turn::Transports;

/// What nodes are reached through: a kind of NAT, or a network without UDP under a stack that cannot do without
/// it; and IPv6 beside it or not.
pub(super) const REACHES: usize = 2 * (Nat::KINDS.len() + 1);

pub(super) const CUT_OFF: usize = Nat::KINDS.len();
const _: () = assert!(matches!(Nat::KINDS[CUT_OFF - 1], Nat::UdpBlocked), "who is cut off is behind a kind, too");

/// Whether packets can take IPv6 to what has this index.
const fn has_ipv6(reach: usize) -> bool {
    reach % 2 == 1
}

/// How each two connect, where TURN servers speak these transports. The allocation of one end serves a
/// pair, but an end whose network blocks UDP needs one of its own over TCP or TLS.
pub(super) fn outcome_table(transports: Option<Transports>) -> [[PairOutcome; REACHES]; REACHES] {
    let out = |nat: Nat| transports.is_some_and(|known| known.preferred(nat == Nat::UdpBlocked).is_some());
    let relay = |a: Nat, b: Nat| out(if b == Nat::UdpBlocked { b } else { a });
    let by_ipv4 = |a: Nat, b: Nat| pair_outcome(a, b, relay(a, b));
    // Over IPv6 there is no translation, and firewalls let each other's answers in.
    let outcome = |a: usize, b: usize| match has_ipv6(a) && has_ipv6(b) {
        true => PairOutcome::Direct,
        false if a / 2 == CUT_OFF || b / 2 == CUT_OFF => PairOutcome::Impossible,
        false => by_ipv4(Nat::KINDS[a / 2], Nat::KINDS[b / 2]),
    };
    std::array::from_fn(|a| std::array::from_fn(|b| outcome(a, b)))
}

/// The index of what a node behind this kind of NAT is reached through; `streams` if its stack speaks to TURN
/// servers over TCP and TLS.
pub(super) fn reach(nat: Nat, ipv6: bool, streams: bool) -> u8 {
    let known = Nat::KINDS.iter().position(|&kind| kind == nat).expect("invariant: all kinds are listed");
    let kind = if nat == Nat::UdpBlocked && !streams { CUT_OFF } else { known };
    u8::try_from(2 * kind + usize::from(ipv6)).expect("invariant: few kinds")
}

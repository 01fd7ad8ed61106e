//! How soon everybody can have a file.

use super::{Bound, Law, down_bps, least, up_bps};
use crate::optimiser::instance::Peer;

/// What binds a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MakespanBinds {
    /// The uplinks of the sources: every bit leaves them once.
    Sources,
    /// The downlink of this peer.
    Downlink(u32),
    /// All uplinks together.
    Everybody,
    /// Parts are passed on whole, so that their number at most doubles in the time that one takes.
    Parts,
    /// Nothing: nobody lacks it, or no link has a limit.
    Nothing,
}

const FLUID: Law = Law {
    name: "file makespan",
    source: "Kumar and Ross, \"Peer-assisted file distribution: the minimum distribution time\", HotWeb 2006",
};
const PARTS: Law = Law {
    name: "file makespan in parts",
    source: "Mundinger, Weber and Weiss, \"Optimal scheduling of peer-to-peer file dissemination\", J. Scheduling 11, 2008",
};

/// The least time, in seconds, in which `bits` come from the sources to all other peers:
/// `max{F / u_s, F / d_min, n F / (u_s + sum u_i)}`. Infinite where something cannot move.
#[must_use]
pub fn makespan(bits: f64, sources: &[u32], peers: &[Peer]) -> Bound<f64, MakespanBinds> {
    let mut bound = Bound { value: 0.0, binds: MakespanBinds::Nothing, law: FLUID };
    let is_source = |peer: u32| sources.contains(&peer);
    let wanting = peers.iter().zip(0..).filter(|(_, peer)| !is_source(*peer));
    let wanted = wanting.clone().count() as f64;
    if wanted < 1.0 || bits <= 0.0 {
        return bound;
    }
    let of_sources = peers.iter().zip(0..).filter(|(_, peer)| is_source(*peer)).map(|(values, _)| up_bps(values)).sum();
    let of_all: f64 = peers.iter().map(up_bps).sum();
    let mut at_least = |work: f64, bps: f64, binds| {
        let value = work / bps;
        if value > bound.value {
            bound = Bound { value, binds, ..bound };
        }
    };
    at_least(bits, of_sources, MakespanBinds::Sources);
    if let Some((peer, down)) = least(wanting.map(|(values, peer)| (peer, down_bps(values)))) {
        at_least(bits, down, MakespanBinds::Downlink(peer));
    }
    at_least(wanted * bits, of_all, MakespanBinds::Everybody);
    bound
}

/// The same where a peer passes on whole parts only: with equal uplinks `F / u (1 + floor(log2 n) / M)` is the least time in
/// which `n` peers have a file in `M` parts of one source. Nobody is faster than with everybody's uplink the fastest one.
#[must_use]
pub fn makespan_in_parts(bits: f64, parts: u64, sources: &[u32], peers: &[Peer]) -> Bound<f64, MakespanBinds> {
    let fluid = makespan(bits, sources, peers);
    let [_] = sources else { return fluid };
    let fastest = peers.iter().map(up_bps).fold(0.0, f64::max);
    let Some(doublings) = peers.len().saturating_sub(1).checked_ilog2() else { return fluid };
    let value = bits / fastest * (1.0 + f64::from(doublings) / parts.max(1) as f64);
    if value > fluid.value { Bound { value, binds: MakespanBinds::Parts, law: PARTS } } else { fluid }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(ups: &[u64], down: u64) -> Vec<Peer> {
        ups.iter().map(|&up| Peer { up_bps: Some(up), down_bps: Some(down), ..Peer::default() }).collect()
    }

    #[test]
    fn a_file_waits_for_its_source_for_a_downlink_or_for_all() {
        let of = |ups: &[u64], down| {
            let bound = makespan(60.0, &[0], &peers(ups, down));
            (bound.value, bound.binds)
        };
        assert_eq!(of(&[10, 90, 90], 100), (6.0, MakespanBinds::Sources));
        assert_eq!(of(&[90, 90, 90], 5), (12.0, MakespanBinds::Downlink(1)));
        assert_eq!(of(&[90, 0, 0, 0], 100), (2.0, MakespanBinds::Everybody));
        assert_eq!(of(&[90], 100).1, MakespanBinds::Nothing);
        assert_eq!(of(&[0, 90], 100), (f64::INFINITY, MakespanBinds::Sources));
    }

    // All ways in which peers with one uplink each pass whole parts on in rounds, breadth first: sets of (who, which part).
    fn rounds_by_search(peers: usize, parts: usize) -> u32 {
        let full = (1_u32 << parts) - 1;
        let mut start = vec![0; peers];
        start[0] = full;
        let mut states = std::collections::BTreeSet::from([start]);
        for round in 0.. {
            if states.iter().any(|state| state.iter().all(|&has| has == full)) {
                return round;
            }
            let mut next = std::collections::BTreeSet::new();
            for state in &states {
                send(state, 0, &mut state.clone(), &mut vec![false; peers], &mut next);
            }
            states = next;
        }
        unreachable!("it ends")
    }

    // Each peer from `sender` on sends one part that it has to one that lacks it; nobody receives two at once.
    fn send(
        state: &[u32],
        sender: usize,
        after: &mut Vec<u32>,
        busy: &mut Vec<bool>,
        found: &mut std::collections::BTreeSet<Vec<u32>>,
    ) {
        if sender == state.len() {
            let mut sorted = after.clone();
            sorted[1..].sort_unstable();
            found.insert(sorted);
            return;
        }
        send(state, sender + 1, after, busy, found);
        for receiver in 1..state.len() {
            let lacking = state[sender] & !after[receiver];
            let free = if busy[receiver] { 0 } else { lacking };
            for part in (0..8).filter(|part| free >> part & 1 == 1) {
                after[receiver] |= 1 << part;
                busy[receiver] = true;
                send(state, sender + 1, after, busy, found);
                busy[receiver] = false;
                after[receiver] &= !(1 << part);
            }
        }
    }

    #[test]
    fn parts_are_scheduled_no_faster_by_search() {
        for (peers_count, parts) in [(2, 1), (3, 1), (4, 1), (5, 1), (3, 2), (4, 2), (5, 2), (4, 3)] {
            let equal = peers(&vec![1; peers_count], 1_000);
            let bound = makespan_in_parts(parts as f64, parts as u64, &[0], &equal);
            let rounds = rounds_by_search(peers_count, parts);
            assert!((bound.value - f64::from(rounds)).abs() < 1e-9, "{peers_count} {parts}: {bound:?} {rounds}");
        }
    }
}

//! How soon everybody can have one message, if sending a copy takes its sender a while and the way nothing.
//!
//! Two things bind. Whoever has sent `k` copies altogether has sent `k` times the bits, each peer from when it had the
//! message on; that is soonest if the fastest have it first and copies are shared out among senders as a fluid. And copies
//! at most double in the time that the fastest takes for one. The order "fastest first" with whole copies is no bound: it is
//! up to half slower than the best (Khuller and Kim, "On broadcasting in heterogenous networks", SODA 2004).

use super::{Bound, Law, up_bps};
use crate::optimiser::instance::Peer;

/// What binds the growth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrowthBinds {
    /// All uplinks together, the fastest first.
    Everybody,
    /// Copies double at most.
    Doubling,
    /// Nothing.
    Nothing,
}

const LAW: Law = Law {
    name: "one message with serialisation",
    source: "Bar-Noy and Kipnis, \"Designing broadcasting algorithms in the postal model\", SPAA 1992 (doubling); \
             uplinks as a fluid, the fastest first",
};

/// The least time, in seconds, in which a message of `bits` comes from the source to all others; infinite where nothing can
/// move.
///
/// # Panics
/// When the source is not a peer.
#[must_use]
pub fn one_message(bits: f64, source: u32, peers: &[Peer]) -> Bound<f64, GrowthBinds> {
    let nothing = Bound { value: 0.0, binds: GrowthBinds::Nothing, law: LAW };
    let others = peers.len() - 1;
    let Some(doublings) = others.checked_ilog2() else { return nothing };
    let mut fastest_first: Vec<f64> = peers.iter().map(up_bps).collect();
    let of_source = fastest_first.swap_remove(source as usize);
    fastest_first.sort_by(|a, b| b.total_cmp(a));
    let fluid = fluid(bits, of_source, &fastest_first);
    // The first copy comes from the source.
    let fastest = of_source.max(fastest_first[0]);
    let doubling = bits / of_source + bits / fastest * f64::from(doublings);
    match () {
        () if fluid.max(doubling) <= 0.0 => nothing,
        () if fluid >= doubling => Bound { value: fluid, binds: GrowthBinds::Everybody, ..nothing },
        () => Bound { value: doubling, binds: GrowthBinds::Doubling, ..nothing },
    }
}

// Copies as a fluid: the next peer has one when all who have it have sent its bits.
fn fluid(bits: f64, of_source: f64, fastest_first: &[f64]) -> f64 {
    let (mut now, mut bps) = (0.0, of_source);
    for up in fastest_first {
        now += bits / bps;
        bps += up;
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn peers(ups: &[u64]) -> Vec<Peer> {
        ups.iter().map(|&up| Peer { up_bps: Some(up), ..Peer::default() }).collect()
    }

    // The best of all schedules of whole copies: whoever is free first sends to any, or stops for good.
    fn by_search(free_at: &mut Vec<(f64, u64)>, missing: &mut Vec<u64>, last: f64, best: &mut f64) {
        if missing.is_empty() {
            *best = best.min(last);
            return;
        }
        for sender in 0..free_at.len() {
            let (free, up) = free_at[sender];
            let done = free + 60.0 / up as f64;
            if done >= *best {
                continue;
            }
            for at in 0..missing.len() {
                let receiver = missing.swap_remove(at);
                free_at[sender].0 = done;
                free_at.push((done, receiver));
                by_search(free_at, missing, last.max(done), best);
                free_at.pop();
                free_at[sender].0 = free;
                missing.push(receiver);
                let end = missing.len() - 1;
                missing.swap(at, end);
            }
        }
    }

    #[test]
    fn equal_uplinks_double() {
        for (count, rounds) in [(3, 2.0), (4, 2.0), (5, 3.0), (8, 3.0), (9, 4.0)] {
            let bound = one_message(60.0, 0, &peers(&vec![60; count]));
            assert_eq!((bound.value, bound.binds), (rounds, GrowthBinds::Doubling), "{count}");
        }
    }

    #[test]
    fn nobody_and_no_uplink_have_an_answer() {
        assert_eq!(one_message(60.0, 0, &peers(&[5])).binds, GrowthBinds::Nothing);
        assert!(one_message(60.0, 0, &peers(&[0, 5])).value.is_infinite());
        assert_eq!(one_message(60.0, 0, &[Peer::default(); 3]).binds, GrowthBinds::Nothing);
        assert!((one_message(60.0, 0, &peers(&[5, 0, 0])).value - 24.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn no_schedule_beats_it(ups in prop::collection::vec(1_u64..20, 2..=6)) {
            let bound = one_message(60.0, 0, &peers(&ups));
            let mut best = f64::INFINITY;
            by_search(&mut vec![(0.0, ups[0])], &mut ups[1..].to_vec(), 0.0, &mut best);
            prop_assert!(bound.value <= best + 1e-9, "{bound:?} {best}");
            // It is no empty word either.
            prop_assert!(bound.value >= 0.4 * best, "{bound:?} {best}");
        }
    }
}

//! Leaves out comparisons that earlier ones of the same course have decided already.
//!
//! If a packet has come after a timer of 50 ms, it has come after one of 40 ms as well. What an earlier
//! comparison says, `g >= 1` ns or `g >= 0`, decides a later one with the form `h` if `h - k g` can only
//! grow with the delays and is large enough without them, for a small whole `k`. The rule looks at
//! nothing but the comparisons before, so that courses that begin alike stay alike.

use std::cmp::Ordering;

use crate::webrtc::stamp::{Difference, LEGS};

/// Multiples of an earlier form that are tried: round trips are compared with timers by ones and twos.
const MULTIPLES_MAX: i16 = 2;

/// A form that is known to be no less than so many ns.
type Fact = (Difference, i64);

/// The comparisons that those before them do not decide.
pub(super) fn prune(made: &[(Difference, Ordering)]) -> Vec<(Difference, Ordering)> {
    let mut facts: Vec<Fact> = Vec::new();
    let mut kept = Vec::new();
    for &(form, sign) in made {
        let news: &[Fact] = match sign {
            Ordering::Greater => &[(form, 1)],
            Ordering::Less => &[(negated(form), 1)],
            Ordering::Equal => &[(form, 0), (negated(form), 0)],
        };
        if !news.iter().all(|new| facts.iter().any(|fact| implies(fact, new))) {
            facts.extend(news);
            kept.push((form, sign));
        }
    }
    kept
}

fn negated(form: Difference) -> Difference {
    Difference { constant_ns: -form.constant_ns, counts: form.counts.map(|count| -count) }
}

fn implies((known, known_min_ns): &Fact, (form, min_ns): &Fact) -> bool {
    (1..=MULTIPLES_MAX).any(|k| {
        let grows = (0..LEGS).all(|leg| form.counts[leg] >= k * known.counts[leg]);
        let k = i64::from(k);
        grows && form.constant_ns - k * known.constant_ns + k * known_min_ns >= *min_ns
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(constant_ns: i64, direct: i16) -> Difference {
        Difference { constant_ns, counts: [direct, 0, 0, 0, 0, 0, 0, 0] }
    }

    #[test]
    fn what_follows_from_earlier_comparisons_is_left_out() {
        let late = (form(-50, 1), Ordering::Greater);
        let later_than_less = (form(-40, 1), Ordering::Greater);
        let twice = (form(-100, 2), Ordering::Greater);
        let turned_round = (form(50, -1), Ordering::Less);
        let open = (form(-60, 1), Ordering::Less);
        let made = [late, later_than_less, twice, turned_round, open, late, open];
        assert_eq!(prune(&made), [late, open]);
    }

    #[test]
    fn equal_times_decide_both_ways() {
        let equal = (form(-50, 1), Ordering::Equal);
        let made = [equal, (form(-49, 1), Ordering::Less), (form(-50, 1), Ordering::Equal), (form(-51, 1), Ordering::Less)];
        // A form of -49 under equal times is 1: to call it less contradicts, so it is not left out.
        assert_eq!(prune(&made), [equal, made[1]]);
    }
}

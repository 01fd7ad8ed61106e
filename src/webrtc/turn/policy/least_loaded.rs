//! `least-loaded`: the server with the smallest share of its allocations taken; of equals the
//! nearest, then the first.

use std::cmp::Ordering;

use super::{Candidate, Choice, PolicyEntry, TurnPolicy, never_opens};
use crate::webrtc::turn::TurnIndex;

pub(super) const ENTRY: PolicyEntry = PolicyEntry {
    policy: TurnPolicy::LeastLoaded,
    summary: "the server with the smallest share of its allocations taken",
    opens_and_closes: false,
    has_alternatives: true,
    choose,
    opens: never_opens,
};

fn choose(choice: &Choice<'_>) -> Option<TurnIndex> {
    choice.ready().min_by(|(_, a), (_, b)| by_load(a, b).then(a.delay.cmp(&b.delay))).map(|(index, _)| index)
}

// Of a / A and b / B, without dividing.
fn by_load(a: &Candidate, b: &Candidate) -> Ordering {
    let cross = |a: &Candidate, b: &Candidate| u64::from(a.allocations) * u64::from(b.capacity);
    cross(a, b).cmp(&cross(b, a))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{chosen, ready};
    use super::*;

    #[test]
    fn load_is_relative_to_capacity_and_fills_evenly() {
        let mut servers = ready(&[(10, 0, 10), (20, 0, 30), (30, 0, 60)]);
        for peer in 0..50 {
            let index = chosen(TurnPolicy::LeastLoaded, peer, &servers).expect("room");
            servers[usize::from(index)].allocations += 1;
        }
        // Half of 100 are taken, and so is half of each.
        assert_eq!(servers.iter().map(|server| server.allocations).collect::<Vec<_>>(), [5, 15, 30]);
    }
}

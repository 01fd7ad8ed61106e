//! `dynamic`: servers are allocated by conditions at the time, delay and load together, and open
//! and close as they are needed.
//!
//! Of the open servers a peer is given the one with the least
//!
//! ```text
//! (delay + 1 ms) / (1 - load),   load = allocations / capacity
//! ```
//!
//! so that a near server is preferred until it fills up; 1 / (1 - load) is how the wait of a queue
//! grows with its load (M/M/1). Another server opens when the open ones are full to the share
//! `open_above`, or when a closed one is nearer to a peer than any open one by more than
//! `open_beyond`: the closed one that is nearest to the peer that asks. One opens at a time.

use super::{Candidate, Choice, Condition, PolicyEntry, TurnPolicy};
use crate::units::SimDuration;
use crate::webrtc::turn::TurnIndex;

pub(super) const ENTRY: PolicyEntry = PolicyEntry {
    policy: TurnPolicy::Dynamic,
    summary: "by delay and load together; servers open and close as they are needed",
    opens_and_closes: true,
    has_alternatives: true,
    choose,
    opens,
};

/// Keeps servers at the peer's own place comparable.
const FLOOR: SimDuration = SimDuration::from_ms(1);

fn choose(choice: &Choice<'_>) -> Option<TurnIndex> {
    let ready = choice.ready().filter(|(_, server)| server.allocations < server.capacity);
    let least = ready.min_by(|(_, a), (_, b)| weight(a, b).cmp(&weight(b, a)));
    least.map(|(index, _)| index)
}

// Of d * A / (A - a) and e * B / (B - b), cleared of fractions: d * A * (B - b) against the other.
fn weight(of: &Candidate, other: &Candidate) -> u128 {
    let room = u128::from(other.capacity - other.allocations);
    u128::from((of.delay + FLOOR).as_ns()) * u128::from(of.capacity) * room
}

fn opens(choice: &Choice<'_>) -> Option<TurnIndex> {
    if choice.in_condition(&[Condition::Starting]).next().is_some() {
        return None;
    }
    let (index, nearest_closed) = choice.in_condition(&[Condition::Closed]).min_by_key(|(_, server)| server.delay)?;
    let open = || choice.in_condition(&[Condition::Ready, Condition::Full]).map(|(_, server)| server);
    let total = |count: fn(&Candidate) -> u32| open().map(|server| f64::from(count(server))).sum::<f64>();
    let (taken, capacity) = (total(|server| server.allocations), total(|server| server.capacity));
    let is_full = taken >= choice.dynamic.open_above.get() * capacity;
    let nearest_open = open().map(|server| server.delay).min();
    let is_far = nearest_open.is_none_or(|delay| delay > nearest_closed.delay + choice.dynamic.open_beyond);
    (is_full || is_far).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::super::DynamicSpec;
    use super::super::tests::{chosen, ready};
    use super::*;

    fn opened(candidates: &[Candidate]) -> Option<TurnIndex> {
        opens(&Choice { peer: 0, candidates, dynamic: &DynamicSpec::default() })
    }

    #[test]
    fn a_near_server_is_preferred_until_it_fills_up() {
        // (9 + 1) / (1 - load) against 20: as much at a load of one half.
        let near_at = |allocations| ready(&[(9, allocations, 100), (19, 0, 100)]);
        assert_eq!(chosen(TurnPolicy::Dynamic, 0, &near_at(49)), Some(0));
        assert_eq!(chosen(TurnPolicy::Dynamic, 0, &near_at(51)), Some(1));
    }

    #[test]
    fn another_opens_when_the_open_ones_fill_up_or_are_far() {
        let mut servers = ready(&[(60, 69, 100), (20, 0, 100), (10, 0, 100)]);
        servers[1].condition = Condition::Closed;
        servers[2].condition = Condition::Closed;
        // 60 ms is not more than 10 + 50.
        assert_eq!(opened(&servers), None);
        servers[0].allocations = 70;
        assert_eq!(opened(&servers), Some(2), "full to 70 %: the nearest opens");
        (servers[0].allocations, servers[0].delay) = (0, SimDuration::from_ms(61));
        assert_eq!(opened(&servers), Some(2), "farther by more than 50 ms");
        servers[1].condition = Condition::Starting;
        assert_eq!(opened(&servers), None, "one at a time");
    }
}

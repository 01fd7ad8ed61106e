//! How late the answer is, or the offer.
//!
//! Signaling messages wait for CPUs and servers, at most times not at all and now and then for seconds. What a set-up
//! that waits comes to says little of one that does not, and is seconds off where it is taken for that. So a leaf is
//! tried once for each degree of lateness that leads to it, and where it is wrong, it is split between the two
//! degrees, without a search: mostly both sides will have to be split further in other places.

use crate::webrtc::stamp::{Delays, Difference, Leg};

/// By how much the answer takes longer than the offer: from one of these to the next, in ns.
const BOUNDS_NS: [i64; 6] = [-1_024_000_000, -256_000_000, -64_000_000, 64_000_000, 256_000_000, 1_024_000_000];

/// A degree of lateness: how many of the bounds it reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lateness(u8);

/// Some degrees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LatenessSet(u8);

impl Lateness {
    #[inline]
    pub(super) fn of(delays: &Delays) -> Self {
        let [offer, answer] = [Leg::Offer, Leg::Answer].map(|leg| delays.of(leg).as_ns().cast_signed());
        Self(BOUNDS_NS.iter().map(|&bound| u8::from(answer - offer >= bound)).sum())
    }

    /// A form that has one sign for this degree and another for the other one and all beyond; none if they are the
    /// same.
    pub(super) fn parted_from(self, other: Self) -> Option<Difference> {
        let bound = match self.cmp(&other) {
            std::cmp::Ordering::Less => self.0,
            std::cmp::Ordering::Equal => return None,
            std::cmp::Ordering::Greater => self.0 - 1,
        };
        let mut form = Difference { constant_ns: -BOUNDS_NS[usize::from(bound)], ..Difference::default() };
        form.counts[Leg::Answer as usize] = 1;
        form.counts[Leg::Offer as usize] = -1;
        Some(form)
    }
}

impl LatenessSet {
    #[inline]
    pub(super) const fn has(self, lateness: Lateness) -> bool {
        self.0 >> lateness.0 & 1 != 0
    }

    pub(super) const fn with(self, lateness: Lateness) -> Self {
        Self(self.0 | 1 << lateness.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimDuration;

    #[test]
    fn a_form_parts_one_degree_from_those_beyond() {
        let late = |ms: i64| {
            let [offer, answer] =
                if ms < 0 { [-ms, 0] } else { [0, ms] }.map(|ms| SimDuration::from_ms(ms as u64 + 90));
            Delays::default().with(Leg::Offer, offer).with(Leg::Answer, answer)
        };
        let all: Vec<Delays> = [-3_000, -1_024, -300, -70, 0, 63, 64, 255, 700, 1_024, 9_000].map(late).to_vec();
        let degrees: Vec<u8> = all.iter().map(|delays| Lateness::of(delays).0).collect();
        assert_eq!(degrees, [0, 1, 1, 2, 3, 3, 4, 4, 5, 6, 6]);
        for (a, b) in all.iter().flat_map(|a| all.iter().map(move |b| (a, b))) {
            let (own, other) = (Lateness::of(a), Lateness::of(b));
            let form = own.parted_from(other);
            assert_eq!(form.is_some(), own != other);
            if let Some(form) = form {
                assert_ne!(form.ns(a) < 0, form.ns(b) < 0);
                let beyond = all.iter().filter(|c| Lateness::of(c) != own && (Lateness::of(c) > own) == (other > own));
                beyond.for_each(|beyond| assert_eq!(form.ns(beyond) < 0, form.ns(b) < 0));
            }
        }
        let set = LatenessSet::default().with(Lateness(3)).with(Lateness(6));
        assert_eq!((0..7).filter(|&degree| set.has(Lateness(degree))).collect::<Vec<u8>>(), [3, 6]);
    }
}

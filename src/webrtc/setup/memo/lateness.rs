//! How much later than the other the answer is, or the offer.
//!
//! Signaling messages wait for CPUs and servers: mostly not at all, now and then for seconds. What a set-up that waits
//! comes to is seconds off where it is taken for one that does not. A leaf whose witness waited may yet lie where
//! others do not, and be found wrong late, for they come there rarely. So a leaf is tried for each degree of
//! lateness that leads to it.

use crate::webrtc::stamp::{Delays, Leg};

/// By how much the answer takes longer than the offer: from one of these to the next, in ns.
const BOUNDS_NS: [i64; 6] = [-1_024_000_000, -256_000_000, -64_000_000, 64_000_000, 256_000_000, 1_024_000_000];

/// A degree of lateness: how many of the bounds it reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    fn lateness_is_what_one_takes_longer_than_the_other() {
        let late = |ms: i64| {
            let [offer, answer] =
                if ms < 0 { [-ms, 0] } else { [0, ms] }.map(|ms| SimDuration::from_ms(ms as u64 + 90));
            Lateness::of(&Delays::default().with(Leg::Offer, offer).with(Leg::Answer, answer)).0
        };
        let degrees = [-3_000, -1_024, -300, -70, 0, 63, 64, 255, 700, 1_024, 9_000].map(late);
        assert_eq!(degrees, [0, 1, 1, 2, 3, 3, 4, 4, 5, 6, 6]);
        let set = LatenessSet::default().with(Lateness(3)).with(Lateness(6));
        assert_eq!((0..7).filter(|&degree| set.has(Lateness(degree))).collect::<Vec<u8>>(), [3, 6]);
    }
}

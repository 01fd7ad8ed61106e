//! Which chunks have arrived, and when a SACK is due (RFC 9260, 6.2 and 6.7).

use super::chunk::Chunk;
use super::outbox::Outbox;
use super::profile::AssociationProfile;
use crate::units::SimTime;

/// TSNs as a receiver keeps them.
#[derive(Clone, Debug)]
pub(super) struct Tracker {
    cumulative: u32,
    duplicates: u16,
    due: Due,
    heard: bool,
    delayed_until: SimTime,
    // What has arrived above the cumulative TSN: ranges, in order, apart from each other.
    ranges: Vec<(u32, u32)>,
}

/// Whether a SACK is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    No,
    // DATA has come in the packet that is being read.
    WithPacket,
    Delayed,
    Now,
}

/// Most duplicates that a SACK reports.
const DUPLICATES_MAX: u16 = 20;

impl Tracker {
    pub(super) const fn new() -> Self {
        Self {
            cumulative: 0,
            duplicates: 0,
            due: Due::No,
            heard: false,
            delayed_until: SimTime::MAX,
            ranges: Vec::new(),
        }
    }

    /// When a delayed SACK is due.
    pub(super) const fn due(&self) -> SimTime {
        self.delayed_until
    }

    /// A SACK is due at once.
    pub(super) const fn sack_now(&mut self) {
        self.due = Due::Now;
        self.delayed_until = SimTime::MAX;
    }

    /// Whether a chunk is worth room in a full receive buffer: it fills a gap, or is the next one.
    pub(super) fn fills_gap(&self, tsn: u32) -> bool {
        tsn <= self.cumulative + 1 || self.ranges.last().is_some_and(|&(_, last)| tsn < last)
    }

    /// A DATA chunk has come, which may ask to be acknowledged at once; false if it had before.
    pub(super) fn observe(&mut self, tsn: u32, immediate: bool, profile: &AssociationProfile) -> bool {
        let new = self.insert(tsn);
        if !new {
            self.duplicates = (self.duplicates + 1).min(DUPLICATES_MAX);
        }
        let first = !self.heard && profile.first_sack_at_once;
        let again = !new && profile.sack_duplicates_at_once;
        self.note(again || immediate || first || !self.ranges.is_empty());
        self.heard = true;
        new
    }

    /// A FORWARD TSN has come; false if it says nothing new.
    pub(super) fn forward(&mut self, cumulative: u32) -> bool {
        if cumulative <= self.cumulative {
            self.sack_now();
            return false;
        }
        self.cumulative = cumulative;
        let beyond = self.ranges.partition_point(|&(_, last)| last <= cumulative);
        self.ranges.drain(..beyond);
        if self.ranges.first().is_some_and(|&(first, _)| first <= cumulative + 1) {
            self.cumulative = self.ranges.remove(0).1;
        }
        self.note(!self.ranges.is_empty());
        true
    }

    /// The packet has been read.
    pub(super) fn end_packet(&mut self, now: SimTime, profile: &AssociationProfile) {
        if self.due == Due::WithPacket {
            self.due = Due::Delayed;
            self.delayed_until = now + profile.sack_delay;
        }
    }

    /// Whether a SACK is due at once, or with `riding`, whether one waits.
    pub(super) fn wants_sack(&self, riding: bool) -> bool {
        self.due == Due::Now || (riding && self.due != Due::No)
    }

    /// Writes the SACK.
    pub(super) fn sack(&mut self, window: u32, profile: &AssociationProfile, out: &mut Outbox) {
        out.push(Chunk::Sack { cumulative: self.cumulative, window, duplicates: self.duplicates });
        for &(first, last) in self.ranges.iter().take(profile.gaps_max) {
            out.push(Chunk::Gap { first, last });
        }
        self.duplicates = 0;
        self.due = Due::No;
        self.delayed_until = SimTime::MAX;
    }

    fn note(&mut self, at_once: bool) {
        if at_once || self.due == Due::Delayed {
            self.sack_now();
        } else if self.due == Due::No {
            self.due = Due::WithPacket;
        }
    }

    fn insert(&mut self, tsn: u32) -> bool {
        if tsn <= self.cumulative {
            return false;
        }
        if tsn == self.cumulative + 1 {
            self.cumulative = tsn;
            if self.ranges.first().is_some_and(|&(first, _)| first == tsn + 1) {
                self.cumulative = self.ranges.remove(0).1;
            }
            return true;
        }
        // The first range that ends at or behind the chunk's neighbour.
        let at = match self.ranges.last() {
            Some(&(_, last)) if last + 1 < tsn => self.ranges.len(),
            _ => self.ranges.partition_point(|&(_, last)| last + 1 < tsn),
        };
        let next_first = self.ranges.get(at + 1).map(|&(first, _)| first);
        match self.ranges.get_mut(at) {
            Some((first, last)) if tsn >= *first && tsn <= *last => return false,
            Some((_, last)) if *last + 1 == tsn => {
                *last = tsn;
                if next_first == Some(tsn + 1) {
                    self.ranges[at].1 = self.ranges.remove(at + 1).1;
                }
            }
            Some((first, _)) if *first == tsn + 1 => *first = tsn,
            _ => self.ranges.insert(at, (tsn, tsn)),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_agrees_with_a_set(tsns in prop::collection::vec((1..60_u32, prop::bool::weighted(0.1)), 1..120)) {
            let profile = AssociationProfile::webrtc_rs();
            let (mut tracker, mut seen) = (Tracker::new(), BTreeSet::new());
            for (tsn, is_forward) in tsns {
                if is_forward {
                    tracker.forward(tsn);
                    seen.extend(1..=tsn);
                } else {
                    prop_assert_eq!(tracker.observe(tsn, false, &profile), seen.insert(tsn));
                }
                let cumulative = (1..).take_while(|tsn| seen.contains(tsn)).last().unwrap_or(0);
                prop_assert_eq!(tracker.cumulative, cumulative);
                let above: Vec<u32> = tracker.ranges.iter().flat_map(|&(first, last)| first..=last).collect();
                let expected: Vec<u32> = seen.range(cumulative + 1..).copied().collect();
                prop_assert_eq!(above, expected);
                prop_assert!(tracker.ranges.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
            }
        }
    }

    #[test]
    fn every_second_packet_is_acknowledged_and_a_gap_at_once() {
        let (profile, now) = (AssociationProfile::webrtc_rs(), SimTime::ZERO);
        let mut tracker = Tracker::new();
        let mut out = Outbox::default();
        let mut arrive = |tracker: &mut Tracker, tsn| {
            tracker.observe(tsn, false, &profile);
            tracker.end_packet(now, &profile);
            let wants = tracker.wants_sack(false);
            if wants {
                tracker.sack(0, &profile, &mut out);
            }
            wants
        };
        let due: Vec<bool> = [1, 2, 3, 4, 6, 7, 5, 8].into_iter().map(|tsn| arrive(&mut tracker, tsn)).collect();
        assert_eq!(due, [false, true, false, true, true, true, false, true]);
        arrive(&mut tracker, 9);
        assert_eq!(tracker.due(), now + profile.sack_delay);
    }
}

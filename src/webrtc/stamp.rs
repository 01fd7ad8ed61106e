//! Times of a connection's set-up, as what they are made of.
//!
//! Everything that happens while a connection is set up happens at a time of the form
//! *constant + sum of (count x delay)*, where the delays are those of the ways that packets and
//! signaling messages take ([`Leg`]) and the constants are timers. A [`Stamp`] carries the counts
//! along with the time. A run of the set-up with the same outcomes of the same comparisons of times takes
//! the same course, so that its result can be had for other delays without running it again; what
//! parts two courses is a comparison that turns out otherwise, and [`Comparisons`] notes those.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::units::{SimDuration, SimTime};

/// A way that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Leg {
    /// From one end to the other, without a relay.
    Direct,
    /// Between the offerer and its STUN and TURN server.
    OffererToOwn,
    /// Between the answerer and its STUN and TURN server.
    AnswererToOwn,
    /// Between the offerer and the answerer's TURN server.
    OffererToOther,
    /// Between the answerer and the offerer's TURN server.
    AnswererToOther,
    /// Between the two TURN servers.
    BetweenServers,
    /// A signaling message of the offerer to the answerer.
    Offer,
    /// A signaling message of the answerer to the offerer.
    Answer,
}

/// How many legs there are.
pub const LEGS: usize = 8;

/// The one-way delay of every leg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delays([SimDuration; LEGS]);

impl Delays {
    /// The same delay on every leg; none between the TURN servers, which are then one.
    #[must_use]
    pub const fn uniform(delay: SimDuration) -> Self {
        Self([delay; LEGS]).with(Leg::BetweenServers, SimDuration::ZERO)
    }

    /// These delays but for one leg.
    #[must_use]
    pub const fn with(mut self, leg: Leg, delay: SimDuration) -> Self {
        self.0[leg as usize] = delay;
        self
    }

    /// The delay of a leg.
    #[inline]
    #[must_use]
    pub const fn of(&self, leg: Leg) -> SimDuration {
        self.0[leg as usize]
    }

    /// On the straight way to others, after this share of it; rounded to whole ns.
    #[must_use]
    pub fn toward(&self, other: &Self, share: f64) -> Self {
        let part = |leg: usize| {
            let (from_ns, to_ns) = (self.0[leg].as_ns().cast_signed(), other.0[leg].as_ns().cast_signed());
            from_ns + ((to_ns - from_ns) as f64 * share).round() as i64
        };
        Self(std::array::from_fn(|leg| SimDuration::from_ns(u64::try_from(part(leg)).unwrap_or(0))))
    }

    /// The delays in the order of the legs.
    #[inline]
    #[must_use]
    pub const fn all(&self) -> &[SimDuration; LEGS] {
        &self.0
    }
}

/// A time, and how often each leg is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    time: SimTime,
    counts: [u16; LEGS],
}

impl Stamp {
    /// The beginning.
    pub const ZERO: Self = Self { time: SimTime::ZERO, counts: [0; LEGS] };

    /// The time.
    #[inline]
    #[must_use]
    pub const fn time(self) -> SimTime {
        self.time
    }

    /// How often each leg is in it.
    #[inline]
    #[must_use]
    pub const fn counts(&self) -> &[u16; LEGS] {
        &self.counts
    }

    /// A fixed time later.
    #[must_use]
    pub fn after(self, span: SimDuration) -> Self {
        Self { time: self.time + span, ..self }
    }

    /// Later by a number of times a difference that is not negative.
    #[must_use]
    pub fn later_by(mut self, difference: &Difference, times: u16, delays: &Delays) -> Self {
        let span_ns = u64::try_from(difference.ns(delays)).unwrap_or(0);
        self.time += SimDuration::from_ns(span_ns * u64::from(times));
        for (count, more) in self.counts.iter_mut().zip(difference.counts) {
            *count = count.wrapping_add_signed(more.wrapping_mul(times.cast_signed()));
        }
        self
    }

    /// Later by the delay of a leg.
    #[must_use]
    pub fn over(mut self, leg: Leg, delays: &Delays) -> Self {
        self.time += delays.of(leg);
        self.counts[leg as usize] = self.counts[leg as usize].wrapping_add(1);
        self
    }
}

/// A difference of two stamps: its constant part in ns, and how often each leg is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The constant part in ns.
    pub constant_ns: i64,
    /// How often each leg is in it.
    pub counts: [i16; LEGS],
}

impl Difference {
    /// What `a` is later than `b`.
    #[must_use]
    pub fn between(a: Stamp, b: Stamp, delays: &Delays) -> Self {
        let counts = std::array::from_fn(|leg| a.counts[leg].wrapping_sub(b.counts[leg]).cast_signed());
        let nothing = Self { constant_ns: 0, counts };
        let whole_ns = a.time.as_ns().wrapping_sub(b.time.as_ns()).cast_signed();
        Self { constant_ns: whole_ns - nothing.ns(delays), counts }
    }

    /// A fixed time, whatever the delays.
    #[must_use]
    pub const fn fixed(span: SimDuration) -> Self {
        Self { constant_ns: span.as_ns().cast_signed(), counts: [0; LEGS] }
    }

    /// The other way around.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { constant_ns: -self.constant_ns, counts: self.counts.map(i16::wrapping_neg) }
    }

    /// Its value in ns under these delays.
    #[inline]
    #[must_use]
    pub fn ns(&self, delays: &Delays) -> i64 {
        let legs = self.counts.iter().zip(delays.all());
        legs.fold(self.constant_ns, |sum, (&count, delay)| sum + i64::from(count) * delay.as_ns().cast_signed())
    }
}

/// Compares times under given delays, and notes what is asked for.
#[derive(Clone, Debug, Default)]
pub struct Comparisons {
    delays: Delays,
    notes: Option<Box<Notes>>,
}

// Differences of compared times that have another sign under the ones of two delays than under the others.
#[derive(Clone, Debug)]
struct Notes {
    // How much longer than the run's own both delays are, in ns.
    longer_ns: [[i64; LEGS]; 2],
    // The most by which any leg is longer or shorter.
    most_ns: u64,
    made: Vec<Difference>,
    // Those in `made`, to find them again.
    known: BTreeSet<Difference>,
}

impl Comparisons {
    /// Under these delays, noting nothing.
    #[must_use]
    pub const fn new(delays: Delays) -> Self {
        Self { delays, notes: None }
    }

    /// Under these delays, noting what turns out otherwise under the first of two others than under the
    /// second.
    #[must_use]
    pub fn between(delays: Delays, others: [&Delays; 2]) -> Self {
        let ns = |delay: SimDuration| delay.as_ns().cast_signed();
        let longer_ns: [[i64; LEGS]; 2] =
            others.map(|other| std::array::from_fn(|leg| ns(other.0[leg]) - ns(delays.0[leg])));
        let most_ns = longer_ns.iter().flatten().map(|ns| ns.unsigned_abs()).max().unwrap_or(0);
        Self { delays, notes: Some(Box::new(Notes { longer_ns, most_ns, made: Vec::new(), known: BTreeSet::new() })) }
    }

    /// The delays.
    #[must_use]
    pub const fn delays(&self) -> &Delays {
        &self.delays
    }

    /// Whether anything is noted: if not, times alone tell which one is earlier.
    #[inline]
    #[must_use]
    pub const fn are_noted(&self) -> bool {
        self.notes.is_some()
    }

    /// Which of two times is earlier.
    #[inline]
    pub fn compare(&mut self, a: Stamp, b: Stamp) -> Ordering {
        if let Some(notes) = &mut self.notes
            && a.counts != b.counts
        {
            notes.take(a, b, &self.delays);
        }
        a.time.cmp(&b.time)
    }

    /// The differences of times that were noted, each once, in the order in which they came up.
    #[must_use]
    pub fn made(&self) -> &[Difference] {
        self.notes.as_ref().map_or(&[], |notes| &notes.made)
    }
}

impl Notes {
    fn take(&mut self, a: Stamp, b: Stamp, delays: &Delays) {
        let now_ns = a.time.as_ns().wrapping_sub(b.time.as_ns()).cast_signed();
        let counts: [i16; LEGS] = std::array::from_fn(|leg| a.counts[leg].wrapping_sub(b.counts[leg]).cast_signed());
        // Mostly the two are so far apart that no leg in them could change their order.
        let legs: u32 = counts.iter().map(|count| u32::from(count.unsigned_abs())).sum();
        if now_ns.unsigned_abs() > u64::from(legs).saturating_mul(self.most_ns) {
            return;
        }
        let [one, other] = self.longer_ns.each_ref().map(|longer_ns| {
            let legs = counts.iter().zip(longer_ns);
            legs.fold(now_ns, |sum, (&count, ns)| sum + i64::from(count) * ns).signum()
        });
        if one != other {
            let difference = Difference::between(a, b, delays);
            if self.known.insert(difference) {
                self.made.push(difference);
            }
        }
    }
}

/// Now, and how to find out whether something is due: what every state machine of the set-up is
/// told with every event.
#[derive(Debug)]
pub struct Moment<'a> {
    /// Now.
    pub now: Stamp,
    /// Where comparisons are noted.
    pub comparisons: &'a mut Comparisons,
}

impl Moment<'_> {
    /// Whether `deadline` is now or has passed.
    pub fn reached(&mut self, deadline: Stamp) -> bool {
        self.comparisons.compare(deadline, self.now) != Ordering::Greater
    }

    /// Whether `deadline` has passed.
    pub fn passed(&mut self, deadline: Stamp) -> bool {
        self.comparisons.compare(deadline, self.now) == Ordering::Less
    }

    /// The earlier of two times, as far as they are there.
    #[inline]
    pub fn sooner(&mut self, first: Option<Stamp>, other: Option<Stamp>) -> Option<Stamp> {
        match (first, other) {
            (Some(known), Some(new)) => Some(if self.comparisons.compare(new, known).is_lt() { new } else { known }),
            (known, new) => known.or(new),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(direct_ms: u64, offer_ms: u64) -> Delays {
        Delays::default()
            .with(Leg::Direct, SimDuration::from_ms(direct_ms))
            .with(Leg::Offer, SimDuration::from_ms(offer_ms))
    }

    #[test]
    fn a_difference_holds_for_other_delays() {
        let now = delays(30, 50);
        let a = Stamp::ZERO.over(Leg::Direct, &now).over(Leg::Direct, &now).after(SimDuration::from_ms(7));
        let b = Stamp::ZERO.over(Leg::Offer, &now).after(SimDuration::from_ms(20));
        let difference = Difference::between(a, b, &now);
        assert_eq!(difference.constant_ns, -13_000_000);
        assert_eq!(difference.ns(&now), -3_000_000);
        assert_eq!(difference.ns(&delays(40, 50)), 17_000_000);
    }

    #[test]
    fn a_multiple_of_a_difference_is_added_with_its_legs() {
        let now = delays(30, 50);
        let start = Stamp::ZERO.over(Leg::Offer, &now);
        let end = start.over(Leg::Direct, &now).over(Leg::Direct, &now).after(SimDuration::from_ms(1));
        let later = start.later_by(&Difference::between(end, start, &now), 2, &now);
        assert_eq!(later.time(), SimTime::ZERO + SimDuration::from_ms(50 + 2 * 61));
        assert_eq!(Difference::between(later, start, &now).ns(&delays(40, 50)), 162_000_000);
        let fixed = Difference::fixed(SimDuration::from_ms(7));
        assert_eq!(start.later_by(&fixed, 3, &now), start.after(SimDuration::from_ms(21)));
    }

    #[test]
    fn what_turns_out_otherwise_is_noted_and_only_once() {
        let now = delays(30, 50);
        let (direct, offer) = (Stamp::ZERO.over(Leg::Direct, &now), Stamp::ZERO.over(Leg::Offer, &now));
        let mut silent = Comparisons::new(now);
        assert_eq!(silent.compare(direct, offer), Ordering::Less);
        assert!(silent.made().is_empty());
        let mut comparisons = Comparisons::between(now, [&delays(20, 50), &delays(60, 50)]);
        assert_eq!(comparisons.compare(Stamp::ZERO, direct), Ordering::Less);
        assert_eq!(comparisons.compare(direct, offer.after(SimDuration::from_ms(11))), Ordering::Less);
        assert!(comparisons.made().is_empty(), "so it is with both");
        // Equal under one of them, after the longest way to change the order, and a nanosecond from it.
        for (later_ns, is_noted) in [(40_000_000, true), (40_000_001, false)] {
            let mut edge = Comparisons::between(now, [&delays(60, 20), &delays(30, 50)]);
            edge.compare(direct, offer.after(SimDuration::from_ns(later_ns)));
            assert_eq!(!edge.made().is_empty(), is_noted, "{later_ns}");
        }
        for _ in 0..2 {
            assert_eq!(comparisons.compare(direct, offer), Ordering::Less);
            assert_eq!(comparisons.made(), [Difference::between(direct, offer, &now)]);
        }
    }
}

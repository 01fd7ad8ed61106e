//! Finding the comparison of two times that parts one outcome from another.
//!
//! On the straight way from delays with the one outcome to delays with another lies a place where the outcome
//! changes: there a form crosses zero, the difference of two times that change their order. Halving the way finds
//! it. Mostly it is a form that has parted other outcomes before, so those are tried first, and the likelier the
//! more of them it has parted; if none is right, the runs of the state machine tell which others there are. Of those,
//! the ones are likelier that differ from known ones in their constant alone.

use super::tree::Forest;
use crate::webrtc::stamp::{Comparisons, Delays, Difference};

/// Runs to find a form that is new: each halves those that may be it, but brings others at times.
const HALVINGS_MAX: u32 = 34;
/// How much likelier a new form is that has the legs of some known one, and only the constant is another.
const KNOWN_LEGS: u32 = 64;
/// Shares of the way that count as one place, and how far beside a place is tried what holds there.
const SAME: f64 = 1e-9;
const LITTLE: f64 = 1e-6;

/// A run of the state machine: whether it comes to the outcome, with the comparisons that turn out otherwise under
/// the first of two delays than under the second, where they are given.
pub(super) trait Run: FnMut(&Delays, Option<[&Delays; 2]>) -> (bool, Comparisons) {}

impl<R: FnMut(&Delays, Option<[&Delays; 2]>) -> (bool, Comparisons)> Run for R {}

/// A straight way between two delays, along which an outcome changes.
pub(super) struct Boundary<'a, R> {
    run: R,
    with: &'a Delays,
    other: &'a Delays,
    // The share of it up to which the outcome is known to hold, and from which on it does not.
    inside: f64,
    outside: f64,
}

// A form that may be the one: where on the way it crosses zero, and how likely it is.
struct Crossing {
    share: f64,
    weight: u32,
    form: Difference,
}

impl<'a, R: Run> Boundary<'a, R> {
    /// From delays with the outcome to others with another.
    pub(super) const fn new(run: R, with: &'a Delays, other: &'a Delays) -> Self {
        Self { run, with, other, inside: 0.0, outside: 1.0 }
    }

    /// The form that has one sign where the outcome holds and another beyond; `known` has those that part others.
    /// None where no form tells the two apart.
    pub(super) fn find(mut self, known: &Forest) -> Option<Difference> {
        let between = known.forms().filter(|(form, _)| parts(form, self.with, self.other));
        let crossings = between.map(|(&form, weight)| crossing(form, weight, self.with, self.other)).collect();
        self.among(crossings).or_else(|| self.new_form(known))
    }

    // One of these forms, if the outcome changes just where it crosses zero. If not, the way is shorter after that.
    fn among(&mut self, mut crossings: Vec<Crossing>) -> Option<Difference> {
        sort(&mut crossings);
        while let Some(place) = cut(&crossings) {
            // Beside the likelier neighbour, which has stood half of its trial with that.
            let [before, after] = [&crossings[place - 1], &crossings[place]];
            let middle = f64::midpoint(before.share, after.share);
            let share = match before.weight > after.weight {
                true => (before.share + LITTLE).min(middle),
                false => (after.share - LITTLE).max(middle),
            };
            if self.holds_at(share) {
                crossings.drain(..place);
            } else {
                crossings.truncate(place);
            }
        }
        // What is left is at one place; of equals the first.
        let likeliest = crossings.iter().rev().max_by_key(|crossing| crossing.weight);
        let &Crossing { share, form, .. } = likeliest?;
        let (before, after) = (share - LITTLE, share + LITTLE);
        let holds_before = before <= self.inside || self.holds_at(before);
        (holds_before && (after >= self.outside || !self.holds_at(after))).then_some(form)
    }

    // A form that was compared on the way. Both courses' forms that have another sign there than here cross zero
    // somewhere between; a run in the middle of them leaves half of them.
    fn new_form(&mut self, known: &Forest) -> Option<Difference> {
        let (mut inside, mut outside) = (self.at(self.inside), self.at(self.outside));
        let mut inside_made = (self.run)(&inside, Some([&inside, &outside])).1;
        let mut outside_made = (self.run)(&outside, Some([&inside, &outside])).1;
        let mut halvings = 0;
        loop {
            let made = inside_made.made().iter().chain(outside_made.made());
            let differ = made.filter(|form| parts(form, &inside, &outside));
            let weight = |form| match known.with_legs_of(form) {
                0 => 1,
                nodes => KNOWN_LEGS + nodes,
            };
            let crossings = differ.map(|form| crossing(*form, weight(form), &inside, &outside));
            let mut crossings: Vec<Crossing> = crossings.collect();
            let first_made = crossings.first().map(|first| first.form);
            sort(&mut crossings);
            crossings.dedup_by_key(|crossing| crossing.form);
            let Some(place) = cut(&crossings).filter(|_| halvings < HALVINGS_MAX) else { return first_made };
            let middle = inside.toward(&outside, f64::midpoint(crossings[place - 1].share, crossings[place].share));
            if middle == inside || middle == outside {
                return first_made;
            }
            let (holds, made) = (self.run)(&middle, Some([&inside, &outside]));
            if holds {
                (inside, inside_made) = (middle, made);
            } else {
                (outside, outside_made) = (middle, made);
            }
            halvings += 1;
        }
    }

    // Whether the outcome is the same after this share of the way, which is then known.
    fn holds_at(&mut self, share: f64) -> bool {
        let delays = self.at(share);
        let (holds, _) = (self.run)(&delays, None);
        *(if holds { &mut self.inside } else { &mut self.outside }) = share;
        holds
    }

    fn at(&self, share: f64) -> Delays {
        match share {
            0.0 => *self.with,
            1.0 => *self.other,
            _ => self.with.toward(self.other, share),
        }
    }
}

// Whether a form has one sign under the ones and another under the others.
fn parts(form: &Difference, a: &Delays, b: &Delays) -> bool {
    form.ns(a).signum() != form.ns(b).signum()
}

fn crossing(form: Difference, weight: u32, from: &Delays, to: &Delays) -> Crossing {
    let (begin, end) = (form.ns(from) as f64, form.ns(to) as f64);
    Crossing { share: begin / (begin - end), weight, form }
}

fn sort(crossings: &mut [Crossing]) {
    crossings
        .sort_unstable_by(|a, b| a.share.total_cmp(&b.share).then(b.weight.cmp(&a.weight)).then(a.form.cmp(&b.form)));
}

// Where to cut crossings in order, so that about half of the weight is before it; none if all are at one place.
fn cut(crossings: &[Crossing]) -> Option<usize> {
    let total: u64 = crossings.iter().map(|crossing| u64::from(crossing.weight)).sum();
    let mut before = 0;
    let mut best: Option<(u64, usize)> = None;
    for place in 1..crossings.len() {
        before += u64::from(crossings[place - 1].weight);
        let off = total.abs_diff(2 * before);
        let apart = crossings[place].share - crossings[place - 1].share > SAME;
        if apart && best.is_none_or(|(least, _)| off < least) {
            best = Some((off, place));
        }
    }
    best.map(|(_, place)| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimDuration;
    use crate::webrtc::setup::memo::tree::Branch;
    use crate::webrtc::stamp::{Leg, Stamp};

    fn ms(direct_ms: u64) -> Delays {
        Delays::default().with(Leg::Direct, SimDuration::from_ms(direct_ms))
    }

    // Whether the way is longer than this.
    fn longer_than(at_ms: u64) -> Difference {
        let now = ms(0);
        Difference::between(Stamp::ZERO.over(Leg::Direct, &now), Stamp::ZERO.after(SimDuration::from_ms(at_ms)), &now)
    }

    // A forest in which these part outcomes, each so many times.
    fn forest(forms: &[(u64, u32)]) -> Forest {
        let mut forest = Forest::default();
        for &(at_ms, times) in forms {
            (0..times).for_each(|_| forest.split(&mut Branch::default(), &ms(0), longer_than(at_ms), 0, 1));
        }
        forest
    }

    // What is found where the outcome changes at `at_ms`, and in how many runs; they compare with all times.
    fn find(known: &Forest, at_ms: u64) -> (Option<Difference>, u32) {
        let mut runs = 0;
        let run = |delays: &Delays, others: Option<[&Delays; 2]>| {
            runs += 1;
            let silent = Comparisons::new(*delays);
            let mut comparisons = others.map_or(silent, |others| Comparisons::between(*delays, others));
            let way = Stamp::ZERO.over(Leg::Direct, delays);
            for tick in 1..100 {
                comparisons.compare(way, Stamp::ZERO.after(SimDuration::from_ms(tick)));
            }
            (longer_than(at_ms).ns(delays) < 0, comparisons)
        };
        (Boundary::new(run, &ms(0), &ms(100)).find(known), runs)
    }

    #[test]
    fn a_form_that_parts_many_is_tried_first() {
        let all: Vec<(u64, u32)> = (1..64).map(|at_ms| (at_ms, 1)).collect();
        let (form, runs) = find(&forest(&all), 20);
        assert_eq!(form, Some(longer_than(20)));
        assert!((5..=8).contains(&runs), "{runs}");
        let mut likely = all;
        likely[19].1 = 200;
        assert_eq!(find(&forest(&likely), 20), (Some(longer_than(20)), 2));
        // It need not be that one.
        assert_eq!(find(&forest(&likely), 50).0, Some(longer_than(50)));
    }

    #[test]
    fn a_form_that_is_not_known_is_found_among_those_compared() {
        for known in [&[][..], &[(10, 5), (60, 1)]] {
            let (form, runs) = find(&forest(known), 37);
            assert_eq!(form, Some(longer_than(37)));
            assert!(runs <= 14, "{runs}");
        }
    }
}

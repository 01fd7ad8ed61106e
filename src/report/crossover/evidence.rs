//! Which of two topologies is shown to be better at one population, seed by seed.
//!
//! Where both work in every seed, Student's t of the paired differences decides. Where some seeds fail there is no
//! difference to take, so the exact sign test (Dixon and Mood, Journal of the American Statistical Association 41, 1946)
//! asks who does better in more than half of the populations: one that works beats one that does not. Where both fail
//! in most seeds, neither serves.

use serde::Serialize;

use crate::metrics::{Better, Interval, Verdict, sign_test};
use crate::rng::Seed;

/// What one topology came to with one seed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// The value of the metric, if there is one.
    pub value: Option<f64>,
    /// Why the topology does not work, if it does not.
    pub fault: Option<String>,
    /// What it asks of its peers.
    pub load: Load,
}

/// What a topology asks of the peer that has most to do, in percent of what that peer has, and how messages go; unknown
/// if not measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Load {
    /// Of its uplink.
    pub uplink_percent: Option<f64>,
    /// Of its CPU.
    pub cpu_percent: Option<f64>,
    /// The mean number of hops from sources to receivers.
    pub hops: Option<f64>,
    /// How many copies of one message the busiest access link sends, mean over the sources.
    pub copies: Option<f64>,
}

/// Both topologies with one seed: the same population, and the same chances.
#[derive(Clone, Debug, PartialEq)]
pub struct Paired {
    /// The seed.
    pub seed: Seed,
    /// The first topology and the second.
    pub sides: [Side; 2],
}

/// Who is shown to be better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lead {
    /// The first topology.
    First,
    /// The second topology.
    Second,
    /// Neither works in most seeds.
    NeitherWorks,
    /// The seeds do not tell.
    Open,
}

/// What the seeds of one population show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// Who is shown to be better.
    pub lead: Lead,
    /// The first minus the second, over the seeds in which both work, with the interval at the level that was asked for.
    pub difference: Option<Interval>,
    /// In how many seeds each does better than the other.
    pub wins: [usize; 2],
    /// In how many seeds neither works.
    pub neither: usize,
    /// How many seeds there are.
    pub seeds: usize,
}

impl Side {
    /// The value, if the topology works and has one.
    #[must_use]
    pub fn counted(&self) -> Option<f64> {
        self.value.filter(|_| self.fault.is_none())
    }
}

impl Evidence {
    /// What these seeds show, with an error of at most `level` (0 to 1), where `better` says which way the metric is.
    #[must_use]
    pub fn of(pairs: &[Paired], better: Better, level: f64) -> Self {
        let seeds = pairs.len();
        let differences: Vec<f64> = pairs.iter().filter_map(difference).collect();
        let [mut first, mut second, mut neither] = [0; 3];
        for pair in pairs {
            match pair.sides.each_ref().map(Side::counted) {
                [None, None] => neither += 1,
                [Some(_), None] => first += 1,
                [None, Some(_)] => second += 1,
                [Some(a), Some(b)] if gain(a - b, better) > 0.0 => second += 1,
                [Some(a), Some(b)] if gain(a - b, better) < 0.0 => first += 1,
                [Some(_), Some(_)] => {}
            }
        }
        let (wins, difference) = ([first, second], Interval::with_error(&differences, level));
        let lead = if 2 * neither > seeds {
            Lead::NeitherWorks
        } else if differences.len() == seeds {
            by_difference(difference, better)
        } else {
            by_signs(wins, level)
        };
        Self { lead, difference, wins, neither, seeds }
    }

    /// Whether both topologies work in every seed.
    #[must_use]
    pub fn all_work(&self) -> bool {
        self.difference.is_some_and(|difference| difference.n == self.seeds)
    }

    /// By how much the second topology does better than the first, negative if it does worse: in the unit of the metric
    /// if `by_value`, else as a share of the seeds (-1 to 1).
    pub(super) fn advantage(&self, better: Better, by_value: bool) -> f64 {
        match self.difference {
            Some(difference) if by_value => gain(difference.mean, better),
            _ => (self.wins[1] as f64 - self.wins[0] as f64) / self.seeds.max(1) as f64,
        }
    }
}

fn difference(pair: &Paired) -> Option<f64> {
    let [first, second] = &pair.sides;
    Some(first.counted()? - second.counted()?)
}

// What the second has ahead of the first.
fn gain(difference: f64, better: Better) -> f64 {
    if better == Better::Higher { -difference } else { difference }
}

fn by_difference(difference: Option<Interval>, better: Better) -> Lead {
    match difference.map(|difference| difference.verdict(better)) {
        Some(Verdict::Better) => Lead::First,
        Some(Verdict::Worse) => Lead::Second,
        _ => Lead::Open,
    }
}

// Seeds in which both do equally well do not count.
fn by_signs([first, second]: [usize; 2], level: f64) -> Lead {
    match first > second {
        _ if first == second || sign_test(first, second) > level => Lead::Open,
        true => Lead::First,
        false => Lead::Second,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: f64 = 0.05;

    fn side(value: f64) -> Side {
        let fault = value.is_nan().then(|| "it is overloaded".to_owned());
        Side { value: Some(value), fault, load: Load::default() }
    }

    // Not a number: the topology does not work.
    fn of(first: &[f64], second: &[f64], better: Better) -> Evidence {
        let pair = |((&a, &b), seed)| Paired { seed: Seed(seed), sides: [side(a), side(b)] };
        let pairs: Vec<Paired> = first.iter().zip(second).zip(1..).map(pair).collect();
        Evidence::of(&pairs, better, LEVEL)
    }

    #[test]
    fn where_both_work_the_paired_difference_decides() {
        let (fast, slow) = ([10.0, 52.0, 31.0], [20.0, 61.5, 41.2]);
        assert_eq!(of(&fast, &slow, Better::Lower).lead, Lead::First);
        assert_eq!(of(&slow, &fast, Better::Lower).lead, Lead::Second);
        assert_eq!(of(&slow, &fast, Better::Higher).lead, Lead::First);
        let noisy = of(&[10.0, 30.0, 12.0], &[20.0, 21.0, 20.0], Better::Lower);
        assert_eq!((noisy.lead, noisy.wins), (Lead::Open, [2, 1]));
        // Differences 1, 2, 3: t(0.975, 2) / sqrt(3) around 2.
        let interval = of(&[2.0, 4.0, 6.0], &[1.0, 2.0, 3.0], Better::Lower).difference.expect("three pairs");
        assert!((interval.ends.expect("ends").high - 2.0 - 4.302_653 / 3.0_f64.sqrt()).abs() < 1e-6);
        assert_eq!(of(&[1.0], &[2.0], Better::Lower).lead, Lead::Open, "one seed shows nothing");
        assert_eq!(of(&[1.0; 4], &[1.0; 4], Better::Lower).lead, Lead::Open);
        assert_eq!(of(&[1.0; 4], &[1.5; 4], Better::Lower).lead, Lead::First);
    }

    #[test]
    fn one_that_works_beats_one_that_does_not() {
        let fails = [f64::NAN; 8];
        assert_eq!(of(&fails, &[900.0; 8], Better::Lower).lead, Lead::Second);
        assert_eq!(of(&[900.0; 8], &fails, Better::Lower).lead, Lead::First);
        assert_eq!(of(&fails, &fails, Better::Lower).lead, Lead::NeitherWorks);
        // Two-sided 2 / 2^5 = 6 %: five seeds do not show it.
        assert_eq!(of(&fails[..5], &[900.0; 5], Better::Lower).lead, Lead::Open);
        // Better by its figures in six, failing in two: 29 %.
        let mixed = [1.0, 1.0, 1.0, f64::NAN, 1.0, 1.0, 1.0, f64::NAN];
        let mixed = of(&mixed, &[2.0; 8], Better::Lower);
        assert_eq!((mixed.lead, mixed.wins, mixed.all_work()), (Lead::Open, [6, 2], false));
    }
}

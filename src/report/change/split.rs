//! Results that share no seeds, compared as two groups.
//!
//! In unchanged code it is chance which replication is on which side. So the replications of all seeds are dealt anew to
//! the two sides, in every way or in many, and in each deal the largest difference over all figures is noted. A
//! difference counts that is as large as at most 2 % of those: the single-step max-T procedure of Westfall and Young
//! (Resampling-Based Multiple Testing, 1993). It needs to know neither how figures are distributed nor how they depend on
//! each other, and is exact with few seeds.

use std::collections::BTreeSet;

use rand::RngExt;

use super::row::{Change, Figure};
use super::sample::Sample;
use crate::rng::{Domain, Seed, Streams};

/// What becomes of each sample; `None` where a side has no value.
pub(super) fn judge(samples: &[Sample], seeds: [BTreeSet<Seed>; 2]) -> Vec<Option<Change>> {
    let columns: Vec<(usize, Seed)> =
        (0..2).flat_map(|side| seeds[side].iter().map(move |&seed| (side, seed))).collect();
    let samples: Vec<Sample> = samples.iter().map(counted).collect();
    let rows: Vec<Vec<Option<f64>>> = samples.iter().map(|sample| row(sample, &columns)).collect();
    let deals = deals(seeds.map(|seeds| seeds.len()));
    let observed: Vec<f64> = rows.iter().map(|row| statistic(row, &deals[0])).collect();
    let largest = |deal: &Vec<bool>| rows.iter().map(|row| statistic(row, deal).abs()).fold(0.0, f64::max);
    let largest: Vec<f64> = deals.iter().map(largest).collect();
    let change = |(sample, t): (&Sample, &f64)| {
        let counts = [0, 1].map(|side| sample.values[side].len());
        let mean = |side: usize| sample.values[side].iter().map(|run| run.value).sum::<f64>() / counts[side] as f64;
        let mut all = sample.values.iter().flatten().map(|run| run.value.to_bits());
        let same = all.next().is_none_or(|first| all.all(|value| value == first));
        // Rounding must not part deals that are the same but for the order of their sums.
        let as_large = largest.iter().filter(|other| **other >= t.abs() * (1.0 - 1e-9)).count();
        let tested = (!same).then(|| (as_large as f64 / deals.len() as f64, *t > 0.0));
        let place = (sample.place.clone(), sample.figure);
        (counts[0] > 0 && counts[1] > 0).then(|| Change::new(place, ([mean(0), mean(1)], counts), tested, same))
    };
    samples.iter().zip(&observed).map(change).collect()
}

// The replications that work, or all if none does: by what is true of both sides together, for which of them count must not
// depend on how they were dealt.
fn counted(sample: &Sample) -> Sample {
    let none_works = sample.values.iter().flatten().all(|run| run.fails);
    let keeps_all = none_works || sample.figure == Figure::Failing;
    let values = sample.values.clone().map(|side| side.into_iter().filter(|run| keeps_all || !run.fails).collect());
    Sample { values, ..sample.clone() }
}

/// Whether so many seeds of each side can ever tell anything.
pub(super) fn can_tell(seeds: [usize; 2]) -> bool {
    let mirrored = if seeds[0] == seeds[1] { 2.0 } else { 1.0 };
    mirrored <= super::row::FALSE_WORD * ways(seeds)
}

/// The values on the scale of the test, one a column.
fn row(sample: &Sample, columns: &[(usize, Seed)]) -> Vec<Option<f64>> {
    let scale = sample.figure.on_scale(sample.values.iter().flatten().map(|run| run.value));
    let value = |&(side, seed): &(usize, Seed)| {
        let values = &sample.values[side];
        values.iter().find(|run| run.seed == seed).map(|run| scale(run.value))
    };
    columns.iter().map(value).collect()
}

/// More ways than these are not all tried.
const DEALS_MAX: f64 = 10_000.0;
/// So many are drawn instead.
const DRAWN: u64 = 4_999;

fn ways([base, new]: [usize; 2]) -> f64 {
    (1..=new.min(base)).map(|k| (base + new + 1 - k) as f64 / k as f64).product::<f64>().round()
}

/// Ways to deal the columns, by whether each is on the new side; the first is the one that was.
fn deals([base, new]: [usize; 2]) -> Vec<Vec<bool>> {
    let mut deal = [vec![false; base], vec![true; new]].concat();
    let mut deals = vec![deal.clone()];
    if ways([base, new]) <= DEALS_MAX {
        while next_way(&mut deal) {
            deals.push(deal.clone());
        }
        return deals;
    }
    let mut stream = Streams::new(Seed(0)).stream(Domain::Deals, 0);
    for _ in 0..DRAWN {
        // Fisher and Yates.
        for last in (1..deal.len()).rev() {
            deal.swap(last, stream.random_range(0..=last));
        }
        deals.push(deal.clone());
    }
    deals
}

// The next permutation in the order of a dictionary, after which the largest is the last.
fn next_way(deal: &mut [bool]) -> bool {
    let Some(pivot) = (1..deal.len()).rev().find(|&place| !deal[place - 1] && deal[place]) else { return false };
    let swapped = (pivot..deal.len()).rev().find(|&place| deal[place]).unwrap_or(pivot);
    deal.swap(pivot - 1, swapped);
    deal[pivot..].reverse();
    true
}

/// Student's t of two groups, new minus base; zero where a group has fewer than two values.
fn statistic(row: &[Option<f64>], deal: &[bool]) -> f64 {
    let (mut count, mut sum, mut squares) = ([0.0; 2], [0.0; 2], 0.0);
    let values = || row.iter().zip(deal).filter_map(|(value, &is_new)| Some((usize::from(is_new), (*value)?)));
    for (side, value) in values() {
        count[side] += 1.0;
        sum[side] += value;
    }
    if count[0] < 2.0 || count[1] < 2.0 {
        return 0.0;
    }
    let mean = [sum[0] / count[0], sum[1] / count[1]];
    for (side, value) in values() {
        squares += (value - mean[side]) * (value - mean[side]);
    }
    let difference = mean[1] - mean[0];
    let variance = squares / (count[0] + count[1] - 2.0);
    let error = libm::sqrt(variance * (1.0 / count[0] + 1.0 / count[1]));
    // What rounding leaves of equal values is nothing.
    let none = 1e-12 * mean[0].abs().max(mean[1].abs());
    match (difference.abs() <= none, error <= none) {
        (true, _) => 0.0,
        (false, true) => f64::INFINITY.copysign(difference),
        (false, false) => difference / error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_is_dealt_once_and_the_first_is_the_one_that_was() {
        let deals = deals([3, 2]);
        assert_eq!(deals[0], [false, false, false, true, true]);
        assert_eq!(deals.iter().collect::<BTreeSet<_>>().len(), 10);
        assert!((ways([5, 5]) - 252.0).abs() < 1e-9);
        assert!(can_tell([5, 5]) && !can_tell([4, 4]) && can_tell([2, 40]));
        assert_eq!(super::deals([12, 12]).len(), 5_000);
    }

    #[test]
    fn the_statistic_is_students() {
        let row = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0].map(Some);
        let deal = [false, false, false, true, true, true];
        // Difference 3, pooled variance 1, standard error sqrt(2 / 3).
        assert!((statistic(&row, &deal) - 3.0 / (2.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!(statistic(&[1.0, 1.0, 2.0, 2.0].map(Some), &[false, false, true, true]).is_infinite());
        assert!(statistic(&[0.1 + 0.2, 0.3, 0.3, 0.3].map(Some), &[false, false, true, true]).abs() < 1e-300);
    }
}

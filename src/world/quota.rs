//! Shares of a population as whole numbers, in random order.

use rand::seq::SliceRandom;

use crate::rng::Stream;

/// Deals `count` items to the shares: each gets its share rounded by largest remainder, and the
/// stream shuffles who gets what. Item `i` of the result is the index of its share.
pub(super) fn deal(count: u32, shares: &[f64], stream: &mut Stream) -> Vec<u16> {
    let mut dealt = Vec::with_capacity(count as usize);
    for (quota, index) in quotas(count, shares).into_iter().zip(0..) {
        dealt.extend(std::iter::repeat_n(index, quota as usize));
    }
    dealt.shuffle(stream);
    dealt
}

/// Largest-remainder (Hamilton) apportionment; ties go to the earlier share.
pub(super) fn quotas(count: u32, shares: &[f64]) -> Vec<u32> {
    let total: f64 = shares.iter().sum();
    let exact: Vec<f64> = shares.iter().map(|share| f64::from(count) * share / total).collect();
    // A hair above keeps 0.3 * 10 at 3 however the product rounds.
    let mut whole: Vec<u32> = exact.iter().map(|quota| (quota + 1e-9).floor() as u32).collect();
    let left = count - whole.iter().sum::<u32>();
    let mut by_remainder: Vec<usize> = (0..shares.len()).collect();
    let remainder = |index: usize| exact[index] - f64::from(whole[index]);
    by_remainder.sort_by(|&a, &b| remainder(b).total_cmp(&remainder(a)));
    by_remainder.iter().take(left as usize).for_each(|&index| whole[index] += 1);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Seed, Streams};

    #[test]
    fn quotas_add_up_and_are_fair() {
        assert_eq!(quotas(10, &[0.3, 0.7]), [3, 7]);
        assert_eq!(quotas(20, &[0.6, 0.25, 0.15]), [12, 5, 3]);
        assert_eq!(quotas(7, &[0.5, 0.5]), [4, 3]);
        assert_eq!(quotas(1, &[0.1, 0.9]), [0, 1]);
        assert_eq!(quotas(5, &[0.0, 1.0]), [0, 5]);
    }

    #[test]
    fn dealing_is_a_shuffle_of_the_quotas() {
        let mut stream = Streams::new(Seed(3)).stream(Domain::Bench, 0);
        let dealt = deal(100, &[0.2, 0.8], &mut stream);
        assert_eq!(dealt.iter().filter(|&&index| index == 0).count(), 20);
        assert!(!dealt.is_sorted());
    }
}

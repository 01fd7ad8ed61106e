//! The exact sign test: of trials in which one of two does better, in how many it is which.

use statrs::distribution::{Binomial, DiscreteCDF};

/// How likely it is, two-sided, that a fair coin falls at least as unevenly (0 to 1; Dixon and Mood, Journal of the American
/// Statistical Association 41, 1946). Where one fails and the other works it is McNemar's exact test.
#[must_use]
pub fn sign_test(one: usize, other: usize) -> f64 {
    let coin = Binomial::new(0.5, (one + other) as u64).expect("invariant: one half is a probability");
    (2.0 * coin.cdf(one.min(other) as u64)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coin_is_counted() {
        for (one, other, p) in [(0, 0, 1.0), (0, 1, 1.0), (0, 5, 2.0 / 32.0), (8, 0, 2.0 / 256.0), (1, 4, 12.0 / 32.0)]
        {
            assert!((sign_test(one, other) - p).abs() < 1e-12, "{one} {other}: {}", sign_test(one, other));
        }
    }
}

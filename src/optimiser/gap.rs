//! How far a value can be from the best at most.

/// The gap between a value that is to be small and its lower bound, as a share of the bound: 0.02 is 2 %. Nothing is missing
/// where both are nothing; a bound of nothing under a value leaves all open.
#[must_use]
pub fn gap(value: f64, bound: f64) -> f64 {
    match () {
        () if value <= bound => 0.0,
        () if bound <= 0.0 => f64::INFINITY,
        () => value / bound - 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_a_share_of_the_bound() {
        assert_eq!((gap(3.0, 2.0), gap(2.0, 2.0), gap(0.0, 0.0), gap(1.0, 0.0)), (0.5, 0.0, 0.0, f64::INFINITY));
    }
}

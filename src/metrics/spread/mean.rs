//! The mean of a spread over replications, percentile by percentile.
//!
//! Replications end in any order, so sums are whole numbers: they come to the same in every order.

use super::{PERCENTILES, Spread};

/// Means of the percentiles 0 to 100 over replications.
#[derive(Clone, Debug, Default)]
pub struct MeanSpread {
    // In units of 2^-64. All percentiles, or only those that differ from the one before.
    sums: Vec<i128>,
    // For each sum, the first percentile that is another; empty while all percentiles are there.
    ends: Box<[u8]>,
    count: u32,
}

/// Units of a whole: values above 0.0003 lose no digit, and sums up to 9e18 have room.
const UNITS: f64 = 18_446_744_073_709_551_616.0;

impl MeanSpread {
    /// Adds the spread of a replication; nothing where it has none.
    pub fn add(&mut self, spread: &Spread) {
        if spread.ends.is_empty() {
            return;
        }
        self.unpack();
        self.sums.resize(PERCENTILES, 0);
        let mut begin = 0;
        for (&value, &end) in spread.values.iter().zip(&spread.ends) {
            let units = libm::rint(value * UNITS) as i128;
            let end = usize::from(end);
            self.sums[begin..end].iter_mut().for_each(|sum| *sum = sum.saturating_add(units));
            begin = end;
        }
        self.count += 1;
    }

    /// The mean at a percentile; `None` where no replication has a spread.
    #[must_use]
    pub fn get(&self, percent: usize) -> Option<f64> {
        let place = match self.ends.is_empty() {
            true => percent,
            false => self.ends.partition_point(|&end| usize::from(end) <= percent),
        };
        self.sums.get(place).map(|&sum| sum as f64 / UNITS / f64::from(self.count))
    }

    /// Takes less memory from now on.
    pub fn pack(&mut self) {
        if !self.ends.is_empty() {
            return;
        }
        let (mut sums, mut ends): (Vec<i128>, Vec<u8>) = (Vec::new(), Vec::new());
        for (&sum, end) in self.sums.iter().zip(1..) {
            match ends.last_mut() {
                Some(last) if sums.last() == Some(&sum) => *last = end,
                _ => {
                    sums.push(sum);
                    ends.push(end);
                }
            }
        }
        sums.shrink_to_fit();
        (self.sums, self.ends) = (sums, ends.into());
    }

    fn unpack(&mut self) {
        let mut begin = 0;
        let repeated = std::mem::take(&mut self.ends);
        if repeated.is_empty() {
            return;
        }
        let mut sums = Vec::with_capacity(PERCENTILES);
        for (&sum, &end) in self.sums.iter().zip(&repeated) {
            sums.extend(std::iter::repeat_n(sum, usize::from(end) - begin));
            begin = usize::from(end);
        }
        self.sums = sums;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_and_packing_change_nothing() {
        let spreads: Vec<Spread> =
            (1..40_u32).map(|n| Spread::of((0..n).map(|k| f64::from(k * n) / 7.0).collect())).collect();
        let mut forth = MeanSpread::default();
        spreads.iter().for_each(|spread| forth.add(spread));
        let mut back = MeanSpread::default();
        for spread in spreads.iter().rev() {
            back.add(spread);
            back.pack();
        }
        for percent in 0..=100 {
            let expected = spreads.iter().map(|spread| spread.percentile(percent)).sum::<f64>() / spreads.len() as f64;
            let [forth, back] = [&forth, &back].map(|mean| mean.get(percent).expect("a mean"));
            assert_eq!(forth.to_bits(), back.to_bits());
            assert!((forth - expected).abs() <= 1e-12 * expected, "{forth} {expected}");
        }
        assert_eq!(MeanSpread::default().get(50), None);
    }
}

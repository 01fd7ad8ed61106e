//! Instances that a small generator makes (SplitMix64, Steele, Lea and Flood 2014), so that another program can make
//! the same ones.

use peerscape::Seed;
use peerscape::optimiser::hub::{Effort, Matrix};

/// The effort of most tests: enough for what they hold.
pub(crate) const EFFORT: Effort = Effort { seed: Seed(1), work: 30_000_000 };

pub(crate) struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        (self.next() % u64::from(bound)) as u32
    }

    pub(crate) fn many(&mut self, count: usize, from: u32, to: u32) -> Vec<u32> {
        (0..count).map(|_| from + self.below(to - from + 1)).collect()
    }
}

/// What all problems of one size are made of.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) n: usize,
    /// Rectangular (Manhattan) distances of points in a square of side 1,000.
    pub(crate) distances: Vec<u32>,
    pub(crate) weights: Vec<u32>,
    pub(crate) demands: Vec<u32>,
    pub(crate) capacities: Vec<u32>,
    pub(crate) flows: Vec<u32>,
}

impl Instance {
    pub(crate) fn new(seed: u64, n: usize, p: usize) -> Self {
        let mut generator = Generator(seed);
        let (x, y) = (generator.many(n, 0, 999), generator.many(n, 0, 999));
        let pairs = (0..n).flat_map(|a| (0..n).map(move |b| (a, b)));
        let distances = pairs.map(|(a, b)| x[a].abs_diff(x[b]) + y[a].abs_diff(y[b])).collect();
        let weights = generator.many(n, 1, 9);
        let demands = generator.many(n, 1, 20);
        // A hub holds between 1 and 2 of the mean.
        let mean = demands.iter().sum::<u32>().div_ceil(p as u32);
        let capacities = generator.many(n, mean, 2 * mean);
        let flows = generator.many(n * n, 0, 9);
        Self { n, distances, weights, demands, capacities, flows }
    }

    pub(crate) fn matrix(&self) -> Matrix<u32> {
        Matrix::new(self.n, self.n, self.distances.clone()).expect("a square")
    }

    pub(crate) fn real(&self, values: &[u32]) -> Matrix<f64> {
        Matrix::new(self.n, self.n, values.iter().map(|&value| f64::from(value)).collect()).expect("a square")
    }

    pub(crate) fn distance(&self, a: usize, b: usize) -> u64 {
        u64::from(self.distances[a * self.n + b])
    }
}

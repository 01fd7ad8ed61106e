//! The buckets of a histogram that are not empty, in few bytes: how many buckets after the one before, and the count.

use crate::metrics::leb128::{pop, push};

/// Buckets in ascending order.
#[derive(Clone, Debug, Default)]
pub(super) struct Packed(Box<[u8]>);

impl Packed {
    pub(super) fn of(buckets: impl Iterator<Item = (usize, u64)>) -> Self {
        let (mut bytes, mut last) = (Vec::new(), 0);
        for (index, count) in buckets {
            push(&mut bytes, (index - last) as u64);
            push(&mut bytes, count);
            last = index;
        }
        Self(bytes.into())
    }

    /// Bytes.
    pub(super) const fn size(&self) -> usize {
        self.0.len()
    }

    /// The buckets with their counts.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, u64)> {
        let (mut rest, mut index) = (&*self.0, 0);
        std::iter::from_fn(move || {
            index += usize::try_from(pop(&mut rest)?).ok()?;
            Some((index, pop(&mut rest)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_comes_back() {
        let buckets: Vec<(usize, u64)> =
            (0..64).map(|shift| (400 * shift, u64::MAX >> shift)).chain([(27_000, 127), (27_001, 128)]).collect();
        let packed = Packed::of(buckets.iter().copied());
        assert_eq!(packed.iter().collect::<Vec<_>>(), buckets);
    }
}

//! What became of the connections of a replication, by pairs of classes, in few bytes: a column of small numbers.

use std::sync::Arc;

use crate::metrics::PairOpening;
use crate::metrics::leb128::{pop, push};

/// Pairs of classes with their connections. The names of the classes are kept once, for all replications of a cell.
#[derive(Clone, Debug, Default)]
pub(super) struct PackedPairs(Box<[u8]>);

impl PackedPairs {
    /// Packs `pairs`; names that are not among `classes` yet are added.
    pub(super) fn of(pairs: &[PairOpening], classes: &mut Vec<Arc<str>>) -> Self {
        let mut bytes = Vec::new();
        for pair in pairs {
            for class in &pair.classes {
                let known = classes.iter().position(|known| known == class);
                let place = known.unwrap_or(classes.len());
                if place == classes.len() {
                    classes.push(Arc::clone(class));
                }
                push(&mut bytes, place as u64);
            }
            for count in [pair.direct, pair.relayed_udp, pair.relayed_tcp, pair.relayed_tls, pair.failed] {
                push(&mut bytes, count);
            }
            push(&mut bytes, pair.setup_ns as u64);
            push(&mut bytes, (pair.setup_ns >> 64) as u64);
        }
        Self(bytes.into())
    }

    /// The pairs, in the order in which they were packed.
    pub(super) fn iter(&self, classes: &[Arc<str>]) -> impl Iterator<Item = PairOpening> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            let mut next = || pop(&mut rest);
            let [a, b] = [next()?, next()?].map(|place| usize::try_from(place).ok());
            let classes = [Arc::clone(classes.get(a?)?), Arc::clone(classes.get(b?)?)];
            Some(PairOpening {
                classes,
                direct: next()?,
                relayed_udp: next()?,
                relayed_tcp: next()?,
                relayed_tls: next()?,
                failed: next()?,
                setup_ns: u128::from(next()?) | u128::from(next()?) << 64,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back_as_they_were() {
        let [home, office, phone] = ["home", "office", "phone"].map(Arc::<str>::from);
        let mut classes = vec![Arc::clone(&office)];
        let pairs = [
            PairOpening { direct: 300, failed: 1, setup_ns: u128::MAX, ..PairOpening::of([&home, &office]) },
            PairOpening { relayed_udp: 1, relayed_tcp: 2, relayed_tls: u64::MAX, ..PairOpening::of([&phone, &phone]) },
        ];
        let packed = PackedPairs::of(&pairs, &mut classes);
        assert_eq!(packed.iter(&classes).collect::<Vec<_>>(), pairs);
        assert_eq!(classes, [office, home, phone]);
    }
}

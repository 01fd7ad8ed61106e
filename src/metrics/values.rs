//! The values of one replication: one slot a metric, written by the metrics' names.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::definition::MetricId;

/// The values of one replication, one slot a metric.
#[derive(Clone)]
pub struct MetricValues(
    // NaN stands for no value: an option would take twice the room.
    [f64; MetricId::ALL.len()],
);

impl MetricValues {
    /// No value for any metric.
    #[must_use]
    pub const fn new() -> Self {
        Self([f64::NAN; MetricId::ALL.len()])
    }

    /// Sets the value of a metric; one that is not finite counts as absent.
    pub fn set(&mut self, id: MetricId, value: f64) {
        self.0[id as usize] = if value.is_finite() { value } else { f64::NAN };
    }

    /// The value of a metric, if the replication has one.
    #[must_use]
    pub fn get(&self, id: MetricId) -> Option<f64> {
        Some(self.0[id as usize]).filter(|value| !value.is_nan())
    }

    /// The metrics with their values, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = (MetricId, f64)> {
        MetricId::ALL.iter().filter_map(|&id| Some((id, self.get(id)?)))
    }
}

/// The values of one replication that is finished: only those that are there and are not zero take memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PackedValues {
    // Of which metrics there is a value, and which of these values are kept, for they are not zero.
    present: MetricSet,
    kept: MetricSet,
    values: Box<[f64]>,
}

/// A bit a metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct MetricSet([u64; MetricId::ALL.len().div_ceil(64)]);

impl MetricSet {
    const fn insert(&mut self, id: MetricId) {
        self.0[id as usize / 64] |= 1 << (id as usize % 64);
    }

    const fn has(self, id: MetricId) -> bool {
        self.0[id as usize / 64] >> (id as usize % 64) & 1 == 1
    }

    /// How many are before this one.
    fn before(self, id: MetricId) -> usize {
        let (word, bit) = (id as usize / 64, id as usize % 64);
        let whole: u32 = self.0[..word].iter().map(|word| word.count_ones()).sum();
        (whole + (self.0[word] & ((1 << bit) - 1)).count_ones()) as usize
    }
}

impl PackedValues {
    /// The value of a metric, if the replication has one.
    #[must_use]
    pub fn get(&self, id: MetricId) -> Option<f64> {
        let value = || self.values.get(self.kept.before(id)).copied();
        if self.kept.has(id) { value() } else { self.present.has(id).then_some(0.0) }
    }
}

impl From<&MetricValues> for PackedValues {
    fn from(values: &MetricValues) -> Self {
        let (mut present, mut kept) = (MetricSet::default(), MetricSet::default());
        let mut keep = |(id, value): (MetricId, f64)| {
            present.insert(id);
            // A negative zero has bits of its own, so it is kept.
            let is_kept = value.to_bits() != 0;
            is_kept.then(|| kept.insert(id));
            is_kept.then_some(value)
        };
        let values = values.iter().filter_map(&mut keep).collect();
        Self { present, kept, values }
    }
}

impl Default for MetricValues {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for MetricValues {
    fn eq(&self, other: &Self) -> bool {
        let bits = |values: &Self| values.0.map(f64::to_bits);
        bits(self) == bits(other)
    }
}

impl fmt::Debug for MetricValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(id, value)| (id.definition().name, value))).finish()
    }
}

impl Serialize for MetricValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (id, value) in self.iter() {
            map.serialize_entry(id.definition().name, &value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for MetricValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ByName)
    }
}

struct ByName;

impl<'de> Visitor<'de> for ByName {
    type Value = MetricValues;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("values by the names of metrics")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MetricValues, A::Error> {
        let mut values = MetricValues::new();
        let mut place = 0;
        while let Some((name, value)) = map.next_entry::<std::borrow::Cow<'de, str>, f64>()? {
            // They were written in the order of the table.
            let rest = MetricId::ALL[place..].iter().chain(&MetricId::ALL[..place]);
            let found = rest.copied().find(|id| id.definition().name == name);
            let id = found.ok_or_else(|| A::Error::custom(format_args!("no metric is called `{name}`")))?;
            place = id as usize + 1;
            values.set(id, value);
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_values_are_the_same() {
        for step in 1..7 {
            let mut values = MetricValues::new();
            let some = || MetricId::ALL.iter().step_by(step);
            some().for_each(|&id| values.set(id, (id as usize % 3) as f64 / -3.0));
            let packed = PackedValues::from(&values);
            let bits = |value: Option<f64>| value.map(f64::to_bits);
            assert!(MetricId::ALL.iter().all(|&id| bits(packed.get(id)) == bits(values.get(id))));
            assert!(packed.values.len() <= some().count());
        }
    }
}

//! Numbers that are written and read back to the last bit, those too that JSON does not know.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number to be written: as one, or the bits of one that is not finite as a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Real(pub(super) f64);

impl Serialize for Real {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.is_finite() {
            true => serializer.serialize_f64(self.0),
            false => serializer.collect_str(&format_args!("{:016x}", self.0.to_bits())),
        }
    }
}

impl<'de> Deserialize<'de> for Real {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrBits)
    }
}

struct NumberOrBits;

impl Visitor<'_> for NumberOrBits {
    type Value = Real;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or the 16 hexadecimal digits of one")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Real, E> {
        Ok(Real(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Real, E> {
        Ok(Real(number as f64))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Real, E> {
        Ok(Real(number as f64))
    }

    fn visit_str<E: Error>(self, bits: &str) -> Result<Real, E> {
        u64::from_str_radix(bits, 16).map(|bits| Real(f64::from_bits(bits))).map_err(E::custom)
    }
}

//! Zipf-like popularity: of things in the order of their popularity, number `i` has a weight of `1 / i^exponent`.

use serde::{Deserialize, Serialize};

/// The exponent of a Zipf-like popularity, from 0 (all alike) to 3.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64")]
pub(super) struct Exponent(f64);

impl Exponent {
    /// All alike.
    pub(super) const UNIFORM: Self = Self(0.0);

    /// The popularity of each of so many.
    pub(super) fn weights(self, count: u32) -> Vec<f64> {
        (1..=count).map(|rank| libm::pow(f64::from(rank), -self.0)).collect()
    }
}

impl Default for Exponent {
    fn default() -> Self {
        Self(1.0)
    }
}

impl TryFrom<f64> for Exponent {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        match (0.0..=3.0).contains(&value) {
            true => Ok(Self(value)),
            false => Err(format!("an exponent of {value} is out of range: from 0 to 3")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponent_has_a_range() {
        let read = |value: &str| toml::de::ValueDeserializer::parse(value).map(Exponent::deserialize).expect("TOML");
        assert!(["0", "1.0", "3"].into_iter().all(|value| read(value).is_ok()));
        assert!(read("3.1").expect_err("too large").to_string().contains("from 0 to 3"));
        assert!(read("-1").is_err());
    }
}

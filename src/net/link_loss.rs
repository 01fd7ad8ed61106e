//! How an access link loses packets, as a scenario says it: a share, or in bursts.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::loss::LossSpec;
use crate::units::Probability;

/// Loss of packets on an access link, each way: `"1 %"`, or a table of [`GilbertElliott`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum LinkLoss {
    /// Each packet with this probability, whatever became of the others.
    Independent(Probability),
    /// In bursts.
    Bursts(GilbertElliott),
}

/// A link with a good and a bad state (Gilbert, BSTJ 39(5), 1960; Elliott, BSTJ 42(5), 1963), which may
/// change before each packet.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GilbertElliott {
    /// Probability of going from good to bad.
    pub good_to_bad: Probability,
    /// Probability of going from bad to good: one over the mean number of packets in a burst.
    pub bad_to_good: Probability,
    /// Loss in the good state.
    #[serde(default)]
    pub loss_good: Probability,
    /// Loss in the bad state.
    #[serde(default = "certain")]
    pub loss_bad: Probability,
}

fn certain() -> Probability {
    Probability::ONE
}

impl LinkLoss {
    /// The share of packets lost in the long run.
    #[must_use]
    pub fn mean(&self) -> Probability {
        match self {
            Self::Independent(loss) => *loss,
            Self::Bursts(_) => Probability::new(self.spec().mean()).unwrap_or(Probability::ONE),
        }
    }

    /// What draws the losses of a packet link.
    #[must_use]
    pub fn spec(&self) -> LossSpec {
        match *self {
            Self::Independent(loss) => LossSpec::bernoulli(loss),
            Self::Bursts(GilbertElliott { good_to_bad, bad_to_good, loss_good, loss_bad }) => {
                LossSpec::GilbertElliott { good_to_bad, bad_to_good, loss_good, loss_bad }
            }
        }
    }
}

impl Default for LinkLoss {
    fn default() -> Self {
        Self::Independent(Probability::ZERO)
    }
}

impl From<Probability> for LinkLoss {
    fn from(loss: Probability) -> Self {
        Self::Independent(loss)
    }
}

impl<'de> Deserialize<'de> for LinkLoss {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShareOrBursts)
    }
}

struct ShareOrBursts;

impl<'de> Visitor<'de> for ShareOrBursts {
    type Value = LinkLoss;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text with a unit, such as \"1 %\", or a table of `good_to_bad` and `bad_to_good`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<LinkLoss, E> {
        Probability::deserialize(StrDeserializer::new(text)).map(LinkLoss::Independent)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LinkLoss, A::Error> {
        GilbertElliott::deserialize(MapAccessDeserializer::new(map)).map(LinkLoss::Bursts)
    }
}

impl JsonSchema for LinkLoss {
    fn schema_name() -> Cow<'static, str> {
        "LinkLoss".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            generator.subschema_for::<Probability>(),
            generator.subschema_for::<GilbertElliott>(),
        ] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Table {
        loss: LinkLoss,
    }

    fn read(text: &str) -> Result<LinkLoss, String> {
        toml::from_str::<Table>(text).map(|table| table.loss).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_share_and_a_table_are_read() {
        let half = Probability::new(0.5).expect("a share");
        assert_eq!(read("loss = \"50 %\""), Ok(LinkLoss::Independent(half)));
        let bursts = read("loss = { good_to_bad = \"1 %\", bad_to_good = \"19 %\" }").expect("a table");
        // The bad state holds one packet in twenty, and loses it.
        assert!((bursts.mean().get() - 0.05).abs() < 1e-12, "{bursts:?}");
        assert!(matches!(bursts.spec(), LossSpec::GilbertElliott { .. }));
    }

    #[test]
    fn what_is_neither_says_what_may_be() {
        assert!(read("loss = 3").expect_err("no unit").contains("good_to_bad"));
        assert!(read("loss = \"3\"").expect_err("no unit").contains('%'));
        assert!(read("loss = { good_to_bad = \"1 %\" }").expect_err("half a table").contains("bad_to_good"));
    }
}

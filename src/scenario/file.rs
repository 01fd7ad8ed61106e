//! The tables of a scenario file as they are written, with their defaults.
//!
//! Their doc comments are what an editor shows, by way of the JSON schema.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::settings::Grain;
use crate::net::{LatencySpec, RegionMix};
use crate::presets::OrPreset;
use crate::units::SimDuration;
use crate::world::{ClassSpec, PeerCount};

/// How long a replication lasts and how often it is repeated.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RunTable {
    /// Applications publish from time zero until here.
    pub(super) duration: SimDuration,
    /// What is published before this time is not measured.
    pub(super) warmup: SimDuration,
    /// How long after `duration` copies may still arrive.
    pub(super) drain: SimDuration,
    /// How many replications of every cell, or the list of their seeds.
    pub(super) seeds: Seeds,
    /// What is followed on its way: messages, or every packet. If absent, packets in experiments of at most 64
    /// peers and 500,000 copies a replication.
    pub(super) grain: Option<Grain>,
}

impl Default for RunTable {
    fn default() -> Self {
        Self {
            duration: SimDuration::from_secs(60),
            warmup: SimDuration::from_secs(10),
            drain: SimDuration::from_secs(5),
            seeds: Seeds(vec![1, 2, 3, 4, 5]),
            grain: None,
        }
    }
}

/// The seeds of the replications, one each. A number N stands for the seeds 1 to N.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seeds(pub(super) Vec<u64>);

/// Most replications of a cell.
const MOST_SEEDS: i64 = 100_000;

impl<'de> Deserialize<'de> for Seeds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountOrList;
        impl<'de> Visitor<'de> for CountOrList {
            type Value = Seeds;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of replications or a list of seeds")
            }
            fn visit_i64<E: Error>(self, count: i64) -> Result<Seeds, E> {
                let in_range = u64::try_from(count).ok().filter(|_| (1..=MOST_SEEDS).contains(&count));
                let message = || E::custom(format!("{count} replications are out of range: from 1 to {MOST_SEEDS}"));
                in_range.map(|count| Seeds((1..=count).collect())).ok_or_else(message)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Seeds, A::Error> {
                let mut seeds = Vec::new();
                while let Some(seed) = list.next_element()? {
                    seeds.push(seed);
                }
                Ok(Seeds(seeds))
            }
        }
        deserializer.deserialize_any(CountOrList)
    }
}

impl JsonSchema for Seeds {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Seeds".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "integer", "minimum": 1, "maximum": MOST_SEEDS },
            { "type": "array", "items": { "type": "integer", "minimum": 0 }, "minItems": 1, "uniqueItems": true },
        ] })
    }
}

/// Who takes part.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["peers"]))]
pub(super) struct PopulationTable {
    /// How many peers.
    pub(super) peers: Option<PeerCount>,
    /// Where they live: a named mix, or cities with their shares. Only for latency between cities.
    pub(super) regions: Option<OrPreset<RegionMix>>,
    /// Peers join one by one, evenly spread over this time from the start.
    pub(super) join_over: SimDuration,
    /// What kinds of peers there are; their shares add up to 100 %.
    pub(super) class: Vec<ClassSpec>,
}

/// What lies between the access links.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct NetworkTable {
    /// How long a packet travels between two access networks.
    pub(super) latency: LatencySpec,
}

/// What is expected of a metric: its mean at most or at least a value.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["metric"]))]
pub(super) struct ExpectTable {
    /// The name of the metric.
    pub(super) metric: String,
    /// The mean over the replications is at most this.
    pub(super) at_most: Option<f64>,
    /// The mean over the replications is at least this.
    pub(super) at_least: Option<f64>,
}

/// How the sweep axes combine; without it, in every combination.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SweepTable {
    /// Groups of axes that advance together, each by the names of its axes.
    pub(super) zip: Vec<Vec<String>>,
    /// Cells to leave out: those that have all of the values given, by axis or `topology`. A list
    /// of values stands for any of them.
    #[schemars(with = "Vec<BTreeMap<String, serde_json::Value>>")]
    pub(super) exclude: Vec<BTreeMap<String, toml::Value>>,
}

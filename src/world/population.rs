//! Who takes part: how many peers of which class, where, and when they join.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::net::{LinkSpec, NatMix, RegionMix};
use crate::presets::{HasPresets, OrPreset};
use crate::units::{Bounded, Probability, SimDuration};
use crate::webrtc::{DeviceSpec, EngineSpec};

/// How many peers take part: 1 to 16 million.
pub type PeerCount = Bounded<1, 16_000_000>;

/// The peers of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PopulationSpec {
    /// How many.
    pub peers: PeerCount,
    /// Where they live; only for latency between cities.
    pub regions: OrPreset<RegionMix>,
    /// Peers join one by one, evenly spread over this time from the start.
    pub join_over: SimDuration,
    /// What kinds of peers there are; their shares add up to 100 %.
    pub classes: Vec<ClassSpec>,
}

/// A class of peers: what they have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["name"]))]
pub struct ClassSpec {
    /// The name, for reports.
    #[serde(default)]
    pub name: String,
    /// The share of the population.
    #[serde(default = "whole")]
    pub share: Probability,
    /// The access link.
    #[serde(default = "default_link")]
    pub link: OrPreset<LinkSpec>,
    /// The NAT in front of it.
    #[serde(default = "default_nat")]
    pub nat: OrPreset<NatMix>,
    /// The device.
    #[serde(default = "default_device")]
    pub device: OrPreset<DeviceSpec>,
    /// The WebRTC engine.
    #[serde(default = "default_engine")]
    pub engine: OrPreset<EngineSpec>,
}

impl ClassSpec {
    /// The class `name` with the defaults of all else.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            share: whole(),
            link: default_link(),
            nat: default_nat(),
            device: default_device(),
            engine: default_engine(),
        }
    }
}

fn whole() -> Probability {
    Probability::ONE
}

fn default_link() -> OrPreset<LinkSpec> {
    named("cable")
}

fn default_nat() -> OrPreset<NatMix> {
    named("generic")
}

fn default_device() -> OrPreset<DeviceSpec> {
    named("laptop")
}

fn default_engine() -> OrPreset<EngineSpec> {
    named("chromium")
}

fn named<T: HasPresets>(name: &str) -> OrPreset<T> {
    OrPreset::named(name).expect("invariant: the name of a preset")
}

//! Who takes part: how many peers of which class, where, and when they join.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::capacity::CapacitySpec;
use super::quota;
use crate::net::{LinkLoss, LinkSpec, NatMix, Queueing, RegionMix};
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
    /// Traces of what the link can deliver, in place of its rates. They need packets.
    #[serde(default, skip_serializing_if = "CapacitySpec::is_empty")]
    pub capacity: CapacitySpec,
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
            capacity: CapacitySpec::default(),
            nat: default_nat(),
            device: default_device(),
            engine: default_engine(),
        }
    }
}

/// A key of a class that acts on packets, so that a model of messages cannot follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketKey<'a> {
    /// The place of the class in the population.
    pub class: usize,
    /// Its name.
    pub name: &'a str,
    /// The path of the key below the class.
    pub key: &'static [&'static str],
}

impl PopulationSpec {
    /// How many peers classes of this name have.
    #[must_use]
    pub fn class_size(&self, name: &str) -> u32 {
        let shares: Vec<f64> = self.classes.iter().map(|class| class.share.get()).collect();
        let sizes = quota::quotas(self.peers.get(), &shares);
        self.classes.iter().zip(sizes).filter(|(class, _)| class.name == name).map(|(_, size)| size).sum()
    }

    /// The keys of its classes that act only where every packet is simulated, in the order of the
    /// classes: jitter, losses in bursts, fair queueing, capacity traces.
    #[must_use]
    pub fn packet_keys(&self) -> Vec<PacketKey<'_>> {
        let keys = |(class, spec): (usize, &'_ ClassSpec)| {
            let used = spec.packet_keys().into_iter();
            used.map(move |key| (class, key)).collect::<Vec<_>>()
        };
        let found = self.classes.iter().enumerate().flat_map(keys);
        found.map(|(class, key)| PacketKey { class, name: &self.classes[class].name, key }).collect()
    }
}

impl ClassSpec {
    fn packet_keys(&self) -> Vec<&'static [&'static str]> {
        let link = &self.link.value;
        let keys: [(bool, &'static [&'static str]); 5] = [
            (link.jitter > SimDuration::ZERO, &["link", "jitter"]),
            (matches!(link.loss, LinkLoss::Bursts(_)), &["link", "loss"]),
            (link.queue == Queueing::Fair, &["link", "queue"]),
            (self.capacity.up.is_some(), &["capacity", "up"]),
            (self.capacity.down.is_some(), &["capacity", "down"]),
        ];
        keys.into_iter().filter(|(used, _)| *used).map(|(_, key)| key).collect()
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

//! The device under an engine: how fast its core is, and how much of it and of its memory networking may
//! use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::presets::{HasPresets, Preset};
use crate::units::{ByteCount, Probability, SimDuration};

/// A device: how fast its core is, and what networking may use of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceSpec {
    /// Speed of one core, in server cores.
    #[schemars(range(min = 0.01, max = 100.0))]
    pub speed: f64,
    /// Share of one core that networking may use.
    pub budget: Probability,
    /// Memory that connections may use; without it, any amount.
    #[serde(default)]
    pub memory: Option<ByteCount>,
    /// What becomes of a peer that is asked for more than that.
    #[serde(default)]
    pub on_overload: OnOverload,
}

/// What becomes of a peer whose budgets do not suffice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnOverload {
    /// It goes on as well as it can: work waits, and what sockets cannot hold meanwhile is dropped.
    #[default]
    Degrade,
    /// If its connections alone need more CPU or memory than it has, it fails and all of them with it.
    Fail,
}

impl DeviceSpec {
    /// How long work of `cost` (on a whole server core) keeps this device's budget busy.
    #[must_use]
    pub fn service_time(&self, cost: SimDuration) -> SimDuration {
        SimDuration::from_secs_f64(cost.as_secs_f64() / (self.speed * self.budget.get()))
    }
}

impl HasPresets for DeviceSpec {
    const KIND: &'static str = "device";

    // Figures and their sources: docs/MODELS.md, "CPU".
    fn presets() -> &'static [Preset<Self>] {
        &[
            Preset { name: "server", summary: "one server core", make: || device(1.0, 0.8) },
            Preset { name: "desktop", summary: "desktop computer", make: || device(1.45, 0.25) },
            Preset { name: "laptop", summary: "laptop", make: || device(1.35, 0.25) },
            Preset { name: "phone", summary: "recent phone", make: || device(1.0, 0.15) },
            Preset { name: "mid-phone", summary: "mid-range phone", make: || device(0.45, 0.15) },
            Preset { name: "budget-phone", summary: "cheap phone or Chromebook", make: || device(0.2, 0.15) },
            Preset { name: "pi", summary: "Raspberry Pi 4", make: || device(0.15, 0.5) },
        ]
    }
}

fn device(speed: f64, budget: f64) -> DeviceSpec {
    let budget = Probability::new(budget).expect("invariant: constants below 1");
    DeviceSpec { speed, budget, memory: None, on_overload: OnOverload::Degrade }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_stretches_work() {
        assert_eq!(device(1.0, 0.15).service_time(SimDuration::from_us(15)), SimDuration::from_us(100));
    }
}

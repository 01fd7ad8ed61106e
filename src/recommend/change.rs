//! What may be otherwise than a scenario says: uplinks, delays, rates, NATs, the number of peers.
//!
//! A change keeps the scenario's form: all classes have faster or slower uplinks, all delays are longer, every workload
//! publishes more often, more peers stand behind NATs that others do not reach directly.

use serde::Serialize;

use crate::net::{ChainId, Mapping, Nat, NatMix};
use crate::overlay::workload::Workload;
use crate::presets::OrPreset;
use crate::scenario::{Registry, Settings};
use crate::units::{Bitrate, Frequency, Probability, SimDuration};
use crate::world::PeerCount;
use std::sync::Arc;

/// What can be otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The uplink rates of all classes.
    Uplink,
    /// Propagation delays, and round trips of access links.
    Latency,
    /// How often every workload publishes.
    Rate,
    /// The share of peers whose NAT maps by destination, or who cannot send UDP.
    HardNats,
    /// How many peers there are.
    Peers,
}

/// A dimension, and how much of it there is, in percent of what the scenario says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What is otherwise.
    pub dimension: Dimension,
    /// How much there is of it: 100 is as before.
    pub percent: u32,
}

impl Dimension {
    /// What it is called where it changes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uplink => "uplinks",
            Self::Latency => "delays",
            Self::Rate => "message rates",
            Self::HardNats => "peers behind hard NATs",
            Self::Peers => "peers",
        }
    }
}

impl Change {
    /// In words: `uplinks +20 %`.
    #[must_use]
    pub fn name(self) -> String {
        let (name, percent) = (self.dimension.name(), i64::from(self.percent) - 100);
        let sign = if percent < 0 { "−" } else { "+" };
        format!("{name} {sign}{} %", percent.abs())
    }

    /// The settings with the change; `None` where there is nothing that could change: no limit on uplinks, no delays, no
    /// rates that are known, no hard NATs.
    pub(super) fn apply(self, settings: &Settings, registry: &Registry) -> Option<Settings> {
        let mut changed = settings.clone();
        let is_other = match self.dimension {
            Dimension::Uplink => self.uplinks(&mut changed),
            Dimension::Latency => self.delays(&mut changed),
            Dimension::Rate => self.rates(&mut changed, registry),
            Dimension::HardNats => self.hard_nats(&mut changed),
            Dimension::Peers => self.peers(&mut changed),
        };
        is_other.then_some(changed)
    }

    fn of(self, amount: u64) -> u64 {
        amount.saturating_mul(u64::from(self.percent)) / 100
    }

    fn uplinks(self, settings: &mut Settings) -> bool {
        let mut is_other = false;
        for class in &mut settings.population.classes {
            if let Some(up) = class.link.value.up {
                let up = Bitrate::from_bps(self.of(up.as_bps()).max(1_000));
                class.link = custom(class.link.value, |link| link.up = Some(up));
                is_other = true;
            }
        }
        is_other
    }

    fn delays(self, settings: &mut Settings) -> bool {
        settings.latency = settings.latency.scaled(self.percent);
        for class in &mut settings.population.classes {
            let rtt = SimDuration::from_ns(self.of(class.link.value.rtt.as_ns()));
            class.link = custom(class.link.value, |link| link.rtt = rtt);
        }
        true
    }

    fn rates(self, settings: &mut Settings, registry: &Registry) -> bool {
        let mut is_other = false;
        for workload in &mut settings.workloads {
            if let Some(changed) = self.rate(workload.as_ref(), registry) {
                *workload = changed;
                is_other = true;
            }
        }
        is_other
    }

    // The same workload that publishes at another rate; `None` where its rate is not a parameter.
    fn rate(self, workload: &dyn Workload, registry: &Registry) -> Option<Arc<dyn Workload>> {
        const RATES: [&str; 2] = ["rate", "event_rate"];
        let serde_json::Value::Object(mut parameters) = workload.to_json() else { return None };
        let kind = parameters.remove("kind")?;
        let entry = registry.workloads().iter().find(|entry| Some(entry.kind) == kind.as_str())?;
        let mut is_other = false;
        for key in RATES {
            let Some(value) = parameters.get_mut(key) else { continue };
            let rate: Frequency = serde_json::from_value(value.clone()).ok()?;
            let rate = Frequency::from_per_second(rate.per_second() * f64::from(self.percent) / 100.0)?;
            *value = serde_json::to_value(rate).ok()?;
            is_other = true;
        }
        parameters.retain(|_, value| !value.is_null());
        let text = toml::Value::try_from(parameters).ok()?.to_string();
        let table = toml::de::ValueDeserializer::parse(&text).ok()?;
        (is_other && workload.file().is_none()).then(|| (entry.parse)(table).ok()).flatten()
    }

    fn hard_nats(self, settings: &mut Settings) -> bool {
        let mut is_other = false;
        for class in &mut settings.population.classes {
            if let Some(nat) = self.mix(&class.nat.value) {
                class.nat = custom(nat, |_| ());
                is_other = true;
            }
        }
        is_other
    }

    // The mix with so many hard NATs; `None` if there are none, or none beside them.
    fn mix(self, mix: &NatMix) -> Option<NatMix> {
        let hard: f64 = mix.shares().filter(|(chain, _)| is_hard(*chain)).map(|(_, share)| share.get()).sum();
        let more = (hard * f64::from(self.percent) / 100.0).min(1.0);
        if hard <= 0.0 || hard >= 1.0 {
            return None;
        }
        let mut changed = *mix;
        for (chain, share) in mix.shares() {
            let factor = if is_hard(chain) { more / hard } else { (1.0 - more) / (1.0 - hard) };
            changed.shares[chain.index()] = Probability::new((share.get() * factor).clamp(0.0, 1.0))?;
        }
        Some(changed)
    }

    fn peers(self, settings: &mut Settings) -> bool {
        let peers = u32::try_from(self.of(u64::from(settings.population.peers.get()))).unwrap_or(u32::MAX);
        match PeerCount::new(peers.max(1)) {
            Some(peers) if peers != settings.population.peers => {
                settings.population.peers = peers;
                true
            }
            _ => false,
        }
    }
}

fn custom<T>(mut value: T, set: impl FnOnce(&mut T)) -> OrPreset<T> {
    set(&mut value);
    OrPreset { value, name: None }
}

// Whether a direct connection to another peer behind a NAT is not to be counted on: RFC 4787 calls the mapping bad for
// peers, or no UDP gets out at all.
fn is_hard(chain: ChainId) -> bool {
    match chain.chain().nat() {
        Nat::Public => false,
        Nat::Nat(mapping, _) => mapping != Mapping::EndpointIndependent,
        Nat::UdpBlocked => true,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::parse_str;

    const SCENARIO: &str = "
        [run]
        seeds = 1
        [population]
        peers = 40
        [[population.class]]
        name = 'home'
        link = 'cable'
        nat  = 'home'
        [[workload]]
        kind = 'broadcast'
        message = '100 B'
        rate = '10 /s'
        [[topology]]
        kind = 'star'
    ";

    fn settings() -> Settings {
        let experiment = parse_str("it.toml", SCENARIO, Path::new(""), &[]).expect("a scenario");
        experiment.cells[0].settings.as_ref().clone()
    }

    fn changed(dimension: Dimension, percent: u32) -> Settings {
        Change { dimension, percent }.apply(&settings(), &Registry::default()).expect("there is something to change")
    }

    #[test]
    fn a_change_changes_what_it_names_and_nothing_else() {
        let json = |settings: &Settings| serde_json::to_value(settings).expect("JSON");
        let before = json(&settings());
        let paths = [
            (Dimension::Uplink, "/population/classes/0/link/up"),
            (Dimension::Latency, "/latency/scale_percent"),
            (Dimension::Rate, "/workloads/0/rate"),
            (Dimension::Peers, "/population/peers"),
        ];
        for (dimension, path) in paths {
            let after = json(&changed(dimension, 120));
            assert_ne!(after.pointer(path), before.pointer(path), "{dimension:?}");
        }
        let mut rates = json(&changed(Dimension::Rate, 150));
        assert_eq!(rates.pointer("/workloads/0/rate"), Some(&serde_json::json!("15 /s")));
        *rates.pointer_mut("/workloads/0/rate").expect("a rate") = serde_json::json!("10 /s");
        assert_eq!(rates, before);
        assert_eq!(changed(Dimension::Peers, 120).population.peers.get(), 48);
        let up = |settings: &Settings| settings.population.classes[0].link.value.up.expect("a limit").as_bps();
        assert_eq!(up(&changed(Dimension::Uplink, 80)), up(&settings()) * 80 / 100);
    }

    #[test]
    fn hard_nats_take_their_share_from_the_others() {
        let hard = |settings: &Settings| -> f64 {
            let shares = settings.population.classes[0].nat.value.shares();
            shares.filter(|(chain, _)| is_hard(*chain)).map(|(_, share)| share.get()).sum()
        };
        let before = hard(&settings());
        let after = changed(Dimension::HardNats, 120);
        assert!(before > 0.0 && (hard(&after) - 1.2 * before).abs() < 1e-9, "{before} {}", hard(&after));
        assert!((after.population.classes[0].nat.value.total() - 1.0).abs() < 1e-9);
        let mut public = settings();
        public.population.classes[0].nat = OrPreset { value: NatMix::only("public"), name: None };
        let change = Change { dimension: Dimension::HardNats, percent: 120 };
        assert!(change.apply(&public, &Registry::default()).is_none());
    }

    #[test]
    fn the_names_of_changes_have_signs() {
        assert_eq!(Change { dimension: Dimension::Uplink, percent: 80 }.name(), "uplinks −20 %");
        assert_eq!(Change { dimension: Dimension::Rate, percent: 120 }.name(), "message rates +20 %");
    }
}

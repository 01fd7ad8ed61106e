//! Access links: the part of a path that all of a peer's connections share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::link_loss::LinkLoss;
use crate::presets::{HasPresets, Preset};
use crate::units::{Bitrate, Probability, SimDuration};

/// The access link of a class of peers. Rates that are not given do not limit; a delay, a loss
/// or a spread that is not given is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinkSpec {
    /// Median downlink rate; unlimited if absent.
    pub down: Option<Bitrate>,
    /// Median uplink rate, shared by all of the peer's connections; unlimited if absent.
    pub up: Option<Bitrate>,
    /// Standard deviation of the natural logarithm of a peer's rates about the median
    /// (log-normal). One factor scales both directions of a peer's link.
    #[schemars(range(min = 0.0, max = 3.0))]
    pub spread: f64,
    /// Round-trip time that the access link adds to the metropolitan network.
    pub rtt: SimDuration,
    /// Loss of a packet on this link, each way: a share, or in bursts, which needs packets.
    pub loss: LinkLoss,
    /// Queueing delay at which a buffer is full (tail drop): of the uplink, where messages are followed, which drops
    /// what unreliable channels send; of both directions where packets are. Unlimited if absent.
    pub buffer: Option<SimDuration>,
    /// Delay of a packet on top, each way, uniform from zero to this; packets stay in order. Needs
    /// packets.
    #[serde(skip_serializing_if = "is_zero")]
    pub jitter: SimDuration,
    /// How the peer's connections share the uplink. `fair` needs packets.
    #[serde(skip_serializing_if = "Queueing::is_fifo")]
    pub queue: Queueing,
}

/// How connections share an uplink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Queueing {
    /// Packets leave in the order in which they came.
    #[default]
    Fifo,
    /// Connections take turns by bytes: deficit round robin, which drops from the longest queue.
    Fair,
}

impl Queueing {
    const fn is_fifo(&self) -> bool {
        matches!(self, Self::Fifo)
    }
}

fn is_zero(span: &SimDuration) -> bool {
    *span == SimDuration::ZERO
}

/// The access link of one peer, drawn from its class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Downlink rate; `None` is unlimited.
    pub down: Option<Bitrate>,
    /// Uplink rate; `None` is unlimited.
    pub up: Option<Bitrate>,
    /// One-way delay that the link adds.
    pub delay: SimDuration,
    /// Loss of a packet on this link, each way.
    pub loss: Probability,
    /// Queueing delay at which the uplink's buffer is full.
    pub buffer: Option<SimDuration>,
}

impl LinkSpec {
    /// The link of the peer with this standard normal draw `z`: both median rates times
    /// `exp(spread * z)`, and at least 1 kbit/s.
    #[must_use]
    pub fn draw(&self, z: f64) -> Link {
        let factor = libm::exp(self.spread * z);
        let scaled = |rate: Bitrate| Bitrate::from_bps(scale(rate.as_bps(), factor).max(1_000));
        Link {
            down: self.down.map(scaled),
            up: self.up.map(scaled),
            delay: self.rtt.half(),
            loss: self.loss.mean(),
            buffer: self.buffer,
        }
    }
}

fn scale(bps: u64, factor: f64) -> u64 {
    (bps as f64 * factor).round() as u64
}

const SPREAD: f64 = 0.6;

fn link(down_mbit: u64, up_mbit: u64, rtt_ms: u64, loss_ppm: f64, buffer_ms: u64) -> LinkSpec {
    LinkSpec {
        down: Some(Bitrate::from_bps(down_mbit * 1_000_000)),
        up: Some(Bitrate::from_bps(up_mbit * 1_000_000)),
        spread: SPREAD,
        rtt: SimDuration::from_ms(rtt_ms),
        loss: Probability::new(loss_ppm / 1e6).expect("invariant: constants below 1").into(),
        buffer: Some(SimDuration::from_ms(buffer_ms)),
        ..LinkSpec::default()
    }
}

impl HasPresets for LinkSpec {
    const KIND: &'static str = "link";

    // Figures and their sources: docs/MODELS.md, "Access links".
    fn presets() -> &'static [Preset<Self>] {
        &[
            Preset {
                name: "fibre",
                summary: "fibre to the home, 300/300 Mbit/s",
                make: || link(300, 300, 7, 200.0, 10),
            },
            Preset {
                name: "cable",
                summary: "cable, 200/17 Mbit/s: the uplink bounds what it can serve",
                make: || link(200, 17, 16, 1_000.0, 100),
            },
            Preset { name: "dsl", summary: "DSL, 25/4 Mbit/s", make: || link(25, 4, 30, 2_000.0, 200) },
            Preset { name: "5g", summary: "5G mobile, 170/15 Mbit/s", make: || link(170, 15, 38, 3_000.0, 125) },
            Preset { name: "4g", summary: "4G mobile, 30/8 Mbit/s", make: || link(30, 8, 52, 5_000.0, 300) },
            Preset {
                name: "enterprise",
                summary: "office network, 300/300 Mbit/s shared",
                make: || link(300, 300, 10, 500.0, 50),
            },
            Preset {
                name: "server",
                summary: "server in a data centre, 1/1 Gbit/s",
                make: || Self { spread: 0.0, ..link(1_000, 1_000, 1, 0.0, 50) },
            },
            Preset {
                name: "unlimited",
                summary: "no limit, delay or loss: for isolating other effects",
                make: Self::default,
            },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_peer_has_the_median_rates() {
        let cable = link(200, 17, 16, 1_000.0, 100);
        let drawn = cable.draw(0.0);
        assert_eq!((drawn.down, drawn.up), (cable.down, cable.up));
        assert_eq!(drawn.delay, SimDuration::from_ms(8));
        let better = cable.draw(1.0).up.expect("limited").as_bps();
        assert_eq!(better, 30_976_020, "17 Mbit/s times e^0.6");
    }
}

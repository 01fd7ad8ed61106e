//! What a WebRTC engine and the device under it cost: CPU a message, CPU a connection, limits; and
//! how the engine goes about ICE.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ice::IceSpec;
use super::overhead::Wire;
use super::sctp::{AssociationProfile, SctpSpec};
use super::setup::StackProfile;
use crate::presets::{HasPresets, Preset};
use crate::units::{ByteCount, Probability, SimDuration};

/// A WebRTC engine: its CPU costs on a server core, and its limits. Costs that are not given are
/// zero, limits that are not given do not limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EngineSpec {
    /// CPU to set up one connection, at each end.
    pub cpu_per_setup: SimDuration,
    /// CPU an open connection needs each second to stay alive.
    pub cpu_idle_per_s: SimDuration,
    /// Bytes on the wire with which an end keeps an open connection alive each second: ICE's checks, consent and
    /// answers.
    pub keepalive_per_s: ByteCount,
    /// CPU a message costs at each end.
    pub cpu_per_message: SimDuration,
    /// CPU a packet costs at each end, on top of its message.
    pub cpu_per_packet: SimDuration,
    /// CPU a kilobyte (1000 bytes) costs at each end, on top of its packet.
    pub cpu_per_kilobyte: SimDuration,
    /// Work that the first connection of a peer adds, once.
    pub first_setup: SimDuration,
    /// Most connections one peer may hold.
    pub max_connections: Option<u32>,
    /// How long a connection that is closed, or has failed, still counts towards that limit.
    pub collect_after: SimDuration,
    /// Largest message that it takes.
    pub max_message: Option<ByteCount>,
    /// How its UDP sockets grow.
    pub sockets: Sockets,
    /// Whether set-ups that are begun at once pass their stages together, so that the offers of all leave when
    /// the work of all is done; else one after the other.
    pub lock_step: bool,
    /// Shortest time between two calls of an application's timer: what is published regularly is
    /// published no more often, and no attempt is repeated sooner.
    pub timer_min: SimDuration,
    /// Bytes that may wait on each reliable channel before a send fails.
    pub send_buffer: Option<ByteCount>,
    /// Smallest retransmission time-out of SCTP.
    pub rto_min: SimDuration,
    /// How it goes about ICE.
    pub ice: IceSpec,
    /// Whose SCTP it has.
    pub sctp: SctpSpec,
    /// Whether it hides host addresses behind mDNS names, as browsers do without permission for
    /// camera or microphone (draft-ietf-mmusic-mdns-ice-candidates).
    pub mdns: bool,
}

impl EngineSpec {
    /// Its part in the set-up of a connection.
    #[must_use]
    pub const fn stack(&self) -> StackProfile {
        StackProfile { ice: self.ice.profile(), mdns: self.mdns }
    }

    /// Its SCTP, with the limits that it sets itself.
    #[must_use]
    pub fn association(&self) -> AssociationProfile {
        let profile = self.sctp.profile();
        let message_bytes_max =
            self.max_message.map_or(profile.message_bytes_max, |most| u32::try_from(most.get()).unwrap_or(u32::MAX));
        let send_buffer = self.send_buffer.map_or(u64::MAX, ByteCount::get);
        AssociationProfile { message_bytes_max, send_buffer, ..profile }
    }

    /// CPU time of sending or receiving one message on a server core.
    #[must_use]
    pub fn message_cost(&self, wire: Wire) -> SimDuration {
        let bytes = SimDuration::from_ns(self.cpu_per_kilobyte.as_ns() * wire.bytes.get() / 1_000);
        self.cpu_per_message + self.cpu_per_packet * wire.packets + bytes
    }
}

/// How the UDP sockets of a peer grow with its connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sockets {
    /// Two for each connection (measured on Chromium 156).
    #[default]
    TwoEach,
    /// With the square of the connections (WebKit issues 71215 and 73858, bug 321225).
    Quadratic,
}

impl Sockets {
    /// The sockets of a peer with this many connections.
    #[must_use]
    pub const fn count(self, connections: u32) -> u64 {
        match self {
            Self::TwoEach => 2 * connections as u64,
            Self::Quadratic => connections as u64 * connections as u64,
        }
    }
}

/// A device: how fast its core is, and how much of it networking may use.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceSpec {
    /// Speed of one core, in server cores.
    #[schemars(range(min = 0.01, max = 100.0))]
    pub speed: f64,
    /// Share of one core that networking may use.
    pub budget: Probability,
}

impl DeviceSpec {
    /// How long work of `cost` (on a whole server core) keeps this device's budget busy.
    #[must_use]
    pub fn service_time(&self, cost: SimDuration) -> SimDuration {
        SimDuration::from_secs_f64(cost.as_secs_f64() / (self.speed * self.budget.get()))
    }
}

const fn us(us: u64) -> SimDuration {
    SimDuration::from_us(us)
}

impl HasPresets for EngineSpec {
    const KIND: &'static str = "engine";

    // Figures and their sources: docs/MODELS.md, "CPU".
    fn presets() -> &'static [Preset<Self>] {
        &[
            Preset {
                name: "chromium",
                summary: "libwebrtc in Chromium: 500 connections a renderer, 16 MiB send buffer",
                make: chromium,
            },
            Preset {
                name: "chromium-background",
                summary: "the same in a background tab: timers fire once a second at most",
                make: || Self { timer_min: SimDuration::from_secs(1), ..chromium() },
            },
            Preset {
                name: "chromium-interleaving",
                summary: "Chromium with interleaving of messages: channels share by their priorities",
                make: || EngineSpec { sctp: SctpSpec::ChromiumInterleaving, ..chromium() },
            },
            Preset {
                name: "firefox",
                summary: "Firefox: twice Chromium's CPU, no connection or buffer limit met",
                make: || Self {
                    cpu_per_setup: us(20_000),
                    keepalive_per_s: ByteCount::new(50),
                    cpu_per_message: us(260),
                    cpu_per_packet: us(30),
                    cpu_per_kilobyte: us(130),
                    send_buffer: None,
                    max_message: Some(ByteCount::new((1 << 30) - 1)),
                    ice: IceSpec::Firefox,
                    sctp: SctpSpec::Firefox,
                    ..browser()
                },
            },
            Preset {
                name: "webkit",
                summary: "Safari: costs as Chromium, no connection limit known, sockets grow with the square",
                make: || Self { sockets: Sockets::Quadratic, ..browser() },
            },
            Preset {
                name: "webrtc-rs",
                summary: "webrtc-rs 0.21, native: measured set-up, idle and message costs",
                make: || Self {
                    cpu_per_setup: us(2_000),
                    keepalive_per_s: ByteCount::new(150),
                    cpu_idle_per_s: us(150),
                    cpu_per_message: us(4),
                    cpu_per_packet: us(4),
                    cpu_per_kilobyte: us(7),
                    max_message: Some(ByteCount::new(64 << 10)),
                    rto_min: SimDuration::from_secs(1),
                    ice: IceSpec::WebrtcRs021,
                    sctp: SctpSpec::WebrtcRs,
                    ..Self::default()
                },
            },
            Preset {
                name: "libdatachannel",
                summary: "libdatachannel, native: measured on one host",
                make: || Self {
                    cpu_per_setup: us(8_900),
                    keepalive_per_s: ByteCount::new(85),
                    cpu_idle_per_s: us(250),
                    cpu_per_message: us(6),
                    cpu_per_packet: SimDuration::ZERO,
                    cpu_per_kilobyte: us(16),
                    rto_min: SimDuration::from_ms(200),
                    max_message: Some(ByteCount::new(256 << 10)),
                    ice: IceSpec::Rfc,
                    sctp: SctpSpec::Libdatachannel,
                    ..Self::default()
                },
            },
            Preset {
                name: "ideal",
                summary: "no CPU cost and no limit: for isolating other effects",
                make: Self::default,
            },
        ]
    }
}

fn chromium() -> EngineSpec {
    EngineSpec { max_connections: Some(500), collect_after: SimDuration::from_secs(26), lock_step: true, ..browser() }
}

fn browser() -> EngineSpec {
    EngineSpec {
        cpu_per_setup: us(7_000),
        keepalive_per_s: ByteCount::new(78),
        cpu_idle_per_s: us(155),
        cpu_per_message: us(130),
        cpu_per_packet: us(15),
        cpu_per_kilobyte: us(65),
        first_setup: us(85_000),
        max_connections: None,
        collect_after: SimDuration::ZERO,
        max_message: Some(ByteCount::new(256 << 10)),
        sockets: Sockets::TwoEach,
        lock_step: false,
        timer_min: SimDuration::ZERO,
        send_buffer: Some(ByteCount::new(16 << 20)),
        rto_min: SimDuration::from_ms(400),
        ice: IceSpec::Chromium,
        sctp: SctpSpec::Chromium,
        mdns: true,
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
    DeviceSpec { speed, budget: Probability::new(budget).expect("invariant: constants below 1") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_costs_its_packets_and_bytes() {
        let wire = Wire { bytes: ByteCount::new(2_000), packets: 2 };
        assert_eq!(browser().message_cost(wire), us(130 + 2 * 15 + 2 * 65));
        assert_eq!(EngineSpec::default().message_cost(wire), SimDuration::ZERO);
        let phone = device(1.0, 0.15);
        assert_eq!(phone.service_time(us(15)), us(100));
    }
}

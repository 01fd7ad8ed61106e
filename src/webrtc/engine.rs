//! What a WebRTC engine costs: CPU a message, CPU and memory a connection, limits; and how it goes about
//! ICE.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ice::IceSpec;
use super::overhead::Wire;
use super::sctp::{AssociationProfile, SctpSpec};
use super::setup::StackProfile;
use crate::presets::{HasPresets, Preset};
use crate::units::{ByteCount, SimDuration};

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
    /// CPU that an idle engine takes to wake up; messages that come while it is at work share it.
    pub cpu_per_wakeup: SimDuration,
    /// What the application's own encryption costs on top of that.
    pub encryption: EncryptionSpec,
    /// Memory of an open connection, its channels included, while nothing waits in their buffers.
    pub memory_per_connection: ByteCount,
    /// Memory that the first connection of a peer adds, once.
    pub memory_once: ByteCount,
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
    /// Bytes that an engine asks of the kernel for the socket of each connection (`SO_RCVBUF`): what
    /// unreliable channels bring a CPU that is further behind is dropped. See [`EngineSpec::unread_max`].
    pub receive_buffer: Option<ByteCount>,
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
        self.cpu_per_message + self.cpu_per_packet * wire.packets + bytes + self.encryption.cost(wire)
    }

    /// Memory of a peer with this many open connections.
    #[must_use]
    pub fn memory(&self, connections: u32) -> ByteCount {
        match connections {
            0 => ByteCount::default(),
            _ => self.memory_once + self.memory_per_connection * u64::from(connections),
        }
    }

    /// How many messages the socket of one connection holds while nobody reads it; `None` is any number.
    ///
    /// Linux doubles what is asked for, and takes for a packet its bookkeeping and a power of two that holds
    /// it with more of that.
    #[must_use]
    pub fn unread_max(&self, wire: Wire) -> Option<f64> {
        let packet = wire.bytes.get().div_ceil(wire.packets);
        Some(self.socket_bytes()? as f64 / (Self::unread_bytes(packet) * wire.packets) as f64)
    }

    /// What the packets that nobody has read may take in the socket of one connection, as Linux counts it.
    #[must_use]
    pub fn socket_bytes(&self) -> Option<u64> {
        Some(2 * self.receive_buffer?.get())
    }

    /// What a packet of so many bytes takes there.
    #[must_use]
    pub const fn unread_bytes(packet: u64) -> u64 {
        SKB_BYTES + (packet + SKB_SHARED_BYTES).next_power_of_two()
    }
}

/// What Linux keeps of a packet in a buffer: `struct sk_buff` in its slab, and `struct skb_shared_info`
/// behind the data.
const SKB_BYTES: u64 = 256;
const SKB_SHARED_BYTES: u64 = 320;

/// CPU on a server core with which an application encrypts and decrypts what it sends over channels, on
/// top of DTLS: each copy of a message, at each end of each hop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EncryptionSpec {
    /// Of a message, whatever its size: the call, the key, the nonce.
    pub cpu_per_message: SimDuration,
    /// Of a kilobyte (1000 bytes), headers included.
    pub cpu_per_kilobyte: SimDuration,
}

impl EncryptionSpec {
    pub(super) fn cost(self, wire: Wire) -> SimDuration {
        self.cpu_per_message + SimDuration::from_ns(self.cpu_per_kilobyte.as_ns() * wire.bytes.get() / 1_000)
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

const fn us(us: u64) -> SimDuration {
    SimDuration::from_us(us)
}

const fn kib(kib: u64) -> ByteCount {
    ByteCount::new(kib << 10)
}

/// What comes to the same as a socket for which nothing is asked: half of Linux's `rmem_default`, 208 KiB, for
/// that is not doubled.
const KERNEL_RECEIVE_BUFFER: ByteCount = kib(104);

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
                make: || Self { sctp: SctpSpec::ChromiumInterleaving, ..chromium() },
            },
            Preset {
                name: "firefox",
                summary: "Firefox: twice Chromium's CPU, no connection or buffer limit met",
                make: || Self {
                    cpu_per_setup: us(20_000),
                    keepalive_per_s: ByteCount::new(50),
                    cpu_per_message: us(170),
                    cpu_per_packet: us(134),
                    cpu_per_kilobyte: us(34),
                    memory_per_connection: kib(430),
                    memory_once: ByteCount::default(),
                    send_buffer: None,
                    receive_buffer: Some(KERNEL_RECEIVE_BUFFER),
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
                    keepalive_per_s: ByteCount::new(174),
                    cpu_idle_per_s: us(150),
                    cpu_per_message: us(4),
                    cpu_per_packet: us(4),
                    cpu_per_kilobyte: us(7),
                    memory_per_connection: kib(260),
                    receive_buffer: Some(KERNEL_RECEIVE_BUFFER),
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
                    memory_per_connection: kib(250),
                    receive_buffer: Some(kib(208)),
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
        cpu_per_message: us(85),
        cpu_per_packet: us(67),
        cpu_per_kilobyte: us(17),
        cpu_per_wakeup: us(950),
        encryption: EncryptionSpec::default(),
        memory_per_connection: kib(223),
        memory_once: kib(7_800),
        first_setup: us(85_000),
        max_connections: None,
        collect_after: SimDuration::ZERO,
        max_message: Some(ByteCount::new(256 << 10)),
        sockets: Sockets::TwoEach,
        lock_step: false,
        timer_min: SimDuration::ZERO,
        send_buffer: Some(ByteCount::new(16 << 20)),
        receive_buffer: Some(kib(64)),
        rto_min: SimDuration::from_ms(400),
        ice: IceSpec::Chromium,
        sctp: SctpSpec::Chromium,
        mdns: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_costs_its_packets_and_bytes() {
        let wire = Wire { bytes: ByteCount::new(2_000), packets: 2 };
        assert_eq!(browser().message_cost(wire), us(85 + 2 * 67 + 2 * 17));
        assert_eq!(EngineSpec::default().message_cost(wire), SimDuration::ZERO);
        let encryption = EncryptionSpec { cpu_per_message: us(20), cpu_per_kilobyte: us(3) };
        assert_eq!(EngineSpec { encryption, ..EngineSpec::default() }.message_cost(wire), us(20 + 2 * 3));
    }

    /// What renderer and network process of Chromium 156 took for a message at one end on a server core, in
    /// us: one message to each connection at once, 10, 30 and 60 times a second, both ends, two passes;
    /// the mean, and the model's figure. Source: docs/VALIDATION.md, "CPU of browsers".
    #[test]
    fn chromium_costs_what_was_measured_at_fan_outs_of_5_and_30() {
        let overhead = super::super::HeaderOverhead::Full;
        let model_us = |fan_out: f64, message: u64| {
            let cost = chromium().message_cost(overhead.wire(ByteCount::new(message), 29));
            cost.as_secs_f64() * 1e6 + chromium().cpu_per_wakeup.as_secs_f64() * 1e6 / fan_out
        };
        for (fan_out, message, measured_us) in
            [(5.0, 64, 344.0), (30.0, 64, 186.0), (30.0, 1_024, 201.0), (30.0, 16_384, 1_432.0)]
        {
            let ratio = model_us(fan_out, message) / measured_us;
            assert!((ratio - 1.0).abs() < 0.25, "fan-out {fan_out}, {message} B: {ratio}");
        }
    }

    #[test]
    fn memory_grows_with_connections_from_the_first_on() {
        assert_eq!([0, 1, 500].map(|n| chromium().memory(n).get() >> 10), [0, 8_023, 119_300]);
    }

    #[test]
    fn a_socket_holds_packets_as_linux_counts_them() {
        let unread = |bytes| chromium().unread_max(Wire { bytes: ByteCount::new(bytes), packets: 1 });
        // 256 + 512 and 256 + 2,048 bytes of twice 64 KiB.
        assert_eq!((unread(157), unread(1_118)), (Some(131_072.0 / 768.0), Some(131_072.0 / 2_304.0)));
        assert_eq!(EngineSpec::default().unread_max(Wire { bytes: ByteCount::new(157), packets: 1 }), None);
    }
}

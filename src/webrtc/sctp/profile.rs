//! What implementations of SCTP do where RFC 9260 leaves room, and where they depart from it.
//!
//! Sources: dcSCTP as crate `dcsctp` 0.1.16 and as in libwebrtc (C++, snapshot of 2024-10) with the options that
//! libwebrtc sets, and those that Firefox sets; `rtc-sctp` 0.21.1; pion/sctp of 2026-08 without its RACK; usrsctp's
//! defaults, and those that libdatachannel sets. docs/MODELS.md has the table and how far each can be trusted.

use super::chunk::{COMMON_HEADER_BYTES, DATA_HEADER_BYTES};
use crate::units::SimDuration;

/// The constants and habits of an implementation. Bytes are of SCTP, without DTLS, UDP and IP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssociationProfile {
    /// The largest packet, as congestion control counts it.
    pub mtu: u32,
    /// The largest packet that is sent: a multiple of four.
    pub packet_bytes: u32,
    /// Initial congestion window.
    pub initial_window: u32,
    /// Receive window that is advertised while nothing waits.
    pub receive_window: u32,
    /// The largest message that may be sent.
    pub message_bytes_max: u32,
    /// Bytes that may be buffered before a message of a stream is refused.
    pub send_buffer: u64,
    /// Which bytes count as buffered.
    pub buffered: Buffered,
    /// The retransmission time-out.
    pub rto: RtoProfile,
    /// How long an acknowledgement waits for a second packet.
    pub sack_delay: SimDuration,
    /// Whether the first DATA of an association is acknowledged at once (RFC 9260, 5.1).
    pub first_sack_at_once: bool,
    /// Whether a chunk that had come before is acknowledged at once, too.
    pub sack_duplicates_at_once: bool,
    /// Below this window DATA asks to be acknowledged at once (RFC 7053); none for never.
    pub immediate_sack_below: u32,
    /// Gap blocks in a SACK.
    pub gaps_max: usize,
    /// When a SACK that waits goes along with what is sent.
    pub sack_rides: SackRides,
    /// How messages become DATA chunks.
    pub fragments: Fragments,
    /// Below so many packets a window is filled to the brim, whatever small fragments that makes; above, what is left
    /// of it waits until it is nine tenths of a packet. Looked at where chunks are repeated as the window allows.
    pub brim_packets: u32,
    /// Which stream's message is next.
    pub schedule: Schedule,
    /// Packets of DATA that may leave at once.
    pub burst: Option<u32>,
    /// How losses are found and repaired.
    pub repair: Repair,
    /// Most that slow start adds for one SACK.
    pub slow_start: SlowStart,
    /// Until when fast recovery lasts.
    pub recovery_until: RecoveryUntil,
    /// Whether a T3 time-out ends fast recovery. Where it does not, the window stays at one packet
    /// until all that was outstanding at the loss is acknowledged: the slow-start collapse.
    pub timeout_ends_recovery: bool,
    /// Whether an end that accepts a channel sends on it as the end that opened it asked (RFC 8832, section
    /// 6); else ordered and reliably, whatever was asked.
    pub accepts_as_asked: bool,
    /// Idle time after which a HEARTBEAT is sent.
    pub heartbeat: Option<SimDuration>,
}

/// The retransmission time-out (RFC 9260, 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtoProfile {
    /// Before a round trip has been measured.
    pub initial: SimDuration,
    /// The shortest.
    pub min: SimDuration,
    /// The longest.
    pub max: SimDuration,
    /// Least that is added to the smoothed round trip: four mean deviations.
    pub variance_min: SimDuration,
    /// What doubles when it has run out.
    pub backoff: Backoff,
    /// How often it may run out before new data is acknowledged: then nothing is repeated any more, and what was
    /// under way stays there. None where the association goes on.
    pub most: Option<u32>,
}

/// What doubles when the retransmission timer has run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backoff {
    /// The time-out itself, until a round trip is measured anew (RFC 9260, 6.3.3, E2).
    Timeout,
    /// This run of the timer, up to a cap; when it is started afresh, it is short again.
    Timer {
        /// The longest.
        cap: SimDuration,
        /// How often it runs out before the next is longer: once in crate `dcsctp`, never in the C++.
        steady: u32,
    },
}

/// Which bytes count as buffered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buffered {
    /// What has not been sent.
    Unsent,
    /// What has not been acknowledged.
    Unacknowledged,
}

/// When a SACK that waits for a second packet goes along with what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SackRides {
    /// Not at all.
    Never,
    /// Whenever the window has room, with DATA or without (libwebrtc's C++).
    WithRoom,
    /// If messages wait to be sent, or chunks to be sent again (crate `dcsctp`).
    WithData,
}

/// How messages become DATA chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragments {
    /// A message is cut as packets are made, to fill the packet and the window.
    Filling,
    /// A message is cut into full packets and a rest.
    Fixed,
}

/// Which stream's message is next. A message that has begun is sent to its end in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Streams take turns (RFC 8260, 3.2).
    RoundRobin,
    /// Streams share by the weights of their priorities (RFC 8260, 3.6; RFC 8831, 6.4). All others do
    /// not look at priorities.
    Weighted,
    /// Unordered messages first, then in the order of sending.
    UnorderedFirst,
}

/// How losses are found and repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// At its third report of a miss a chunk is marked, and marked chunks go as the window allows, before new
    /// ones. Entering fast recovery sends one packet whatever the window says. As in RFC 9260, 7.2.4, by bytes with
    /// chunk headers.
    ByWindow {
        /// Reports of a miss after which a chunk is no longer in flight: one in libwebrtc's C++, three in crate
        /// `dcsctp`.
        leaves_flight_after: u8,
        /// Whether a round trip is measured from a chunk that a gap block had acknowledged before: the time that the
        /// gap took to be filled. libwebrtc's C++ does, crate `dcsctp` does not.
        measures_gaps: bool,
    },
    /// A chunk stays in flight until it is acknowledged. In fast recovery each SACK that advances
    /// sends one packet of chunks that three SACKs have missed and that have not been sent again,
    /// whatever the window says. A time-out marks all that is outstanding. By bytes of payload.
    ByAdvance {
        /// Whether all that a time-out marked goes at once and not a window at a time.
        timeout_sends_all: bool,
        /// Whether in fast recovery an advance counts as a miss for chunks above the last gap, too.
        misses_all: bool,
    },
}

/// Most that slow start adds for one SACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowStart {
    /// So many packets, if the window was full (RFC 9260, 7.2.1 has one).
    Packets(u32),
    /// What was acknowledged, if something waits to be sent.
    Acknowledged,
}

/// Until when fast recovery lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryUntil {
    /// All that was outstanding when it began is acknowledged (RFC 9260, 7.2.4).
    HighestSent,
    /// All up to the highest chunk that had arrived when it began.
    HighestArrived,
}

const MS: fn(u64) -> SimDuration = SimDuration::from_ms;

/// libwebrtc's C++.
const CPP_REPAIR: Repair = Repair::ByWindow { leaves_flight_after: 1, measures_gaps: true };

/// RFC 9260, section 16.
const RFC_RTO: RtoProfile = RtoProfile {
    initial: SimDuration::from_ms(1_000),
    min: SimDuration::from_ms(1_000),
    max: SimDuration::from_ms(60_000),
    variance_min: SimDuration::ZERO,
    backoff: Backoff::Timeout,
    most: None,
};

impl Repair {
    /// Whether chunks are repeated as the window allows.
    pub(super) const fn is_by_window(self) -> bool {
        matches!(self, Self::ByWindow { .. })
    }
}

impl AssociationProfile {
    /// dcSCTP as libwebrtc sets it up: Chromium, Electron, native libwebrtc. Where dcSCTP's own crate in Rust departs
    /// from the older C++ it follows the crate: Chromium 156 loses and stalls as that does (docs/VALIDATION.md).
    #[must_use]
    pub fn chromium() -> Self {
        Self {
            mtu: 1_191,
            packet_bytes: 1_188,
            initial_window: 11_910,
            // 5 MiB, of which nine tenths are advertised.
            receive_window: 4_718_592,
            message_bytes_max: 262_144,
            send_buffer: 16 << 20,
            buffered: Buffered::Unsent,
            rto: RtoProfile {
                initial: MS(500),
                min: MS(400),
                max: MS(60_000),
                // 220 ms over 8, four times.
                variance_min: MS(110),
                backoff: Backoff::Timer { cap: MS(3_000), steady: 1 },
                most: None,
            },
            sack_delay: MS(200),
            first_sack_at_once: true,
            sack_duplicates_at_once: true,
            immediate_sack_below: 11_910,
            gaps_max: 20,
            sack_rides: SackRides::WithData,
            fragments: Fragments::Filling,
            brim_packets: u32::MAX,
            schedule: Schedule::RoundRobin,
            burst: Some(4),
            repair: Repair::ByWindow { leaves_flight_after: 3, measures_gaps: false },
            slow_start: SlowStart::Packets(1),
            recovery_until: RecoveryUntil::HighestSent,
            timeout_ends_recovery: false,
            accepts_as_asked: true,
            heartbeat: Some(MS(30_000)),
        }
    }

    /// `rtc-sctp` 0.21.1.
    #[must_use]
    pub fn webrtc_rs() -> Self {
        Self {
            mtu: 1_188,
            packet_bytes: 1_188,
            initial_window: 4_380,
            receive_window: 1 << 20,
            message_bytes_max: 65_536,
            // None unless the application sets one.
            send_buffer: u64::MAX,
            buffered: Buffered::Unacknowledged,
            // Read in its source (`PATH_MAX_RETRANS`), and seen.
            rto: RtoProfile { most: Some(5), ..RFC_RTO },
            sack_delay: MS(200),
            first_sack_at_once: false,
            sack_duplicates_at_once: false,
            immediate_sack_below: 0,
            gaps_max: usize::MAX,
            sack_rides: SackRides::Never,
            fragments: Fragments::Fixed,
            brim_packets: u32::MAX,
            schedule: Schedule::UnorderedFirst,
            burst: None,
            repair: Repair::ByAdvance { timeout_sends_all: true, misses_all: true },
            slow_start: SlowStart::Acknowledged,
            recovery_until: RecoveryUntil::HighestArrived,
            timeout_ends_recovery: false,
            // Read in its source, and seen: only DATA_CHANNEL_OPEN that it sends itself sets a stream's reliability.
            accepts_as_asked: false,
            heartbeat: None,
        }
    }

    /// pion/sctp without RACK and tail-loss probes.
    #[must_use]
    pub fn pion() -> Self {
        Self {
            mtu: 1_191,
            rto: RFC_RTO,
            repair: Repair::ByAdvance { timeout_sends_all: false, misses_all: false },
            timeout_ends_recovery: true,
            accepts_as_asked: true,
            ..Self::webrtc_rs()
        }
    }

    /// dcSCTP as Firefox sets it up since it left usrsctp: libwebrtc's C++.
    #[must_use]
    pub fn firefox() -> Self {
        let chromium = Self::chromium();
        Self {
            repair: CPP_REPAIR,
            brim_packets: 6,
            sack_rides: SackRides::WithRoom,
            rto: RtoProfile { backoff: Backoff::Timer { cap: MS(3_000), steady: 0 }, ..chromium.rto },
            // 16 MiB, of which nine tenths are advertised.
            receive_window: 15_099_494,
            message_bytes_max: 1_073_741_823,
            send_buffer: u64::MAX,
            sack_delay: MS(50),
            ..chromium
        }
    }

    /// usrsctp as libdatachannel sets it up.
    #[must_use]
    pub fn libdatachannel() -> Self {
        Self {
            mtu: 1_200,
            packet_bytes: 1_200,
            initial_window: 12_000,
            receive_window: 1 << 20,
            message_bytes_max: 262_144,
            send_buffer: u64::MAX,
            buffered: Buffered::Unsent,
            rto: RtoProfile { min: MS(200), max: MS(10_000), ..RFC_RTO },
            sack_delay: MS(20),
            immediate_sack_below: 0,
            gaps_max: 256,
            sack_rides: SackRides::WithRoom,
            fragments: Fragments::Fixed,
            brim_packets: 6,
            repair: CPP_REPAIR,
            slow_start: SlowStart::Packets(2),
            burst: Some(10),
            timeout_ends_recovery: true,
            heartbeat: Some(MS(10_000)),
            ..Self::chromium()
        }
    }

    /// Packets that leave at once after a pause: the initial window, or as many as a burst has.
    #[must_use]
    pub fn at_once(&self) -> u64 {
        let window = self.initial_window.div_ceil(self.payload_max());
        u64::from(self.burst.map_or(window, |burst| burst.min(window)))
    }

    /// The most that a DATA chunk carries.
    #[must_use]
    pub const fn payload_max(&self) -> u32 {
        self.packet_bytes - COMMON_HEADER_BYTES - DATA_HEADER_BYTES
    }

    /// What an implementation without the slow-start collapse does, all else equal.
    #[must_use]
    pub fn without_collapse(self) -> Self {
        Self { timeout_ends_recovery: true, ..self }
    }

    /// The same with streams that share by their priorities, as RFC 8831, section 6.4, asks for. dcSCTP does it
    /// once interleaving of messages is negotiated, which libwebrtc offers under a field trial; here the
    /// streams change between messages, not within them.
    #[must_use]
    pub fn with_priorities(self) -> Self {
        Self { schedule: Schedule::Weighted, ..self }
    }

    /// The least window after a loss, and the least threshold.
    pub(super) const fn window_min(&self) -> u32 {
        4 * self.mtu
    }
}

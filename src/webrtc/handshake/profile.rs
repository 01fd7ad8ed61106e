//! What implementations of DTLS, SCTP and data channels do where the standards leave room, by name.
//!
//! Sources: webrtc-rs 0.21 read in `rtc-dtls`, `rtc-sctp` and `rtc-datachannel` 0.21.1 and held
//! against the crates in virtual time; Chromium from libwebrtc and dcsctp, its CPU and sizes from
//! measurements of Chromium 156; the others as docs/MODELS.md says.

use super::segment::Flight;
use super::timer::Backoff;
use crate::units::SimDuration;
use crate::webrtc::ice::IceSpec;

/// The constants of an implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportProfile {
    /// Its DTLS.
    pub dtls: DtlsProfile,
    /// Its SCTP.
    pub sctp: SctpProfile,
    /// When its channel counts as open at the end that opens it.
    pub opens: Opens,
    /// What becomes of datagrams that arrive before its ICE has a pair.
    pub early: Early,
    /// Whether the application is told that a handshake has failed.
    pub tells_failure: bool,
    /// The CPU time of its steps.
    pub cpu: TransportCpu,
    /// With a socket driver that leaves what the stack makes while events are handled until
    /// something arrives or ICE's timer fires: the time between two firings.
    pub parks: Option<SimDuration>,
}

/// The constants of a DTLS implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DtlsProfile {
    /// When a flight is repeated.
    pub timer: DtlsTimer,
    /// How often a flight is repeated before the handshake has failed.
    pub retransmissions_max: u32,
    /// Whether, as a server of version 1.2, it asks for a cookie.
    pub cookie: bool,
    /// What it does with a flight that it has already answered.
    pub repeats: Repeats,
    /// The sizes of its flights.
    pub bytes: FlightBytes,
}

/// When a flight is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DtlsTimer {
    /// After the same time, always.
    Fixed(SimDuration),
    /// After a time that doubles, up to `cap`.
    Doubling {
        /// The first time.
        initial: SimDuration,
        /// The longest.
        cap: SimDuration,
    },
    /// After some round trips as ICE has measured them, doubling up to `cap`.
    RoundTrips {
        /// The first time if ICE has not measured.
        unknown: SimDuration,
        /// How many round trips.
        times: u16,
        /// The first time at least.
        least: SimDuration,
        /// The first time at most.
        most: SimDuration,
        /// The longest after doubling.
        cap: SimDuration,
    },
}

impl DtlsTimer {
    pub(super) const fn initial(self) -> SimDuration {
        match self {
            Self::Fixed(time) => time,
            Self::Doubling { initial, .. } => initial,
            Self::RoundTrips { unknown, .. } => unknown,
        }
    }

    pub(super) const fn doubles(self) -> bool {
        !matches!(self, Self::Fixed(_))
    }

    pub(super) const fn cap(self) -> SimDuration {
        match self {
            Self::Fixed(time) => time,
            Self::Doubling { cap, .. } | Self::RoundTrips { cap, .. } => cap,
        }
    }
}

/// What a DTLS implementation does with a flight that it has already answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// It repeats its answer (RFC 6347, section 4.2.4).
    Answered,
    /// Nothing, until the handshake is complete: its own timer runs.
    Ignored,
    /// The defect of `rtc-dtls` 0.21: any datagram of the handshake that does not lead to the next
    /// flight stops its timer for good.
    StopTimer,
}

/// UDP payload of each datagram of each DTLS flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlightBytes {
    /// ClientHello.
    pub hello: &'static [u16],
    /// HelloVerifyRequest.
    pub verify: &'static [u16],
    /// ClientHello with the cookie.
    pub hello_again: &'static [u16],
    /// The server's flight in 1.2, and in 1.3.
    pub server: [&'static [u16]; 2],
    /// The client's last flight in 1.2, and in 1.3.
    pub client: [&'static [u16]; 2],
    /// The server's last flight in 1.2.
    pub finish: &'static [u16],
    /// The ACK of 1.3.
    pub ack: &'static [u16],
}

impl FlightBytes {
    pub(super) const fn of(&self, flight: Flight, version_13: bool) -> &'static [u16] {
        match flight {
            Flight::Hello => self.hello,
            Flight::Verify => self.verify,
            Flight::HelloAgain => self.hello_again,
            Flight::Server => self.server[version_13 as usize],
            Flight::Client => self.client[version_13 as usize],
            Flight::Finish => self.finish,
            Flight::Ack => self.ack,
        }
    }
}

/// The constants of an SCTP implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SctpProfile {
    /// Which end sends INIT.
    pub initiates: Initiates,
    /// T1, of INIT and COOKIE ECHO.
    pub t1: Backoff,
    /// T3-rtx, of a DATA chunk before a round-trip time is known.
    pub t3: Backoff,
    /// How long a SACK waits.
    pub sack_delay: SimDuration,
    /// Whether the first DATA chunk is acknowledged at once (RFC 9260, section 6.2 advises so).
    pub first_sack_at_once: bool,
    /// Bytes of its packets, without DTLS.
    pub bytes: SctpBytes,
}

/// Which end begins the association.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initiates {
    /// Both, each when its DTLS is done; the two become one (RFC 9260, section 5.2.1).
    Both,
    /// The DTLS client.
    DtlsClient,
}

/// Bytes of SCTP packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SctpBytes {
    /// INIT.
    pub init: u16,
    /// INIT ACK.
    pub init_ack: u16,
    /// COOKIE ECHO.
    pub cookie_echo: u16,
}

/// When a channel counts as open at the end that opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// When the association stands: DCEP lets data follow OPEN at once.
    WithAssociation,
    /// When DCEP's ACK is there.
    WithAck,
}

/// What becomes of datagrams that arrive before ICE has a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Early {
    /// They are lost.
    Dropped,
    /// They are handled when it has one.
    Held,
}

/// CPU time of the steps of a handshake, added before the step's answer leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransportCpu {
    /// From ICE's pair to the ClientHello.
    pub hello: SimDuration,
    /// For a DTLS flight that has come: key exchange, signatures.
    pub flight: SimDuration,
    /// For an SCTP packet that has come.
    pub packet: SimDuration,
    /// Until the application hears that something is done or open.
    pub tell: SimDuration,
}

const fn ms(ms: u64) -> SimDuration {
    SimDuration::from_ms(ms)
}

/// What the crates `rtc-dtls` and `rtc-sctp` send with an ECDSA certificate: from a trace.
const WEBRTC_RS_FLIGHTS: FlightBytes = FlightBytes {
    hello: &[155],
    verify: &[48],
    hello_again: &[175],
    server: [&[718], &[718]],
    client: [&[645], &[645]],
    finish: &[75],
    ack: &[40],
};

/// Chromium 156: the flights of 1.3 from a trace; those of 1.2 as webrtc-rs sends them, with the
/// same kind of certificate.
const CHROMIUM_FLIGHTS: FlightBytes = FlightBytes {
    hello: &[1_200, 263],
    verify: &[48],
    hello_again: &[1_200, 283],
    server: [&[718], &[1_199, 519]],
    client: [&[645], &[453]],
    finish: &[75],
    ack: &[40],
};

const WEBRTC_RS_PACKETS: SctpBytes = SctpBytes { init: 40, init_ack: 76, cookie_echo: 48 };
const DCSCTP_PACKETS: SctpBytes = SctpBytes { init: 44, init_ack: 96, cookie_echo: 64 };

/// RFC 9260, section 16: RTO.Initial 1 s, RTO.Max 60 s, Max.Init.Retransmits 8.
const RFC_T1: Backoff = Backoff { initial: ms(1_000), most: ms(60_000), retransmissions_max: Some(8) };
/// The same, and Association.Max.Retrans 10.
const RFC_T3: Backoff = Backoff { initial: ms(1_000), most: ms(60_000), retransmissions_max: Some(10) };

const RFC: TransportProfile = TransportProfile {
    dtls: DtlsProfile {
        timer: DtlsTimer::Doubling { initial: ms(1_000), cap: ms(60_000) },
        retransmissions_max: u32::MAX,
        cookie: true,
        repeats: Repeats::Answered,
        bytes: WEBRTC_RS_FLIGHTS,
    },
    sctp: SctpProfile {
        initiates: Initiates::DtlsClient,
        t1: RFC_T1,
        t3: RFC_T3,
        sack_delay: ms(200),
        first_sack_at_once: true,
        bytes: DCSCTP_PACKETS,
    },
    opens: Opens::WithAssociation,
    early: Early::Held,
    tells_failure: true,
    cpu: TransportCpu { hello: ms(0), flight: ms(0), packet: ms(0), tell: ms(0) },
    parks: None,
};

const WEBRTC_RS_021: TransportProfile = TransportProfile {
    dtls: DtlsProfile {
        timer: DtlsTimer::Fixed(ms(1_000)),
        retransmissions_max: 7,
        repeats: Repeats::StopTimer,
        ..RFC.dtls
    },
    sctp: SctpProfile {
        t3: Backoff { retransmissions_max: Some(5), ..RFC_T3 },
        first_sack_at_once: false,
        bytes: WEBRTC_RS_PACKETS,
        ..RFC.sctp
    },
    opens: Opens::WithAck,
    early: Early::Dropped,
    tells_failure: false,
    ..RFC
};

const WEBRTC_RS_017: TransportProfile = TransportProfile {
    dtls: DtlsProfile { repeats: Repeats::Ignored, ..WEBRTC_RS_021.dtls },
    sctp: SctpProfile { t1: Backoff { initial: ms(3_000), ..RFC_T1 }, ..WEBRTC_RS_021.sctp },
    ..WEBRTC_RS_021
};

const PION: TransportProfile = TransportProfile {
    dtls: DtlsProfile { repeats: Repeats::Ignored, ..WEBRTC_RS_021.dtls },
    sctp: SctpProfile { initiates: Initiates::Both, ..WEBRTC_RS_021.sctp },
    opens: Opens::WithAssociation,
    ..WEBRTC_RS_021
};

const CHROMIUM: TransportProfile = TransportProfile {
    dtls: DtlsProfile {
        timer: DtlsTimer::RoundTrips { unknown: ms(50), times: 2, least: ms(50), most: ms(3_000), cap: ms(60_000) },
        retransmissions_max: 12,
        cookie: false,
        repeats: Repeats::Ignored,
        bytes: CHROMIUM_FLIGHTS,
    },
    sctp: SctpProfile {
        initiates: Initiates::Both,
        t1: Backoff { initial: ms(1_000), most: ms(3_000), retransmissions_max: None },
        t3: Backoff { initial: ms(500), most: ms(3_000), retransmissions_max: None },
        sack_delay: ms(200),
        first_sack_at_once: true,
        bytes: DCSCTP_PACKETS,
    },
    cpu: TransportCpu { hello: ms(3), flight: ms(1), packet: ms(1), tell: ms(4) },
    ..RFC
};

const FIREFOX: TransportProfile = TransportProfile {
    dtls: DtlsProfile {
        timer: DtlsTimer::Doubling { initial: ms(50), cap: ms(10_000) },
        retransmissions_max: u32::MAX,
        ..CHROMIUM.dtls
    },
    sctp: SctpProfile { t1: RFC_T1, t3: RFC_T3, ..CHROMIUM.sctp },
    cpu: TransportCpu { hello: ms(6), flight: ms(2), packet: ms(2), tell: ms(8) },
    ..CHROMIUM
};

impl TransportProfile {
    /// The constants of an implementation.
    #[must_use]
    pub const fn of(stack: IceSpec) -> Self {
        match stack {
            IceSpec::Rfc => RFC,
            IceSpec::WebrtcRs021 => WEBRTC_RS_021,
            IceSpec::WebrtcRs017 => WEBRTC_RS_017,
            IceSpec::Chromium => CHROMIUM,
            IceSpec::Firefox => FIREFOX,
            IceSpec::Pion => PION,
        }
    }

    /// With the socket driver of webrtc-rs 0.21: what is made while events are handled (the
    /// ClientHello, INIT, OPEN) waits for the next datagram or ICE's next round of checks.
    #[must_use]
    pub const fn on_sockets(self) -> Self {
        Self { parks: Some(ms(200)), ..self }
    }
}

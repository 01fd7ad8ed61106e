//! What engines do where RFC 8445 leaves room, by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::candidate::CandidateKind;
use crate::units::SimDuration;

/// An ICE implementation by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum IceSpec {
    /// RFC 8445 to the letter: checks 50 ms apart, regular nomination.
    Rfc,
    /// webrtc-rs 0.21 (crate `rtc-ice`): read in its source and held against it in virtual time.
    #[serde(rename = "webrtc-rs-0.21")]
    #[value(name = "webrtc-rs-0.21")]
    WebrtcRs021,
    /// webrtc-rs 0.17: the algorithm and constants of pion, as 0.21.
    #[serde(rename = "webrtc-rs-0.17")]
    #[value(name = "webrtc-rs-0.17")]
    WebrtcRs017,
    /// Chromium (libwebrtc): sends on the first pair that answers, changes to a better one later.
    #[default]
    Chromium,
    /// Firefox (nICEr): aggressive nomination.
    Firefox,
    /// pion/ice: all pairs every 200 ms, nomination after acceptance waits.
    Pion,
}

impl IceSpec {
    /// Every name, in the order to show them.
    pub const ALL: [Self; 6] =
        [Self::Rfc, Self::WebrtcRs021, Self::WebrtcRs017, Self::Chromium, Self::Firefox, Self::Pion];

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rfc => "rfc",
            Self::WebrtcRs021 => "webrtc-rs-0.21",
            Self::WebrtcRs017 => "webrtc-rs-0.17",
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Pion => "pion",
        }
    }

    /// The constants of this implementation. Figures and their sources: docs/MODELS.md, "ICE".
    #[must_use]
    pub const fn profile(self) -> IceProfile {
        match self {
            Self::Rfc => IceProfile {
                name: self,
                checks: Checks::Paced { interval: ms(50), rto: ms(500), requests_max: 7 },
                nomination: Nomination::Regular { patience: ms(1_000) },
                hears_before_described: true,
                keeps_path_in_restart: true,
                follows_better_nominations: true,
                remembers_nominations: true,
                replaces_peer_reflexive: true,
                separate_sockets: false,
                streams_to_turn: true,
                binding: Retransmission::RFC,
                turn: Retransmission::RFC,
                consent_interval: ms(5_000),
                disconnected_after: ms(10_000),
                failed_after: ms(30_000),
            },
            Self::WebrtcRs021 => WEBRTC_RS,
            Self::WebrtcRs017 => IceProfile { name: self, separate_sockets: true, ..WEBRTC_RS },
            Self::Pion => IceProfile {
                name: self,
                separate_sockets: true,
                streams_to_turn: true,
                remembers_nominations: true,
                replaces_peer_reflexive: true,
                ..WEBRTC_RS
            },
            Self::Chromium => IceProfile {
                name: self,
                checks: Checks::RoundRobin {
                    interval: ms(48),
                    settled_interval: ms(480),
                    requests_before_settled: 3,
                    pair_fails_after: ms(15_000),
                },
                nomination: Nomination::Aggressive,
                hears_before_described: true,
                keeps_path_in_restart: true,
                follows_better_nominations: true,
                remembers_nominations: true,
                replaces_peer_reflexive: true,
                separate_sockets: false,
                streams_to_turn: true,
                binding: Retransmission::LIBWEBRTC,
                turn: Retransmission::LIBWEBRTC,
                consent_interval: ms(2_500),
                disconnected_after: ms(5_000),
                failed_after: ms(30_000),
            },
            Self::Firefox => IceProfile {
                name: self,
                checks: Checks::Paced { interval: ms(20), rto: ms(100), requests_max: 7 },
                nomination: Nomination::Aggressive,
                hears_before_described: true,
                keeps_path_in_restart: true,
                follows_better_nominations: true,
                remembers_nominations: true,
                replaces_peer_reflexive: true,
                separate_sockets: false,
                streams_to_turn: true,
                binding: Retransmission::RFC,
                turn: Retransmission::RFC,
                consent_interval: ms(5_000),
                disconnected_after: ms(10_000),
                failed_after: ms(30_000),
            },
        }
    }
}

/// The algorithm and constants of crate `rtc-ice` 0.21.1 (`agent_config.rs`), which are pion's.
const WEBRTC_RS: IceProfile = IceProfile {
    name: IceSpec::WebrtcRs021,
    checks: Checks::AllAtOnce { interval: ms(200), requests_max: 8 },
    nomination: Nomination::AfterWaits(AcceptanceWaits {
        host: ms(0),
        server_reflexive: ms(500),
        peer_reflexive: ms(1_000),
        relayed: ms(2_000),
    }),
    hears_before_described: false,
    keeps_path_in_restart: false,
    follows_better_nominations: true,
    remembers_nominations: false,
    replaces_peer_reflexive: false,
    separate_sockets: false,
    streams_to_turn: false,
    binding: Retransmission::RTC_STUN,
    turn: Retransmission::RTC_TURN,
    consent_interval: ms(2_000),
    disconnected_after: ms(5_000),
    failed_after: ms(30_000),
};

/// How an implementation checks and nominates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IceProfile {
    /// Whose it is.
    pub name: IceSpec,
    /// When which pairs are checked.
    pub checks: Checks,
    /// How the pair to use is chosen.
    pub nomination: Nomination,
    /// Whether checks that come before the other end's description are answered (RFC 8445, section
    /// 7.3), or ignored.
    pub hears_before_described: bool,
    /// Whether data still takes the old path while ICE restarts (RFC 8445, section 9).
    pub keeps_path_in_restart: bool,
    /// What a controlled end without a mind of its own makes of a second nomination, which an end that
    /// nominates aggressively sends: whether it moves to that pair if its priority is higher (RFC 8445, section
    /// 8.1.1: "MUST produce the selected pairs using the pairs with the highest priority"), or keeps the first.
    pub follows_better_nominations: bool,
    /// Whether a controlled end that checks all pairs at once answers every nomination, checks in return and remembers
    /// it (pion), or answers those of pairs that work and only checks the others (webrtc-rs).
    pub remembers_nominations: bool,
    /// Whether a candidate known from a check alone becomes the one that is signaled for its address (RFC 8838,
    /// section 11.4), or stays beside it.
    pub replaces_peer_reflexive: bool,
    /// Whether STUN and TURN servers are asked from sockets of their own, so that a
    /// server-reflexive candidate has another base than the host candidate (webrtc-rs 0.17 and pion:
    /// `agent_gather.rs`), or from the host candidate's.
    pub separate_sockets: bool,
    /// Whether it reaches TURN servers over TCP and TLS too; both versions of webrtc-rs speak UDP
    /// only.
    pub streams_to_turn: bool,
    /// How it repeats Binding requests to a STUN server.
    pub binding: Retransmission,
    /// How it repeats requests to a TURN server.
    pub turn: Retransmission,
    /// Time between two checks of the pair in use, for consent (RFC 7675) or to keep it alive.
    pub consent_interval: SimDuration,
    /// Silence after which the connection counts as disconnected.
    pub disconnected_after: SimDuration,
    /// Silence after which it has failed; also how long checks may go on without success.
    pub failed_after: SimDuration,
}

impl IceProfile {
    /// How many checks and answers of a pair in use leave each of two ends a second, this one and another: each asks,
    /// and is answered. (The controlled end of `rtc-ice` and pion also asks whenever it is asked; but it is not while a
    /// burst of losses lasts, which is what these end.)
    #[must_use]
    pub fn signs_per_s(&self, other: &Self) -> f64 {
        [self, other].into_iter().map(|profile| 1.0 / profile.consent_interval.as_secs_f64()).sum()
    }

    /// What an end does that faces one with the profile `other`: two of `rtc-ice` keep the first nominated pair, as its code
    /// does. Facing others it follows better nominations, as the RFC asks (docs/MODELS.md, "ICE").
    #[must_use]
    pub fn facing(self, other: &Self) -> Self {
        let both_keep = matches!((self.name, other.name), (IceSpec::WebrtcRs021, IceSpec::WebrtcRs021));
        Self { follows_better_nominations: self.follows_better_nominations && !both_keep, ..self }
    }
}

/// When which pairs are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// All that are undecided, again and again, and at once when there is a new candidate.
    AllAtOnce {
        /// Time between two rounds.
        interval: SimDuration,
        /// Requests on a pair before it counts as failed.
        requests_max: u32,
    },
    /// One by one: those that checks of the other end triggered first, then by priority; each is
    /// repeated after `rto`, then twice that, and so on.
    Paced {
        /// Time between two checks (Ta).
        interval: SimDuration,
        /// First retransmission time-out.
        rto: SimDuration,
        /// Requests of a transaction (Rc of RFC 8489).
        requests_max: u32,
    },
    /// One by one, each request its own transaction: those that checks of the other end triggered
    /// first, then those never checked by priority, then the one checked longest ago.
    RoundRobin {
        /// Time between two checks.
        interval: SimDuration,
        /// Time between two checks once there is a pair in use and every pair has had
        /// `requests_before_settled` requests.
        settled_interval: SimDuration,
        /// Requests on each pair before the pace slows down.
        requests_before_settled: u32,
        /// A pair fails that has not answered for so long.
        pair_fails_after: SimDuration,
    },
}

/// How the pair to use is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nomination {
    /// The controlling end nominates the best pair that works, once nothing better is being checked
    /// or `patience` has passed since the first worked.
    Regular {
        /// Longest wait for something better.
        patience: SimDuration,
    },
    /// The controlling end nominates the best pair that works, once both its candidates have been
    /// acceptable for long enough.
    AfterWaits(AcceptanceWaits),
    /// Each end sends on the best pair that has worked so far.
    Aggressive,
}

/// How long after the start of checks candidates become acceptable, by type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptanceWaits {
    /// Of host candidates.
    pub host: SimDuration,
    /// Of server-reflexive candidates.
    pub server_reflexive: SimDuration,
    /// Of peer-reflexive candidates.
    pub peer_reflexive: SimDuration,
    /// Of relayed candidates.
    pub relayed: SimDuration,
}

impl AcceptanceWaits {
    /// The wait of a type.
    #[must_use]
    pub const fn of(&self, kind: CandidateKind) -> SimDuration {
        match kind {
            CandidateKind::Host => self.host,
            CandidateKind::ServerReflexive => self.server_reflexive,
            CandidateKind::PeerReflexive => self.peer_reflexive,
            CandidateKind::Relayed => self.relayed,
        }
    }
}

/// How requests to a server are repeated over UDP until they are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retransmission {
    /// The wait after the first.
    pub first: SimDuration,
    /// How the wait grows.
    pub growth: Growth,
    /// How often it is sent at most.
    pub sends_max: u32,
}

/// How a wait grows from request to request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// By the first wait each time.
    Linear,
    /// Twofold each time, up to a limit.
    DoublingTo(SimDuration),
}

impl Retransmission {
    /// RFC 8489, section 6.2.1: RTO 500 ms, Rc 7.
    pub const RFC: Self = Self { first: ms(500), growth: Growth::DoublingTo(ms(32_000)), sends_max: 7 };
    /// libwebrtc, `stun_request.cc`: 250 ms, at most 8 s, nine times.
    pub const LIBWEBRTC: Self = Self { first: ms(250), growth: Growth::DoublingTo(ms(8_000)), sends_max: 9 };
    /// Crate `rtc-stun` 0.21.1, `client.rs`.
    pub const RTC_STUN: Self = Self { first: ms(300), growth: Growth::Linear, sends_max: 8 };
    /// Crate `rtc-turn` 0.21.1, `client/transaction.rs`.
    pub const RTC_TURN: Self = Self { first: ms(200), growth: Growth::DoublingTo(ms(1_600)), sends_max: 7 };

    /// The wait after request number `sends`, counted from one.
    #[must_use]
    pub fn wait(&self, sends: u32) -> SimDuration {
        match self.growth {
            // That crate repeats once the time is past, which is a moment later.
            Growth::Linear => self.first * u64::from(sends) + SimDuration::from_ns(1),
            Growth::DoublingTo(most) => (self.first * (1 << (sends - 1).min(16))).min(most),
        }
    }
}

const fn ms(ms: u64) -> SimDuration {
    SimDuration::from_ms(ms)
}

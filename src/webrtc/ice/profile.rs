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
                checks: Checks::Paced { interval: ms(50), rto: ms(500), requests_max: 7 },
                nomination: Nomination::Regular { patience: ms(500) },
                hears_before_described: true,
                consent_interval: ms(5_000),
                disconnected_after: ms(5_000),
                failed_after: ms(30_000),
            },
            Self::WebrtcRs021 | Self::WebrtcRs017 | Self::Pion => IceProfile {
                checks: Checks::AllAtOnce { interval: ms(200), requests_max: 8 },
                nomination: Nomination::AfterWaits(AcceptanceWaits {
                    host: ms(0),
                    server_reflexive: ms(500),
                    peer_reflexive: ms(1_000),
                    relayed: ms(2_000),
                }),
                hears_before_described: false,
                consent_interval: ms(2_000),
                disconnected_after: ms(5_000),
                failed_after: ms(30_000),
            },
            Self::Chromium => IceProfile {
                checks: Checks::Paced { interval: ms(48), rto: ms(250), requests_max: 9 },
                nomination: Nomination::Aggressive,
                hears_before_described: true,
                consent_interval: ms(2_500),
                disconnected_after: ms(2_500),
                failed_after: ms(30_000),
            },
            Self::Firefox => IceProfile {
                checks: Checks::Paced { interval: ms(20), rto: ms(100), requests_max: 7 },
                nomination: Nomination::Aggressive,
                hears_before_described: true,
                consent_interval: ms(5_000),
                disconnected_after: ms(5_000),
                failed_after: ms(30_000),
            },
        }
    }
}

/// How an implementation checks and nominates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IceProfile {
    /// When which pairs are checked.
    pub checks: Checks,
    /// How the pair to use is chosen.
    pub nomination: Nomination,
    /// Whether checks that come before the other end's description are answered (RFC 8445, section
    /// 7.3), or ignored.
    pub hears_before_described: bool,
    /// Time between two checks of the pair in use, for consent (RFC 7675) or to keep it alive.
    pub consent_interval: SimDuration,
    /// Silence after which the connection counts as disconnected.
    pub disconnected_after: SimDuration,
    /// Silence after which it has failed; also how long checks may go on without success.
    pub failed_after: SimDuration,
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

const fn ms(ms: u64) -> SimDuration {
    SimDuration::from_ms(ms)
}

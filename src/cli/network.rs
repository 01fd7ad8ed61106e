//! The options of `pair` and `nat`: two peers, what stands between them, and how they connect.

use std::fmt::Display;
use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use peerscape::net::{MIDDLEBOX_PRESETS, MiddleboxSpec};
use peerscape::rng::{Domain, Seed, Streams};
use peerscape::units::{Probability, SimDuration, UnitError};
use peerscape::webrtc::SetupProfile;
use peerscape::webrtc::ice::IceSpec;
use peerscape::webrtc::setup::{
    EndSpec, Gather, Ipv6, Losses, PairSetup, Relation, RelayTransport, RelayUse, SetupRun, StackProfile, run,
    run_traced,
};
use peerscape::webrtc::stamp::{Comparisons, Delays, Stamp};

use super::rung::RungName;

/// The network between two peers, and their stacks.
#[derive(Debug, Args)]
pub(crate) struct Network {
    /// One-way delay between any two of peers, servers and signaling [default: 50 ms]
    #[arg(long, value_name = "TIME", value_parser = up_to_a_minute, conflicts_with = "rtt")]
    delay: Option<SimDuration>,
    /// Round-trip time between any two of them: twice the delay
    #[arg(long, value_name = "TIME", value_parser = up_to_a_minute)]
    rtt: Option<SimDuration>,
    /// Loss of a packet on each peer's uplink
    #[arg(long, value_name = "SHARE", default_value = "0 %")]
    pub(crate) loss: Probability,
    /// Which implementation both peers run [default: chromium; the virtual rung has webrtc-rs-0.21 only]
    #[arg(long, value_name = "NAME", value_parser = profile_names())]
    profile: Option<String>,
    /// Which implementation the answering peer runs [default: as the offering one]
    #[arg(long, value_name = "NAME", value_parser = profile_names())]
    answerer_profile: Option<String>,
    /// What follows ICE [default: what the implementations do with each other]
    #[arg(long, value_name = "LADDER", value_parser = ladder_names())]
    setup: Option<String>,
    /// What the peers have in common: nothing, a carrier-grade NAT, a local network
    #[arg(long, value_enum, default_value_t)]
    relation: RelationName,
    /// Transports that the TURN server speaks, separated by commas
    #[arg(long, value_enum, value_name = "NAMES", value_delimiter = ',', default_values_t = [TransportName::Udp, TransportName::Tcp, TransportName::Tls])]
    transports: Vec<TransportName>,
    /// Rate of each peer's uplink; virtual rung only [default: unlimited]
    #[arg(long, value_name = "RATE")]
    rate: Option<peerscape::units::Bitrate>,
    /// Jitter on each peer's uplink, on top of the delay; it never reorders; virtual rung only
    #[arg(long, value_name = "TIME", default_value = "0 ms", value_parser = up_to_a_minute)]
    jitter: SimDuration,
    /// Which candidates the peers gather
    #[arg(long, value_enum, default_value_t)]
    pub(crate) gather: GatherName,
    /// Send all candidates with the description instead of one by one
    #[arg(long)]
    no_trickle: bool,
    /// When an attempt is given up
    #[arg(long, value_name = "TIME", default_value = "60 s", value_parser = timeout)]
    timeout: SimDuration,
    /// How many attempts are made
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    attempts: u32,
    /// The seed of losses, jitter and random ports
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Which candidates peers gather.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum GatherName {
    /// Their own addresses
    Host,
    /// And their outside address, from a STUN server
    Stun,
    /// And a relayed address, from a TURN server
    #[default]
    Turn,
    /// A relayed address only
    Relay,
}

/// What peers have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RelationName {
    /// Nothing but the Internet
    #[default]
    Apart,
    /// Their outermost box
    SameCarrier,
    /// A local network
    SameLan,
    /// A local network that filters multicast
    SameLanNoMulticast,
}

/// A transport to a TURN server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TransportName {
    /// UDP
    Udp,
    /// TCP
    Tcp,
    /// TLS over TCP
    Tls,
}

/// The attempts of the model at one connection.
pub(crate) struct Attempts {
    /// Each with the time it began.
    pub(crate) runs: Vec<(SimDuration, SetupRun)>,
    timeout: SimDuration,
}

impl Attempts {
    /// The last attempt.
    pub(crate) fn last(&self) -> &SetupRun {
        &self.runs.last().expect("invariant: at least one attempt").1
    }

    /// When both ends had an open channel, if they ever did.
    pub(crate) fn open(&self) -> Option<SimDuration> {
        let (begun, run) = self.runs.last()?;
        opened(run).filter(|&open| open <= self.timeout).map(|open| *begun + open)
    }

    /// When the last attempt was over without an open channel.
    pub(crate) fn given_up(&self) -> SimDuration {
        let (begun, run) = self.runs.last().expect("invariant: at least one attempt");
        *begun + lasted(run, self.timeout)
    }
}

// When both ends had an open channel.
fn opened(run: &SetupRun) -> Option<SimDuration> {
    let [offerer, answerer] = run.outcome.times.open.map(|open| open.map(since_start));
    Some(offerer?.max(answerer?))
}

// When an attempt that did not get there was over.
fn lasted(run: &SetupRun, timeout: SimDuration) -> SimDuration {
    run.outcome.times.failed.map_or(timeout, since_start).min(timeout)
}

/// The time of a stamp since the start.
pub(crate) fn since_start(stamp: Stamp) -> SimDuration {
    SimDuration::from_ns(stamp.time().as_ns())
}

/// How a relay is marked in the table.
pub(crate) const fn mark(relay: RelayUse) -> &'static str {
    match relay {
        RelayUse::Direct => "",
        RelayUse::Offerer(transport) | RelayUse::Answerer(transport) => match transport {
            RelayTransport::Udp => "r",
            RelayTransport::Tcp => "t",
            RelayTransport::Tls => "s",
        },
        RelayUse::Both(..) => "rr",
    }
}

/// What peers gather, in words.
pub(crate) const fn gathered(gather: GatherName) -> &'static str {
    match gather {
        GatherName::Host => "host",
        GatherName::Stun => "host, server-reflexive",
        GatherName::Turn => "host, server-reflexive, relayed",
        GatherName::Relay => "relayed",
    }
}

/// The names of what can stand before a peer.
pub(crate) fn nat_names() -> PossibleValuesParser {
    MIDDLEBOX_PRESETS
        .iter()
        .map(|preset| clap::builder::PossibleValue::new(preset.name).help(preset.summary))
        .collect::<Vec<_>>()
        .into()
}

fn profile_names() -> PossibleValuesParser {
    IceSpec::ALL.map(IceSpec::name).into()
}

fn ladder_names() -> PossibleValuesParser {
    SetupProfile::ALL.map(SetupProfile::name).into()
}

fn up_to_a_minute(text: &str) -> Result<SimDuration, String> {
    between(text, SimDuration::ZERO, SimDuration::from_secs(60))
}

fn timeout(text: &str) -> Result<SimDuration, String> {
    between(text, SimDuration::from_ms(1), SimDuration::from_secs(600))
}

/// Reads a quantity that has limits.
pub(super) fn between<T>(text: &str, least: T, most: T) -> Result<T, String>
where
    T: Copy + Display + FromStr<Err = UnitError> + PartialOrd,
{
    let value: T = text.parse().map_err(|error: UnitError| error.to_string())?;
    if (least..=most).contains(&value) { Ok(value) } else { Err(format!("allowed are {least} to {most}")) }
}

fn boxes(name: &str) -> Vec<MiddleboxSpec> {
    let preset = MIDDLEBOX_PRESETS.iter().find(|preset| preset.name == name);
    preset.map(|preset| (preset.make)()).unwrap_or_default()
}

impl Network {
    /// One-way delay.
    pub(crate) fn delay(&self) -> SimDuration {
        self.delay.or_else(|| self.rtt.map(SimDuration::half)).unwrap_or(SimDuration::from_ms(50))
    }

    /// What this rung cannot do of what is asked for.
    pub(crate) fn problem(&self, rung: RungName) -> Option<String> {
        if rung.rung().is_none() {
            return Some(super::rung::NO_STACK.to_owned());
        }
        let stack = IceSpec::WebrtcRs021.name();
        let other =
            [self.profile.as_ref(), self.answerer_profile.as_ref()].into_iter().flatten().find(|name| **name != stack);
        match rung {
            RungName::Model if self.rate.is_some() => {
                Some("--rate needs --rung virtual: set-up in the model has no queues".to_owned())
            }
            RungName::Model if self.jitter > SimDuration::ZERO => {
                Some("--jitter needs --rung virtual: set-up in the model has none".to_owned())
            }
            RungName::Virtual if other.is_some() => {
                other.map(|other| format!("--profile {other} needs --rung model: the virtual rung runs {stack}"))
            }
            RungName::Virtual if self.relation != RelationName::Apart => {
                Some("--relation needs --rung model".to_owned())
            }
            RungName::Virtual if self.setup.is_some() => Some("--setup needs --rung model".to_owned()),
            RungName::Model | RungName::Virtual => None,
        }
    }

    /// The implementations, in words.
    pub(crate) fn profiles(&self) -> String {
        let [offerer, answerer] = self.profile_names();
        if offerer == answerer { offerer.to_owned() } else { format!("{offerer} offers to {answerer}") }
    }

    /// What to know of the transports to the TURN server, if the implementations do not speak all of them.
    pub(crate) fn transports_note(&self) -> Option<String> {
        let asks = self.gather == GatherName::Turn || self.gather == GatherName::Relay;
        let streams = self.transports.iter().any(|&transport| transport != TransportName::Udp);
        let without = self.profile_names().into_iter().find(|name| !ice_named(name).profile().streams_to_turn);
        without.filter(|_| asks && streams).map(|name| format!("{name} reaches TURN servers over UDP only"))
    }

    // The offerer's and the answerer's.
    fn profile_names(&self) -> [&str; 2] {
        let offerer = self.profile.as_deref().unwrap_or(IceSpec::Chromium.name());
        [offerer, self.answerer_profile.as_deref().unwrap_or(offerer)]
    }

    /// Plays the attempts of the model at a connection through, with every step if asked for.
    pub(crate) fn play(&self, nats: [&str; 2], traced: bool) -> Attempts {
        let setup = self.setup(nats);
        let delays = Delays::uniform(self.delay());
        let mut attempts = Attempts { runs: Vec::new(), timeout: self.timeout };
        let mut begun = SimDuration::ZERO;
        for attempt in 0..self.attempts {
            let losses = self.losses(attempt);
            let play = if traced { run_traced } else { run };
            let run = play(&setup, &losses, Comparisons::new(delays));
            let over = opened(&run).is_some_and(|open| open <= self.timeout);
            let lasted = lasted(&run, self.timeout);
            attempts.runs.push((begun, run));
            if over {
                break;
            }
            begun += lasted;
        }
        attempts
    }

    fn setup(&self, nats: [&str; 2]) -> PairSetup {
        let profiles = self.profile_names();
        let gather = match self.gather {
            GatherName::Host => Gather::Host,
            GatherName::Stun => Gather::Stun,
            GatherName::Turn => Gather::Turn,
            GatherName::Relay => Gather::RelayOnly,
        };
        let end = |side: usize| EndSpec {
            boxes: boxes(nats[side]),
            ipv6: Ipv6::None,
            stack: StackProfile::named(ice_named(profiles[side])),
            gather,
        };
        let transport = |name: &TransportName| match name {
            TransportName::Udp => RelayTransport::Udp,
            TransportName::Tcp => RelayTransport::Tcp,
            TransportName::Tls => RelayTransport::Tls,
        };
        let ladder = |name: &String| SetupProfile::ALL.into_iter().find(|ladder| ladder.name() == name);
        PairSetup {
            ends: [end(0), end(1)],
            relation: match self.relation {
                RelationName::Apart => Relation::Apart,
                RelationName::SameCarrier => Relation::SameCarrier,
                RelationName::SameLan => Relation::SameLan,
                RelationName::SameLanNoMulticast => Relation::SameLanNoMulticast,
            },
            trickle: !self.no_trickle,
            transports: self.transports.iter().map(transport).collect(),
            profile: self.setup.as_ref().and_then(ladder).unwrap_or_default(),
        }
    }

    // Each datagram on an uplink is lost with the same probability; no set-up takes more of them.
    fn losses(&self, attempt: u32) -> Losses {
        use rand::RngExt;
        const DATAGRAMS_MAX: u32 = 10_000;
        let uplink = |side: u64| {
            let mut stream = Streams::new(Seed(self.seed)).stream(Domain::PacketLink, u64::from(attempt) << 8 | side);
            (0..DATAGRAMS_MAX).filter(|_| stream.random::<f64>() < self.loss.get()).collect::<Vec<u32>>()
        };
        Losses { up: [uplink(0), uplink(1)], ..Losses::default() }
    }
}

fn ice_named(name: &str) -> IceSpec {
    IceSpec::ALL.into_iter().find(|spec| spec.name() == name).unwrap_or_default()
}

#[cfg(feature = "real")]
impl Network {
    /// The pair that these options describe to the stack, offerer first.
    pub(crate) fn spec(&self, nats: [&str; 2]) -> peerscape::real::pair::PairSpec {
        use peerscape::net::{LossSpec, PacketLinkSpec};
        use peerscape::real::cluster::ConnectPolicy;
        use peerscape::real::pair::{Gather, PairSpec};

        PairSpec {
            boxes: nats.map(boxes),
            delays: Delays::uniform(self.delay()),
            up: PacketLinkSpec {
                rate: self.rate,
                jitter: self.jitter,
                loss: LossSpec::bernoulli(self.loss),
                ..PacketLinkSpec::default()
            },
            gather: match self.gather {
                GatherName::Host => Gather::Host,
                GatherName::Stun => Gather::Stun,
                GatherName::Turn => Gather::Turn,
                GatherName::Relay => Gather::RelayOnly,
            },
            trickle: !self.no_trickle,
            policy: ConnectPolicy { timeout: self.timeout, attempts: self.attempts },
            seed: Seed(self.seed),
            ..PairSpec::default()
        }
    }
}

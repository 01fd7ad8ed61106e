//! `peerscape pair`: how one connection between two peers comes to be, step by step.

use std::io::{self, Write, stdout};

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use peerscape::net::{MIDDLEBOX_PRESETS, MiddleboxSpec, PairOutcome, overall_nat, pair_outcome};
use peerscape::units::SimDuration;
use peerscape::webrtc::SetupProfile;

use super::exit::Exit;
use super::rung::RungName;

/// The arguments of `pair`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What stands before the peer that offers
    #[arg(long, value_name = "NAT", default_value = "public", value_parser = nat_names())]
    offerer: String,
    /// What stands before the peer that answers
    #[arg(long, value_name = "NAT", default_value = "public", value_parser = nat_names())]
    answerer: String,
    #[command(flatten)]
    network: Network,
    /// What runs the connection
    #[arg(long, value_enum, default_value_t)]
    rung: RungName,
    /// Show every datagram
    #[arg(long)]
    every: bool,
}

/// The network between two peers; `pair` and `nat` share it.
#[derive(Debug, Args)]
pub(crate) struct Network {
    /// One-way delay between any two of peers, servers and signaling
    #[arg(long, value_name = "TIME", default_value = "50 ms", value_parser = up_to_a_minute)]
    pub(crate) delay: SimDuration,
    /// Loss of a packet on each peer's uplink
    #[arg(long, value_name = "SHARE", default_value = "0 %")]
    pub(crate) loss: peerscape::units::Probability,
    /// Rate of each peer's uplink [default: unlimited]
    #[arg(long, value_name = "RATE")]
    pub(crate) rate: Option<peerscape::units::Bitrate>,
    /// Jitter on each peer's uplink, on top of the delay; it never reorders
    #[arg(long, value_name = "TIME", default_value = "0 ms", value_parser = up_to_a_minute)]
    pub(crate) jitter: SimDuration,
    /// Which candidates the peers gather
    #[arg(long, value_enum, default_value_t)]
    pub(crate) gather: GatherName,
    /// Send all candidates with the description instead of one by one
    #[arg(long)]
    pub(crate) no_trickle: bool,
    /// When an attempt is given up
    #[arg(long, value_name = "TIME", default_value = "60 s", value_parser = timeout)]
    pub(crate) timeout: SimDuration,
    /// How many attempts are made
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) attempts: u32,
    /// The seed of losses, jitter and random ports
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Which candidates peers gather.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum GatherName {
    /// Their own addresses
    Host,
    /// And their outside address, from a STUN server
    Stun,
    /// And a relayed address, from a TURN server over UDP
    #[default]
    Turn,
    /// A relayed address only
    Relay,
}

/// The names of what can stand before a peer.
pub(crate) fn nat_names() -> PossibleValuesParser {
    MIDDLEBOX_PRESETS
        .iter()
        .map(|preset| clap::builder::PossibleValue::new(preset.name).help(preset.summary))
        .collect::<Vec<_>>()
        .into()
}

fn up_to_a_minute(text: &str) -> Result<SimDuration, String> {
    between(text, SimDuration::ZERO, SimDuration::from_secs(60))
}

fn timeout(text: &str) -> Result<SimDuration, String> {
    between(text, SimDuration::from_ms(1), SimDuration::from_secs(600))
}

fn between(text: &str, least: SimDuration, most: SimDuration) -> Result<SimDuration, String> {
    let time: SimDuration = text.parse().map_err(|error: peerscape::units::UnitError| error.to_string())?;
    if (least..=most).contains(&time) { Ok(time) } else { Err(format!("allowed are {least} to {most}")) }
}

/// The boxes of this name.
pub(crate) fn boxes(name: &str) -> Vec<MiddleboxSpec> {
    let preset = MIDDLEBOX_PRESETS.iter().find(|preset| preset.name == name);
    preset.map(|preset| (preset.make)()).unwrap_or_default()
}

/// Prints the time line of the connection.
pub(crate) fn run(arguments: &Arguments) -> io::Result<Exit> {
    match arguments.rung {
        RungName::Model => {
            stdout().write_all(by_model(arguments).as_bytes())?;
            Ok(Exit::Success)
        }
        RungName::Virtual => by_stack(arguments),
    }
}

fn head(arguments: &Arguments) -> String {
    format!(
        "{} offers, {} answers; {} one way, {} loss\n\n",
        arguments.offerer, arguments.answerer, arguments.network.delay, arguments.network.loss
    )
}

// The model knows the outcome and how many round trips set-up takes.
fn by_model(arguments: &Arguments) -> String {
    let [offerer, answerer] = [&arguments.offerer, &arguments.answerer].map(|name| overall_nat(&boxes(name)));
    let relay = matches!(arguments.network.gather, GatherName::Turn | GatherName::Relay);
    let outcome = match (arguments.network.gather, pair_outcome(offerer, answerer, relay)) {
        (GatherName::Relay, PairOutcome::Direct) => PairOutcome::Relayed,
        (_, outcome) => outcome,
    };
    let mut text = head(arguments);
    let hops = match outcome {
        PairOutcome::Impossible => return text + "the two cannot connect without a TURN server\n",
        PairOutcome::Direct => 1,
        PairOutcome::Relayed => 2,
    };
    let one_way = arguments.network.delay;
    let mut time = one_way * 2;
    text += &row(time, "both", "offer and answer exchanged");
    for (stage, round_trips) in SetupProfile::WebrtcRs.stages() {
        time += one_way * (2 * round_trips * hops);
        text += &row(time, "both", &format!("{stage} ({round_trips} round trips)"));
    }
    let path = if outcome == PairOutcome::Direct { "direct" } else { "relayed" };
    text +=
        &format!("\nopen after {time}, {path}: the model's ladder `webrtc-rs`, without acceptance waits or losses\n");
    text
}

fn row(time: SimDuration, who: &str, what: &str) -> String {
    format!("{:>12.3} ms  {who:<9} {what}\n", time.as_ms_f64())
}

#[cfg(not(feature = "real"))]
fn by_stack(_arguments: &Arguments) -> io::Result<Exit> {
    eprintln!("error: {}", super::rung::NO_STACK);
    Ok(Exit::Usage)
}

#[cfg(feature = "real")]
fn by_stack(arguments: &Arguments) -> io::Result<Exit> {
    use peerscape::real::pair;
    use peerscape::units::SimTime;

    let spec = arguments.network.spec([&arguments.offerer, &arguments.answerer]);
    let run = match pair::connect(&spec) {
        Ok(run) => run,
        Err(error) => {
            eprintln!("error: {error}");
            return Ok(Exit::Failure);
        }
    };
    let mut text = head(arguments);
    for step in pair::ladder(&run, arguments.every) {
        text += &row(step.time.since(SimTime::ZERO), step.who, &step.what);
    }
    text += "\n";
    text += &summary(&run);
    stdout().write_all(text.as_bytes())?;
    Ok(Exit::Success)
}

#[cfg(feature = "real")]
fn summary(run: &peerscape::real::pair::PairRun) -> String {
    use peerscape::units::SimTime;

    let ms = |time: SimTime| format!("{:.3} ms", time.since(SimTime::ZERO).as_ms_f64());
    let datagrams = run.trace.datagrams();
    match (run.connection.open_at(), run.failed_at) {
        (Some(open), _) => {
            let [offerer, answerer] = run.connection.opened.map(|time| time.map_or_else(String::new, ms));
            let path = if run.relayed { "relayed" } else { "direct" };
            let pair = run.selected[0].map_or_else(String::new, |pair| format!(" ({} to {})", pair.local, pair.remote));
            format!(
                "open after {} (offerer {offerer}, answerer {answerer}), {path}{pair}; {datagrams} datagrams, \
                 attempt {}\n",
                ms(open),
                run.connection.attempts
            )
        }
        (None, Some(failed)) => {
            format!("failed after {}; {datagrams} datagrams, {} attempts\n", ms(failed), run.connection.attempts)
        }
        (None, None) => format!("neither open nor failed; {datagrams} datagrams\n"),
    }
}

#[cfg(feature = "real")]
impl Network {
    /// The pair that these options describe, offerer first.
    pub(crate) fn spec(&self, nats: [&str; 2]) -> peerscape::real::pair::PairSpec {
        use peerscape::net::{LossSpec, PacketLinkSpec};
        use peerscape::real::cluster::ConnectPolicy;
        use peerscape::real::pair::{Gather, PairSpec};
        use peerscape::rng::Seed;

        PairSpec {
            boxes: nats.map(boxes),
            delays: peerscape::webrtc::stamp::Delays::uniform(self.delay),
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

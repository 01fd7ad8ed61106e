//! The grid: every loss with every round trip and every seed, in parallel.

use std::sync::Arc;

use peerscape::engine::EngineError;
use peerscape::net::{LossSpec, PacketLinkSpec};
use peerscape::rng::Seed;
use peerscape::units::{Probability, SimDuration};
use peerscape::webrtc::sctp::lab::{BulkSpec, EchoSpec, LabRun, LabSpec, run};
use peerscape::webrtc::sctp::{ChannelSpec, Reliability};
use rayon::prelude::*;

use super::arguments::{Arguments, setup_between};

/// How long the window stays at one packet in a collapse.
pub(super) const COLLAPSE: SimDuration = SimDuration::from_secs(1);

// How long echoes may still come back after the end.
const AFTER: SimDuration = SimDuration::from_secs(2);

/// One loss: a row.
#[derive(Debug)]
pub(super) struct GridRow {
    pub(super) loss: Probability,
    /// By round trip.
    pub(super) cells: Vec<Cell>,
}

/// One loss and round trip, over the seeds.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) rtt: SimDuration,
    /// Goodput of each seed in Mbit/s.
    goodputs: Vec<f64>,
    /// How long each seed's window stayed at one packet.
    stuck: Vec<SimDuration>,
    /// Round trips of all echoes that came back, sorted.
    echoes: Vec<SimDuration>,
    echoes_sent: u64,
}

// What is kept of a run.
struct Figures {
    goodput: f64,
    stuck: SimDuration,
    echoes: Vec<SimDuration>,
}

/// How many runs the grid has.
pub(super) fn runs(arguments: &Arguments) -> u64 {
    arguments.loss.iter().map(|&loss| seeds(arguments, loss)).sum::<u64>() * arguments.rtt.len() as u64
}

/// Plays the grid.
///
/// # Errors
/// When the engine stops a runaway.
pub(super) fn play(arguments: &Arguments) -> Result<Vec<GridRow>, EngineError> {
    let places = arguments.loss.iter().flat_map(|&loss| arguments.rtt.iter().map(move |&rtt| (loss, rtt)));
    let tasks: Vec<(Probability, SimDuration, u64)> =
        places.flat_map(|(loss, rtt)| (1..=seeds(arguments, loss)).map(move |seed| (loss, rtt, seed))).collect();
    // Collected in the order of the tasks, whoever runs them.
    let figures: Vec<Figures> = tasks
        .into_par_iter()
        .map(|(loss, rtt, seed)| Ok(Figures::of(&run(&spec(arguments, loss, rtt, seed))?, arguments)))
        .collect::<Result<_, EngineError>>()?;
    let mut figures = figures.into_iter();
    let row = |&loss: &Probability| {
        let cell = |&rtt: &SimDuration| {
            let runs: Vec<Figures> = figures.by_ref().take(seeds(arguments, loss) as usize).collect();
            Cell::of(rtt, &runs, arguments)
        };
        GridRow { loss, cells: arguments.rtt.iter().map(cell).collect() }
    };
    Ok(arguments.loss.iter().map(row).collect())
}

// A seed says what is lost: where nothing is, all are alike.
fn seeds(arguments: &Arguments, loss: Probability) -> u64 {
    if loss == Probability::ZERO { 1 } else { arguments.seeds }
}

fn spec(arguments: &Arguments, loss: Probability, rtt: SimDuration, seed: u64) -> LabSpec {
    let link = PacketLinkSpec {
        delay: rtt.half(),
        rate: Some(arguments.rate),
        buffer: Some(arguments.buffer()),
        loss: LossSpec::bernoulli(loss),
        ..PacketLinkSpec::default()
    };
    let channel = if arguments.unreliable {
        ChannelSpec { unordered: true, reliability: Reliability::Retransmits(0), ..ChannelSpec::default() }
    } else {
        ChannelSpec::default()
    };
    LabSpec {
        profiles: arguments.profiles().map(Arc::new),
        record_bytes: setup_between(arguments.sender(), arguments.receiver()).dtls_record_bytes() as u32,
        links: [link, link],
        socket: arguments.socket(),
        bulk: Some(BulkSpec {
            message: arguments.message.get() as u32,
            outstanding: arguments.outstanding.get(),
            channel,
        }),
        echo: Some(EchoSpec::default()),
        duration: arguments.duration + AFTER,
        bin: SimDuration::from_ms(1),
        seed: Seed(seed),
    }
}

impl Figures {
    fn of(run: &LabRun, arguments: &Arguments) -> Self {
        let echoes = run.echoes.iter().zip(&run.echo_times);
        let span = arguments.from.as_ns()..arguments.duration.as_ns();
        let measured = echoes.filter(|(lasted, back)| span.contains(&(back.as_ns() - lasted.as_ns())));
        Self {
            goodput: run.goodput_mbit_per_s(arguments.from, arguments.duration),
            stuck: run.stuck,
            echoes: measured.map(|(&lasted, _)| lasted).collect(),
        }
    }
}

impl Cell {
    fn of(rtt: SimDuration, runs: &[Figures], arguments: &Arguments) -> Self {
        let interval = EchoSpec::default().interval.as_ns();
        let sent = arguments.duration.as_ns().div_ceil(interval) - arguments.from.as_ns().div_ceil(interval);
        let mut echoes: Vec<SimDuration> = runs.iter().flat_map(|run| run.echoes.iter().copied()).collect();
        echoes.sort_unstable();
        Self {
            rtt,
            goodputs: runs.iter().map(|run| run.goodput).collect(),
            stuck: runs.iter().map(|run| run.stuck).collect(),
            echoes,
            echoes_sent: sent * runs.len() as u64,
        }
    }

    /// Mean, least and most goodput in Mbit/s.
    pub(super) fn goodput(&self) -> [f64; 3] {
        let mean = self.goodputs.iter().sum::<f64>() / self.goodputs.len() as f64;
        let least = self.goodputs.iter().copied().fold(f64::INFINITY, f64::min);
        [mean, least, self.goodputs.iter().copied().fold(0.0, f64::max)]
    }

    /// The share of the seeds that collapsed.
    pub(super) fn collapsed(&self) -> f64 {
        let collapsed = self.stuck.iter().filter(|&&stuck| stuck >= COLLAPSE).count();
        collapsed as f64 / self.stuck.len() as f64
    }

    /// The longest that a window stayed at one packet.
    pub(super) fn stuck(&self) -> SimDuration {
        self.stuck.iter().copied().max().unwrap_or_default()
    }

    /// A quantile of the echo's round trips in ms, where one that did not come back is longer than any.
    pub(super) fn echo_ms(&self, quantile: f64) -> Option<f64> {
        let at = (quantile * self.echoes_sent as f64) as usize;
        self.echoes.get(at).map(|time| time.as_ms_f64())
    }

    /// The share of the echoes that came back.
    pub(super) fn echoes_back(&self) -> f64 {
        self.echoes.len() as f64 / self.echoes_sent.max(1) as f64
    }
}

//! `peerscape pair`: how one connection between two peers comes to be, step by step.

use std::collections::BTreeSet;
use std::io::{self, Write, stdout};

use clap::Args;
use peerscape::units::SimDuration;
use peerscape::webrtc::setup::{RelayUse, Step};

use super::exit::Exit;
use super::network::{Network, nat_names, since_start};
use super::rung::RungName;
use super::say;

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

/// Prints the time line of the connection.
pub(crate) fn run(arguments: &Arguments) -> io::Result<Exit> {
    if let Some(problem) = arguments.network.problem(arguments.rung) {
        say::error(problem);
        return Ok(Exit::Usage);
    }
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
        arguments.offerer,
        arguments.answerer,
        arguments.network.delay(),
        arguments.network.loss
    )
}

fn by_model(arguments: &Arguments) -> String {
    let attempts = arguments.network.play([&arguments.offerer, &arguments.answerer], true);
    let mut text = head(arguments);
    for (number, (begun, run)) in (1..).zip(&attempts.runs) {
        if number > 1 {
            text += &row(*begun, "network", &format!("attempt {number}"));
        }
        let mut seen = BTreeSet::new();
        for step in run.steps.iter().filter(|step| arguments.every || is_news(step, &mut seen)) {
            text += &row(*begun + since_start(step.at), step.who.name(), &step.what);
        }
    }
    text + "\n" + &outcome(arguments, &attempts)
}

// Repetitions, and what comes in, are left out unless every datagram is asked for.
fn is_news(step: &Step, seen: &mut BTreeSet<(&'static str, String)>) -> bool {
    let sent = step.what.strip_prefix("sends ");
    let what = sent.map_or(step.what.as_str(), |sent| sent.split(" to ").next().unwrap_or(sent));
    let is_noise = step.what.starts_with("receives ") || step.what.starts_with("drops ");
    !is_noise && (seen.insert((step.who.name(), what.to_owned())) || sent.is_none())
}

fn outcome(arguments: &Arguments, attempts: &super::network::Attempts) -> String {
    let run = attempts.last();
    let datagrams: u32 = run.outcome.datagrams.iter().map(|datagrams| datagrams.up).sum();
    let number = attempts.runs.len();
    let profiles = arguments.network.profiles();
    let Some(open) = attempts.open() else {
        let given_up = ms(attempts.given_up());
        return format!("failed after {given_up}; {datagrams} datagrams sent, {number} attempts; {profiles}\n");
    };
    let begun = attempts.runs[number - 1].0;
    let [offerer, answerer] =
        run.outcome.times.open.map(|open| open.map_or_else(String::new, |open| ms(begun + since_start(open))));
    let path = match run.outcome.relay {
        RelayUse::Direct => "direct",
        RelayUse::Offerer(_) => "relayed by the offerer's server",
        RelayUse::Answerer(_) => "relayed by the answerer's server",
        RelayUse::Both(..) => "relayed by the servers of both",
    };
    let kinds = run.outcome.selected[0]
        .map_or_else(String::new, |pair| format!(" ({} to {})", pair.local.word(), pair.remote.word()));
    format!(
        "open after {} (offerer {offerer}, answerer {answerer}), {path}{kinds}; {datagrams} datagrams sent, attempt \
         {number}; {profiles}\n",
        ms(open)
    )
}

fn row(time: SimDuration, who: &str, what: &str) -> String {
    format!("{:>12.3} ms  {who:<9} {what}\n", time.as_ms_f64())
}

fn ms(time: SimDuration) -> String {
    format!("{:.3} ms", time.as_ms_f64())
}

#[cfg(not(feature = "real"))]
fn by_stack(_arguments: &Arguments) -> io::Result<Exit> {
    say::error(super::rung::NO_STACK);
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
            say::error(error);
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

    let ms = |time: SimTime| ms(time.since(SimTime::ZERO));
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

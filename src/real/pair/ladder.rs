//! The set-up of a pair as a time line: signaling, gathering, checks, nomination, DTLS flights,
//! SCTP, the open channel.
//!
//! Repetitions of checks are left out unless every datagram is asked for. From the end of the DTLS
//! handshake on the wire shows only records; while nothing is lost, the first four are SCTP's INIT,
//! INIT ACK, COOKIE ECHO and COOKIE ACK (RFC 9260, section 5.1).

use std::collections::BTreeMap;

use super::PairRun;
use crate::real::cluster::STUN_PORT;
use crate::real::stack::State;
use crate::real::trace::{Entry, Happened};
use crate::units::SimTime;

/// A line of the time line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub time: SimTime,
    /// Who: `offerer`, `answerer`, `server` or, for what happens between them, `network`.
    pub who: &'static str,
    /// What.
    pub what: String,
}

/// The time line of a run; with `every` one line a datagram.
#[must_use]
pub fn ladder(run: &PairRun, every: bool) -> Vec<Step> {
    let lossless = !run.trace.entries().iter().any(|entry| match &entry.what {
        Happened::Sent { loss, .. } => loss.is_some(),
        Happened::Dropped { .. } => true,
        _ => false,
    });
    let mut writer = Writer { every, lossless, seen: BTreeMap::new(), records: 0 };
    run.trace.entries().iter().filter_map(|entry| writer.step(entry)).collect()
}

struct Writer {
    every: bool,
    lossless: bool,
    // How often a node has sent each kind of message.
    seen: BTreeMap<(u32, String), u32>,
    records: usize,
}

const SCTP: [&str; 4] = ["SCTP INIT", "SCTP INIT ACK", "SCTP COOKIE ECHO", "SCTP COOKIE ACK"];

impl Writer {
    fn step(&mut self, entry: &Entry) -> Option<Step> {
        let (who, what) = match &entry.what {
            Happened::Sent { node, destination, bytes, what, loss } => {
                let relays = *node > 1 && what.contains('[');
                let to_server = destination.port() == STUN_PORT && what.starts_with("STUN Binding");
                let what = &if to_server { format!("{what} to the server") } else { what.clone() };
                let first = self.first(*node, what) && !relays;
                let lost = loss.is_some();
                let what = self.name(what);
                let shown = self.every || (first && !lost) || what.starts_with("SCTP");
                if !shown {
                    return None;
                }
                let fate = loss.map_or_else(String::new, |loss| format!(", lost: {loss}"));
                let detail = if self.every { format!(" to {destination}, {bytes} bytes") } else { String::new() };
                (name(*node), format!("sends {what}{detail}{fate}"))
            }
            Happened::Received { node, source, what } if self.every => {
                (name(*node), format!("receives {what} from {source}"))
            }
            Happened::Dropped { source, destination, loss } if self.every => {
                ("network", format!("drops a datagram from {source} to {destination}: {loss}"))
            }
            Happened::Signaled { end, what } => (name(u32::from(end.side)), format!("signals {what}")),
            Happened::State { end, state } => (name(u32::from(end.side)), state_words(*state).to_owned()),
            Happened::ChannelOpen { end, .. } => (name(u32::from(end.side)), "channel open".to_owned()),
            Happened::AttemptFailed { .. } => ("network", "the attempt has failed".to_owned()),
            Happened::StackError(error) => ("network", format!("error: {error}")),
            Happened::Received { .. } | Happened::Dropped { .. } => return None,
        };
        Some(Step { time: entry.time, who, what })
    }

    fn first(&mut self, node: u32, what: &str) -> bool {
        let count = self.seen.entry((node, what.to_owned())).or_default();
        *count += 1;
        *count == 1
    }

    // Names the records after the handshake, where that is certain.
    fn name(&mut self, what: &str) -> String {
        if what != "DTLS application data" {
            return what.to_owned();
        }
        let known = SCTP.get(self.records).filter(|_| self.lossless);
        self.records += 1;
        known.map_or_else(|| "DTLS record (SCTP)".to_owned(), |name| (*name).to_owned())
    }
}

const fn name(node: u32) -> &'static str {
    match node {
        0 => "offerer",
        1 => "answerer",
        _ => "server",
    }
}

const fn state_words(state: State) -> &'static str {
    match state {
        State::Gathered => "has gathered its candidates",
        State::Checking => "begins to check candidate pairs",
        State::IceConnected => "ICE connected",
        State::DtlsConnected => "DTLS connected",
        State::Disconnected => "hears nothing any more",
        State::Failed => "ICE failed",
        State::Closed => "closed by the other end",
    }
}

//! A signaling server that keeps a tree while peers come and go: `cargo run --example signaling_plan -- FILE` reads a log of
//! events, `-` from standard input, and prints the messages that the server sends.
//!
//! A line of the log is `TIME join NAME CITY UPLINK`, `TIME uplink NAME UPLINK` or `TIME leave NAME`: seconds, and Mbit/s.
//! Without a file a short log is played. The source stands in the first city; the stream has 1 Mbit/s.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;
use std::process::ExitCode;
use std::{env, fs, io};

use peerscape::optimiser::plan::{EdgeChanges, Place, Plan};
use peerscape::optimiser::{Delays, Hop, Instance, Peer, Stream};

/// One-way delays between cities in milliseconds, access links included; for two peers of one city too.
const CITIES: [(&str, [u32; 4]); 4] = [
    ("paris", [12, 18, 52, 125]),
    ("berlin", [18, 12, 58, 135]),
    ("boston", [52, 58, 14, 110]),
    ("tokyo", [125, 135, 110, 13]),
];

/// What is sent: 100 messages of 1,250 bytes a second.
const STREAM: Stream = Stream { rate_bps: 1_000_000, messages_per_s: 100 };

/// The log that is played without a file.
pub(crate) const LOG: &str = "\
0.0 join ada paris 3.5
0.4 join ben berlin 2.5
1.1 join cleo boston 1.2
1.5 join dai tokyo 0.5
2.0 join eva berlin 0.8
2.6 join finn boston 4.5
3.0 join gus tokyo 2.2
9.5 uplink ada 1.5
12.0 leave finn
14.2 join hana tokyo 0.9
20.0 leave ada
";

fn main() -> ExitCode {
    match log().and_then(|log| messages(&log)) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn log() -> Result<String, Box<dyn Error>> {
    match env::args().nth(1).as_deref() {
        None => Ok(LOG.to_owned()),
        Some("-") => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text)?;
            Ok(text)
        }
        Some(path) => fs::read_to_string(path).map_err(|error| format!("{path}: {error}").into()),
    }
}

/// Plays a log, and says what the server sends after each event.
///
/// # Errors
///
/// If a line is no event, with its number.
pub(crate) fn messages(log: &str) -> Result<String, Box<dyn Error>> {
    let mut server = Server::new()?;
    let mut text = String::new();
    for (line, number) in log.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
        let changes = server.event(line).map_err(|error| format!("line {number}: {error}"))?;
        text += &format!("{line}\n");
        text += &server.told(&changes);
    }
    let plan = &server.plan;
    text += &format!(
        "\n{} peers hear the stream, {} wait; the last hears after {:.1} ms, {:.1} % above the bound of {:.1} ms\n",
        plan.members().count() - 1,
        plan.waiting().len(),
        plan.max_us() as f64 / 1e3,
        plan.gap_percent(),
        plan.bound_us() as f64 / 1e3,
    );
    Ok(text)
}

/// The plan, and the names of its peers.
struct Server {
    plan: Plan,
    names: Vec<String>,
    numbers: BTreeMap<String, u32>,
}

impl Server {
    fn new() -> Result<Self, Box<dyn Error>> {
        let hops = CITIES.iter().flat_map(|(_, delays_ms)| delays_ms.map(|delay_ms| Hop::direct(delay_ms * 1_000)));
        let delays = Delays::Groups { group_of: vec![0], groups: CITIES.len() as u32, hops: hops.collect() };
        let source = Instance::new(vec![peer(2.0)], delays, 0.0)?;
        let plan = Plan::new(source, 0, STREAM)?;
        Ok(Self { plan, names: vec!["source".to_owned()], numbers: BTreeMap::new() })
    }

    fn event(&mut self, line: &str) -> Result<EdgeChanges, Box<dyn Error>> {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            [_, "join", name, city, uplink] => {
                let place = CITIES.iter().position(|(known, _)| *known == city);
                let known = CITIES.map(|(city, _)| city).join(", ");
                let place = place.ok_or_else(|| format!("there is no city `{city}`; there are {known}"))?;
                let number = self.plan.meet(peer(megabits(uplink)?), Place::Group(place as u32))?;
                if self.numbers.insert(name.to_owned(), number).is_some() {
                    return Err(format!("`{name}` has joined already").into());
                }
                self.names.push(name.to_owned());
                Ok(self.plan.join(number)?)
            }
            [_, "uplink", name, uplink] => Ok(self.plan.changed(self.number(name)?, peer(megabits(uplink)?))?),
            [_, "leave", name] => {
                let number = self.number(name)?;
                self.numbers.remove(name);
                Ok(self.plan.leave(number)?)
            }
            _ => Err(format!(
                "`{line}` should be `TIME join NAME CITY UPLINK`, `TIME uplink NAME UPLINK` or `TIME leave NAME`"
            )
            .into()),
        }
    }

    fn number(&self, name: &str) -> Result<u32, Box<dyn Error>> {
        let number = self.numbers.get(name).copied();
        number.ok_or_else(|| format!("`{name}` is not there").into())
    }

    /// What each peer is told. Who left needs no message.
    fn told(&self, changes: &EdgeChanges) -> String {
        let name = |peer: u32| &self.names[peer as usize];
        let is_here = |peer: u32| peer == 0 || self.numbers.get(name(peer)) == Some(&peer);
        let mut text = String::new();
        for link in changes.disconnects.iter().filter(|link| is_here(link.parent) && is_here(link.child)) {
            text += &format!("    to {}: close {}\n", name(link.parent), name(link.child));
        }
        for link in &changes.connects {
            text += &format!("    to {}: offer to {}\n", name(link.parent), name(link.child));
        }
        for &peer in &changes.left_out {
            text += &format!("    to {}: wait\n", name(peer));
        }
        text
    }
}

fn peer(uplink_mbps: f64) -> Peer {
    Peer { up_bps: Some((uplink_mbps * 1e6) as u64), ..Peer::default() }
}

fn megabits(text: &str) -> Result<f64, Box<dyn Error>> {
    match text.parse() {
        Ok(value) if (0.0..=1e6).contains(&value) => Ok(value),
        _ => Err(format!("an uplink is between 0 and 1000000 Mbit/s, not `{text}`").into()),
    }
}

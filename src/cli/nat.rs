//! `peerscape nat`: how every kind of NAT connects with every other.

use std::io::{self, Write, stdout};

use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use peerscape::net::MIDDLEBOX_PRESETS;

use super::exit::Exit;
use super::network::{Network, gathered, nat_names};
use super::rung::RungName;
use super::say;

/// The arguments of `nat`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The kinds to show, separated by commas [default: all]
    #[arg(long, value_name = "NATS", value_delimiter = ',', value_parser = nat_names())]
    only: Vec<String>,
    #[command(flatten)]
    network: Network,
    /// What runs the connections
    #[arg(long, value_enum, default_value_t)]
    rung: RungName,
}

/// Prints the table: a row an offerer, a column an answerer.
pub(crate) fn run(arguments: &Arguments) -> io::Result<Exit> {
    if let Some(problem) = arguments.network.problem(arguments.rung) {
        say::error(problem);
        return Ok(Exit::Usage);
    }
    let every = MIDDLEBOX_PRESETS.iter().map(|preset| preset.name);
    let kinds: Vec<&str> = every.filter(|name| arguments.shows(name)).collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    // Names across the top would make it wider than any screen.
    let numbers = (1..=kinds.len()).map(|number| number.to_string());
    table.set_header([String::new(), "offerer".to_owned()].into_iter().chain(numbers));
    for (number, offerer) in (1..).zip(&kinds) {
        let mut row = vec![number.to_string(), (*offerer).to_owned()];
        for answerer in &kinds {
            match arguments.cell(offerer, answerer) {
                Ok(cell) => row.push(cell),
                Err(error) => {
                    say::error(error);
                    return Ok(Exit::Failure);
                }
            }
        }
        table.add_row(row);
    }
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if place == 0 { 1 } else { 2 }));
        if place != 1 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = arguments.head();
    table.lines().for_each(|line| text += &(line.trim_end().to_owned() + "\n"));
    text += match arguments.rung {
        RungName::Model => {
            "\nr, t, s: relayed by a TURN server over UDP, TCP, TLS; rr: by the servers of both; -: they do not connect\n"
        }
        RungName::Virtual => "\nr: relayed by a TURN server; -: they do not connect\n",
    };
    if let Some(note) = arguments.network.transports_note().filter(|_| arguments.rung == RungName::Model) {
        text += &format!("{note}\n");
    }
    stdout().write_all(text.as_bytes())?;
    Ok(Exit::Success)
}

impl Arguments {
    fn shows(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    fn head(&self) -> String {
        let profiles = match self.rung {
            RungName::Model => format!("{}; ", self.network.profiles()),
            RungName::Virtual => String::new(),
        };
        format!(
            "set-up time in ms, by what stands before offerer (rows) and answerer (columns, same order)\n{profiles}{} \
             one way, {} loss, candidates: {}\n\n",
            self.network.delay(),
            self.network.loss,
            gathered(self.network.gather)
        )
    }

    fn cell(&self, offerer: &str, answerer: &str) -> Result<String, String> {
        match self.rung {
            RungName::Model => Ok(self.by_model(offerer, answerer)),
            RungName::Virtual => self.by_stack(offerer, answerer),
        }
    }

    fn by_model(&self, offerer: &str, answerer: &str) -> String {
        let attempts = self.network.play([offerer, answerer], false);
        let Some(open) = attempts.open() else { return "-".to_owned() };
        format!("{:.0}{}", open.as_ms_f64(), super::network::mark(attempts.last().outcome.relay))
    }

    #[cfg(not(feature = "real"))]
    fn by_stack(&self, _offerer: &str, _answerer: &str) -> Result<String, String> {
        Err(super::rung::NO_STACK.to_owned())
    }

    #[cfg(feature = "real")]
    fn by_stack(&self, offerer: &str, answerer: &str) -> Result<String, String> {
        let spec = self.network.spec([offerer, answerer]);
        let run = peerscape::real::pair::connect(&spec).map_err(|error| error.to_string())?;
        let Some(open) = run.connection.open_at() else { return Ok("-".to_owned()) };
        let mark = if run.relayed { "r" } else { "" };
        Ok(format!("{:.0}{mark}", open.since(peerscape::units::SimTime::ZERO).as_ms_f64()))
    }
}

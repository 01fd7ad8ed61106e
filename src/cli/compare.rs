//! `peerscape compare`: what two results differ in.

use std::io::{self, Write, stdout};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use peerscape::report::change::{Rule, Side, change_json, change_markdown, change_text, changes};

use super::exit::Exit;
use super::say;

/// The arguments of `compare`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The results folder to compare with
    #[arg(value_name = "BASE")]
    base: PathBuf,
    /// The results folder that may be better or worse
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// End with exit code 3 only if this metric moves further: `delivery_latency_p95_ms:+5%`, or `:-0.5` in its own
    /// unit; may be given again [default: if any metric is worse]
    #[arg(long, value_name = "METRIC:LIMIT", allow_hyphen_values = true)]
    fail_if: Vec<Rule>,
    /// How to print the comparison
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How to print the comparison.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// A table of what is better or worse, and sentences
    #[default]
    Text,
    /// The same for a comment or a wiki
    Markdown,
    /// One JSON document with every figure
    Json,
}

/// Columns of the text.
const WIDTH: u16 = 110;

/// Compares and prints.
pub(crate) fn run(arguments: &Arguments) -> io::Result<Exit> {
    let sides = [&arguments.base, &arguments.new].map(|folder| Side::read(folder));
    let [base, new] = match sides {
        [Ok(base), Ok(new)] => [base, new],
        sides => {
            sides.into_iter().filter_map(Result::err).for_each(say::error);
            return Ok(Exit::Usage);
        }
    };
    let changes = changes(&base, &new, &arguments.fail_if);
    if changes.rows.is_empty() {
        changes.notes.iter().for_each(say::line);
        say::error("there is nothing to compare: the two share no topology at the same place on the axes");
        return Ok(Exit::Usage);
    }
    let text = match arguments.format {
        Format::Text => change_text(&changes, WIDTH),
        Format::Markdown => change_markdown(&changes),
        Format::Json => change_json(&changes),
    };
    match stdout().write_all(text.as_bytes()) {
        // Whoever read it has seen enough; the exit code is an answer too.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
        _ => {}
    }
    Ok(if changes.is_alarming() { Exit::ExpectationMissed } else { Exit::Success })
}

//! `peerscape topology`: the overlay of one cell, as a file for other programs.

use std::io::{self, BufWriter, Write, stdout};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use peerscape::overlay::dissemination::DisseminationSpec;
use peerscape::report::{Content, PlanFormat, PlanOutput};
use peerscape::rng::Seed;
use peerscape::scenario::Registry;

use super::choice;
use super::exit::Exit;
use super::output;
use super::say;
use super::source::Source;

/// The arguments of `topology`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Which point of the sweep, by values of its axes: `peers=100`, `peers=100,rate=10 /s`
    #[arg(long, value_name = "AXIS=VALUE,...", value_delimiter = ',')]
    cell: Vec<String>,
    /// Which topology, by its label or the beginning of it: `tree degree=4`
    #[arg(long, value_name = "LABEL")]
    topology: Option<String>,
    /// The seed of the population and the overlay [default: the scenario's first]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// What to write
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The file to write [default: the standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What to write.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Format {
    /// A plan with nodes, pairs, full meshes and the forwarding rule
    #[default]
    Json,
    /// An edge list
    Csv,
    /// A graph for NetworkX, Gephi, yEd and others
    Graphml,
    /// A drawing for Graphviz
    Dot,
    /// A picture: hubs are large, servers are squares
    Svg,
}

impl From<Format> for PlanFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Json => Self::Json,
            Format::Csv => Self::Csv,
            Format::Graphml => Self::Graphml,
            Format::Dot => Self::Dot,
            Format::Svg => Self::Svg,
        }
    }
}

/// Writes the overlay of the cell that is asked for.
pub(crate) fn run(arguments: &Arguments, registry: &Registry) -> io::Result<Exit> {
    let Some(experiment) = arguments.source.load(registry) else { return Ok(Exit::Usage) };
    let cell = match choice::cell(&experiment, &arguments.cell, arguments.topology.as_deref()) {
        Ok(cell) => cell,
        Err(problem) => {
            say::error(problem);
            return Ok(Exit::Usage);
        }
    };
    let seed = arguments.seed.map_or(experiment.seeds[0], Seed);
    let plan = match PlanOutput::of(&experiment.name, cell, seed) {
        Ok(plan) => plan,
        Err(error) => {
            say::error(error);
            return Ok(Exit::Failure);
        }
    };
    if loses_rule(&cell.topology.dissemination(), arguments.format) {
        say::warning(
            "the rule of dissemination is not written: name it beside `file`, or messages go by split horizon",
        );
    }
    let content = Content::written(|to| plan.write(arguments.format.into(), to));
    let Some(out) = &arguments.out else {
        let mut out = BufWriter::new(stdout().lock());
        content.write(&mut out)?;
        out.flush()?;
        return Ok(Exit::Success);
    };
    if let Err(exit) = output::write(out, &content) {
        return Ok(exit);
    }
    let (nodes, connections) = (plan.overlay().nodes(), plan.overlay().connections());
    say::line(format_args!("{}: {nodes} nodes, {connections} connections", out.display()));
    Ok(Exit::Success)
}

// Whether what is written does not say by which rule messages are passed on.
fn loses_rule(rule: &DisseminationSpec, format: Format) -> bool {
    match rule {
        DisseminationSpec::Horizon(_) => false,
        DisseminationSpec::Foreign(_) => !matches!(format, Format::Dot | Format::Svg),
        _ => matches!(format, Format::Csv | Format::Graphml),
    }
}

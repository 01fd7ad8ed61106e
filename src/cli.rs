//! The verbs of the command line, one file each, and their exit codes.

pub(crate) mod bounds;
pub(crate) mod check;
mod check_grain;
mod choice;
pub(crate) mod compare;
pub(crate) mod crossover;
pub(crate) mod exit;
mod interrupt;
pub(crate) mod list;
pub(crate) mod nat;
mod network;
pub(crate) mod optimise;
mod output;
pub(crate) mod pair;
mod place;
mod progress;
pub(crate) mod recommend;
pub(crate) mod run;
mod rung;
mod say;
pub(crate) mod schema;
mod source;
pub(crate) mod topology;
pub(crate) mod transfer;
pub(crate) mod validate;
mod watch;

use clap::{Parser, Subcommand};

/// Simulates WebRTC data-channel overlays: one scenario file in, a topology decision out.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a scenario: every cell with every seed, then rank the topologies
    #[command(after_help = EXIT_CODES)]
    Run(run::Arguments),
    /// Run a scenario on the model and on the real WebRTC stack, and compare them figure by figure
    Validate(validate::Arguments),
    /// Compare two results: what is better, what is worse, and what cannot be told
    #[command(after_help = EXIT_CODES)]
    Compare(compare::Arguments),
    /// Set up one connection between two peers and show every step of it
    Pair(pair::Arguments),
    /// Show how every kind of NAT connects with every other
    Nat(nat::Arguments),
    /// Show what congestion control makes of one long transfer, over round trips and losses
    Transfer(transfer::Arguments),
    /// Find every error of scenario files, without running or writing anything
    Check(check::Arguments),
    /// Write the overlay of one cell: a plan for a signaling server, an edge list, a graph, a drawing
    Topology(topology::Arguments),
    /// Show what no overlay can beat with the population and the workloads of a scenario, and why
    Bounds(bounds::Arguments),
    /// Find the tree that brings messages soonest within what peers can bear, with a bound on how good any can be
    #[command(after_help = EXIT_CODES)]
    Optimise(optimise::Arguments),
    /// Search for the overlay to take, and say what stands behind it: margin, bounds, and what would change the answer
    #[command(after_help = EXIT_CODES)]
    Recommend(recommend::Arguments),
    /// Find at how many peers one topology overtakes another, with an interval and what binds
    #[command(after_help = EXIT_CODES)]
    Crossover(crossover::Arguments),
    /// Show the names that a scenario may use
    List(list::Arguments),
    /// Print the JSON schema of scenario files, for editors
    Schema,
}

const EXIT_CODES: &str = "\
Exit codes:
    0  success; of a run: in every table some topology meets all that the scenario expects, by the whole 95 % interval
    1  something failed while running, such as a replication; what was finished is kept
    2  the command line or a scenario is wrong
    3  in some table no topology can meet the expectations of the scenario; or a validation misses a bound,
       or a comparison finds something worse
    4  in some table it is undecided whether any topology meets them: a bound lies within the interval, or some seeds fail
  130  interrupted; what was finished is kept";

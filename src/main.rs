//! The command line of peerscape.

use std::process::ExitCode;

use clap::Parser;
use peerscape::scenario::Registry;

mod cli;

use cli::{Cli, Verb};

fn main() -> ExitCode {
    let registry = Registry::default();
    let result = match Cli::parse().verb {
        Verb::Run(arguments) => cli::run::run(&arguments, &registry),
        Verb::Validate(arguments) => cli::validate::run(&arguments, &registry),
        Verb::Compare(arguments) => cli::compare::run(&arguments),
        Verb::Pair(arguments) => cli::pair::run(&arguments),
        Verb::Nat(arguments) => cli::nat::run(&arguments),
        Verb::Transfer(arguments) => cli::transfer::run(&arguments),
        Verb::Check(arguments) => cli::check::run(&arguments, &registry),
        Verb::Topology(arguments) => cli::topology::run(&arguments, &registry),
        Verb::Bounds(arguments) => cli::bounds::run(&arguments, &registry),
        Verb::Optimise(arguments) => cli::optimise::run(&arguments, &registry),
        Verb::Recommend(arguments) => cli::recommend::run(&arguments, &registry),
        Verb::Crossover(arguments) => cli::crossover::run(&arguments, &registry),
        Verb::List(arguments) => cli::list::run(&arguments, &registry),
        Verb::Schema => cli::schema::run(&registry),
    };
    cli::exit::code(result)
}

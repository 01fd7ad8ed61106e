//! The command line of peerscape.

use std::process::ExitCode;

use clap::Parser;

mod cli;

use cli::{Cli, Verb};

fn main() -> ExitCode {
    let result = match Cli::parse().verb {
        Verb::Run(arguments) => cli::run::run(&arguments),
        Verb::Validate(arguments) => cli::validate::run(&arguments),
        Verb::Compare(arguments) => cli::compare::run(&arguments),
        Verb::Pair(arguments) => cli::pair::run(&arguments),
        Verb::Nat(arguments) => cli::nat::run(&arguments),
        Verb::Transfer(arguments) => cli::transfer::run(&arguments),
        Verb::Check(arguments) => cli::check::run(&arguments),
        Verb::List(arguments) => cli::list::run(&arguments),
        Verb::Schema => cli::schema::run(),
    };
    cli::exit::code(result)
}

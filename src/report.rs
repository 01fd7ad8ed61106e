//! Reports of an experiment's results.

pub mod plot;

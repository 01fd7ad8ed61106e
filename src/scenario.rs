//! Scenario files: from TOML text to an [`Experiment`], its cells and its seeds.
//!
//! Two phases: the text is parsed into a tree that keeps the place of every key and value, sweep
//! axes are expanded on that tree, and each combination is then resolved into typed settings.
//! All errors of a file are collected and reported together.

mod experiment;

pub use experiment::{AxisValue, Bound, Cell, Expectation, Experiment, OrderedNumber, RunSettings, Settings};

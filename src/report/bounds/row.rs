//! One bound.

use serde::Serialize;

/// One bound.
#[derive(Clone, Debug, Serialize)]
pub struct BoundRow {
    /// What is bounded.
    pub bound: String,
    /// The workload that it is about, where it is about one.
    pub workload: Option<String>,
    /// Whether no overlay has more, or none has less.
    pub side: Side,
    /// The value; `None` is no limit at all, or never.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: &'static str,
    /// What would have to change for it to change.
    pub binds: String,
    /// Who has shown it.
    pub source: &'static str,
}

/// On which side of the truth a bound is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// No overlay has more.
    AtMost,
    /// No overlay has less.
    AtLeast,
}

//! Which connections exist, what travels over them, and who sends it.

pub mod analysis;
pub mod audience;
pub(crate) mod behind;
mod blocks;
mod cut_nodes;
mod disjoint_ways;
pub mod dissemination;
mod entry;
mod graph;
mod places;
mod stripes;
pub mod topology;
pub mod workload;

use serde::Serialize;

pub use blocks::{Seat, Shared};
pub use entry::Entry;
pub use graph::{Connection, Overlay};

/// The parameters of a topology or workload as JSON, with its kind first: what
/// [`Topology::to_json`](topology::Topology::to_json) and its like return.
///
/// # Panics
/// When the parameters are no plain data, such as a map whose keys are no text.
#[must_use]
pub fn json_of<P: Serialize>(kind: &str, params: &P) -> serde_json::Value {
    let mut value = serde_json::to_value(params).expect("invariant: parameters are plain data");
    if let Some(table) = value.as_object_mut() {
        table.shift_insert(0, "kind".to_owned(), kind.into());
    }
    value
}

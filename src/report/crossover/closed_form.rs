//! Up to how many peers a topology can carry a workload at all, by counting copies, before anything is simulated.

use serde::Serialize;

use crate::report::bounds::{BoundSheet, FamilyRow};
use crate::rng::Seed;
use crate::scenario::Cell;
use crate::simulation::PoseError;

/// What closed forms say of one topology and one workload.
#[derive(Clone, Debug, Serialize)]
pub struct ClosedForm {
    /// The label of the topology.
    pub topology: String,
    /// What is said of its family; `None` where no closed form applies.
    pub family: Option<FamilyRow>,
    /// Why none applies.
    pub why_not: Option<String>,
}

/// What closed forms say of two topologies, for the population and the workloads of their cells.
///
/// # Errors
/// When the population cannot be drawn.
pub fn closed_forms(cells: [&Cell; 2], seed: Seed) -> Result<Vec<ClosedForm>, PoseError> {
    let sheet = BoundSheet::of_families(cells[0], seed)?;
    Ok(cells.into_iter().flat_map(|cell| of_topology(cell, &sheet)).collect())
}

fn of_topology(cell: &Cell, sheet: &BoundSheet) -> Vec<ClosedForm> {
    let without = |why: String| {
        vec![ClosedForm { topology: cell.label.clone(), family: None, why_not: Some(why) }]
    };
    if cell.topology.servers(sheet.peers) > 0 {
        return without("it adds servers, and closed forms count peers only".to_owned());
    }
    let settings = cell.topology.to_json();
    let kind = settings.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default();
    let found: Vec<ClosedForm> = sheet
        .families
        .iter()
        .filter(|row| row.family == kind)
        .map(|row| ClosedForm { topology: cell.label.clone(), family: Some(row.clone()), why_not: None })
        .collect();
    match (found.is_empty(), sheet.families.is_empty()) {
        (false, _) => found,
        (true, true) => without(sheet.notes.first().cloned().unwrap_or_else(|| "nobody sends anything".to_owned())),
        (true, false) => without(format!("there are closed forms for mesh, star, tree and multi-tree, and it is a {kind}")),
    }
}

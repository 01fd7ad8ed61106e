//! Up to how many peers a topology can carry a workload at all, by counting copies, before anything is simulated.
//!
//! Links of presets differ from peer to peer, so each seed draws other weakest links; the closed form is asked about several
//! populations.

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
    /// What is said of its family with the population of the first seed; `None` where no closed form applies.
    pub family: Option<FamilyRow>,
    /// Up to how many peers of the mix it can, over all populations that were drawn: least and most; `None` if with some
    /// population it can with any number, or where no closed form applies.
    pub peers_max: Option<[u32; 2]>,
    /// Why none applies.
    pub why_not: Option<String>,
}

/// What closed forms say of two topologies, for the populations of these seeds and the workloads of their cells.
///
/// # Errors
/// When a population cannot be drawn.
pub fn closed_forms(cells: [&Cell; 2], seeds: &[Seed]) -> Result<Vec<ClosedForm>, PoseError> {
    let sheets: Vec<BoundSheet> =
        seeds.iter().map(|&seed| BoundSheet::of_families(cells[0], seed)).collect::<Result<_, _>>()?;
    Ok(cells.into_iter().flat_map(|cell| of_topology(cell, &sheets)).collect())
}

fn of_topology(cell: &Cell, sheets: &[BoundSheet]) -> Vec<ClosedForm> {
    let without = |why: String| {
        vec![ClosedForm { topology: cell.label.clone(), family: None, peers_max: None, why_not: Some(why) }]
    };
    let Some(first) = sheets.first() else { return without("no population was drawn".to_owned()) };
    if cell.topology.servers(first.peers) > 0 {
        return without("it adds servers, and closed forms count peers only".to_owned());
    }
    let settings = cell.topology.to_json();
    let kind = settings.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default();
    let found: Vec<ClosedForm> = first
        .families
        .iter()
        .filter(|row| row.family == kind)
        .map(|row| ClosedForm {
            topology: cell.label.clone(),
            family: Some(row.clone()),
            peers_max: least_and_most(row, sheets),
            why_not: None,
        })
        .collect();
    match (found.is_empty(), first.families.is_empty()) {
        (false, _) => found,
        (true, true) => {
            without(first.notes.first().cloned().unwrap_or_else(|| {
                "no workload publishes messages, and closed forms count copies of messages".to_owned()
            }))
        }
        (true, false) => {
            without(format!("there are closed forms for mesh, star, tree and multi-tree, and it is a {kind}"))
        }
    }
}

fn least_and_most(row: &FamilyRow, sheets: &[BoundSheet]) -> Option<[u32; 2]> {
    let alike = |other: &&FamilyRow| other.family == row.family && other.workload == row.workload;
    let of = |sheet: &BoundSheet| sheet.families.iter().find(alike)?.peers_max;
    let all: Vec<u32> = sheets.iter().map(of).collect::<Option<_>>()?;
    Some([*all.iter().min()?, *all.iter().max()?])
}

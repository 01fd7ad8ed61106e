//! What need not be simulated, for a closed form says that it cannot work.

use serde::Serialize;

use super::candidate::Candidate;
use crate::optimiser::Peer;
use crate::report::{BoundRow, BoundSheet, FamilyRow};
use crate::rng::Seed;
use crate::scenario::Cell;
use crate::simulation::{PoseError, Posed, Posing};

/// A candidate that was not simulated.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Excluded {
    /// Its label.
    pub topology: String,
    /// Why it cannot work, in figures.
    pub reason: String,
}

/// What closed forms and bounds say of a population and its workloads.
#[derive(Debug)]
pub(super) struct Screen {
    /// All bounds, with the first seed.
    pub(super) sheet: BoundSheet,
    /// The least p95 latency in ms, the mean over the seeds, where one workload publishes.
    pub(super) p95_ms: Option<f64>,
    // What keeps peers from ever hearing, if that is so with every seed.
    never: Option<String>,
    /// Whether messages are for some peers only.
    pub(super) has_audiences: bool,
    // What each seed's population says of families: links differ from peer to peer, and so do their weakest.
    families: Vec<Vec<FamilyRow>>,
    // The most connections that all peers together keep, if all have a limit.
    connections_max: Option<u64>,
}

/// The family whose closed form holds for any overlay: every bit is sent once for each receiver.
const ANY: &str = "multi-tree";

impl Screen {
    /// That of a cell's populations.
    pub(super) fn of(cell: &Cell, seeds: &[Seed]) -> Result<Self, PoseError> {
        let sheets: Vec<BoundSheet> =
            seeds.iter().map(|&seed| BoundSheet::of(cell, seed, DEGREE)).collect::<Result<_, _>>()?;
        let posed = Posed::new(&cell.settings, seeds[0], Posing::BOUND)?;
        let most = |peer: &Peer| peer.connections_max.map(u64::from);
        let connections_max = posed.instance.peers().iter().map(most).sum();
        let has_audiences = posed.carried.iter().any(|carried| carried.reach < 0.999_999);
        // Closed forms do not know rates that come from traces, nor bitrates that give way.
        let has_traces = cell.settings.population.classes.iter().any(|class| !class.capacity.is_empty());
        let adapts = posed.carried.iter().any(|carried| carried.adapts);
        let families = match has_traces || adapts {
            true => Vec::new(),
            false => sheets.iter().map(|sheet| sheet.families.clone()).collect(),
        };
        let p95_ms = sheets.iter().map(BoundSheet::p95_ms).sum::<Option<f64>>().filter(|_| posed.carried.len() == 1);
        let p95_ms = p95_ms.map(|total| total / seeds.len() as f64);
        let never: Option<Vec<String>> = sheets.iter().map(|sheet| sheet.never_hear().map(never_text)).collect();
        let never = never.and_then(|texts| texts.into_iter().next());
        let sheet = sheets.into_iter().next().expect("invariant: a scenario has a seed");
        Ok(Self { sheet, p95_ms, never, has_audiences, families, connections_max })
    }

    /// Which candidates are left, and which are not, and why.
    pub(super) fn split(&self, candidates: Vec<Candidate>) -> (Vec<Candidate>, Vec<Excluded>) {
        let (mut left, mut excluded) = (Vec::new(), Vec::new());
        for candidate in candidates {
            match self.reason(&candidate) {
                Some(reason) => excluded.push(Excluded { topology: candidate.label, reason }),
                None => left.push(candidate),
            }
        }
        (left, excluded)
    }

    /// Why no overlay of these peers can carry the workloads, whichever seed draws them, if that is so.
    pub(super) fn impossible(&self) -> Option<String> {
        if self.never.is_some() {
            return self.never.clone();
        }
        let failing: Vec<&FamilyRow> = self.families.iter().filter_map(|rows| failing(rows, ANY)).collect();
        (failing.len() == self.families.len()).then(|| failing.first().map(|row| shortage(row))).flatten()
    }

    fn reason(&self, candidate: &Candidate) -> Option<String> {
        // Servers bring capacity that no closed form counts.
        if candidate.topology.servers(self.sheet.peers) > 0 {
            return None;
        }
        let kind = candidate.kind();
        let fails = |rows: &'_ Vec<FamilyRow>| failing(rows, &kind).or_else(|| failing(rows, ANY)).map(shortage);
        let reasons: Vec<String> = self.families.iter().filter_map(fails).collect();
        // What fails in most seeds does not work, as everywhere.
        if 2 * reasons.len() > self.families.len() {
            let count = (reasons.len(), self.families.len());
            let most = if count.0 == count.1 { String::new() } else { format!(" ({} of {} seeds)", count.0, count.1) };
            return reasons.first().map(|reason| format!("{reason}{most}"));
        }
        let connections = candidate.topology.shape(self.sheet.peers).connections();
        let most = self.connections_max? / 2;
        (connections > most).then(|| format!("{connections} connections, and all peers together keep {most}"))
    }
}

// The first workload that a family cannot carry.
fn failing<'r>(rows: &'r [FamilyRow], family: &str) -> Option<&'r FamilyRow> {
    rows.iter().find(|row| row.family == family && !row.holds)
}

fn never_text(row: &BoundRow) -> String {
    format!("{}: {:.0}, with the first seed; {}", row.bound, row.value.unwrap_or_default(), row.binds)
}

fn shortage(row: &FamilyRow) -> String {
    let up_to = row.peers_max.map_or_else(String::new, |most| format!("; it works up to {most} peers"));
    format!("{}; {}{up_to}", row.condition, row.scarcest_text())
}

/// The degree of the graphs whose diameter is bounded; none of it excludes anything.
const DEGREE: u32 = 8;

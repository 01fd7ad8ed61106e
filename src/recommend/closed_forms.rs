//! What need not be simulated, for a closed form says that it cannot work.

use serde::Serialize;

use super::candidate::Candidate;
use crate::optimiser::Peer;
use crate::report::{BoundSheet, FamilyRow};
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
    /// All bounds.
    pub(super) sheet: BoundSheet,
    /// Whether messages are for some peers only.
    pub(super) has_audiences: bool,
    // The most connections that all peers together keep, if all have a limit.
    connections_max: Option<u64>,
    // Whether rates of links come from traces, which closed forms do not know.
    has_traces: bool,
}

impl Screen {
    /// That of a cell's population.
    pub(super) fn of(cell: &Cell, seed: Seed) -> Result<Self, PoseError> {
        let sheet = BoundSheet::of(cell, seed, DEGREE)?;
        let posed = Posed::new(&cell.settings, seed, Posing::BOUND)?;
        let most = |peer: &Peer| peer.connections_max.map(u64::from);
        let connections_max = posed.instance.peers().iter().map(most).sum();
        let has_audiences = posed.carried.iter().any(|carried| carried.reach < 0.999_999);
        let has_traces = cell.settings.population.classes.iter().any(|class| !class.capacity.is_empty());
        Ok(Self { sheet, has_audiences, connections_max, has_traces })
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

    /// The families that cannot carry a workload: where all of them are among these, no overlay of one of them works.
    pub(super) fn failing(&self) -> impl Iterator<Item = &FamilyRow> {
        self.sheet.families.iter().filter(|row| !row.holds)
    }

    fn reason(&self, candidate: &Candidate) -> Option<String> {
        // Servers bring capacity that no closed form counts.
        if self.has_traces || candidate.topology.servers(self.sheet.peers) > 0 {
            return None;
        }
        let kind = candidate.kind();
        // The closed form of a tree says "no tree", and that of several trees says "no overlay at all".
        let speaks_of = |row: &&FamilyRow| row.family == kind || row.family == "multi-tree";
        if let Some(row) = self.failing().find(speaks_of) {
            return Some(shortage(row));
        }
        let connections = candidate.topology.shape(self.sheet.peers).connections();
        let most = self.connections_max? / 2;
        (connections > most).then(|| format!("{connections} connections, and all peers together keep {most}"))
    }
}

/// What a family lacks, in words.
pub(super) fn shortage(row: &FamilyRow) -> String {
    let who = row.who.as_ref().map_or_else(String::new, |who| format!(" of {who}"));
    let figure = |value: f64| match row.unit {
        "bit/s" => format!("{:.1} Mbit/s", value / 1e6),
        unit => format!("{value:.0} {unit}").trim_end().to_owned(),
    };
    let available = row.available.map_or_else(|| "no limit".to_owned(), figure);
    let up_to = row.peers_max.map_or_else(String::new, |most| format!("; it works up to {most} peers"));
    format!("{}: needs {}, {}{who} has {available}{up_to}", row.condition, figure(row.needed), row.scarcest)
}

/// The degree of the graphs whose diameter is bounded; none of it excludes anything.
const DEGREE: u32 = 8;

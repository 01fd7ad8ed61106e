//! Up to how many peers each topology works, and what stops it, along the `peers` axis.

use super::figures;
use super::judgement::{FailureKind, Outcome};
use super::ranking::{RankedTopology, Ranking};

/// How far a topology goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Its label.
    pub topology: String,
    /// The largest population up to which it works throughout: in every seed, and with every expectation met.
    pub works_up_to: Option<u32>,
    /// The population after that at which this is undecided, and why, if that comes before it fails.
    pub undecided: Option<(u32, String)>,
    /// The population at which it first fails, and why: the kind of a finding, or the metric that
    /// misses its bound.
    pub fails: Option<(u32, &'static str)>,
}

/// How far each topology goes, in the order of the scenario, among rankings in ascending order of peers;
/// none if there is one ranking only.
pub(super) fn stops(rankings: &[Ranking]) -> Vec<Stop> {
    let Some(last) = rankings.last().filter(|_| rankings.len() > 1) else { return Vec::new() };
    let mut rows: Vec<&RankedTopology> = last.rows.iter().collect();
    rows.sort_by_key(|row| row.cell);
    rows.into_iter().map(|row| stop(rankings, &row.topology)).collect()
}

fn stop(rankings: &[Ranking], topology: &str) -> Stop {
    let here = |ranking: &'_ Ranking| ranking.rows.iter().position(|row| row.topology == topology);
    let places: Vec<(u32, &RankedTopology)> =
        rankings.iter().filter_map(|ranking| Some((ranking.peers, &ranking.rows[here(ranking)?]))).collect();
    let working = places.iter().take_while(|(_, row)| row.works()).count();
    let undecided = places.get(working).filter(|(_, row)| row.outcome() == Outcome::Undecided);
    let failing = places[working..].iter().find(|(_, row)| row.outcome() == Outcome::Missed);
    Stop {
        topology: topology.to_owned(),
        works_up_to: working.checked_sub(1).map(|last| places[last].0),
        undecided: undecided.map(|(peers, row)| (*peers, why_undecided(row))),
        fails: failing.map(|(peers, row)| (*peers, why(row))),
    }
}

fn why(row: &RankedTopology) -> &'static str {
    row.failures.first().map_or("no data", |failure| failure.kind.name())
}

fn why_undecided(row: &RankedTopology) -> String {
    match row.reservations.first().map(|reservation| reservation.kind) {
        Some(FailureKind::Infeasible(kind)) => {
            format!("{kind} in {} of {} seeds", row.standing.failing, row.standing.seeds)
        }
        Some(FailureKind::Expectation(metric)) => format!("{} undecided", metric.definition().title),
        Some(FailureKind::NoData) | None => "undecided".to_owned(),
    }
}

impl Stop {
    /// In a few words: `20 (uplink at 50)`.
    pub(super) fn words(&self) -> String {
        let count = |peers: u32| figures::count(peers);
        let undecided = self.undecided.as_ref().map(|(peers, why)| format!("{why} at {}", count(*peers)));
        let fails = self.fails.map(|(peers, why)| format!("{why} at {}", count(peers)));
        let reasons: Vec<String> = undecided.into_iter().chain(fails).collect();
        match (self.works_up_to, reasons.as_slice()) {
            (Some(most), []) => format!("all {}", count(most)),
            (Some(most), _) => format!("{} ({})", count(most), reasons.join(", ")),
            (None, []) => "no data".to_owned(),
            (None, _) => format!("none ({})", reasons.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::answer;
    use super::super::fixture::{Study, town_hall};
    use crate::metrics::MetricId;
    use crate::scenario::Bound;

    fn said(study: &Study) -> Vec<String> {
        let experiment = study.experiment();
        let stops = answer(&study.results(&experiment)).decisions[0].stops.clone();
        stops.iter().map(|stop| format!("{}: {}", stop.topology, stop.words())).collect()
    }

    #[test]
    fn every_topology_goes_as_far_as_it_keeps_what_is_asked() {
        assert_eq!(
            said(&town_hall()),
            [
                "mesh: 20 (uplink at 1,000)",
                "star: 20 (p95 latency at 1,000)",
                "tree degree=4: all 1,000",
                "hybrid: all 1,000"
            ]
        );
        let star = |study: Study, peers, values: &[f64]| study.cell(peers, "star", MetricId::LatencyP95, values);
        let study = Study::new().expect(MetricId::LatencyP95, Bound::AtMost(100.0));
        let study = star(study, 20, &[80.0, 81.0, 80.0]);
        let study = star(study, 50, &[90.0, 99.0, 101.0]);
        let undecided = star(study.clone(), 100, &[200.0, 201.0, 202.0]);
        assert_eq!(said(&undecided), ["star: 20 (p95 latency undecided at 50, p95 latency at 100)"]);
        let sometimes = star(study, 100, &[80.0, 82.0, 81.0]).finding(1, "uplink", "full");
        assert_eq!(said(&sometimes), ["star: 20 (p95 latency undecided at 50)"]);
        let first = star(Study::new(), 20, &[80.0, 82.0, 81.0]).finding(1, "uplink", "full");
        assert_eq!(said(&star(first, 50, &[1.0, 1.0, 1.0])), ["star: none (uplink in 1 of 3 seeds at 20)"]);
        assert!(said(&Study::new().cell(20, "mesh", MetricId::LatencyP95, &[1.0])).is_empty());
    }
}

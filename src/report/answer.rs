//! The answer of an experiment as plain data: a decision, its evidence, and what to be wary of.
//!
//! There is one decision for each combination of the axes other than `peers`; it is taken at the
//! largest population, and looks along the `peers` axis for where another topology takes over.

use std::collections::{BTreeMap, BTreeSet};

use super::comparison::{Comparison, compare};
use super::doubt::{Doubt, doubts as model_doubts, grain_word};
use super::figures;
use super::ranking::{Ranking, expectation_text, ranking_metric};
use super::reign::{Reign, reigns};
use super::stops::{Stop, stops};
use super::summary::Summary;
use crate::metrics::MetricId;
use crate::scenario::{AxisValue, Cell};
use crate::sweep::Results;
use crate::units::SimDuration;

/// What an experiment comes to.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The name of the experiment.
    pub name: String,
    /// Its question.
    pub question: Option<String>,
    /// With how many seeds every cell was to run.
    pub seeds: usize,
    /// How many replications were to run, and how many finished.
    pub replications: Progress,
    /// The metric that ranks the topologies.
    pub metric: MetricId,
    /// What the scenario expects, in words.
    pub expectations: Vec<String>,
    /// The decisions, in the order of the scenario.
    pub decisions: Vec<Decision>,
    /// What to check before trusting the answer.
    pub warnings: Vec<String>,
    /// Means and differences of all cells.
    pub summary: Summary,
}

/// How much of an experiment has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Replications that finished.
    pub finished: usize,
    /// Replications that the experiment asks for.
    pub planned: usize,
}

/// Which topology to take, for one combination of the axes other than `peers`.
#[derive(Clone, Debug)]
pub struct Decision {
    /// How long a replication lasts.
    pub duration: SimDuration,
    /// What was followed in the cells of the ranking: `packet` or `message`.
    pub grain: &'static str,
    /// What was followed in all cells along the `peers` axis.
    pub grains: BTreeSet<&'static str>,
    /// Why figures of the ranking may be far off.
    pub doubts: Vec<Doubt>,
    /// The ranking at the largest population.
    pub ranking: Ranking,
    /// The best against each of the other ranked topologies.
    pub comparisons: Vec<Comparison>,
    /// Who is best along the `peers` axis, if it has several values.
    pub reigns: Vec<Reign>,
    /// How far each topology goes along the `peers` axis, if it has several values.
    pub stops: Vec<Stop>,
    /// Up to how many peers the unranked topologies of the ranking still work: label and peers.
    pub still_works: BTreeMap<String, u32>,
}

/// The answer that these results give.
#[must_use]
pub fn answer(results: &Results<'_>) -> Answer {
    let experiment = results.experiment;
    let summary = Summary::of(results);
    let metric = ranking_metric(experiment);
    let mut slices: Vec<(Vec<AxisValue>, Vec<Ranking>)> = Vec::new();
    for cells in groups(&experiment.cells) {
        let ranking = Ranking::new(results, &summary, &cells, metric);
        match slices.iter_mut().find(|(axes, _)| *axes == ranking.axes) {
            Some((_, rankings)) => rankings.push(ranking),
            None => slices.push((ranking.axes.clone(), vec![ranking])),
        }
    }
    let decide = |(_, rankings)| decision(results, &summary, metric, rankings);
    let decisions = slices.into_iter().filter_map(decide).collect();
    let mut answer = Answer {
        name: experiment.name.clone(),
        question: experiment.question.clone(),
        seeds: experiment.seeds.len(),
        replications: Progress {
            finished: results.cells.iter().map(|cell| cell.runs.len()).sum(),
            planned: experiment.cells.len() * experiment.seeds.len(),
        },
        metric,
        expectations: experiment.expectations.iter().map(expectation_text).collect(),
        decisions,
        warnings: Vec::new(),
        summary,
    };
    answer.warnings = warnings(results, &answer);
    answer
}

impl Answer {
    /// Whether every decision has a topology that meets all expectations; true without any.
    #[must_use]
    pub fn expectations_met(&self) -> bool {
        self.expectations.is_empty() || self.decisions.iter().all(|decision| decision.ranking.winner().is_some())
    }
}

/// The cells of each group, groups in order of appearance.
fn groups(cells: &[Cell]) -> Vec<Vec<&Cell>> {
    let mut place: BTreeMap<usize, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<&Cell>> = Vec::new();
    for cell in cells {
        let place = *place.entry(cell.group).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(cell);
    }
    groups
}

/// The decision among rankings that differ by the number of peers only.
fn decision(
    results: &Results<'_>,
    summary: &Summary,
    metric: MetricId,
    mut rankings: Vec<Ranking>,
) -> Option<Decision> {
    rankings.sort_by_key(|ranking| ranking.peers);
    // An interrupted run may not have come to the largest population.
    let last = rankings.iter().rposition(Ranking::has_runs).unwrap_or(rankings.len().checked_sub(1)?);
    rankings.truncate(last + 1);
    let ranking = rankings[last].clone();
    let first_cell = ranking.rows.first()?.cell;
    let grain = |cell: usize| grain_word(results.grain(&results.experiment.cells[cell]));
    let cells = rankings.iter().flat_map(|ranking| &ranking.rows).map(|row| row.cell);
    let comparisons = ranking.winner().map_or_else(Vec::new, |winner| {
        ranking.ranked().skip(1).filter_map(|row| compare(summary, metric, winner, row)).collect()
    });
    let unranked = ranking.rows.iter().filter(|row| row.rank.is_none());
    let still_works =
        unranked.filter_map(|row| Some((row.topology.clone(), works_up_to(&rankings, &row.topology)?))).collect();
    Some(Decision {
        duration: results.experiment.cells[first_cell].settings.run.duration,
        grain: grain(first_cell),
        grains: cells.map(grain).collect(),
        doubts: model_doubts(results, &ranking),
        comparisons,
        reigns: reigns(summary, metric, &rankings),
        stops: stops(&rankings),
        still_works,
        ranking,
    })
}

/// The largest population up to which a topology has a rank throughout.
fn works_up_to(rankings: &[Ranking], topology: &str) -> Option<u32> {
    let works = |ranking: &&Ranking| ranking.ranked().any(|row| row.topology == topology);
    rankings.iter().take_while(works).last().map(|ranking| ranking.peers)
}

fn warnings(results: &Results<'_>, answer: &Answer) -> Vec<String> {
    let mut warnings = Vec::new();
    let Progress { finished, planned } = answer.replications;
    if finished < planned {
        warnings.push(format!(
            "incomplete: {} of {} replications finished, so means may rest on different seeds",
            figures::count(finished),
            figures::count(planned)
        ));
    }
    if answer.seeds == 1 {
        warnings.push("one seed gives no interval: no difference is shown to be real; run at least 5 seeds".to_owned());
    }
    for decision in &answer.decisions {
        warnings.extend(borderline(results, answer, decision));
        warnings.extend(doubts(results, answer, decision));
    }
    warnings.extend(unmet(answer));
    warnings
}

/// That no topology meets every expectation, and with which values of the axes where some do with others.
fn unmet(answer: &Answer) -> Option<String> {
    if answer.expectations_met() {
        return None;
    }
    let wanted = answer.expectations.join(", ");
    let fails = |decision: &&Decision| decision.ranking.winner().is_none();
    let failing: Vec<&Decision> = answer.decisions.iter().filter(fails).collect();
    if failing.len() == answer.decisions.len() {
        return Some(format!("no topology meets every expectation: {wanted}"));
    }
    let place = |decision: &&Decision| {
        let axes = decision.ranking.axes.iter().map(|axis| format!("{} {}", axis.name, axis.text));
        axes.collect::<Vec<_>>().join(", ")
    };
    let places: Vec<String> = failing.iter().map(place).collect();
    Some(format!("with {} no topology meets every expectation: {wanted}", places.join("; with ")))
}

/// Findings of a few seeds only, and measuring that begins before an overlay stands.
fn doubts(results: &Results<'_>, answer: &Answer, decision: &Decision) -> Vec<String> {
    let mut warnings = Vec::new();
    for row in decision.ranking.ranked() {
        let runs = &results.cells[row.cell].runs;
        let found: Vec<_> = runs.iter().filter_map(|run| run.record.findings.first()).collect();
        if let Some(finding) = found.first() {
            let (few, all) = (found.len(), runs.len());
            warnings.push(format!("{}: in {few} of {all} seeds {}", row.topology, finding.text));
        }
        let warmup = results.experiment.cells[row.cell].settings.run.warmup;
        let connected = answer.summary.interval(row.cell, MetricId::ConnectTime);
        if let Some(connected) = connected.filter(|connected| connected.mean > warmup.as_secs_f64()) {
            let time = figures::value(MetricId::ConnectTime, connected.mean);
            warnings.push(format!(
                "{}: the overlay stands after {time}, measuring begins at {warmup}: lengthen the warm-up",
                row.topology
            ));
        }
    }
    warnings
}

/// The topologies whose interval contains the bound they are held to.
fn borderline(results: &Results<'_>, answer: &Answer, decision: &Decision) -> Vec<String> {
    let mut warnings = Vec::new();
    for row in &decision.ranking.rows {
        for expectation in &results.experiment.expectations {
            let Some(interval) = answer.summary.interval(row.cell, expectation.metric) else { continue };
            let half_width = interval.half_width.unwrap_or(0.0);
            let holds = |mean: f64| expectation.bound.holds(mean);
            if holds(interval.mean - half_width) != holds(interval.mean + half_width) {
                warnings.push(format!(
                    "{} is too close to call: {}, expected {}; more seeds would tell",
                    row.topology,
                    figures::interval(expectation.metric, interval),
                    expectation_text(expectation)
                ));
            }
        }
    }
    warnings
}

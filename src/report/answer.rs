//! The answer of an experiment as plain data: a decision, its evidence, and what to be wary of.
//!
//! There is one decision for each combination of the axes other than `peers`; it is taken at the
//! largest population, and looks along the `peers` axis for where another topology takes over.

use std::collections::{BTreeMap, BTreeSet};

use super::bounds::Looks;
use super::comparison::{Comparison, compare};
use super::doubt::{Doubt, doubts as model_doubts, grain_word};
use super::figures;
use super::idle_set_ups::idle_set_ups;
use super::judgement::{Outcome, expectation_text};
use super::least::Least;
use super::missed;
use super::ranking::{Ranking, ranking_metrics};
use super::reign::{Reign, reigns};
use super::stops::{Stop, stops};
use super::stragglers;
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
    /// Up to how many peers the topologies still work that do not plainly work in the ranking: label and peers.
    pub still_works: BTreeMap<String, u32>,
    /// What became of the deliveries that topologies of the ranking miss, a line each.
    pub missed: Vec<String>,
    /// Which topologies of the ranking stand late for a few last connections, a line each.
    pub stragglers: Vec<String>,
    /// What no overlay of peers alone could have beaten at the population of the ranking, where there is a bound.
    pub least: Option<Least>,
    /// The populations that were tried, in ascending order.
    pub sizes: Vec<u32>,
}

/// The answer that these results give.
#[must_use]
pub fn answer(results: &Results<'_>) -> Answer {
    let experiment = results.experiment;
    let summary = Summary::of(results);
    let metrics = ranking_metrics(experiment);
    let metric = metrics[0];
    let mut slices: Vec<(Vec<AxisValue>, Vec<Ranking>)> = Vec::new();
    for cells in groups(&experiment.cells) {
        let ranking = Ranking::new(results, &summary, &cells, &metrics);
        match slices.iter_mut().find(|(axes, _)| *axes == ranking.axes) {
            Some((_, rankings)) => rankings.push(ranking),
            None => slices.push((ranking.axes.clone(), vec![ranking])),
        }
    }
    let mut looks = Looks::of_an_answer();
    let decide = |(_, rankings)| decision(results, &summary, &metrics, rankings, &mut looks);
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
    /// What becomes of the expectations where it is worst: met if every decision has a topology that meets all of them,
    /// missed if some decision has none of which that is possible. Met where nothing is expected.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let outcomes = self.decisions.iter().map(|decision| decision.ranking.outcome());
        if self.expectations.is_empty() { Outcome::Met } else { outcomes.max().unwrap_or(Outcome::Missed) }
    }

    /// The p95 latency in ms that no overlay of peers alone can beat, where it is one for all cells: a single decision, at
    /// a single population.
    #[must_use]
    pub fn least_p95_ms(&self) -> Option<f64> {
        let [Decision { least, sizes, .. }] = self.decisions.as_slice() else { return None };
        least.as_ref().filter(|_| sizes.len() == 1).map(|least| least.p95_ms)
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
    metrics: &[MetricId],
    mut rankings: Vec<Ranking>,
    looks: &mut Looks,
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
        ranking.ranked().skip(1).filter_map(|row| compare(summary, metrics, winner, row)).collect()
    });
    let unranked = ranking.rows.iter().filter(|row| !row.works());
    let still_works =
        unranked.filter_map(|row| Some((row.topology.clone(), works_up_to(&rankings, &row.topology)?))).collect();
    Some(Decision {
        duration: results.experiment.cells[first_cell].settings.run.duration,
        grain: grain(first_cell),
        grains: cells.map(grain).collect(),
        doubts: model_doubts(results, &ranking),
        comparisons,
        reigns: reigns(&rankings),
        stops: stops(&rankings),
        still_works,
        missed: missed::lines(results, summary, &ranking),
        stragglers: stragglers::lines(summary, &ranking),
        least: Least::of(results.experiment, summary, &ranking, looks),
        sizes: rankings.iter().map(|ranking| ranking.peers).collect(),
        ranking,
    })
}

/// The largest population up to which a topology works throughout.
fn works_up_to(rankings: &[Ranking], topology: &str) -> Option<u32> {
    let works = |ranking: &&Ranking| ranking.ranked().any(|row| row.topology == topology && row.works());
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
        warnings.extend(early(results, answer, decision));
    }
    warnings.extend(unmet(answer));
    warnings
}

/// That no topology meets every expectation, or perhaps none, and with which values of the axes where some do with
/// others.
fn unmet(answer: &Answer) -> Vec<String> {
    let wanted = answer.expectations.join(", ");
    let place = |decision: &&Decision| {
        let axes = decision.ranking.axes.iter().map(|axis| format!("{} {}", axis.name, axis.text));
        axes.collect::<Vec<_>>().join(", ")
    };
    let told = |outcome: Outcome, what: &str| {
        let there: Vec<&Decision> =
            answer.decisions.iter().filter(|decision| decision.ranking.outcome() == outcome).collect();
        let places: Vec<String> = there.iter().map(place).collect();
        match there.len() {
            0 => None,
            all if all == answer.decisions.len() => Some(format!("{what}: {wanted}")),
            _ => Some(format!("with {} {what}: {wanted}", places.join("; with "))),
        }
    };
    if answer.expectations.is_empty() {
        return Vec::new();
    }
    let missed = told(Outcome::Missed, "no topology meets every expectation");
    let undecided = told(Outcome::Undecided, "it is undecided whether any topology meets every expectation");
    missed.into_iter().chain(undecided).collect()
}

/// Measuring that begins before an overlay stands.
fn early(results: &Results<'_>, answer: &Answer, decision: &Decision) -> Vec<String> {
    let mut warnings = Vec::new();
    for row in decision.ranking.ranked() {
        warnings.extend(idle_set_ups(results, answer, row));
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

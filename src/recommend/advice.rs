//! The recommendation as plain data.

use serde::Serialize;

use super::arena::{Arena, Trial};
use super::binding::{Binding, bindings};
use super::candidate::{Candidate, Origin};
use super::closed_forms::{Excluded, Screen};
use super::flips::{Flip, flips};
use super::pareto::{WEIGHED, not_dominated};
use super::remedy::{Remedy, remedies};
use super::search::{Failed, Found, Round, Search};
use crate::metrics::{Interval, MetricId};
use crate::report::{BoundRow, Side, expectation_text};
use crate::rng::Seed;
use crate::scenario::{Cell, Experiment, Registry};
use crate::simulation::PoseError;
use crate::sweep::{Observer, SweepError, SweepOptions};

/// A recommendation.
#[derive(Clone, Debug, Serialize)]
pub struct Advice {
    /// The name of the scenario.
    pub name: String,
    /// Its question.
    pub question: Option<String>,
    /// How many peers there are.
    pub peers: u32,
    /// With how many seeds the last round was run.
    pub seeds: usize,
    /// The metric that ranks, by its name.
    pub metric: MetricName,
    /// What the scenario expects, in words.
    pub expectations: Vec<String>,
    /// What to take; `None` if nothing works.
    pub choice: Option<Choice>,
    /// Those that work, the best first.
    pub finalists: Vec<Finalist>,
    /// What does not work, simulated.
    pub failed: Vec<Excluded>,
    /// What was not simulated, for a closed form says that it cannot work, or it does not fit into memory.
    pub excluded: Vec<Excluded>,
    /// Why no overlay of peers alone can work, by a closed form, whichever seed draws them; `None` if there is no such proof.
    pub impossible: Option<String>,
    /// What would make something work, where nothing does.
    pub remedies: Vec<Remedy>,
    /// What no overlay can beat, with the first seed.
    pub bounds: Vec<BoundRow>,
    /// What no p95 latency is below, in ms, on average over the seeds; `None` unless one workload publishes.
    pub p95_bound_ms: Option<f64>,
    /// What would make another overlay the better one.
    pub flips: Vec<Flip>,
    /// How it was found.
    pub rounds: Vec<Round>,
    /// Replications of rounds, changes and remedies together.
    pub replications: usize,
    /// Whether all was done that was to be done.
    pub is_complete: bool,
    /// What to check before trusting it.
    pub warnings: Vec<String>,
}

/// A metric by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricName(pub MetricId);

impl Serialize for MetricName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.definition().name)
    }
}

/// What to take.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// Its label.
    pub topology: String,
    /// Its entry of a scenario file.
    pub toml: String,
    /// What it uses of each resource, the scarcest first.
    pub bindings: Vec<Binding>,
    /// The next best that is not the same overlay.
    pub runner_up: Option<Rival>,
    /// The next best of another kind, if the runner-up is of the same.
    pub other_kind: Option<Rival>,
    /// The best of the topologies with their defaults, if the choice is none of them.
    pub best_plain: Option<Rival>,
}

/// Who the choice is compared with.
#[derive(Clone, Debug, Serialize)]
pub struct Rival {
    /// Its label.
    pub topology: String,
    /// It minus the choice in the metric that ranks, seed by seed.
    pub difference: Option<Interval>,
}

/// A candidate of the last round that works.
#[derive(Clone, Debug, Serialize)]
pub struct Finalist {
    /// Its label.
    pub topology: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Why it may not work after all: a bound within an interval, or a seed that fails.
    pub reservations: Vec<String>,
    /// Whether no other is better in everything that is weighed.
    pub is_not_dominated: bool,
    /// What is weighed, by name, where there is a value.
    pub figures: Vec<Figure>,
}

/// One figure of a finalist.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// The metric.
    pub metric: MetricName,
    /// Its mean over seeds, and the interval.
    pub interval: Interval,
}

impl Finalist {
    /// The figure of a metric.
    #[must_use]
    pub fn interval(&self, metric: MetricId) -> Option<Interval> {
        self.figures.iter().find(|figure| figure.metric.0 == metric).map(|figure| figure.interval)
    }
}

/// Why there is no recommendation.
#[derive(Debug, thiserror::Error)]
pub enum RecommendError {
    /// The population cannot be drawn.
    #[error(transparent)]
    Pose(#[from] PoseError),
    /// No threads can be had.
    #[error(transparent)]
    Sweep(#[from] SweepError),
}

/// How to search.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How to run replications.
    pub sweep: SweepOptions,
    /// Whether to look for what would change the answer.
    pub flips: bool,
    /// Whether every candidate, and all their neighbours, meet with all seeds, the whole window long. It takes many times
    /// longer, and shows what the rounds miss.
    pub exhaustive: bool,
}

/// The recommendation for the cells of one group of a scenario, which differ in their topology alone.
///
/// # Errors
/// When the population cannot be drawn, or threads cannot be started.
///
/// # Panics
/// When there is no cell.
pub fn recommend(
    experiment: &Experiment,
    cells: &[&Cell],
    registry: &Registry,
    options: Options,
    observer: &mut dyn Observer,
) -> Result<Advice, RecommendError> {
    let (cell, seeds) = (cells[0], experiment.seeds.as_slice());
    let screen = Screen::of(cell, seeds)?;
    let mut arena = Arena { experiment, options: options.sweep, observer };
    let found =
        Search { registry, cells, seeds, screen: &screen, is_exhaustive: options.exhaustive }.run(&mut arena)?;
    let mut advice = Advice::of(experiment, cell, &screen, &found);
    match contenders(&found).as_slice() {
        [] if found.is_complete => advice.remedy(&mut arena, registry, (cell, seeds[0]), &found)?,
        contenders if options.flips && found.is_complete && contenders.len() > 1 => {
            let (flips, replications) = flips(&mut arena, registry, &cell.settings, contenders, seeds)?;
            advice.is_complete &= !flips.is_empty() || replications == 0;
            advice.flips = flips;
            advice.replications += replications;
        }
        _ => {}
    }
    Ok(advice)
}

/// How many meet again under each change, the choice among them.
const CONTENDERS: usize = 3;

// The choice, then those that could take its place: the next of another kind, the best plain topology, or else whoever is
// next.
fn contenders(found: &Found) -> Vec<Candidate> {
    let places = ranked(&found.trial);
    let Some(&choice) = places.first() else { return Vec::new() };
    let others = others(found, choice, &places);
    let of = |place: usize| &found.finalists[place];
    let of_other_kind = others.iter().copied().find(|&place| of(place).kind() != of(choice).kind());
    let plain = others.iter().copied().find(|&place| of(place).origin == Origin::Shipped);
    let mut chosen = vec![choice];
    for place in of_other_kind.into_iter().chain(plain).chain(others) {
        if !chosen.contains(&place) && chosen.len() < CONTENDERS {
            chosen.push(place);
        }
    }
    chosen.into_iter().map(|place| of(place).clone()).collect()
}

// Those that work, the best first; of those that are equal with every seed in what ranks, one that nobody is better than.
fn ranked(trial: &Trial) -> Vec<usize> {
    let mut places: Vec<usize> = trial.ranking(0).ranked().map(|row| trial.place(row)).collect();
    let Some(&first) = places.first() else { return places };
    let best = not_dominated(trial, &places);
    let is_chosen = |&place: &usize| best.contains(&place) && are_equal(trial, [place, first], trial.metric());
    if let Some(chosen) = places.iter().position(is_chosen) {
        places[..=chosen].rotate_right(1);
    }
    places
}

// Whether two candidates come to the same with every seed.
fn are_equal(trial: &Trial, pair: [usize; 2], metric: MetricId) -> bool {
    trial.difference(0, pair, metric).is_some_and(|interval| {
        let [low, high] = interval.ends.map_or([interval.mean; 2], |ends| [ends.low, ends.high]);
        low.abs().max(high.abs()) < f64::MIN_POSITIVE
    })
}

// Those that are not the same overlay under another name: as many connections, and all is heard at the same times.
fn others(found: &Found, choice: usize, places: &[usize]) -> Vec<usize> {
    let same = [MetricId::LatencyMean, MetricId::ConnectionsMean];
    let is_same = |place: usize| same.iter().all(|&metric| are_equal(&found.trial, [place, choice], metric));
    places.iter().copied().filter(|&place| place != choice && !is_same(place)).collect()
}

impl Advice {
    fn of(experiment: &Experiment, cell: &Cell, screen: &Screen, found: &Found) -> Self {
        let trial = &found.trial;
        let places = ranked(trial);
        let best = not_dominated(trial, &places);
        let row_of = |place: usize| trial.ranking(0).ranked().find(|row| trial.place(row) == place);
        let finalist = |&place: &usize| {
            let row = row_of(place)?;
            Some(Finalist {
                topology: found.finalists[place].label.clone(),
                origin: found.finalists[place].origin,
                reservations: row.reservations.iter().map(|why| why.text.clone()).collect(),
                is_not_dominated: best.contains(&place),
                figures: figures(trial, place),
            })
        };
        let failed =
            |failed: &Failed| Excluded { topology: failed.candidate.label.clone(), reason: failed.reason.clone() };
        Self {
            name: experiment.name.clone(),
            question: experiment.question.clone(),
            peers: cell.settings.population.peers.get(),
            seeds: found.seeds,
            metric: MetricName(trial.metric()),
            expectations: experiment.expectations.iter().map(expectation_text).collect(),
            choice: places.first().map(|&place| choice(found, place, &places)),
            finalists: places.iter().filter_map(finalist).collect(),
            failed: found.failed.iter().map(failed).collect(),
            excluded: found.excluded.clone(),
            impossible: screen.impossible(),
            remedies: Vec::new(),
            bounds: screen.sheet.bounds.iter().filter(|row| row.side == Side::AtLeast).cloned().collect(),
            p95_bound_ms: screen.p95_ms,
            flips: Vec::new(),
            rounds: found.rounds.clone(),
            replications: found.rounds.iter().map(|round| round.replications).sum(),
            is_complete: found.is_complete,
            warnings: if places.is_empty() { Vec::new() } else { trial.warnings().to_vec() },
        }
    }

    // Who to try with a change, where nothing works as it is: one of each family, those that the search would like best.
    fn remedy(
        &mut self,
        arena: &mut Arena<'_>,
        registry: &Registry,
        (cell, seed): (&Cell, Seed),
        found: &Found,
    ) -> Result<(), SweepError> {
        const PROBES: [(&str, &str); 4] = [
            ("tree", "degree = 16, order = \"optimised\""),
            ("multi-tree", "stripes = 4"),
            ("hybrid", "hubs = \"auto\", choose = \"best-capacity\""),
            ("mesh", ""),
        ];
        let probe = |(kind, text): (&str, &str)| Candidate::new(registry, Origin::Searched, kind, text);
        let probes = PROBES.iter().copied().filter_map(probe);
        let named = found.failed.iter().filter(|failed| failed.candidate.origin == Origin::Scenario).take(2);
        let candidates = super::candidate::distinct(probes.chain(named.map(|failed| failed.candidate.clone())));
        let (remedies, replications) = remedies(arena, registry, &cell.settings, &candidates, seed)?;
        self.remedies = remedies;
        self.replications += replications;
        Ok(())
    }
}

fn choice(found: &Found, place: usize, places: &[usize]) -> Choice {
    let candidate = &found.finalists[place];
    let metric = found.trial.metric();
    let rival = |other: usize| Rival {
        topology: found.finalists[other].label.clone(),
        difference: found.trial.difference(0, [other, place], metric),
    };
    let others = others(found, place, places);
    let of_other_kind = others.iter().copied().find(|&other| found.finalists[other].kind() != candidate.kind());
    let plain = places.iter().copied().find(|&place| found.finalists[place].origin == Origin::Shipped);
    Choice {
        topology: candidate.label.clone(),
        toml: candidate.toml(),
        bindings: bindings(&found.trial, place),
        runner_up: others.first().map(|&other| rival(other)),
        other_kind: of_other_kind.filter(|place| others.first() != Some(place)).map(rival),
        best_plain: plain.filter(|&plain| plain != place).map(rival),
    }
}

fn figures(trial: &Trial, place: usize) -> Vec<Figure> {
    let mut metrics = vec![trial.metric(), MetricId::Delivered];
    metrics.extend(WEIGHED);
    let mut figures: Vec<Figure> = Vec::new();
    for metric in metrics {
        if let Some(interval) = trial.interval(0, place, metric)
            && figures.iter().all(|figure| figure.metric.0 != metric)
        {
            figures.push(Figure { metric: MetricName(metric), interval });
        }
    }
    figures
}

//! Candidates against each other: the same peers and the same chances for all, seed by seed.

use std::sync::Arc;

use super::candidate::Candidate;
use crate::metrics::{Interval, MetricId};
use crate::report::{Answer, RankedTopology, Ranking, answer};
use crate::rng::Seed;
use crate::scenario::{AxisValue, Cell, Experiment, Settings};
use crate::sweep::{self, Observer, SweepError, SweepOptions};

/// What candidates meet: the settings as they are, or with a change.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    /// The name of the change; nothing if there is none.
    pub(super) name: String,
    /// The settings.
    pub(super) settings: Arc<Settings>,
}

/// Where candidates meet.
pub(super) struct Arena<'a> {
    /// The scenario: its expectations rank.
    pub(super) experiment: &'a Experiment,
    /// How to run.
    pub(super) options: SweepOptions,
    /// Who watches.
    pub(super) observer: &'a mut dyn Observer,
}

/// What came of it.
pub(super) struct Trial {
    answer: Answer,
    // That of no candidates.
    empty: Ranking,
    candidates: usize,
    /// Replications that were run.
    pub(super) replications: usize,
    /// Whether all were.
    pub(super) is_complete: bool,
}

impl Arena<'_> {
    /// Runs every candidate in every scene with these seeds.
    pub(super) fn run(
        &mut self,
        scenes: &[Scene],
        candidates: &[Candidate],
        seeds: &[Seed],
    ) -> Result<Trial, SweepError> {
        let experiment = Arc::new(self.of(scenes, candidates, seeds));
        let results = sweep::run(&experiment, self.options, self.observer)?;
        let (replications, is_complete) = (results.replications(), results.is_complete());
        let empty = Ranking { peers: 0, axes: Vec::new(), rows: Vec::new() };
        Ok(Trial { answer: answer(&results), empty, candidates: candidates.len(), replications, is_complete })
    }

    /// Why a candidate does not fit into memory, if it does not.
    pub(super) fn lacks_memory(&self, scene: &Scene, candidate: &Candidate) -> Option<String> {
        let alone = self.of(std::slice::from_ref(scene), std::slice::from_ref(candidate), &self.experiment.seeds[..1]);
        sweep::check_memory(&alone, self.options, None).err().map(|error| error.to_string())
    }

    fn of(&self, scenes: &[Scene], candidates: &[Candidate], seeds: &[Seed]) -> Experiment {
        let cell = |(group, scene): (usize, &Scene), (place, candidate): (usize, &Candidate)| Cell {
            index: group * candidates.len() + place,
            group,
            axes: vec![AxisValue { name: "change".to_owned(), text: scene.name.clone(), number: None }],
            label: candidate.label.clone(),
            topology: Arc::clone(&candidate.topology),
            settings: Arc::clone(&scene.settings),
        };
        let of_scene = |scene: (usize, _)| candidates.iter().enumerate().map(move |candidate| cell(scene, candidate));
        Experiment {
            name: self.experiment.name.clone(),
            question: self.experiment.question.clone(),
            seeds: seeds.to_vec(),
            axes: vec!["change".to_owned()],
            cells: scenes.iter().enumerate().flat_map(of_scene).collect(),
            expectations: self.experiment.expectations.clone(),
            hash: self.experiment.hash.clone(),
            resolved: serde_json::Value::Null,
        }
    }
}

impl Trial {
    /// The ranking in one scene, by its place.
    pub(super) fn ranking(&self, scene: usize) -> &Ranking {
        self.answer.decisions.get(scene).map_or(&self.empty, |decision| &decision.ranking)
    }

    /// The place of a ranked topology among the candidates.
    pub(super) fn place(&self, row: &RankedTopology) -> usize {
        row.cell % self.candidates
    }

    /// What a candidate comes to in a scene, by their places.
    pub(super) fn interval(&self, scene: usize, candidate: usize, metric: MetricId) -> Option<Interval> {
        self.answer.summary.interval(scene * self.candidates + candidate, metric)
    }

    /// The first candidate minus the second in a scene, seed by seed.
    pub(super) fn difference(&self, scene: usize, [a, b]: [usize; 2], metric: MetricId) -> Option<Interval> {
        let of = |candidate: usize| scene * self.candidates + candidate;
        self.answer.summary.difference(of(a), of(b), metric).map(|difference| difference.interval)
    }

    /// The metric that ranks first.
    pub(super) fn metric(&self) -> MetricId {
        self.answer.metric
    }

    /// The warnings of the answer.
    pub(super) fn warnings(&self) -> &[String] {
        &self.answer.warnings
    }
}

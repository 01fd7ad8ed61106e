//! What would make another overlay the better one: every dimension a fifth up and a fifth down.

use std::sync::Arc;

use serde::Serialize;

use super::arena::{Arena, Scene, Trial};
use super::candidate::Candidate;
use super::change::{Change, Dimension};
use super::search::brief;
use crate::metrics::Interval;
use crate::rng::Seed;
use crate::scenario::{Registry, Settings};
use crate::sweep::SweepError;

/// What becomes of the choice under a change.
#[derive(Clone, Debug, Serialize)]
pub struct Flip {
    /// The change, in words.
    pub change: String,
    /// What it does to the choice.
    pub verdict: Stands,
    /// Who is better then, or comes second.
    pub other: Option<String>,
    /// That one minus the choice, in the metric that ranks, seed by seed; `None` where one of both does not work.
    pub difference: Option<Interval>,
    /// Why the choice does not work any more.
    pub reason: Option<String>,
}

/// What a change does to the choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// It stays the best, or nobody can be told apart from it.
    Stays,
    /// Another is better.
    Overtaken,
    /// It does not work any more, and another does.
    Fails,
    /// It does not work any more, and nor do the others.
    AllFail,
}

/// How far each dimension is changed, in percent of what it is.
const CHANGES: [u32; 2] = [80, 120];
const DIMENSIONS: [Dimension; 4] = [Dimension::Uplink, Dimension::Latency, Dimension::Rate, Dimension::HardNats];
/// With how many seeds at most.
const SEEDS: usize = 3;

/// Every change that is possible, and what became of the first candidate, the choice; and how many replications it took.
pub(super) fn flips(
    arena: &mut Arena<'_>,
    registry: &Registry,
    settings: &Settings,
    candidates: &[Candidate],
    seeds: &[Seed],
) -> Result<(Vec<Flip>, usize), SweepError> {
    let settings = brief(settings);
    let changes = DIMENSIONS.iter().flat_map(|&dimension| CHANGES.map(|percent| Change { dimension, percent }));
    let scene = |change: Change| {
        let settings = Arc::new(change.apply(&settings, registry)?);
        Some(Scene { name: change.name(), settings })
    };
    let scenes: Vec<Scene> = changes.filter_map(scene).collect();
    if scenes.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let trial = arena.run(&scenes, candidates, &seeds[..SEEDS.min(seeds.len())])?;
    if !trial.is_complete {
        return Ok((Vec::new(), trial.replications));
    }
    let flips = scenes.iter().enumerate().map(|(place, scene)| flip(&trial, place, scene, candidates)).collect();
    Ok((flips, trial.replications))
}

fn flip(trial: &Trial, place: usize, scene: &Scene, candidates: &[Candidate]) -> Flip {
    let ranking = trial.ranking(place);
    let choice = ranking.rows.iter().find(|row| trial.place(row) == 0);
    let works = choice.is_some_and(|row| row.rank.is_some());
    let leads = ranking.leaders().any(|row| trial.place(row) == 0);
    let other = ranking.ranked().map(|row| trial.place(row)).find(|&place| place != 0);
    let verdict = match (works, leads, other) {
        (true, true, _) => Stands::Stays,
        (true, false, _) => Stands::Overtaken,
        (false, _, Some(_)) => Stands::Fails,
        (false, _, None) => Stands::AllFail,
    };
    let difference = other.filter(|_| works).and_then(|other| trial.difference(place, [other, 0], trial.metric()));
    let reason = choice.filter(|_| !works).and_then(|row| row.failures.first());
    Flip {
        change: scene.name.clone(),
        verdict,
        other: other.map(|other| candidates[other].label.clone()),
        difference,
        reason: reason.map(|failure| failure.text.clone()),
    }
}

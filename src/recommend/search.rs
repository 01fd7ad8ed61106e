//! The search: closed forms first, then simulation in rounds, each with fewer candidates and more seeds.
//!
//! Successive halving (Karnin, Koren and Somekh, "Almost optimal exploration in multi-armed bandits", ICML 2013) with common
//! random numbers: all candidates of a round meet the same peers and the same chances, so that few seeds tell them apart.
//! Between rounds the best ones bring in neighbours of theirs: more hubs or fewer, more children or fewer.

use std::sync::Arc;

use serde::Serialize;

use super::arena::{Arena, Scene, Trial};
use super::candidate::{Candidate, Facts, Origin, distinct, grid, neighbours, shipped};
use super::closed_forms::{Excluded, Screen};
use super::pareto::not_dominated;
use crate::overlay::workload::{Service, Workload};
use crate::report::RankedTopology;
use crate::rng::Seed;
use crate::scenario::{Cell, Grain, Registry, Settings};
use crate::sweep::SweepError;
use crate::units::SimDuration;

/// One round of the search.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// How many candidates met.
    pub candidates: usize,
    /// How many of them work.
    pub working: usize,
    /// With how many seeds.
    pub seeds: usize,
    /// For how many seconds of simulated time, warm-up included.
    pub duration_s: f64,
    /// How many replications were run.
    pub replications: usize,
}

/// What the search found.
pub(super) struct Found {
    /// Those of the last round.
    pub(super) finalists: Vec<Candidate>,
    /// The last round; its only scene is the scenario as it is.
    pub(super) trial: Trial,
    /// Who was not simulated, and why.
    pub(super) excluded: Vec<Excluded>,
    /// Who was simulated and does not work, and why.
    pub(super) failed: Vec<Failed>,
    /// All rounds.
    pub(super) rounds: Vec<Round>,
    /// With how many seeds the last round was run.
    pub(super) seeds: usize,
    /// Whether the search came to its end.
    pub(super) is_complete: bool,
}

/// A candidate that does not work.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) candidate: Candidate,
    pub(super) reason: String,
}

/// What the search looks at.
pub(super) struct Search<'a> {
    pub(super) registry: &'a Registry,
    pub(super) cells: &'a [&'a Cell],
    pub(super) seeds: &'a [Seed],
    pub(super) screen: &'a Screen,
    /// Whether everybody meets in one round, with all seeds.
    pub(super) is_exhaustive: bool,
}

/// How many of the best go on after the first round, and after the second.
const PROMISING: usize = 8;
const FINALISTS: usize = 3;
/// How many bring in neighbours.
const PARENTS: usize = 3;
/// The share of the measured window that the first round runs, as its divisor; and the messages that it holds at least.
const BRIEF: u64 = 4;
const MESSAGES_MIN: f64 = 20.0;

impl Search<'_> {
    /// Runs it.
    pub(super) fn run(&self, arena: &mut Arena<'_>) -> Result<Found, SweepError> {
        let cell = self.cells[0];
        let facts = Facts { peers: cell.settings.population.peers.get(), has_audiences: self.screen.has_audiences };
        let whole = scene(Arc::clone(&cell.settings));
        let short = scene(Arc::new(brief(&cell.settings)));
        if self.is_exhaustive {
            let (all, excluded) = self.possible(arena, &whole, self.with_neighbours(facts));
            return Ok(Rounds::play_first(arena, &whole, all, self.seeds)?.into_found(excluded));
        }
        let (first, excluded) = self.possible(arena, &whole, self.all(facts));
        let mut rounds = Rounds::play_first(arena, &short, first.clone(), &self.seeds[..1])?;
        let second = self.second(&rounds, facts);
        let (second, _) = self.possible(arena, &whole, second);
        rounds.play(arena, &short, second, &self.seeds[..2.min(self.seeds.len())])?;
        let third = rounds.third(&first);
        rounds.play(arena, &whole, third, self.seeds)?;
        Ok(rounds.into_found(excluded))
    }

    // Those that may work, by closed forms, and fit into memory; and the others, with the reason.
    fn possible(
        &self,
        arena: &Arena<'_>,
        scene: &Scene,
        candidates: Vec<Candidate>,
    ) -> (Vec<Candidate>, Vec<Excluded>) {
        let (mut left, mut excluded) = self.screen.split(candidates);
        left.retain(|candidate| {
            let reason = arena.lacks_memory(scene, candidate);
            excluded.extend(reason.clone().map(|reason| Excluded { topology: candidate.label.clone(), reason }));
            reason.is_none()
        });
        (left, excluded)
    }

    // Each once, in the order of where they come from.
    fn all(&self, facts: Facts) -> Vec<Candidate> {
        let named = self.cells.iter().map(|cell| Candidate {
            label: cell.label.clone(),
            ..Candidate::of(Arc::clone(&cell.topology), Origin::Scenario)
        });
        distinct(shipped(self.registry).into_iter().chain(named).chain(grid(self.registry, facts)))
    }

    // And the neighbours of each, whoever the best will be.
    fn with_neighbours(&self, facts: Facts) -> Vec<Candidate> {
        let all = self.all(facts);
        let near = all.iter().flat_map(|parent| neighbours(self.registry, parent, facts)).collect::<Vec<_>>();
        distinct(all.into_iter().chain(near))
    }

    // The best of the first round and their neighbours; where nobody works, nobody.
    fn second(&self, rounds: &Rounds, facts: Facts) -> Vec<Candidate> {
        let promising = promising(&rounds.candidates, &rounds.trial, PROMISING);
        let parents = promising.iter().take(PARENTS);
        let near = parents.flat_map(|parent| neighbours(self.registry, parent, facts));
        let near = near.filter(|near| rounds.candidates.iter().all(|known| known.label != near.label));
        distinct(promising.iter().cloned().chain(near))
    }
}

struct Rounds {
    // Those of the last round that was played to its end, or else of the first.
    candidates: Vec<Candidate>,
    trial: Trial,
    seeds: usize,
    is_interrupted: bool,
    rounds: Vec<Round>,
    failed: Vec<Failed>,
}

impl Rounds {
    fn play_first(
        arena: &mut Arena<'_>,
        scene: &Scene,
        candidates: Vec<Candidate>,
        seeds: &[Seed],
    ) -> Result<Self, SweepError> {
        let trial = arena.run(std::slice::from_ref(scene), &candidates, seeds)?;
        let is_interrupted = !trial.is_complete;
        let mut rounds =
            Self { candidates, trial, seeds: seeds.len(), is_interrupted, rounds: Vec::new(), failed: Vec::new() };
        rounds.note(scene);
        Ok(rounds)
    }

    // Nothing where nobody is left, or an earlier round was interrupted.
    fn play(
        &mut self,
        arena: &mut Arena<'_>,
        scene: &Scene,
        candidates: Vec<Candidate>,
        seeds: &[Seed],
    ) -> Result<(), SweepError> {
        if self.is_interrupted || candidates.is_empty() {
            return Ok(());
        }
        let trial = arena.run(std::slice::from_ref(scene), &candidates, seeds)?;
        self.is_interrupted = !trial.is_complete;
        // The round before says more than half a round.
        if trial.is_complete {
            (self.candidates, self.trial, self.seeds) = (candidates, trial, seeds.len());
            self.note(scene);
        }
        Ok(())
    }

    // What the last round came to.
    fn note(&mut self, scene: &Scene) {
        let ranking = self.trial.ranking(0);
        self.rounds.push(Round {
            candidates: self.candidates.len(),
            working: ranking.ranked().count(),
            seeds: self.seeds,
            duration_s: scene.settings.run.duration.as_secs_f64(),
            replications: self.trial.replications,
        });
        // Of whoever had no turn nothing is known.
        if self.is_interrupted {
            return;
        }
        self.failed.extend(ranking.rows.iter().filter(|row| row.rank.is_none()).map(|row| Failed {
            candidate: self.candidates[self.trial.place(row)].clone(),
            reason: row.failures.first().map_or_else(String::new, |failure| failure.text.clone()),
        }));
    }

    // The best of the second round, and every plain topology that works so far; where nobody works, nobody.
    fn third(&self, first: &[Candidate]) -> Vec<Candidate> {
        let best = promising(&self.candidates, &self.trial, FINALISTS);
        if best.is_empty() {
            return best;
        }
        let has_failed = |label: &str| self.failed.iter().any(|failed| failed.candidate.label == label);
        let plain = first.iter().filter(|candidate| candidate.origin != Origin::Searched);
        distinct(best.into_iter().chain(plain.filter(|candidate| !has_failed(&candidate.label)).cloned()))
    }

    fn into_found(self, excluded: Vec<Excluded>) -> Found {
        let Self { candidates: finalists, trial, seeds, is_interrupted, rounds, failed } = self;
        Found { finalists, trial, excluded, failed, rounds, seeds, is_complete: !is_interrupted }
    }
}

// So many of the first of those that work, the first of each kind, and some that nobody is better than in everything.
fn promising(candidates: &[Candidate], trial: &Trial, count: usize) -> Vec<Candidate> {
    let working: Vec<&RankedTopology> = trial.ranking(0).ranked().collect();
    let places: Vec<usize> = working.iter().map(|row| trial.place(row)).collect();
    let first = places.iter().copied().take(count);
    let mut kinds: Vec<String> = Vec::new();
    let first_of_kind = places.iter().copied().filter(|&place| {
        let kind = candidates[place].kind();
        let is_new = !kinds.contains(&kind);
        kinds.extend(is_new.then_some(kind));
        is_new
    });
    let chosen = first.chain(first_of_kind).chain(not_dominated(trial, &places).into_iter().take(count / 2));
    distinct(chosen.map(|place| candidates[place].clone()))
}

fn scene(settings: Arc<Settings>) -> Scene {
    Scene { name: String::new(), settings }
}

/// The settings with a shorter window, where enough is published in it and nothing lasts until its end; and message by
/// message, where nothing asks for packets.
pub(super) fn brief(settings: &Settings) -> Settings {
    let mut brief = settings.clone();
    let run = &mut brief.run;
    let is_plain = |workload: &Arc<dyn Workload>| workload.live().is_none() && workload.service() == Service::default();
    if settings.population.packet_keys().is_empty() && settings.workloads.iter().all(is_plain) {
        run.grain = Grain::Message;
    }
    let window = run.duration - run.warmup;
    let peers = settings.population.peers.get();
    let lasts = settings.workloads.iter().any(|workload| {
        workload.last_publication().is_some() || workload.pieces().is_some() || workload.live().is_some()
    });
    let messages: f64 = settings
        .workloads
        .iter()
        .map(|workload| workload.estimate(peers, window).messages)
        .fold(f64::INFINITY, f64::min);
    if !lasts && messages.is_finite() && messages / BRIEF as f64 >= MESSAGES_MIN {
        run.duration = run.warmup + SimDuration::from_ns(window.as_ns() / BRIEF);
    }
    brief
}

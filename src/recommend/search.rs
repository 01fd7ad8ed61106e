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
        let (left, mut excluded) = self.screen.split(self.all(facts));
        let whole = scene(Arc::clone(&cell.settings));
        let short = scene(Arc::new(brief(&cell.settings)));
        let mut first = Vec::new();
        for candidate in left {
            match arena.lacks_memory(&whole, &candidate) {
                Some(reason) => excluded.push(Excluded { topology: candidate.label, reason }),
                None => first.push(candidate),
            }
        }
        let mut found = Rounds { found: None, rounds: Vec::new(), failed: Vec::new() };

        found.play(arena, (&short, 1), first.clone(), self.seeds)?;
        let second = self.second(&found, facts);
        if found.goes_on() && !second.is_empty() {
            found.play(arena, (&short, 2), second, self.seeds)?;
            let third = found.third(&first);
            if found.goes_on() && !third.is_empty() {
                found.play(arena, (&whole, self.seeds.len()), third, self.seeds)?;
            }
        }
        Ok(found.into_found(excluded))
    }

    // Each once, in the order of where they come from.
    fn all(&self, facts: Facts) -> Vec<Candidate> {
        let named = self.cells.iter().map(|cell| Candidate {
            label: cell.label.clone(),
            ..Candidate::of(Arc::clone(&cell.topology), Origin::Scenario)
        });
        distinct(shipped(self.registry).into_iter().chain(named).chain(grid(self.registry, facts)))
    }

    // The best of the first round and their neighbours; where nobody works, nobody.
    fn second(&self, rounds: &Rounds, facts: Facts) -> Vec<Candidate> {
        let Some((candidates, trial)) = &rounds.found else { return Vec::new() };
        let promising = promising(candidates, trial, PROMISING);
        let parents = promising.iter().take(PARENTS);
        let near = parents.flat_map(|parent| neighbours(self.registry, parent, facts)).collect();
        let (near, _) = self.screen.split(near);
        let near = near.into_iter().filter(|near| candidates.iter().all(|known| known.label != near.label));
        distinct(promising.iter().cloned().chain(near))
    }
}

struct Rounds {
    // The candidates of the last round that was played to its end, or else of the first.
    found: Option<(Vec<Candidate>, Trial)>,
    rounds: Vec<Round>,
    failed: Vec<Failed>,
}

impl Rounds {
    fn play(
        &mut self,
        arena: &mut Arena<'_>,
        (scene, seeds): (&Scene, usize),
        candidates: Vec<Candidate>,
        all_seeds: &[Seed],
    ) -> Result<(), SweepError> {
        let seeds = &all_seeds[..seeds.min(all_seeds.len())];
        let trial = arena.run(std::slice::from_ref(scene), &candidates, seeds)?;
        self.rounds.push(Round {
            candidates: candidates.len(),
            working: trial.ranking(0).ranked().count(),
            seeds: seeds.len(),
            duration_s: scene.settings.run.duration.as_secs_f64(),
            replications: trial.replications,
        });
        if !trial.is_complete && self.found.is_some() {
            // The round before says more than half a round.
            self.rounds.last_mut().expect("invariant: just pushed").working = 0;
            return Ok(());
        }
        for row in trial.ranking(0).rows.iter().filter(|row| row.rank.is_none()) {
            let reason = row.failures.first().map_or_else(String::new, |failure| failure.text.clone());
            self.failed.push(Failed { candidate: candidates[trial.place(row)].clone(), reason });
        }
        self.found = Some((candidates, trial));
        Ok(())
    }

    // Whether the last round was played to its end.
    fn goes_on(&self) -> bool {
        let played = self.found.as_ref().map_or(0, |(candidates, _)| candidates.len());
        self.rounds.last().is_some_and(|round| round.candidates == played)
            && self.found.as_ref().is_some_and(|(_, trial)| trial.is_complete)
    }

    // The best of the second round, and every plain topology that works so far.
    fn third(&self, first: &[Candidate]) -> Vec<Candidate> {
        let Some((candidates, trial)) = &self.found else { return Vec::new() };
        let best = promising(candidates, trial, FINALISTS);
        if best.is_empty() {
            return best;
        }
        let has_failed = |label: &str| self.failed.iter().any(|failed| failed.candidate.label == label);
        let plain = first.iter().filter(|candidate| candidate.origin != Origin::Searched);
        distinct(best.into_iter().chain(plain.filter(|candidate| !has_failed(&candidate.label)).cloned()))
    }

    fn into_found(self, excluded: Vec<Excluded>) -> Found {
        let is_complete = self.goes_on();
        let (finalists, trial) = self.found.expect("invariant: the first round was played");
        Found { finalists, trial, excluded, failed: self.failed, rounds: self.rounds, is_complete }
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

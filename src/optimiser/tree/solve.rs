//! The portfolio: what finds a good tree, in an order in which each begins from the best of those before it.
//!
//! Never worse than its simplest members, the tree by fan-outs and the Compact Tree. The same seed and the same work give
//! the same tree; it can be stopped between any two steps, and then has the best tree so far.

use std::ops::ControlFlow;

use super::anneal::{Schedule, anneal};
use super::closing::close;
use super::compact::compact;
use super::critical::shorten;
use super::feasible;
use super::near::{DENSE_MAX, Near};
use super::neighbourhood;
use super::pieces::Pieces;
use super::plain::by_fan_out;
use super::problem::{Infeasible, Objective, TreeProblem, TreeValue};
use super::shortest::shortest_us;
use super::sparse::sparse;
use super::state::State;
use super::verify::verify;
use crate::rng::{Domain, Seed, Stream, Streams};

/// How much is done, and with which draws.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Changes that are tried. A million take from one to six seconds, the longer the more peers pass messages on.
    pub work: u64,
    /// The seed of what is drawn.
    pub seed: Seed,
}

impl Default for Effort {
    fn default() -> Self {
        Self { work: 5_000_000, seed: Seed(1) }
    }
}

/// A tree, how good it is, and how good one can be at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeAnswer {
    /// Of each peer whom it hears from; the root from itself.
    pub parents: Vec<u32>,
    /// Its value.
    pub value: TreeValue,
    /// Below this, in microseconds, no tree is in what the objective makes least.
    pub lower_us: u64,
    /// The work that was done, in changes that were tried.
    pub work: u64,
    /// What the work gave: a step for each better tree, and whenever the bound rose.
    pub trace: Vec<SearchStep>,
}

/// What a search had after some of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchStep {
    /// The work done by then.
    pub work: u64,
    /// The value of the best tree.
    pub value: TreeValue,
    /// Below this, in microseconds, no tree is in what the objective makes least.
    pub lower_us: u64,
}

impl TreeAnswer {
    /// What the objective makes least.
    #[must_use]
    pub fn objective_us(&self, problem: &TreeProblem<'_>) -> u64 {
        problem.rank(&self.value)[0]
    }

    /// Whether it is proven that no tree is better in what the objective makes least.
    #[must_use]
    pub fn is_proven(&self, problem: &TreeProblem<'_>) -> bool {
        self.objective_us(problem) == self.lower_us
    }

    /// How much better a tree could be at most, in percent of the bound.
    #[must_use]
    pub fn gap_percent(&self, problem: &TreeProblem<'_>) -> f64 {
        let value_us = self.objective_us(problem);
        if value_us == self.lower_us {
            return 0.0;
        }
        (value_us - self.lower_us) as f64 / self.lower_us.max(1) as f64 * 100.0
    }
}

/// The best tree that so much work finds, with a bound. `watch` is told whenever a better tree was found or the bound rose,
/// and between steps; it may end the search.
///
/// # Errors
/// When no tree can be, or none was found.
pub fn solve(
    problem: &TreeProblem<'_>,
    effort: Effort,
    watch: &mut dyn FnMut(&TreeAnswer) -> ControlFlow<()>,
) -> Result<TreeAnswer, Infeasible> {
    search(problem, effort, true, watch)
}

/// As [`solve`]; unless it `is_thorough`, a search among many peers spends nothing on the bound, and begins with trees that
/// are quickly made.
pub(in crate::optimiser) fn search(
    problem: &TreeProblem<'_>,
    effort: Effort,
    is_thorough: bool,
    watch: &mut dyn FnMut(&TreeAnswer) -> ControlFlow<()>,
) -> Result<TreeAnswer, Infeasible> {
    let shortest_us = shortest_us(problem);
    feasible::check(problem, &shortest_us)?;
    let first = first_tree(problem)?;
    let value = verify(problem, &first).expect("invariant: a tree that is complete");
    let lower_us = problem.rank(&problem.value(shortest_us.clone()))[0];
    let trace = vec![SearchStep { work: 0, value, lower_us }];
    let answer = TreeAnswer { parents: first, value, lower_us, work: 0, trace };
    // Before anything that takes long.
    if watch(&answer).is_break() {
        return Ok(answer);
    }
    let near = Near::new(problem, &shortest_us, NEAR);
    let stream = Streams::new(effort.seed).stream(Domain::Optimiser, u64::from(problem.peers()));
    let excused = latest(problem, &shortest_us);
    let proves =
        problem.objective() == Objective::Max && problem.peers() <= if is_thorough { BOUNDED_MAX } else { EXACT_MAX };
    let mut portfolio = Portfolio {
        problem,
        near,
        shortest_us,
        answer,
        work_max: effort.work,
        stream,
        excused,
        is_thorough,
        proves,
        watch,
    };
    // A search that is ended has its answer all the same.
    let _ = portfolio.run();
    Ok(portfolio.answer)
}

/// How many parents the short lists have.
const NEAR: usize = 20;
/// Up to so many peers the exact search is the best there is.
const EXACT_MAX: u32 = 40;
/// Above so many peers the bound is not raised by search: one look at it takes too long.
const BOUNDED_MAX: u32 = 2_000;
/// Up to so many peers a search in haste begins with trees that look at every pair.
const DENSE_IN_HASTE_MAX: u32 = 200;

// Whoever serves most comes first; where not everybody can connect, others move until all have a place.
fn first_tree(problem: &TreeProblem<'_>) -> Result<Vec<u32>, Infeasible> {
    let (parents, is_whole) = by_fan_out(problem);
    if is_whole {
        return Ok(parents);
    }
    feasible::check_matching(problem)?;
    let start = if problem.peers() <= DENSE_MAX { compact(problem).next() } else { None };
    let mut state = State::of(problem, &start.unwrap_or(parents));
    feasible::complete(&mut state)?;
    Ok(state.parents())
}

// Who hears last of all, as many as may be late for the 95th percentile; none where all count.
fn latest(problem: &TreeProblem<'_>, heard_us: &[u64]) -> Vec<bool> {
    if problem.objective() != Objective::P95 {
        return Vec::new();
    }
    let mut order: Vec<u32> = (0..problem.peers()).filter(|&peer| peer != problem.root()).collect();
    order.sort_by_key(|&peer| (std::cmp::Reverse(heard_us[peer as usize]), problem.fan_out(peer), peer));
    let mut excused = vec![false; problem.peers() as usize];
    let late = order.len() - TreeProblem::in_time(order.len());
    order.iter().take(late).for_each(|&peer| excused[peer as usize] = true);
    excused
}

fn heard_us(problem: &TreeProblem<'_>, parents: &[u32]) -> Vec<u64> {
    let state = State::of(problem, parents);
    (0..problem.peers()).map(|peer| state.delay_us(peer)).collect()
}

struct Portfolio<'a, 'p> {
    problem: &'a TreeProblem<'p>,
    near: Near,
    shortest_us: Vec<u64>,
    answer: TreeAnswer,
    work_max: u64,
    stream: Stream,
    // Who may hear late, where a share of the peers counts; none where all do.
    excused: Vec<bool>,
    is_thorough: bool,
    // Whether the bound is raised by search.
    proves: bool,
    watch: &'a mut dyn FnMut(&TreeAnswer) -> ControlFlow<()>,
}

impl Portfolio<'_, '_> {
    fn run(&mut self) -> ControlFlow<()> {
        self.starts()?;
        // Of few peers a search looks at all that matters; of many its bound is worth some of the work.
        let share = if self.problem.peers() <= EXACT_MAX { 2 } else { 4 };
        let mut rounds = (0..HEATS.len()).cycle();
        while self.answer.work < self.work_max && !self.answer.is_proven(self.problem) {
            if self.proves {
                self.close(self.work_max / share)?;
            }
            for round in rounds.by_ref().take(HEATS.len()) {
                if self.answer.work < self.work_max && !self.answer.is_proven(self.problem) {
                    self.wander(round)?;
                }
            }
        }
        self.even_out()
    }

    // Greedy trees, each improved on its own.
    fn starts(&mut self) -> ControlFlow<()> {
        let problem = self.problem;
        let dense_max = if self.is_thorough { DENSE_MAX } else { DENSE_IN_HASTE_MAX };
        let trees: Vec<Vec<u32>> = if problem.peers() <= dense_max {
            compact(problem).collect()
        } else {
            sparse(problem, &self.near, &self.shortest_us).collect()
        };
        for parents in trees {
            let mut state = State::of(problem, &parents);
            if feasible::complete(&mut state).is_err() {
                continue;
            }
            self.offer(&state)?;
            let excused = self.excused.clone();
            let state = State::excusing(problem, &state.parents(), &excused);
            let is_small = problem.peers() <= EXACT_MAX;
            self.refine(state, if is_small { 2 } else { 30 }, self.work_max / 20)?;
            if self.answer.is_proven(problem) {
                break;
            }
        }
        ControlFlow::Continue(())
    }

    // What a single change and what a part that is put together anew can do.
    fn refine(&mut self, mut state: State<'_>, misses: u32, work_max: u64) -> ControlFlow<()> {
        if self.problem.objective() != Objective::Mean {
            // A try takes a tenth of what asking the bound takes.
            self.answer.work += shorten(&mut state, &self.near, work_max.saturating_mul(4)) / 10;
            self.offer(&state)?;
            self.answer.work += neighbourhood::improve(&mut state, &self.near, misses, work_max, &mut self.stream);
        }
        self.offer(&state)
    }

    // Away from the best tree and back, by annealing.
    fn wander(&mut self, round: usize) -> ControlFlow<()> {
        let problem = self.problem;
        let from = HEATS[round % HEATS.len()];
        let left = self.work_max - self.answer.work;
        let moves = (left / 4).clamp(1, MOVES_MAX.max(u64::from(problem.peers()) * 200));
        let weight = if problem.objective() == Objective::Mean { 0.02 } else { 0.2 };
        if problem.objective() == Objective::P95 {
            self.excused = latest(problem, &heard_us(problem, &self.answer.parents));
        }
        let excused = self.excused.clone();
        let mut state = State::excusing(problem, &self.answer.parents, &excused);
        let schedule = Schedule { moves: moves * 8, from, to: from / 20.0, weight };
        let parents = anneal(&mut state, &self.near, schedule, &mut self.stream);
        // A change that is tried takes an eighth of what asking the bound takes.
        self.answer.work += moves;
        let state = State::excusing(problem, &parents, &excused);
        self.offer(&state)?;
        self.refine(state, if problem.peers() <= EXACT_MAX { 4 } else { 60 }, left / 8)
    }

    // Bound and tree from both sides.
    fn close(&mut self, work_max: u64) -> ControlFlow<()> {
        let upper_us = self.answer.value.max_us;
        // One look at the bound costs by the number of pairs.
        let cost = (u64::from(self.problem.peers()).pow(2) / 900).max(1);
        let work_max = work_max.min(self.work_max - self.answer.work.min(self.work_max));
        let closed = close(&Pieces::of(self.problem), (self.answer.lower_us, upper_us), 0, work_max / cost);
        self.answer.work += (closed.work * cost).max(1);
        if closed.lower_us > self.answer.lower_us {
            self.answer.lower_us = closed.lower_us;
            self.note();
        }
        match closed.found {
            Some((_, parents)) => {
                let parents: Vec<u32> = parents.into_iter().map(|parent| parent as u32).collect();
                self.offer(&State::of(self.problem, &parents))
            }
            None => (self.watch)(&self.answer),
        }
    }

    // What the objective leaves open: the mean, while nobody hears later than the last does.
    fn even_out(&mut self) -> ControlFlow<()> {
        let excused = self.excused.clone();
        let mut state = State::excusing(self.problem, &self.answer.parents, &excused);
        super::mean::lower(&mut state, &self.near);
        self.offer(&state)
    }

    fn offer(&mut self, state: &State<'_>) -> ControlFlow<()> {
        let parents = state.parents();
        let value = verify(self.problem, &parents).expect("invariant: changes keep the constraints");
        if self.problem.is_better(&value, &self.answer.value) {
            (self.answer.parents, self.answer.value) = (parents, value);
            self.note();
        }
        (self.watch)(&self.answer)
    }

    fn note(&mut self) {
        let TreeAnswer { work, value, lower_us, .. } = self.answer;
        self.answer.trace.push(SearchStep { work, value, lower_us });
    }
}

/// How warm annealings begin, as shares of the value.
const HEATS: [f64; 4] = [0.01, 0.03, 0.06, 0.003];
/// Most changes of one annealing, in units of work.
const MOVES_MAX: u64 = 60_000;

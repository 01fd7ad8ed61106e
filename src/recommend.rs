//! Which overlay to take for a scenario: a search over families and their parameters, and what stands behind the answer.
//!
//! Candidates are all topologies with their defaults, those that the scenario names, and families over a grid of
//! parameters, in which the optimisers search trees and choose hubs. Closed forms sort out what cannot work; the rest is
//! simulated, in rounds with fewer candidates and more seeds each. The answer comes with its margin over the next, with
//! what binds it, with bounds that no overlay beats, and with the changes under which another overlay is the better one.

mod advice;
mod arena;
mod binding;
mod candidate;
mod change;
mod closed_forms;
mod flips;
mod pareto;
mod remedy;
mod search;
mod text;

pub use advice::{Advice, Choice, Figure, Finalist, MetricName, Options, RecommendError, Rival, recommend};
pub use binding::Binding;
pub use candidate::{Candidate, Origin};
pub use change::{Change, Dimension};
pub use closed_forms::Excluded;
pub use flips::{Flip, Stands};
pub use remedy::Remedy;
pub use search::Round;
pub use text::{picture, render};

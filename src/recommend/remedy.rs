//! Where nothing works: what would have to change, and by how much.
//!
//! Each dimension is changed step by step until one of a few candidates works in a simulation. The steps are coarse on
//! purpose: the answer is an order of magnitude to think about, and not a promise.

use std::sync::Arc;

use serde::Serialize;

use super::arena::{Arena, Scene};
use super::candidate::Candidate;
use super::change::{Change, Dimension};
use super::search::brief;
use crate::rng::Seed;
use crate::scenario::{Registry, Settings};
use crate::sweep::SweepError;

/// A change that makes something work.
#[derive(Clone, Debug, Serialize)]
pub struct Remedy {
    /// The change, in words.
    pub change: String,
    /// By what factor it changes its dimension, up or down: the less, the cheaper.
    pub factor: f64,
    /// What works then.
    pub topology: String,
}

/// The steps of a dimension that there should be more of, and of those that there should be less of.
const MORE: [u32; 7] = [125, 150, 200, 300, 400, 600, 1000];
const LESS: [u32; 7] = [80, 67, 50, 33, 25, 17, 10];
const STEPS: [(Dimension, [u32; 7]); 3] =
    [(Dimension::Uplink, MORE), (Dimension::Rate, LESS), (Dimension::Peers, LESS)];

/// The first step of each dimension at which one of the candidates works with the first seed, the smallest first; and how
/// many replications it took.
pub(super) fn remedies(
    arena: &mut Arena<'_>,
    registry: &Registry,
    settings: &Settings,
    candidates: &[Candidate],
    seed: Seed,
) -> Result<(Vec<Remedy>, usize), SweepError> {
    let settings = brief(settings);
    let (mut found, mut replications) = (Vec::new(), 0);
    for (dimension, steps) in STEPS {
        for percent in steps {
            let change = Change { dimension, percent };
            let Some(changed) = change.apply(&settings, registry) else { break };
            let scene = Scene { name: change.name(), settings: Arc::new(changed) };
            let trial = arena.run(&[scene], candidates, &[seed])?;
            replications += trial.replications;
            if !trial.is_complete {
                return Ok((found, replications));
            }
            if let Some(winner) = trial.ranking(0).winner() {
                let percent = f64::from(percent);
                let factor = (percent / 100.0).max(100.0 / percent);
                let topology = candidates[trial.place(winner)].label.clone();
                found.push(Remedy { change: change.name(), factor, topology });
                break;
            }
        }
    }
    found.sort_by(|a, b| a.factor.total_cmp(&b.factor));
    Ok((found, replications))
}

//! Optimisers of overlays, on plain arrays: they know no population, no scenario and no simulation, so that instances
//! with known optima run on them as they are.
//!
//! Every optimiser says how good its answer is: its value, a lower bound that no answer can beat, and whether the two
//! meet. Work is counted in steps, never in time: the same problem, seed and work give the same answer everywhere.

pub mod hub;

//! A rule from outside of this crate as a value: scenarios and topologies can name it, and every driver run it.
//!
//! Drivers are compiled for one rule each; this is one of them, and asks the rule behind it through a table.

use super::{Demand, Dissemination, Load, Passing, Traffic};
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::rng::Streams;

/// A rule from outside of this crate.
#[derive(Debug)]
pub struct ForeignRule(Box<dyn Erased>);

impl ForeignRule {
    /// This rule, which must not promise [`Dissemination::EXACTLY_ONCE`].
    #[must_use]
    pub fn new<D: Dissemination>(rule: D) -> Self {
        const { assert!(!D::EXACTLY_ONCE, "only `Horizon` brings every message exactly once") };
        Self(Box::new(rule))
    }
}

impl Clone for ForeignRule {
    fn clone(&self) -> Self {
        Self(self.0.duplicate())
    }
}

impl Dissemination for ForeignRule {
    const EXACTLY_ONCE: bool = false;

    fn begin(&self, streams: Streams) -> Self {
        Self(self.0.begun(streams))
    }

    fn forward(&mut self, overlay: &Overlay, audiences: &Audiences, passing: Passing, out: &mut Vec<u32>) {
        self.0.forward_to(overlay, audiences, passing, out);
    }

    fn is_new(&mut self, passing: Passing) -> bool {
        self.0.finds_new(passing)
    }
}

impl Load for ForeignRule {
    fn load(&self, demand: Demand<'_>) -> Vec<Traffic> {
        self.0.load(demand)
    }
}

/// What [`Dissemination`] asks, without what a trait object cannot have.
trait Erased: Load {
    fn duplicate(&self) -> Box<dyn Erased>;
    fn begun(&self, streams: Streams) -> Box<dyn Erased>;
    fn forward_to(&mut self, overlay: &Overlay, audiences: &Audiences, passing: Passing, out: &mut Vec<u32>);
    fn finds_new(&mut self, passing: Passing) -> bool;
}

impl<D: Dissemination> Erased for D {
    fn duplicate(&self) -> Box<dyn Erased> {
        Box::new(self.clone())
    }

    fn begun(&self, streams: Streams) -> Box<dyn Erased> {
        Box::new(self.begin(streams))
    }

    fn forward_to(&mut self, overlay: &Overlay, audiences: &Audiences, passing: Passing, out: &mut Vec<u32>) {
        self.forward(overlay, audiences, passing, out);
    }

    fn finds_new(&mut self, passing: Passing) -> bool {
        self.is_new(passing)
    }
}

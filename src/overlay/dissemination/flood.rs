//! Flood with duplicate suppression: who hears a message for the first time passes it on over every connection but the one
//! it came by; whatever comes again is dropped.
//!
//! It knows no blocks, no audiences and no rings: everybody hears of everything, over whatever connections there are. Where
//! all of a graph of `n` nodes and `m` connections can be reached, the source sends a copy over each of its connections and
//! every other node over all but one: `2 m - (n - 1)` copies, of which `2 (m - (n - 1))` bring nothing new. On a tree that
//! is none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known::Known;
use super::parameters::NoParameters;
use super::{Demand, Dissemination, Load, Passing, Traffic};
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;

/// Flood with duplicate suppression.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(from = "NoParameters", into = "NoParameters")]
#[schemars(with = "NoParameters")]
pub struct Flood {
    known: Known,
}

impl From<NoParameters> for Flood {
    fn from(_: NoParameters) -> Self {
        Self::default()
    }
}

impl From<Flood> for NoParameters {
    fn from(_: Flood) -> Self {
        Self {}
    }
}

impl Dissemination for Flood {
    const EXACTLY_ONCE: bool = false;
    const OVER_ALL: bool = true;
    const TAKES_RINGS: bool = true;
    const REMEMBERS: bool = true;

    fn copies_per_delivery(&self, nodes: u64, connections: u64) -> f64 {
        (2.0 * connections as f64 / nodes.saturating_sub(1).max(1) as f64 - 1.0).max(1.0)
    }

    fn forward(&mut self, overlay: &Overlay, _: &Audiences, passing: Passing, out: &mut Vec<u32>) {
        let Passing { node, from, .. } = passing;
        let before = out.len();
        out.extend(overlay.next_hops(node, None).filter(|&next| Some(next) != from));
        self.passed_on(overlay, passing, out.len() - before);
    }

    #[inline]
    fn passed_on(&mut self, overlay: &Overlay, passing: Passing, copies: usize) {
        self.known.sent((passing.flow, passing.number), copies, overlay.nodes());
    }

    #[inline]
    fn is_new(&mut self, passing: Passing) -> bool {
        self.known.meets(passing)
    }
}

impl Load for Flood {
    fn load(&self, demand: Demand<'_>) -> Vec<Traffic> {
        let (own, degrees) = (demand.published(|_| true), demand.degrees);
        let all: f64 = own.iter().sum();
        // Over one of its connections a node hears of a message first; those by which others hear of it first from there
        // bring nothing back. There are as many as nodes, and they lie where connections do.
        let connected = degrees.iter().filter(|&&degree| degree > 0).count() as f64;
        let onward: f64 = degrees.iter().map(|&degree| f64::from(degree.saturating_sub(1))).sum();
        let first_share = if onward > 0.0 { ((connected - 1.0) / onward).min(1.0) } else { 0.0 };
        let of_node = |(own, &degree): (&f64, &u32)| {
            let (degree, others) = (f64::from(degree), all - own);
            let onward = (degree - 1.0).max(0.0);
            Traffic { sent: own * degree + others * onward, received: others * (degree - onward * first_share) }
        };
        own.iter().zip(degrees).map(of_node).collect()
    }
}

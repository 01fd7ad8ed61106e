//! Stripes: message number `i` of a stream goes over tree `i mod k` of the `k` trees of the overlay, by split horizon there.
//!
//! SplitStream (Castro et al., "SplitStream: high-bandwidth multicast in cooperative environments", SOSP 2003). Where each
//! peer passes messages on in one tree only, all bear the same load, and a stream may be as fast as their uplinks together
//! allow. Everybody hears of everything, once; who leaves a tree without a connection misses every `k`-th message.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parameters::NoParameters;
use super::{Demand, Dissemination, Load, Passing, Traffic};
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;

/// Stripes over the trees of an overlay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "NoParameters", into = "NoParameters")]
#[schemars(with = "NoParameters")]
pub struct Striped;

impl From<NoParameters> for Striped {
    fn from(_: NoParameters) -> Self {
        Self
    }
}

impl From<Striped> for NoParameters {
    fn from(_: Striped) -> Self {
        Self {}
    }
}

impl Dissemination for Striped {
    const EXACTLY_ONCE: bool = false;
    const NEEDS_STRIPES: bool = true;
    const TAKES_RINGS: bool = true;

    fn forward(&mut self, overlay: &Overlay, _: &Audiences, passing: Passing, out: &mut Vec<u32>) {
        let Passing { node, from, flow, number, .. } = passing;
        if let Some(stripe) = flow.wrapping_add(number).checked_rem(overlay.stripes()) {
            out.extend(overlay.in_stripe(node, stripe).filter(|&next| Some(next) != from));
        }
    }
}

impl Load for Striped {
    fn load(&self, demand: Demand<'_>) -> Vec<Traffic> {
        let Demand { overlay, degrees, .. } = demand;
        let own = demand.published(|_| true);
        let all: f64 = own.iter().sum();
        let count = f64::from(overlay.stripes().max(1));
        let of_node = |(node, own): (u32, &f64)| {
            let in_stripe = |stripe: u32| {
                let degree = overlay.in_stripe(node, stripe).count() as f64;
                own * degree + (all - own) * (degree - 1.0).max(0.0)
            };
            let sent: f64 = (0..overlay.stripes()).map(in_stripe).sum();
            let received = if degrees[node as usize] > 0 { all - own } else { 0.0 };
            Traffic { sent: sent / count, received }
        };
        (0..).zip(&own).map(of_node).collect()
    }
}

//! Eager push: who hears a message for the first time passes it on to `fan_out` of its neighbours, drawn at random and
//! without the one it came from.
//!
//! The infect-and-die model of epidemics (Eugster, Guerraoui, Kermarrec and Massoulie, "Epidemic information dissemination
//! in distributed systems", IEEE Computer 37(5), 2004): in a full mesh of many nodes the share `s` that a message reaches
//! solves `s = 1 - exp(-fan_out s)`, the giant component of a random graph. Each node reached sends `fan_out` copies, all
//! but one of which bring nothing new on average.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known::Known;
use super::{Demand, Dissemination, Flood, Load, Passing, Traffic};
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::rng::{Domain, PairKey, Streams, below};
use crate::units::Bounded;

/// Eager push.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// To how many of its neighbours a node passes a message on.
    #[serde(default = "default_fan_out")]
    fan_out: Bounded<1, 1_000>,
    #[serde(skip)]
    known: Known,
    #[serde(skip, default = "no_key")]
    key: PairKey,
    // Neighbours to draw from, reused.
    #[serde(skip)]
    candidates: Vec<u32>,
}

fn default_fan_out() -> Bounded<1, 1_000> {
    Bounded::new(4).expect("invariant: four is in range")
}

const fn no_key() -> PairKey {
    PairKey::new(0)
}

impl Default for Push {
    fn default() -> Self {
        Self { fan_out: default_fan_out(), known: Known::default(), key: no_key(), candidates: Vec::new() }
    }
}

impl Push {
    /// A push to so many neighbours; none if that is not from 1 to 1,000.
    #[must_use]
    pub fn new(fan_out: u32) -> Option<Self> {
        let fan_out = Bounded::new(fan_out)?;
        Some(Self { fan_out, ..Self::default() })
    }

    /// To how many of its neighbours a node passes a message on.
    #[must_use]
    pub fn fan_out(&self) -> u32 {
        self.fan_out.get()
    }
}

impl Dissemination for Push {
    const EXACTLY_ONCE: bool = false;
    const TAKES_RINGS: bool = true;
    const REMEMBERS: bool = true;
    const LABELLED: &'static [&'static str] = &["fan_out"];

    fn copies_per_delivery(&self, nodes: u64, connections: u64) -> f64 {
        Flood::default().copies_per_delivery(nodes, connections).min(f64::from(self.fan_out.get()))
    }

    fn begin(&self, streams: Streams) -> Self {
        Self { key: streams.pair_key(Domain::Dissemination), known: Known::default(), ..self.clone() }
    }

    fn forward(&mut self, overlay: &Overlay, _: &Audiences, passing: Passing, out: &mut Vec<u32>) {
        let Passing { node, from, flow, number, .. } = passing;
        let before = out.len();
        let of_message = PairKey::new(self.key.directed(flow, number));
        let draw = |nth: u64, among: usize| below(of_message.directed_nth(node, node, nth), among as u64) as usize;
        let wanted = self.fan_out.get() as usize;
        let (pairs, seats) = (overlay.pair_neighbours(node), overlay.seats(node));
        let listed = pairs.len() + seats.iter().map(|seat| overlay.block(seat.block).len()).sum::<usize>();
        let is_other = |next: u32| next != node && Some(next) != from;
        if listed > 4 * (wanted + seats.len() + 1) {
            // Few of many: draw again what has been drawn or is none.
            for nth in 0.. {
                if out.len() - before == wanted {
                    break;
                }
                let place = draw(nth, listed);
                let next = match pairs.get(place) {
                    Some(&next) => next,
                    None => overlay.member_at(seats, place - pairs.len()),
                };
                if is_other(next) && !out[before..].contains(&next) {
                    out.push(next);
                }
            }
        } else {
            self.candidates.clear();
            self.candidates.extend(overlay.next_hops(node, None).filter(|&next| is_other(next)));
            for nth in 0..wanted.min(self.candidates.len()) {
                let place = draw(nth as u64, self.candidates.len());
                out.push(self.candidates.swap_remove(place));
            }
        }
        self.known.sent((flow, number), out.len() - before, overlay.nodes());
    }

    #[inline]
    fn is_new(&mut self, passing: Passing) -> bool {
        self.known.meets(passing)
    }
}

impl Load for Push {
    // As if a message reached everybody: what comes to a node follows from how many neighbours draw it.
    fn load(&self, demand: Demand<'_>) -> Vec<Traffic> {
        let Demand { overlay, degrees, .. } = demand;
        let own = demand.published(|_| true);
        let all: f64 = own.iter().sum();
        let fan_out = f64::from(self.fan_out.get());
        let degree = |node: u32| f64::from(degrees[node as usize]);
        // With which probability each draws one of its neighbours.
        let drawn = |node: u32| if degree(node) > 0.0 { (fan_out / degree(node)).min(1.0) } else { 0.0 };
        let in_block = |block: u32| overlay.block(block).iter().map(|&node| drawn(node)).sum::<f64>();
        let of_blocks: Vec<f64> = (0..overlay.blocks()).map(in_block).collect();
        let of_node = |(node, own): (u32, &f64)| {
            let of_pairs: f64 = overlay.pair_neighbours(node).iter().map(|&next| drawn(next)).sum();
            let of_blocks: f64 =
                overlay.seats(node).iter().map(|seat| of_blocks[seat.block as usize] - drawn(node)).sum();
            let passed_on = fan_out.min((degree(node) - 1.0).max(0.0));
            let coming = if degree(node) > 0.0 { of_pairs + of_blocks } else { 0.0 };
            Traffic { sent: own * fan_out.min(degree(node)) + (all - own) * passed_on, received: (all - own) * coming }
        };
        (0..).zip(&own).map(of_node).collect()
    }
}

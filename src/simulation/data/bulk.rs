//! Distributions: contents that spread over the overlay in pieces, on fluid links.
//!
//! A simulation of its own before that of messages, over the same connections. It finds of each link what messages leave on
//! average (`spread.rs`), and leaves them the queues that it keeps where it fills links (`standing.rs`). A peer asks a neighbour that has a piece it lacks; the request takes one way there, then the piece is a
//! flow that shares the sender's uplink and the receiver's downlink max-min fairly with all others, and its last
//! byte takes one way back. Neighbours are asked in an order that is drawn; what a peer has heard of others'
//! pieces is up to date.
//!
//! A flow takes no more than its connection can: the receive window a round trip, and under loss what Mathis et
//! al. give (CCR 27(3), 1997); and no more than the CPU of either end handles.

mod bound;
mod carriers;
mod distributed;
mod links;
mod pieces;
mod setting;
mod swarm;
#[cfg(test)]
mod tests;

pub(crate) use self::distributed::Distributed;
use self::links::Links;
pub(in crate::simulation) use self::links::WINDOW_BITS;
pub(in crate::simulation) use self::setting::Setting;
use self::setting::window;
use self::swarm::Swarm;
use super::relay::Relays;
use crate::overlay::dissemination::Traffic;
use crate::overlay::workload::{Content, Flow};
use crate::scenario::{Grain, Settings};
use crate::simulation::Prepared;
use crate::units::SimTime;

/// What messages ask of each node's links, if there are contents beside them; packet by packet they do not meet.
pub(in crate::simulation) fn traffic_beside(
    settings: &Settings,
    prepared: &Prepared,
    degrees: &[u32],
) -> Option<Vec<Traffic>> {
    let has_contents = settings.workloads.iter().any(|workload| workload.pieces().is_some());
    let meet = settings.run.grain == Grain::Message && !prepared.flows.is_empty() && has_contents;
    let bits = |flow: &Flow| 8.0 * settings.webrtc.wire(flow.size).bytes.get() as f64;
    meet.then(|| prepared.traffic(degrees, bits))
}

/// Lets all contents of a scenario spread; `None` if it has none.
pub(in crate::simulation) fn distribute(setting: &Setting<'_>, relays: &mut Relays) -> Option<Distributed> {
    let Setting { settings, world, streams, .. } = *setting;
    let workloads = settings.workloads.iter().zip(0..);
    let contents: Vec<Content> =
        workloads.filter_map(|(workload, nth)| workload.content(world, streams, nth)).collect();
    if contents.is_empty() {
        return None;
    }
    let bounds = contents.iter().map(|content| bound::least_time(world, settings, content));
    let bound = bounds.max().unwrap_or_default();
    let mut swarm = Swarm::new(Links::new(setting, &contents), &contents, window(settings), setting.traffic.is_some());
    for (content, nth) in contents.iter().zip(0..) {
        let start = content.start.unwrap_or(settings.run.warmup);
        swarm.start_at(SimTime::ZERO + start, nth);
    }
    swarm.run(relays);
    Some(swarm.into_distributed(bound))
}

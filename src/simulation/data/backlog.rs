//! How far a CPU may fall behind before the sockets of its connections are full.
//!
//! What waits for a CPU waits in the sockets of the node's connections, taken to fill alike. A CPU is one
//! queue in which a message stands with all that it will cost, so the wait at which the sockets are full
//! follows from what a message received costs in all: taking it in, sending its copies on, and the node's
//! own messages that come meanwhile.

use super::plan::Service;
use crate::overlay::dissemination::Traffic;
use crate::simulation::prepared::Prepared;
use crate::webrtc::Wire;

/// CPU times of a copy that go with each message that a node receives.
pub(in crate::simulation) fn works(prepared: &Prepared, degrees: &[u32]) -> Vec<f64> {
    let work = |Traffic { sent, received }: Traffic| if received > 0.0 { 1.0 + sent / received } else { 1.0 };
    prepared.traffic(degrees, |_| 1.0).into_iter().map(work).collect()
}

/// Says of each message how long it may wait: that of size `s` at node `v` is `services[s * nodes + v]`.
pub(in crate::simulation) fn bound(
    prepared: &Prepared,
    degrees: &[u32],
    sizes: &[Wire],
    services: &mut [Service],
    works: &[f64],
) {
    let world = &prepared.world;
    for (wire, services) in sizes.iter().zip(services.chunks_exact_mut(degrees.len())) {
        for ((service, node), work) in services.iter_mut().zip(0..).zip(works) {
            let unread = world.class(node).engine.unread_max(*wire).filter(|_| service.cpu_ns > 0);
            let longest = |each: f64| each * f64::from(degrees[node as usize]) * work * service.cpu_ns as f64;
            service.backlog_ns = unread.map_or(u64::MAX, |each| longest(each) as u64);
        }
    }
}

//! What connections send beside messages: acknowledgements, and what keeps them alive. Counted, not queued.
//!
//! **SACKs.** A receiver acknowledges every second packet, or 200 ms after the first (RFC 9260, section 6.2). Where
//! packets arrive on a connection at random at rate `r`, a second one comes in time with probability
//! `q = 1 - exp(-0.2 s r)`, which makes `1 / (1 + q)` SACKs a packet. (Chromium, measured: 0.59 at 10 /s, 0.53 at
//! 30, 0.51 at 60; this gives 0.54, 0.50 and 0.50.) Every message reaches every node once, so that what a node
//! receives follows from what is delivered; it is taken to come evenly over its connections.
//!
//! **Keep-alives.** ICE's checks and consent, both directions' answers included: bytes per second by engine.

use super::connect::Connected;
use super::plan::Plan;
use crate::scenario::Settings;
use crate::units::{ByteCount, SimTime};
use crate::world::World;

/// How long a SACK may wait for a second packet.
const SACK_DELAY_S: f64 = 0.2;

/// Packets of messages that each node published in the measured window.
pub(super) fn packets_published(plan: &Plan, nodes: u32, until: SimTime) -> Vec<f64> {
    let mut packets = vec![0.0; nodes as usize];
    for flow in &plan.flows {
        let wire = plan.sizes[flow.size as usize];
        let messages = plan.timetable.count(flow.schedule, plan.measure_from, until);
        packets[flow.source as usize] += messages as f64 * wire.packets as f64;
    }
    packets
}

/// Bytes that each node sends beside messages in the measured window, when this share of all that the others
/// published reaches it.
pub(super) fn bytes(
    world: &World,
    settings: &Settings,
    connected: &Connected,
    published: &[f64],
    share: f64,
) -> Vec<u64> {
    let window = (settings.run.duration - settings.run.warmup).as_secs_f64();
    // A SACK has the size of a packet of data without a byte of it.
    let sack = settings.webrtc.wire(ByteCount::default()).bytes.get() as f64;
    let all: f64 = published.iter().sum();
    let of_node = |(node, own): (u32, &f64)| {
        let connections = f64::from(connected.degrees[node as usize]);
        if sack <= 0.0 || connections < 1.0 {
            return 0;
        }
        let packets = (all - own) * share;
        let second_in_time = 1.0 - libm::exp(-SACK_DELAY_S * packets / connections / window);
        let keepalive = world.class(node).engine.keepalive_per_s.get() as f64 * connections * window;
        (packets / (1.0 + second_in_time) * sack + keepalive).round() as u64
    };
    (0..).zip(published).map(of_node).collect()
}

//! What connections send beside messages: acknowledgements, and what keeps them alive. Counted, not queued; busy links
//! have less room for messages (`loads.rs`).
//!
//! **SACKs.** A receiver acknowledges every second packet, or 200 ms after the first (RFC 9260, section 6.2). Where
//! packets arrive on a connection at random at rate `r`, a second one comes in time with probability
//! `q = 1 - exp(-0.2 s r)`, which makes `1 / (1 + q)` SACKs a packet. (Chromium, measured: 0.59 at 10 /s, 0.53 at
//! 30, 0.51 at 60; this gives 0.54, 0.50 and 0.50.) What is for everybody reaches every node once, what is for
//! an audience the nodes on the way to it, so that what a node receives follows from what is delivered; it is taken to
//! come evenly over its connections.
//!
//! **Keep-alives.** ICE's checks and consent, both directions' answers included: bytes per second by engine.

use crate::overlay::Overlay;
use crate::overlay::audience::{ALL, Audiences};
use crate::scenario::Settings;
use crate::simulation::control::connect::Connected;
use crate::simulation::data::loads::sacks;
use crate::simulation::data::plan::Plan;
use crate::units::{ByteCount, SimTime};
use crate::world::World;

/// Packets of messages in the measured window, by node.
pub(in crate::simulation) struct Packets {
    /// Those for everybody that it published.
    to_all: Vec<f64>,
    /// Those for some that reach it.
    routed: Vec<f64>,
}

impl Packets {
    /// Adds others that came to each node, if there are any.
    pub(in crate::simulation) fn add(&mut self, others: &[u64]) {
        for (packets, &others) in self.routed.iter_mut().zip(others) {
            *packets += others as f64;
        }
    }
}

/// Packets of the messages that are published in the measured window, which ends at `until`.
pub(in crate::simulation) fn packets(plan: &Plan, overlay: &Overlay, audiences: &Audiences, until: SimTime) -> Packets {
    let none = vec![0.0; overlay.nodes() as usize];
    if let Some(received) = &plan.received {
        // Where messages come more than once, by the rule's own account.
        let window_s = until.since(plan.programme.measure_from).as_secs_f64();
        return Packets { to_all: none, routed: received.iter().map(|per_s| per_s * window_s).collect() };
    }
    let mut packets = Packets { to_all: none.clone(), routed: none };
    for flow in plan.programme.flows() {
        let wire = plan.sizes[flow.size as usize];
        let messages = plan.programme.timetable.count(flow.schedule, plan.programme.measure_from, until);
        let published = messages as f64 * wire.packets as f64;
        if flow.audience == ALL {
            packets.to_all[flow.source as usize] += published;
            continue;
        }
        audiences.for_each_sender(overlay, flow.audience, flow.source, |node, _| {
            packets.routed[node as usize] += if node == flow.source { 0.0 } else { published };
        });
    }
    packets
}

/// Bytes that each node sends beside messages in the measured window, when this share of all that is to reach it does.
pub(in crate::simulation) fn bytes(
    world: &World,
    settings: &Settings,
    connected: &Connected,
    packets: &Packets,
    share: f64,
) -> Vec<u64> {
    let window = (settings.run.duration - settings.run.warmup).as_secs_f64();
    // A SACK has the size of a packet of data without a byte of it.
    let sack = settings.webrtc.wire(ByteCount::default()).bytes.get() as f64;
    let all: f64 = packets.to_all.iter().sum();
    let of_node = |((node, own), routed): ((u32, &f64), &f64)| {
        let [open, connections] = [connected.degrees[node as usize], connected.carrying_at(node)].map(f64::from);
        if sack <= 0.0 || open < 1.0 {
            return 0;
        }
        let packets = (all - own + routed) * share;
        let keepalive = world.class(node).engine.keepalive_per_s.get() as f64 * open * window;
        let acknowledged = if connections < 1.0 { 0.0 } else { sacks(packets / window, connections) * window * sack };
        (acknowledged + keepalive).round() as u64
    };
    (0..).zip(&packets.to_all).zip(&packets.routed).map(of_node).collect()
}

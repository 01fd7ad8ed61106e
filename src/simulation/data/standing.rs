//! Queues that bulk data keeps at access links, and what messages meet there.
//!
//! Congestion control that goes by losses fills the buffer before the link that limits it until a packet is dropped.
//! With `n` connections whose windows halve one after the other, their sum swings between what the path and the buffer
//! hold, `B + R`, and a `2n`-th less (in time at the link's rate `C`: `B` the buffer, `R` the round trip without queues),
//! so that on average the queue stands at
//!
//! ```text
//! q(n) = B - (B + R) / (4 n),   at least 0,   at most n W / C - R where windows W end first
//! ```
//!
//! (the saw-tooth of Appenzeller, Keslassy and McKeown, "Sizing Router Buffers", SIGCOMM 2004, sections 2 and 3). A message
//! waits behind it, first in, first out. On a connection that carries bulk data itself it first waits for its turn: streams
//! take turns by messages, and a message of bulk data takes `n M / C`, of which half is left on average.

use super::bulk::WINDOW_BITS;
use crate::units::{Bitrate, ByteCount, SimDuration, SimTime};
use crate::world::{Class, World};

/// The standing queues of all access links over time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    // Of the uplink of node `v` at `2 v`, of its downlink behind: from when on messages wait how long, in order.
    steps: Vec<Vec<(SimTime, SimDuration)>>,
}

/// A link that bulk data fills.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filled {
    /// How many connections carry it.
    pub(crate) carriers: u32,
    /// The mean of their round trips without queues.
    pub(crate) round_trip: SimDuration,
    /// Bytes of a message that it is sent in.
    pub(crate) message: ByteCount,
    /// How many connections there are, these among them.
    pub(crate) connections: u32,
}

impl Standing {
    /// No queues at the links of so many nodes.
    pub(crate) fn new(nodes: u32) -> Self {
        Self { steps: vec![Vec::new(); 2 * nodes as usize] }
    }

    /// From this time on, which is no earlier than any before, so much bulk data fills a node's up- or downlink; none
    /// if absent.
    pub(crate) fn set(&mut self, world: &World, now: SimTime, (node, is_up): (u32, bool), filled: Option<Filled>) {
        let rates = world.rates(node);
        let rate = if is_up { rates.up } else { rates.down };
        let wait = |filled: Filled| rate.map_or(SimDuration::ZERO, |rate| wait(world.class(node), rate, filled));
        let wait = filled.map_or(SimDuration::ZERO, wait);
        let steps = &mut self.steps[2 * node as usize + usize::from(!is_up)];
        steps.pop_if(|(time, _)| *time == now);
        if steps.last().map_or(SimDuration::ZERO, |(_, before)| *before) != wait {
            steps.push((now, wait));
        }
    }

    /// Whether messages never wait.
    pub(in crate::simulation) fn is_empty(&self) -> bool {
        self.steps.iter().all(Vec::is_empty)
    }

    /// How long, in ns, a message waits that comes to a node's uplink at this time.
    #[inline]
    pub(in crate::simulation) fn up_ns(&self, node: u32, at: SimTime) -> u64 {
        self.at(2 * node as usize, at)
    }

    /// The same at its downlink.
    #[inline]
    pub(in crate::simulation) fn down_ns(&self, node: u32, at: SimTime) -> u64 {
        self.at(2 * node as usize + 1, at)
    }

    fn at(&self, link: usize, at: SimTime) -> u64 {
        let steps = &self.steps[link];
        let next = steps.partition_point(|(from, _)| *from <= at);
        if next == 0 { 0 } else { steps[next - 1].1.as_ns() }
    }
}

// How long a message waits at a link of this class and rate.
fn wait(class: &Class, rate: Bitrate, filled: Filled) -> SimDuration {
    let carriers = f64::from(filled.carriers.max(1));
    let rate_bps = rate.as_bps() as f64;
    let buffer_s = class.buffer.map_or(f64::INFINITY, SimDuration::as_secs_f64);
    let round_trip_s = filled.round_trip.as_secs_f64();
    let by_windows_s = carriers * WINDOW_BITS / rate_bps - round_trip_s;
    let by_losses_s =
        if buffer_s < f64::INFINITY { buffer_s - (buffer_s + round_trip_s) / (4.0 * carriers) } else { buffer_s };
    let share = (carriers / f64::from(filled.connections.max(1))).min(1.0);
    let turn_s = share * carriers * filled.message.get() as f64 * 8.0 / rate_bps / 2.0;
    SimDuration::from_secs_f64(by_losses_s.min(by_windows_s).max(0.0) + turn_s)
}

//! What a replication observed, whatever ran it, and its record.

use super::experience::Experience;
use super::fate::Fates;
use super::responses::Responses;
use super::trend::Growth;
use super::ways::Ways;
use crate::metrics::{LatencyHistogram, RunCounts};
use crate::simulation::control::budget::Fallen;
use crate::simulation::control::connect::Tally;
use crate::simulation::data::bulk::Distributed;
use crate::simulation::data::relay::Forwarded;
use crate::units::{SimDuration, SimTime};
use crate::world::World;

/// Everything that the record of a replication is made of. Lists have an entry a node.
#[derive(Debug)]
pub(crate) struct Observed<'a> {
    pub(crate) world: &'a World,
    /// Of every delivery in the measured window.
    pub(crate) latency: LatencyHistogram,
    /// By how much latency grows while it is measured, if it does.
    pub(crate) growth: Option<Growth>,
    pub(crate) counts: RunCounts,
    /// How requests were answered.
    pub(crate) responses: Responses,
    pub(crate) window: Window,
    /// Mean over its messages of the hops to the last receiver, where they are counted.
    pub(crate) last_hops: Option<f64>,
    /// What became of the deliveries that were wanted and did not come about.
    pub(crate) fates: Fates,
    /// Bytes that waited in each node's associations when the window ended; empty where they are not followed.
    pub(crate) unsent_bytes: Vec<u64>,
    /// Utilisation in percent of the measured window.
    pub(crate) uplink_percent: Vec<f64>,
    pub(crate) downlink_percent: Vec<f64>,
    pub(crate) cpu_percent: Vec<f64>,
    /// Share of the CPU budget that open connections need to stay alive.
    pub(crate) idle_share: &'a [f32],
    /// Open connections once the overlay is connected.
    pub(crate) degrees: &'a [u32],
    /// What became of the connections.
    pub(crate) connections: ConnectionCounts,
    /// Allocations on TURN servers.
    pub(crate) turn_allocations: u64,
    /// What each TURN server forwarded in the measured window.
    pub(crate) forwarded: Vec<Forwarded>,
    /// How long that is.
    pub(crate) window_length: SimDuration,
    /// Why those cannot be opened, or what became of them.
    pub(crate) why_impossible: &'static str,
    /// When the last connection opened.
    pub(crate) connected_at: SimTime,
    /// How the overlay connected, where that is known.
    pub(crate) connecting: Option<&'a Tally>,
    /// Peers that failed for want of CPU or memory.
    pub(crate) fallen: Option<Fallen>,
    /// Whether anybody publishes.
    pub(crate) publishes: bool,
    /// What came of contents that spread in pieces, if there are any.
    pub(crate) distributed: Option<&'a Distributed>,
    /// How live streams and urgent messages fared.
    pub(crate) experience: &'a Experience,
    /// The ways of messages through the overlay, where they are known.
    pub(crate) ways: Option<Ways>,
}

/// What became of the connections that a topology wants.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ConnectionCounts {
    /// All of them.
    pub(crate) wanted: u64,
    /// Those through TURN servers: over UDP, over TCP, over TLS.
    pub(crate) relayed: [u64; 3],
    /// Those that are not opened.
    pub(crate) impossible: u64,
    /// Those on standby, and how many of them are not opened. Nobody misses a message for it.
    pub(crate) standby: [u64; 2],
}

/// What messages of the measured window did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    pub(crate) wanted: u64,
    pub(crate) sent: u64,
    pub(crate) sent_bytes: u64,
    pub(crate) server_bytes: u64,
    pub(crate) lost: u64,
    pub(crate) overflowed: u64,
    pub(crate) refused: u64,
    /// Chunks of messages that came to those whom they are for, and how many messages they made.
    pub(crate) chunks: u64,
    pub(crate) made_of_chunks: u64,
    /// Copies that brought nothing new, where that can be.
    pub(crate) duplicates: Option<u64>,
    /// Bytes of control messages that were sent, where there are any.
    pub(crate) control_bytes: Option<u64>,
}

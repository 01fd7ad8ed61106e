//! What following packets would cost, from what is known before a topology is.

use crate::scenario::settings::Settings;

/// Most CPU time that a replication may take for a cell to be followed packet by packet without being asked.
const CPU_MAX_S: f64 = 60.0;
/// Most memory, likewise, in bytes.
const MEMORY_MAX: f64 = 2e9;
/// CPU time a delivered packet, on one core of a cloud VM (2.6 GHz), with its acknowledgements.
const PER_PACKET_S: f64 = 1e-6;
/// CPU time of one more message beside its packets.
const PER_MESSAGE_S: f64 = 0.5e-6;
/// Memory of a peer with the connections of a sparse overlay, in bytes.
const PER_PEER: f64 = 16_384.0;

/// What a replication is estimated to take packet by packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PacketCost {
    pub(super) cpu_s: f64,
    pub(super) memory: f64,
}

impl PacketCost {
    /// For a cell with these settings, whatever its topology: every wanted copy crosses one connection.
    pub(super) fn of(settings: &Settings) -> Self {
        let peers = settings.population.peers.get();
        let of_workload = |workload: &std::sync::Arc<dyn crate::overlay::workload::Workload>| {
            let copies = workload.estimate(peers, settings.run.duration).copies();
            let packets = settings.webrtc.wire(workload.largest_message()).packets as f64;
            copies * (PER_MESSAGE_S + packets * PER_PACKET_S)
        };
        Self { cpu_s: settings.workloads.iter().map(of_workload).sum(), memory: f64::from(peers) * PER_PEER }
    }

    /// Whether it is little enough to be chosen without being asked for.
    pub(super) fn fits(self) -> bool {
        self.cpu_s <= CPU_MAX_S && self.memory <= MEMORY_MAX
    }
}

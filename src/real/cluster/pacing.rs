//! CPU time of single packets: a message of many of them is written and read packet by packet, as in the model.
//!
//! The stack itself takes no time here. Datagrams that carry messages are told by their size, for what they carry is
//! encrypted: acknowledgements, checks and handshakes of this stack are smaller, or few.

use crate::net::FifoServer;
use crate::units::{ByteCount, SimDuration, SimTime};

/// What a packet costs a node's CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketCpu {
    /// Whatever its size.
    pub packet: SimDuration,
    /// For each kilobyte.
    pub kilobyte: SimDuration,
}

/// The network side of each node, for packets only.
#[derive(Debug, Default)]
pub(super) struct Pacing {
    rows: Vec<PeerCpu>,
}

#[derive(Debug)]
struct PeerCpu {
    cpu: PacketCpu,
    server: FifoServer,
    // Work since it was last asked for.
    work_ns: u64,
}

/// Smaller datagrams cost nothing: a SACK with a few gaps, a check through a TURN server.
const PACED_BYTES: ByteCount = ByteCount::new(250);

impl Pacing {
    pub(super) fn new(cpus: impl IntoIterator<Item = PacketCpu>) -> Self {
        let row = |cpu| PeerCpu { cpu, server: FifoServer::default(), work_ns: 0 };
        Self { rows: cpus.into_iter().map(row).collect() }
    }

    /// When a node has written or read a datagram, behind those before it.
    pub(super) fn handle(&mut self, now: SimTime, node: u32, size: ByteCount) -> SimTime {
        let Some(row) = self.rows.get_mut(node as usize) else { return now };
        if size < PACED_BYTES {
            return now + SimDuration::from_ns(row.server.wait_ns(now.as_ns()));
        }
        let work_ns = row.cpu.packet.as_ns() + size.get() * row.cpu.kilobyte.as_ns() / 1_000;
        row.work_ns += work_ns;
        SimTime::from_ns(row.server.serve(now.as_ns(), work_ns))
    }

    /// How long packets have kept a node's CPU busy since this was last asked.
    pub(super) fn take_work(&mut self, node: u32) -> SimDuration {
        let work_ns = self.rows.get_mut(node as usize).map_or(0, |row| std::mem::take(&mut row.work_ns));
        SimDuration::from_ns(work_ns)
    }
}

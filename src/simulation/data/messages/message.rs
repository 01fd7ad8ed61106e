//! A message, and its copies on a hop.

use super::event::Copied;
use crate::overlay::workload::Channel;
use crate::units::SimTime;

/// A copy that reaches its receiver's downlink; its ends by their places.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Arrival {
    pub(in crate::simulation) time: SimTime,
    pub(in crate::simulation) from: u32,
    pub(in crate::simulation) to: u32,
}

/// A message, looked up once an event.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Message {
    pub(in crate::simulation) flow: u32,
    pub(in crate::simulation) number: u32,
    pub(in crate::simulation) channel: Channel,
    pub(in crate::simulation) audience: u32,
    pub(in crate::simulation) published: SimTime,
    pub(in crate::simulation) measured: bool,
    /// Whether its deliveries count among those wanted: it is measured and no response.
    pub(in crate::simulation) is_wanted: bool,
    /// Whether it asks for an answer, or is one, or a chunk.
    pub(in crate::simulation) is_exchanged: bool,
    /// Whether it is a control message.
    pub(in crate::simulation) is_control: bool,
    /// Bytes on a link, and packets.
    pub(in crate::simulation) bytes: u64,
    pub(in crate::simulation) packets: u64,
    /// Which of the plan's sizes it has.
    pub(in crate::simulation) size: u32,
}

impl Message {
    /// Itself as draws and associations know it.
    pub(in crate::simulation) fn word(&self) -> u64 {
        u64::from(self.flow) << 32 | u64::from(self.number)
    }

    /// Its copy from one place to another.
    pub(in crate::simulation) fn copied(&self, from: u32, to: u32) -> Copied {
        Copied { from, to, flow: self.flow, number: self.number }
    }
}

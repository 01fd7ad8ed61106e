//! A message, and its copies on a hop.

use super::event::Copied;
use crate::overlay::workload::Channel;
use crate::units::SimTime;

/// A copy that reaches its receiver's downlink; its ends by their places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) time: SimTime,
    pub(super) from: u32,
    pub(super) to: u32,
}

/// A message, looked up once an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) flow: u32,
    pub(super) number: u32,
    pub(super) channel: Channel,
    pub(super) audience: u32,
    pub(super) published: SimTime,
    pub(super) measured: bool,
    /// Whether its deliveries count among those wanted: it is measured and no response.
    pub(super) is_wanted: bool,
    /// Whether it asks for an answer, or is one.
    pub(super) is_exchanged: bool,
    /// Bytes on a link, and packets.
    pub(super) bytes: u64,
    pub(super) packets: u64,
    /// Which of the plan's sizes it has.
    pub(super) size: u32,
}

impl Message {
    /// Itself as draws and associations know it.
    pub(super) fn word(&self) -> u64 {
        u64::from(self.flow) << 32 | u64::from(self.number)
    }

    /// Its copy from one place to another.
    pub(super) fn copied(&self, from: u32, to: u32) -> Copied {
        Copied { from, to, flow: self.flow, number: self.number }
    }
}

//! What an application may do while it handles something.

use bytes::BytesMut;

use super::{Cluster, ClusterEvent, End};
use crate::engine::Scheduler;
use crate::real::stack::{Selected, StackError};
use crate::units::{SimDuration, SimTime};

/// The cluster as an application sees it at one moment.
pub struct Context<'a> {
    /// The moment.
    pub now: SimTime,
    pub(super) cluster: &'a mut Cluster,
    pub(super) scheduler: &'a mut Scheduler<ClusterEvent>,
}

impl<'a> Context<'a> {
    /// The cluster between two events, for a caller that drives it.
    pub fn new(cluster: &'a mut Cluster, scheduler: &'a mut Scheduler<ClusterEvent>) -> Self {
        Self { now: scheduler.now(), cluster, scheduler }
    }

    /// The cluster, to look at.
    #[must_use]
    pub const fn cluster(&self) -> &Cluster {
        self.cluster
    }

    /// Begins with a connection at `time`.
    pub fn connect_at(&mut self, time: SimTime, connection: u32) {
        self.scheduler.schedule_at(time, ClusterEvent::Begin { connection });
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the channel is not open, or the message too large.
    pub fn send(&mut self, end: End, channel: usize, message: BytesMut) -> Result<(), StackError> {
        let now = self.now;
        let endpoint = self.cluster.endpoint_of(end).ok_or_else(StackError::closed)?;
        let seat = self.cluster.seat(endpoint).ok_or_else(StackError::closed)?;
        seat.endpoint.send(now, channel, message)?;
        self.cluster.drain(now, endpoint, self.scheduler);
        Ok(())
    }

    /// Bytes sent on a channel that the other end has not acknowledged.
    pub fn outstanding_bytes(&mut self, end: End, channel: usize) -> usize {
        let endpoint = self.cluster.endpoint_of(end);
        let seat = endpoint.and_then(|endpoint| self.cluster.seat(endpoint));
        seat.map_or(0, |seat| seat.endpoint.outstanding_bytes(channel))
    }

    /// How long packets have kept a node's CPU busy since this was last asked.
    pub fn take_packet_work(&mut self, node: u32) -> SimDuration {
        self.cluster.pacing.take_work(node)
    }

    /// The candidate pair that carries the data of an end.
    pub fn selected(&mut self, end: End) -> Option<Selected> {
        let endpoint = self.cluster.endpoint_of(end)?;
        self.cluster.seat(endpoint)?.endpoint.selected()
    }

    /// Calls [`wake`](super::Application::wake) with `token` at `time`.
    pub fn wake_at(&mut self, time: SimTime, token: u64) {
        self.scheduler.schedule_at(time, ClusterEvent::Wake { token });
    }

    /// Closes a connection from this end, and tells the other.
    pub fn close(&mut self, end: End) {
        self.cluster.close(self.now, end, self.scheduler);
    }

    /// A node vanishes: its ends are gone, and nobody is told.
    pub fn crash(&mut self, node: u32) {
        self.cluster.crash(node);
    }
}

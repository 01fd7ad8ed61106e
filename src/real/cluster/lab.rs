//! A cluster with an application on top.

use bytes::BytesMut;

use super::{Cluster, ClusterEvent, Context, End};
use crate::engine::{Engine, Model, RunLimits, Scheduler};
use crate::units::SimTime;

/// What runs on top of the connections.
pub trait Application {
    /// All channels of a connection are open at both ends.
    fn open(&mut self, _connection: u32, _context: &mut Context<'_>) {}

    /// A message has arrived.
    fn message(&mut self, _end: End, _channel: usize, _message: BytesMut, _context: &mut Context<'_>) {}

    /// A connection could not be opened, or an open one has broken.
    fn lost(&mut self, _connection: u32, _context: &mut Context<'_>) {}

    /// A time that the application asked for has come.
    fn wake(&mut self, _token: u64, _context: &mut Context<'_>) {}
}

/// A cluster with an application on top.
pub struct Lab<A> {
    /// The nodes.
    pub cluster: Cluster,
    /// What runs on them.
    pub application: A,
}

impl<A: Application> Lab<A> {
    /// An engine at time zero, with nothing scheduled.
    pub fn engine(self) -> Engine<Self> {
        Engine::new(self, RunLimits { events_per_instant_max: 10_000_000, ..RunLimits::default() })
    }
}

impl<A: Application> Model for Lab<A> {
    type Event = ClusterEvent;

    fn handle(&mut self, now: SimTime, event: ClusterEvent, scheduler: &mut Scheduler<ClusterEvent>) {
        let Self { cluster, application } = self;
        cluster.handle(now, event, scheduler, application);
    }
}

//! One end of an association on which nothing has been sent yet: all that it does is to ask for signs of life and to
//! answer them. Most ends of a mesh are such, so an end is no larger than it has to be.

use super::association::Association;
use super::chunk::Chunk;
use super::outbox::Outbox;
use super::profile::AssociationProfile;
use super::rto::T3;
use crate::units::SimTime;

/// One end of an association that stands and has carried no data.
#[derive(Clone, Copy, Debug)]
pub struct IdleEnd {
    t3: T3,
    heartbeat_due: SimTime,
}

impl IdleEnd {
    /// An end of an association that stands since `now`.
    #[must_use]
    pub fn new(now: SimTime, profile: &AssociationProfile) -> Self {
        let mut end = Self { t3: T3::new(&profile.rto), heartbeat_due: SimTime::MAX };
        end.put_heartbeat_off(now, profile);
        end
    }

    /// When this end wants to be woken.
    #[must_use]
    pub fn next_wake(&self) -> Option<SimTime> {
        (self.heartbeat_due != SimTime::MAX).then_some(self.heartbeat_due)
    }

    /// The time has come that it asked for.
    pub fn wake(&mut self, now: SimTime, profile: &AssociationProfile, record_bytes: u32, out: &mut Outbox) {
        if self.heartbeat_due <= now {
            self.send(now, Chunk::Heartbeat { sent: now }, profile, record_bytes, out);
        }
    }

    /// A packet has arrived. Returns whether an idle end can take it; if not, nothing has changed.
    pub fn receive(
        &mut self,
        now: SimTime,
        chunks: &[Chunk],
        profile: &AssociationProfile,
        record_bytes: u32,
        out: &mut Outbox,
    ) -> bool {
        if !chunks.iter().all(|chunk| matches!(chunk, Chunk::Heartbeat { .. } | Chunk::HeartbeatAck { .. })) {
            return false;
        }
        for chunk in chunks {
            match *chunk {
                Chunk::Heartbeat { sent } => {
                    self.send(now, Chunk::HeartbeatAck { sent }, profile, record_bytes, out);
                }
                Chunk::HeartbeatAck { sent } => self.t3.observe(now.since(sent), &profile.rto),
                _ => {}
            }
        }
        true
    }

    /// The end goes on as one that may carry data.
    pub(super) fn hand_over(self, end: &mut Association) {
        end.t3 = self.t3;
        end.heartbeat_due = self.heartbeat_due;
    }

    fn send(&mut self, now: SimTime, chunk: Chunk, profile: &AssociationProfile, record_bytes: u32, out: &mut Outbox) {
        out.push(chunk);
        out.close(Association::below_bytes(record_bytes));
        self.put_heartbeat_off(now, profile);
    }

    fn put_heartbeat_off(&mut self, now: SimTime, profile: &AssociationProfile) {
        if let Some(interval) = profile.heartbeat {
            self.heartbeat_due = now + interval + self.t3.timeout();
        }
    }
}

//! One end of an association: what its application and the other end say to it.

use std::sync::Arc;

use smallvec::SmallVec;
use thiserror::Error;

use super::channel::{Channel, ChannelSpec, Reliability};
use super::chunk::{Chunk, DataChunk};
use super::idle::IdleEnd;
use super::outbox::Outbox;
use super::outstanding::Outstanding;
use super::profile::{AssociationProfile, Repair};
use super::rto::T3;
use super::tracker::Tracker;
use super::transmit::Turns;
use super::window::{Growth, Window};
use crate::units::SimTime;

/// One end of an association that stands.
#[derive(Clone, Debug)]
pub struct Association {
    pub(super) profile: Arc<AssociationProfile>,
    // Mostly one: it stands beside the rest.
    pub(super) channels: SmallVec<[Channel; 1]>,
    pub(super) outstanding: Outstanding,
    pub(super) window: Window,
    pub(super) t3: T3,
    pub(super) tracker: Tracker,
    pub(super) turns: Turns,
    // What the other end has room for, less what is in flight.
    pub(super) peer_window: u32,
    // What has arrived and waits to be whole, or for its turn.
    pub(super) held_bytes: i64,
    // What DTLS, UDP and IP add to a packet.
    pub(super) below_bytes: u32,
    pub(super) message_bytes_max: u32,
    pub(super) heartbeat_due: SimTime,
    // No FORWARD TSN before this, unless it is news.
    pub(super) forward_after: SimTime,
    // A packet of fast retransmissions, or a FORWARD TSN, is to be sent.
    pub(super) wants_fast: bool,
    pub(super) wants_forward: bool,
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SendError {
    /// It is larger than both ends allow, or empty.
    #[error("a message of {len} B: from 1 to {most} B can be sent")]
    Size {
        /// Its bytes.
        len: u32,
        /// The most.
        most: u32,
    },
    /// Too much is buffered; nothing else has changed, and later there is room.
    #[error("the send queue is full: {buffered} B are buffered")]
    QueueFull {
        /// Bytes buffered on the stream.
        buffered: u64,
    },
}

/// Congestion control as it stands, for reports and tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Congestion {
    /// The window in bytes.
    pub window: u32,
    /// Bytes in flight, as the profile counts them.
    pub flight: u32,
    /// Whether in fast recovery.
    pub in_recovery: bool,
    /// Chunks sent and not acknowledged cumulatively.
    pub outstanding: u32,
}

/// IPv4 and UDP.
const DATAGRAM_HEADER_BYTES: u32 = 28;

impl Association {
    /// An end with this profile, of an association that stands since `now`; DTLS adds `record_bytes`
    /// to a packet.
    #[must_use]
    pub fn new(now: SimTime, profile: &Arc<AssociationProfile>, peer: &AssociationProfile, record_bytes: u32) -> Self {
        let mut end = Self {
            channels: SmallVec::new(),
            outstanding: Outstanding::new(profile),
            window: Window::new(profile, peer.receive_window),
            t3: T3::new(&profile.rto),
            tracker: Tracker::new(),
            turns: Turns::default(),
            peer_window: peer.receive_window,
            held_bytes: 0,
            below_bytes: Self::below_bytes(record_bytes),
            message_bytes_max: profile.message_bytes_max.min(peer.message_bytes_max),
            heartbeat_due: SimTime::MAX,
            forward_after: SimTime::ZERO,
            wants_fast: false,
            wants_forward: false,
            profile: Arc::clone(profile),
        };
        end.put_heartbeat_off(now);
        end
    }

    /// The same where it has been idle so far.
    #[must_use]
    pub fn resume(
        idle: IdleEnd,
        profile: &Arc<AssociationProfile>,
        peer: &AssociationProfile,
        record_bytes: u32,
    ) -> Self {
        let mut end = Self::new(SimTime::ZERO, profile, peer, record_bytes);
        idle.hand_over(&mut end);
        end
    }

    /// What DTLS, UDP and IP add to a packet.
    pub(super) const fn below_bytes(record_bytes: u32) -> u32 {
        DATAGRAM_HEADER_BYTES + record_bytes
    }

    /// Reads a word of each cache line that sending or receiving needs, so that they are at hand when it comes to that.
    #[must_use]
    #[inline]
    pub fn touch(&self) -> u32 {
        let times = self.t3.due().as_ns() ^ self.tracker.due().as_ns() ^ self.heartbeat_due.as_ns();
        let words = self.peer_window ^ self.window.size() ^ self.below_bytes ^ self.t3.timeout().as_ns() as u32;
        words ^ times as u32 ^ self.turns.touch() ^ u32::from(self.wants_fast)
    }

    /// The same of what lies elsewhere in memory.
    #[must_use]
    #[inline]
    pub fn touch_behind(&self) -> u32 {
        self.channels.iter().take(2).fold(self.outstanding.touch(), |sum, channel| sum ^ channel.touch())
    }

    /// Makes room for so many channels and no more.
    pub fn reserve(&mut self, channels: usize) {
        self.channels.reserve_exact(channels);
    }

    /// Adds a channel, which must be the same at the other end; returns its stream.
    pub fn open(&mut self, spec: ChannelSpec) -> u16 {
        self.channels.push(Channel::new(spec));
        self.channels.len() as u16 - 1
    }

    /// Adds a channel that the other end has opened; returns its stream.
    pub fn accept(&mut self, asked: ChannelSpec) -> u16 {
        let kept = ChannelSpec { unordered: false, reliability: Reliability::Reliable, ..asked };
        self.open(if self.profile.accepts_as_asked { asked } else { kept })
    }

    /// Sends a message of `len` bytes, for which `message` is the sender's word.
    ///
    /// # Errors
    /// When it is too large or too much is buffered; then it is not sent.
    pub fn send(
        &mut self,
        now: SimTime,
        stream: u16,
        message: u64,
        len: u32,
        out: &mut Outbox,
    ) -> Result<(), SendError> {
        let most = self.message_bytes_max;
        if len == 0 || len > most {
            return Err(SendError::Size { len, most });
        }
        let buffered = self.channels[usize::from(stream)].buffered;
        if buffered + u64::from(len) > self.profile.send_buffer {
            return Err(SendError::QueueFull { buffered });
        }
        self.enqueue(now, stream, message, len);
        self.transmit(now, out);
        Ok(())
    }

    /// A packet has arrived.
    pub fn receive(&mut self, now: SimTime, chunks: &[Chunk], out: &mut Outbox) {
        for (chunk, behind) in chunks.iter().zip(1..) {
            match *chunk {
                Chunk::Data(data) => self.take_data(&data, out),
                Chunk::Sack { cumulative, window, .. } => {
                    self.take_sack(now, cumulative, window, gaps_of(&chunks[behind..]), out);
                }
                Chunk::ForwardTsn { cumulative } => self.take_forward(cumulative, &chunks[behind..], out),
                Chunk::Heartbeat { sent } => {
                    out.push(Chunk::HeartbeatAck { sent });
                    out.close(self.below_bytes);
                    self.put_heartbeat_off(now);
                }
                Chunk::HeartbeatAck { sent } => self.t3.observe(now.since(sent), &self.profile.rto),
                Chunk::Gap { .. } | Chunk::Skip { .. } => {}
            }
        }
        self.tracker.end_packet(now, &self.profile);
        self.answer(now, out);
    }

    /// When this end wants to be woken; earlier does no harm.
    #[must_use]
    pub fn next_wake(&self) -> Option<SimTime> {
        let next = self.t3.due().min(self.tracker.due()).min(self.heartbeat_due);
        (next != SimTime::MAX).then_some(next)
    }

    /// The time has come that it asked for.
    pub fn wake(&mut self, now: SimTime, out: &mut Outbox) {
        if self.tracker.due() <= now {
            self.tracker.sack_now();
            self.answer(now, out);
        }
        if self.t3.due() <= now && self.t3.expire(now, &self.profile.rto) {
            self.window.time_out(&self.profile);
            self.outstanding.mark_all(now, &mut self.channels, out);
            self.wants_forward = true;
            self.transmit(now, out);
        }
        if self.heartbeat_due <= now {
            out.push(Chunk::Heartbeat { sent: now });
            out.close(self.below_bytes);
            self.put_heartbeat_off(now);
        }
    }

    /// The API's `bufferedAmount` of a stream.
    #[must_use]
    pub fn buffered(&self, stream: u16) -> u64 {
        self.channels[usize::from(stream)].buffered
    }

    /// Bytes of a stream's messages that have not been sent, whatever the API counts as buffered.
    #[must_use]
    pub fn unsent(&self, stream: u16) -> u64 {
        self.channels[usize::from(stream)].unsent()
    }

    /// The largest message that may be sent.
    #[must_use]
    pub const fn message_bytes_max(&self) -> u32 {
        self.message_bytes_max
    }

    /// Congestion control as it stands.
    #[must_use]
    pub fn congestion(&self) -> Congestion {
        Congestion {
            window: self.window.size(),
            flight: self.outstanding.flight(),
            in_recovery: self.window.in_recovery(),
            outstanding: self.outstanding.highest() - self.outstanding.cumulative(),
        }
    }

    /// The messages that have come whole and wait for their turn, by their sender's words.
    pub fn held_back(&self) -> impl Iterator<Item = u64> + '_ {
        self.channels.iter().flat_map(|channel| channel.incoming.held_back())
    }

    /// Whether nothing is buffered, under way or held back.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.outstanding.is_empty() && self.channels.iter().all(|channel| !channel.waits() && channel.is_settled())
    }

    /// Writes a SACK into the packet that is being made.
    pub(super) fn write_sack(&mut self, out: &mut Outbox) {
        let held = u32::try_from(self.held_bytes).unwrap_or(0);
        self.tracker.sack(self.profile.receive_window.saturating_sub(held), &self.profile, out);
    }

    /// A packet has left: no HEARTBEAT for a while.
    pub(super) fn put_heartbeat_off(&mut self, now: SimTime) {
        if let Some(interval) = self.profile.heartbeat {
            self.heartbeat_due = now + interval + self.t3.timeout();
        }
    }

    fn take_data(&mut self, data: &DataChunk, out: &mut Outbox) {
        let full = self.held_bytes >= i64::from(self.profile.receive_window);
        if full && !self.tracker.fills_gap(data.tsn) {
            return self.tracker.sack_now();
        }
        if self.tracker.observe(data.tsn, data.flags.is_immediate(), &self.profile) {
            self.held_bytes += self.channels[usize::from(data.stream)].incoming.take(data, out);
        }
    }

    fn take_forward(&mut self, cumulative: u32, behind: &[Chunk], out: &mut Outbox) {
        if !self.tracker.forward(cumulative) {
            return;
        }
        for chunk in behind {
            let Chunk::Skip { stream, ssn } = *chunk else { break };
            self.held_bytes += self.channels[usize::from(stream)].incoming.skip(stream, ssn, out);
        }
        for channel in self.channels.iter_mut().filter(|channel| channel.spec.unordered) {
            self.held_bytes += channel.incoming.forget(cumulative);
        }
    }

    fn take_sack(&mut self, now: SimTime, cumulative: u32, window: u32, gaps: &[Chunk], out: &mut Outbox) {
        if cumulative < self.outstanding.cumulative() || cumulative > self.outstanding.highest() {
            return;
        }
        if let Some(round_trip) = self.outstanding.round_trip(now, cumulative, gaps) {
            self.t3.observe(round_trip, &self.profile.rto);
        }
        let flight_before = self.outstanding.flight();
        self.window.leave_recovery(cumulative);
        let news = self.outstanding.acknowledge(cumulative, gaps, &mut self.channels, out);
        if news.bytes > 0 {
            self.t3.arrived();
        }
        let in_recovery = self.window.in_recovery();
        let lost = match self.profile.repair {
            Repair::ByWindow { .. } => {
                // In recovery, an advance counts for all that the SACK reports missing (RFC 9260, 7.2.4).
                let highest = if in_recovery && news.advanced { last_of(gaps) } else { news.highest };
                self.outstanding.count_gaps(highest, gaps, in_recovery, &mut self.channels, out)
            }
            Repair::ByAdvance { .. } if !in_recovery => self.outstanding.count_below(news.highest),
            Repair::ByAdvance { misses_all, .. } if news.advanced => {
                let last = if misses_all { self.outstanding.highest() + 1 } else { last_of(gaps) };
                self.outstanding.count_below(last)
            }
            Repair::ByAdvance { .. } => false,
        };
        self.peer_window = window.saturating_sub(self.outstanding.flight());
        if news.advanced {
            self.t3.stop();
            let waiting = self.channels.iter().any(Channel::waits);
            self.window.grow(&self.profile, Growth { acknowledged: news.bytes, flight_before, waiting });
        }
        let entered = lost && self.window.lose(&self.profile, self.outstanding.highest(), news.highest);
        if self.outstanding.is_empty() {
            self.t3.stop();
        } else {
            self.t3.start(now);
        }
        self.wants_fast |= entered || (news.advanced && self.window.in_recovery());
        self.wants_forward = true;
        self.after_sack(now, out);
    }
}

fn gaps_of(behind: &[Chunk]) -> &[Chunk] {
    let gaps = behind.iter().take_while(|chunk| matches!(chunk, Chunk::Gap { .. })).count();
    &behind[..gaps]
}

fn last_of(gaps: &[Chunk]) -> u32 {
    gaps.last().map_or(0, |gap| if let Chunk::Gap { last, .. } = gap { *last } else { 0 })
}

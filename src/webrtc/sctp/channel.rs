//! Channels: how a stream delivers (RFC 8831, section 6.1), and both directions of one stream.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outbox::{AssociationEvent, Outbox};
use super::reassembly::Incoming;
use crate::units::{SimDuration, SimTime};

/// How a channel delivers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChannelSpec {
    /// Whether messages may overtake each other.
    pub unordered: bool,
    /// How long a message is worth repeating.
    pub reliability: Reliability,
    /// Priority (RFC 8831, 6.4), where the profile's schedule looks at it.
    pub priority: Priority,
    /// Tells the application when what is buffered falls to this; none for not at all.
    pub buffered_low: Option<u64>,
}

/// How long a message is worth repeating.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reliability {
    /// Until it has arrived.
    #[default]
    Reliable,
    /// So many times, `maxRetransmits`.
    Retransmits(u16),
    /// So long after it was handed over, `maxPacketLifeTime`.
    Lifetime(SimDuration),
}

/// Priority of a channel (RFC 8831, 6.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// `very-low`.
    VeryLow,
    /// `low`, the default of the API.
    #[default]
    Low,
    /// `medium`.
    Medium,
    /// `high`.
    High,
}

impl Priority {
    /// Every priority, the lowest first; each stands at its number.
    pub const ALL: [Self; 4] = [Self::VeryLow, Self::Low, Self::Medium, Self::High];

    /// Its weight (RFC 8831, section 6.4; the names are those of the W3C's WebRTC Priority Control API).
    #[must_use]
    pub const fn weight(self) -> u32 {
        match self {
            Self::VeryLow => 128,
            Self::Low => 256,
            Self::Medium => 512,
            Self::High => 1_024,
        }
    }

    /// What `len` bytes cost on the clock of the turns: bytes over weight, in 1,024ths.
    const fn cost(self, len: u32) -> u64 {
        len as u64 * (Self::High.weight() / self.weight()) as u64
    }
}

/// One stream, both directions.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    pub(super) spec: ChannelSpec,
    pub(super) incoming: Incoming,
    pub(super) buffered: u64,
    // Outgoing messages that are not sent whole.
    queue: VecDeque<QueuedMessage>,
    next_ssn: u32,
    // On the clock of the turns: how far it has come, and when it is due next.
    clock: u64,
    turn: u64,
}

/// An outgoing message.
#[derive(Clone, Copy, Debug)]
struct QueuedMessage {
    id: u64,
    expires: SimTime,
    // Its place among the messages of all streams.
    order: u64,
    len: u32,
    sent: u32,
}

/// A fragment that is about to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment {
    pub(super) message: u64,
    pub(super) ssn: u32,
    pub(super) len: u32,
    pub(super) begins: bool,
    pub(super) ends: bool,
    pub(super) expires: SimTime,
}

impl Channel {
    pub(super) fn new(spec: ChannelSpec) -> Self {
        Self {
            spec,
            incoming: Incoming::default(),
            buffered: 0,
            queue: VecDeque::new(),
            next_ssn: 0,
            clock: 0,
            turn: 0,
        }
    }

    /// Most retransmissions of a chunk.
    pub(super) const fn retransmits_max(&self) -> u16 {
        match self.spec.reliability {
            Reliability::Retransmits(most) => most,
            Reliability::Reliable | Reliability::Lifetime(_) => u16::MAX,
        }
    }

    pub(super) fn push(&mut self, now: SimTime, order: u64, id: u64, len: u32) {
        let expires = match self.spec.reliability {
            Reliability::Lifetime(lifetime) => now + lifetime,
            Reliability::Reliable | Reliability::Retransmits(_) => SimTime::MAX,
        };
        self.buffered += u64::from(len);
        self.queue.push_back(QueuedMessage { id, expires, order, len, sent: 0 });
    }

    /// Reads a word of each cache line.
    #[inline]
    pub(super) fn touch(&self) -> u32 {
        self.next_ssn ^ self.buffered as u32 ^ self.queue.front().map_or(0, |message| message.len)
    }

    /// Whether nothing waits here that has arrived.
    pub(super) fn is_settled(&self) -> bool {
        self.incoming.is_empty()
    }

    /// Bytes that have not been sent.
    pub(super) fn unsent(&self) -> u64 {
        self.queue.iter().map(|message| u64::from(message.len - message.sent)).sum()
    }

    /// Whether something waits to be sent.
    pub(super) fn waits(&self) -> bool {
        !self.queue.is_empty()
    }

    /// The place of the first message that waits.
    pub(super) fn order(&self) -> u64 {
        self.queue.front().map_or(u64::MAX, |message| message.order)
    }

    /// What is left of the first message that waits.
    pub(super) fn rest(&self) -> u32 {
        self.queue.front().map_or(0, |message| message.len - message.sent)
    }

    /// Whether a message has been sent in part.
    pub(super) fn is_within_message(&self) -> bool {
        self.queue.front().is_some_and(|message| message.sent > 0)
    }

    pub(super) const fn turn(&self) -> u64 {
        self.turn
    }

    /// It has something to send, at `clock` of the turns.
    pub(super) const fn queue_up(&mut self, clock: u64) {
        self.clock = clock;
        self.turn = clock + 1;
    }

    /// As above, where streams share by weight: it is due when its first fragment, of up to `most` bytes,
    /// would have been sent.
    pub(super) fn queue_up_weighted(&mut self, clock: u64, most: u32) {
        self.clock = clock;
        self.turn = clock + self.spec.priority.cost(self.rest().min(most));
    }

    /// It has sent `len` bytes; returns the new clock. It is due again when its next fragment, of up to `most`
    /// bytes, would have been sent (dcSCTP's virtual finish time).
    pub(super) fn advance_weighted(&mut self, len: u32, most: u32) -> u64 {
        self.clock += self.spec.priority.cost(len);
        self.turn = self.clock + self.spec.priority.cost(self.rest().min(most));
        self.clock
    }

    /// It has sent a fragment; returns the new clock. A stream that begins a message queues up behind,
    /// one that goes on keeps its place, so a stream of small messages may send as many fragments.
    pub(super) const fn advance(&mut self, begins: bool) -> u64 {
        self.clock += 1;
        if begins {
            self.turn = self.clock + 1;
        }
        self.clock
    }

    /// Gives up messages at the front that have expired before anything of them was sent.
    pub(super) fn expire(&mut self, stream: u16, now: SimTime, out: &mut Outbox) {
        while let Some(message) = self.queue.front().filter(|message| message.sent == 0 && message.expires <= now) {
            let (id, len) = (message.id, message.len);
            self.queue.pop_front();
            out.tell(AssociationEvent::Abandoned { stream, message: id });
            self.release(stream, u64::from(len), out);
        }
    }

    /// Cuts up to `room` bytes from the first message.
    pub(super) fn cut(&mut self, room: u32) -> Fragment {
        let ssn = self.next_ssn;
        let message = self.queue.front_mut().expect("invariant: a message waits");
        let len = room.min(message.len - message.sent);
        let begins = message.sent == 0;
        message.sent += len;
        let ends = message.sent == message.len;
        let fragment = Fragment { message: message.id, ssn, len, begins, ends, expires: message.expires };
        if ends {
            self.queue.pop_front();
            self.next_ssn += 1;
        }
        fragment
    }

    /// Gives up what is left of message `ssn`, if anything; returns how many bytes.
    pub(super) fn discard(&mut self, ssn: u32) -> Option<u32> {
        let message = self.queue.front().filter(|message| message.sent > 0 && self.next_ssn == ssn)?;
        let rest = message.len - message.sent;
        self.queue.pop_front();
        self.next_ssn += 1;
        Some(rest)
    }

    /// So many bytes are buffered no more.
    pub(super) fn release(&mut self, stream: u16, bytes: u64, out: &mut Outbox) {
        let before = self.buffered;
        self.buffered -= bytes;
        if self.spec.buffered_low.is_some_and(|low| before > low && self.buffered <= low) {
            out.tell(AssociationEvent::BufferedLow { stream });
        }
    }

    /// Gives back memory that a burst has left.
    pub(super) fn shrink(&mut self) {
        if self.queue.is_empty() && self.queue.capacity() > KEPT {
            self.queue = VecDeque::new();
        }
    }
}

/// Rows of a queue whose memory is kept when it is empty.
pub(super) const KEPT: usize = 16;

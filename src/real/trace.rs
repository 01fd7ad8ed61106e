//! What happened in a cluster: a hash over every datagram, and on request the events themselves.

mod packet;

use std::fmt;
use std::net::SocketAddrV4;

use xxhash_rust::xxh3::Xxh3;

pub use packet::describe;

use super::cluster::End;
use super::network::Loss;
use super::stack::State;
use super::turn_server::Datagram;
use crate::units::SimTime;

/// The record of a cluster.
#[derive(Clone, Default)]
pub struct Trace {
    keeps: bool,
    entries: Vec<Entry>,
    hash: Xxh3,
    datagrams: u64,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub time: SimTime,
    /// What.
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A node sent a datagram.
    Sent {
        /// The node.
        node: u32,
        /// Where to, as the node knows it.
        destination: SocketAddrV4,
        /// Bytes of its payload.
        bytes: usize,
        /// What it is, as far as the wire shows.
        what: String,
        /// Why it will not even leave, if it will not.
        loss: Option<Loss>,
    },
    /// A node received a datagram.
    Received {
        /// The node.
        node: u32,
        /// Where from, as the node sees it.
        source: SocketAddrV4,
        /// What it is, as far as the wire shows.
        what: String,
    },
    /// A datagram did not arrive.
    Dropped {
        /// Where from.
        source: SocketAddrV4,
        /// Where to.
        destination: SocketAddrV4,
        /// Why.
        loss: Loss,
    },
    /// An end sent a signaling message.
    Signaled {
        /// The end.
        end: End,
        /// `offer`, `answer` or `candidate`, with what it says.
        what: String,
    },
    /// An end's state changed.
    State {
        /// The end.
        end: End,
        /// Its state now.
        state: State,
    },
    /// A channel is open at an end.
    ChannelOpen {
        /// The end.
        end: End,
        /// The channel's index.
        channel: usize,
    },
    /// An attempt at a connection has failed.
    AttemptFailed {
        /// The connection.
        connection: u32,
    },
    /// The stack reported an error.
    StackError(String),
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("datagrams", &self.datagrams).field("hash", &self.hash()).finish_non_exhaustive()
    }
}

impl Trace {
    /// A trace that keeps every event; the default keeps the hash only.
    #[must_use]
    pub fn keeping() -> Self {
        Self { keeps: true, ..Self::default() }
    }

    /// What happened, in order; empty unless it is kept.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many datagrams nodes have sent.
    #[must_use]
    pub const fn datagrams(&self) -> u64 {
        self.datagrams
    }

    /// XXH3 over time, sender, addresses and size of every datagram sent so far.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash.digest()
    }

    /// Whether what is pushed is kept.
    pub(super) const fn keeps(&self) -> bool {
        self.keeps
    }

    pub(super) fn push(&mut self, time: SimTime, what: Happened) {
        if self.keeps {
            self.entries.push(Entry { time, what });
        }
    }

    pub(super) fn sent(&mut self, now: SimTime, node: u32, datagram: &Datagram, loss: Option<Loss>) {
        self.datagrams += 1;
        let Datagram { source, destination, payload } = datagram;
        let mut record = [0_u8; 28];
        record[..8].copy_from_slice(&now.as_ns().to_le_bytes());
        record[8..12].copy_from_slice(&node.to_le_bytes());
        record[12..16].copy_from_slice(&source.ip().octets());
        record[16..18].copy_from_slice(&source.port().to_le_bytes());
        record[18..22].copy_from_slice(&destination.ip().octets());
        record[22..24].copy_from_slice(&destination.port().to_le_bytes());
        record[24..].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        self.hash.update(&record);
        if self.keeps {
            let what =
                Happened::Sent { node, destination: *destination, bytes: payload.len(), what: describe(payload), loss };
            self.entries.push(Entry { time: now, what });
        }
    }

    pub(super) fn received(&mut self, now: SimTime, node: u32, datagram: &Datagram) {
        if self.keeps {
            let what = Happened::Received { node, source: datagram.source, what: describe(&datagram.payload) };
            self.entries.push(Entry { time: now, what });
        }
    }
}

//! A connection between two nodes, its ends, and how far it is.

use crate::units::SimTime;

/// A connection between two nodes, over all attempts at it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Who offers and who answers.
    pub nodes: [u32; 2],
    /// How far it is.
    pub state: ConnectionState,
    /// When the first attempt began.
    pub began: Option<SimTime>,
    /// When all its channels were open, at each end.
    pub opened: [Option<SimTime>; 2],
    /// How many attempts have begun.
    pub attempts: u32,
    pub(super) endpoints: [Option<u32>; 2],
    pub(super) channels_open: [usize; 2],
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// Not begun.
    Waiting,
    /// An attempt is under way.
    Connecting,
    /// All channels are open at both ends.
    Open,
    /// No attempt succeeded.
    Failed,
    /// It was open and is no more.
    Closed,
}

impl Connection {
    pub(super) const fn new(nodes: [u32; 2]) -> Self {
        Self {
            nodes,
            state: ConnectionState::Waiting,
            began: None,
            opened: [None; 2],
            attempts: 0,
            endpoints: [None; 2],
            channels_open: [0; 2],
        }
    }

    /// When it was open at both ends.
    #[must_use]
    pub fn open_at(&self) -> Option<SimTime> {
        Some(self.opened[0]?.max(self.opened[1]?))
    }
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// The connection's number.
    pub connection: u32,
    /// 0 offers, 1 answers.
    pub side: u8,
}

impl End {
    /// The other end.
    #[must_use]
    pub const fn other(self) -> Self {
        Self { connection: self.connection, side: 1 - self.side }
    }
}

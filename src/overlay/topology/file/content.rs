//! What has been read of a file with an overlay, whatever its format.

use std::fmt;

use serde_json::Value;

use super::super::shape::Shape;

/// A node as a file names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    Peer(u32),
    Server(u32),
}

/// Where something stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Line(u32),
    Node(u32),
    Pair(u32),
    Block(u32),
    Standby(u32),
}

/// A connection that closes a ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closing {
    pub(super) place: Place,
    pub(super) ends: [Name; 2],
}

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    /// Numbers of peers are below it.
    pub(super) peers: u32,
    pub(super) servers: u32,
    /// Between peers by their numbers, and servers from `peers` on.
    pub(super) pairs: Vec<(u32, u32)>,
    pub(super) blocks: Vec<Vec<u32>>,
    /// Those that carry nothing, named as pairs are.
    pub(super) standby: Vec<(u32, u32)>,
    /// How many trees messages are shared out among, and of each pair a bit for each that it belongs to.
    pub(super) stripes: (u32, Vec<u32>),
    /// Every peer that the file names, by number, and where it does so first.
    pub(super) named: Vec<(u32, Place)>,
    pub(super) shape: Shape,
    /// The first connection that closes a ring.
    pub(super) ring: Option<Closing>,
    /// How many parts the connected nodes fall into.
    pub(super) parts: u32,
    pub(super) seed: Option<u64>,
    pub(super) dissemination: Option<Value>,
    pub(super) hash: u128,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(number) => write!(f, "node {number}"),
            Self::Server(number) => write!(f, "server {number}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Node(index) => write!(f, "nodes[{index}]"),
            Self::Pair(index) => write!(f, "pairs[{index}]"),
            Self::Block(index) => write!(f, "blocks[{index}]"),
            Self::Standby(index) => write!(f, "standby[{index}]"),
        }
    }
}

impl fmt::Display for Closing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = self.ends;
        write!(f, "{}: {a} and {b} are connected by another way already", self.place)
    }
}

//! A node's line to the signaling server: what must be known of a node to send to it, and nothing else. A set-up asks
//! that of a node that comes next on some list, anywhere in memory; so few bytes of all nodes stay at hand.

use super::ways::idle_link_of_letter;
use crate::units::SimDuration;
use crate::world::World;

/// The line of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    // One-way delays to the server and from it.
    up_ns: u32,
    down_ns: u32,
    pub(super) session: Session,
}

const _: () = assert!(size_of::<Line>() <= 12, "the lines of many nodes stay in a cache");

/// Its session with the signaling server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Session {
    /// It has none.
    None,
    /// It has asked for one.
    Asked,
    /// It has one.
    Open,
}

impl Line {
    /// Nothing takes time where nobody signals.
    pub(super) fn new(world: &World, node: u32, plays_links: bool) -> Self {
        let signals = world.setup().signals();
        let leg = |ns: u64| if signals { u32::try_from(ns).unwrap_or(u32::MAX) } else { 0 };
        // What links add is played with the set-ups, or is their mean.
        let [up, down] = if plays_links { [SimDuration::ZERO; 2] } else { idle_link_of_letter(world, node) };
        Self {
            up_ns: leg(world.to_signaling_ns(node) + up.as_ns()),
            down_ns: leg(world.from_signaling_ns(node) + down.as_ns()),
            session: Session::None,
        }
    }

    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.session == Session::Open
    }

    /// To the server.
    #[inline]
    pub(super) fn up(&self) -> SimDuration {
        SimDuration::from_ns(u64::from(self.up_ns))
    }

    /// From the server.
    #[inline]
    pub(super) fn down(&self) -> SimDuration {
        SimDuration::from_ns(u64::from(self.down_ns))
    }
}

//! Event queues to compare with the engine's: all keep the order of time and scheduling.

mod binary;
mod heap4;
mod radix;

pub(crate) use binary::BinaryQueue;
pub(crate) use heap4::Heap4;
pub(crate) use radix::RadixHeap;

use peerscape::engine::EventQueue;
use peerscape::units::SimTime;

/// A queue of events with a payload of eight bytes.
pub(crate) trait Queue: Default {
    const NAME: &'static str;
    /// Whether millions of operations on millions of events take minutes. Heaps do; but unlike
    /// buckets they need no long run to reach a steady state.
    const IS_SLOW_WHEN_LARGE: bool = false;
    fn push(&mut self, time: u64, event: u64);
    fn pop(&mut self) -> Option<(u64, u64)>;
    fn capacity_bytes(&self) -> usize;
}

impl Queue for EventQueue<u64> {
    const NAME: &'static str = "ladder (EventQueue)";

    #[inline]
    fn push(&mut self, time: u64, event: u64) {
        self.push(SimTime::from_ns(time), event);
    }

    #[inline]
    fn pop(&mut self) -> Option<(u64, u64)> {
        self.pop().map(|(time, event)| (time.as_ns(), event))
    }

    fn capacity_bytes(&self) -> usize {
        self.capacity_bytes()
    }
}

/// An event that stores when it was scheduled, for queues that do not keep that order themselves.
/// Compares by time and sequence; no two sequence numbers are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sequenced {
    time: u64,
    sequence: u64,
    event: u64,
}

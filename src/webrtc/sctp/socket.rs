//! The kernel's receive buffer ahead of a stack: what comes faster than a busy CPU reads is dropped.
//!
//! Chromium asks for 64 KiB (`SO_RCVBUF`, measured). Linux counts what the buffers of packets take, and doubles
//! the limit for it: `EngineSpec::unread_bytes` and `EngineSpec::socket_bytes`.

use std::collections::VecDeque;

use crate::units::{ByteCount, SimDuration, SimTime};

/// A socket and the CPU that reads it and writes to it, one packet after the other.
#[derive(Clone, Debug)]
pub struct SocketBuffer {
    capacity: u64,
    free_at: SimTime,
    // When the last packet leaves that is to be written.
    written_at: SimTime,
    unread: u64,
    // When each unread packet is read, and its bytes.
    queue: VecDeque<(SimTime, u64)>,
}

impl SocketBuffer {
    /// A buffer that takes `capacity`.
    #[must_use]
    pub const fn new(capacity: ByteCount) -> Self {
        Self {
            capacity: capacity.get(),
            free_at: SimTime::ZERO,
            written_at: SimTime::ZERO,
            unread: 0,
            queue: VecDeque::new(),
        }
    }

    /// A packet is written that takes `cpu`; returns when it leaves. It waits for what is being read; what comes does not
    /// wait for all that is still to be written, for an event loop takes turns.
    pub fn write(&mut self, now: SimTime, cpu: SimDuration) -> SimTime {
        self.written_at = self.written_at.max(self.free_at).max(now) + cpu;
        self.written_at
    }

    /// A packet has come that takes `cpu` to handle; returns when it is handled, or none if it is
    /// dropped. A CPU that needs no time drops nothing.
    pub fn arrive(&mut self, now: SimTime, size: ByteCount, cpu: SimDuration) -> Option<SimTime> {
        while let Some(&(_, bytes)) = self.queue.front().filter(|&&(read, _)| read <= now) {
            self.queue.pop_front();
            self.unread -= bytes;
        }
        let read = self.free_at.max(now);
        if read > now {
            if self.unread + size.get() > self.capacity {
                return None;
            }
            self.unread += size.get();
            self.queue.push_back((read, size.get()));
        }
        self.free_at = read + cpu;
        Some(self.free_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_reader_loses_what_the_buffer_cannot_hold() {
        let size = ByteCount::new(1_000);
        let mut socket = SocketBuffer::new(ByteCount::new(3_000));
        let mut arrive = |ms| socket.arrive(SimTime::ZERO + SimDuration::from_ms(ms), size, SimDuration::from_ms(10));
        // One is being handled, three wait.
        let handled: Vec<bool> = (0..5).map(|_| arrive(0).is_some()).collect();
        assert_eq!(handled, [true, true, true, true, false]);
        assert!(arrive(9).is_none());
        assert_eq!(arrive(10), Some(SimTime::ZERO + SimDuration::from_ms(50)));
    }

    #[test]
    fn a_fast_reader_loses_nothing() {
        let mut socket = SocketBuffer::new(ByteCount::new(1));
        for _ in 0..1_000 {
            let now = SimTime::from_ns(5);
            assert_eq!(socket.arrive(now, ByteCount::new(1_200), SimDuration::ZERO), Some(now));
        }
    }
}

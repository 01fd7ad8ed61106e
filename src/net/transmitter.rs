//! What puts packets on a link one after the other: at a rate, or as a capacity trace lets it.

use super::capacity::TraceServer;
use super::server::FifoServer;
use crate::units::{Bitrate, ByteCount, SimDuration, SimTime};

/// The transmitter of one direction of a link. Packets are handed over in the order in which they
/// leave.
#[derive(Clone, Debug)]
pub enum Transmitter {
    /// It sends at a constant rate.
    Rate {
        /// The rate.
        rate: Bitrate,
        /// When it is free.
        server: FifoServer,
    },
    /// It delivers at the opportunities of a trace.
    // Boxed: links at a rate are many.
    Trace(Box<TraceServer>),
}

impl Transmitter {
    /// A transmitter of this rate.
    #[must_use]
    pub fn at_rate(rate: Bitrate) -> Self {
        Self::Rate { rate, server: FifoServer::default() }
    }

    /// A transmitter that follows a trace.
    #[must_use]
    pub fn with_trace(server: TraceServer) -> Self {
        Self::Trace(Box::new(server))
    }

    /// Sends a packet of `size` that has been waiting since `since`, behind all that was handed over
    /// before; returns when its last bit has left.
    #[inline]
    pub fn send(&mut self, since: SimTime, size: ByteCount) -> SimTime {
        match self {
            Self::Rate { rate, server } => {
                SimTime::from_ns(server.serve(since.as_ns(), rate.serialisation_time(size).as_ns()))
            }
            Self::Trace(server) => server.serve(since, size),
        }
    }

    /// When the first byte of a packet that is handed over at `now` begins to leave.
    #[inline]
    #[must_use]
    pub fn begin(&self, now: SimTime) -> SimTime {
        match self {
            Self::Rate { server, .. } => now + SimDuration::from_ns(server.wait_ns(now.as_ns())),
            Self::Trace(server) => server.next_opportunity(now),
        }
    }

    /// How many bytes have been handed over and have not left.
    #[inline]
    #[must_use]
    pub fn waiting(&self, now: SimTime) -> ByteCount {
        match self {
            Self::Rate { rate, server } => rate.bytes_in(SimDuration::from_ns(server.wait_ns(now.as_ns()))),
            Self::Trace(server) => server.waiting(now),
        }
    }
}

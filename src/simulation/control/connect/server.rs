//! The signaling server: what it forwards, what it loses, and when it is down.

use crate::net::FifoServer;
use crate::units::{SimDuration, SimTime};
use crate::webrtc::SignalingSpec;

/// The server.
#[derive(Clone, Debug)]
pub(super) struct Server {
    outages: Vec<Outage>,
    // How many outages are under way.
    down: u32,
    // Time to forward one message; zero without a limit.
    service_ns: u64,
    queue: FifoServer,
    // Longest wait of a message that still finds room.
    wait_max_ns: u64,
    sessions: u32,
    sessions_max: u32,
    // Messages of each second.
    bins: Vec<u32>,
    traffic: Traffic,
}

/// What the signaling server was asked to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Messages that reached it, or would have, had it been up.
    pub(crate) messages: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Most messages of any second.
    pub(crate) peak_per_s: u32,
    /// Messages that found it down or its queue full, or their receiver without a session.
    pub(crate) lost: u64,
    /// Those of them that found its queue full.
    pub(crate) overflowed: u64,
    /// Sessions it refused.
    pub(crate) refused_sessions: u64,
}

/// A time in which the server is down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    pub(super) from: SimTime,
    pub(super) until: SimTime,
}

/// Messages that a peer sends together: a description and its candidates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    pub(super) messages: u32,
    pub(super) bytes: u32,
}

impl Batch {
    /// A description of Chromium 156 without candidates (measured).
    const DESCRIPTION_BYTES: u32 = 586;
    /// A candidate with an mDNS name (measured on Chromium 156).
    const CANDIDATE_BYTES: u32 = 136;

    /// A description with its candidates.
    pub(super) fn of(signaling: &SignalingSpec) -> Self {
        let candidates = signaling.candidates.get();
        let messages = if signaling.trickle { 1 + candidates } else { 1 };
        Self { messages, bytes: Self::DESCRIPTION_BYTES + candidates * Self::CANDIDATE_BYTES }
    }

    /// A message that holds next to nothing: a request to offer.
    pub(super) const REQUEST: Self = Self { messages: 1, bytes: 100 };
}

/// More seconds than this share the last bin: six weeks.
const BINS_MAX: usize = 3_600_000;

impl Server {
    pub(super) fn new(signaling: &SignalingSpec) -> Self {
        let outage = |spec: &crate::webrtc::SignalingOutage| {
            let from = SimTime::ZERO + spec.at;
            Outage { from, until: from + spec.lasts }
        };
        let service_ns = signaling.capacity.map_or(0, |capacity| capacity.period().as_ns());
        Self {
            outages: signaling.outages.iter().map(outage).filter(|outage| outage.from < outage.until).collect(),
            down: 0,
            service_ns,
            queue: FifoServer::default(),
            wait_max_ns: service_ns * u64::from(signaling.queue.get()),
            sessions: 0,
            sessions_max: signaling.sessions.map_or(u32::MAX, crate::units::Bounded::get),
            bins: Vec::new(),
            traffic: Traffic::default(),
        }
    }

    pub(super) fn outages(&self) -> &[Outage] {
        &self.outages
    }

    /// Whether it forwards only so many messages a second, so that they may wait.
    pub(super) const fn has_queue(&self) -> bool {
        self.service_ns > 0
    }

    /// It goes down: every session ends.
    pub(super) fn goes_down(&mut self) {
        self.down += 1;
        self.sessions = 0;
    }

    /// One outage is over.
    pub(super) fn up(&mut self) {
        self.down -= 1;
    }

    pub(super) const fn is_down(&self) -> bool {
        self.down > 0
    }

    /// Gives a session, or refuses.
    pub(super) fn admit(&mut self) -> bool {
        let admitted = self.down == 0 && self.sessions < self.sessions_max;
        if admitted {
            self.sessions += 1;
        } else {
            self.traffic.refused_sessions += 1;
        }
        admitted
    }

    /// Takes messages that reach it at `time`, when it has no queue; whether it forwards them.
    pub(super) fn forward(&mut self, time: SimTime, batch: Batch) -> bool {
        self.count(time, batch);
        let down = self.outages.iter().any(|outage| outage.from <= time && time < outage.until);
        if down {
            self.traffic.lost += u64::from(batch.messages);
        }
        !down
    }

    /// Takes messages that reach it now; when it has forwarded the first, if it does.
    pub(super) fn enqueue(&mut self, now: SimTime, batch: Batch) -> Option<SimTime> {
        self.count(now, batch);
        let is_full = self.queue.wait_ns(now.as_ns()) > self.wait_max_ns;
        if self.is_down() || is_full {
            self.traffic.lost += u64::from(batch.messages);
            self.traffic.overflowed += if self.is_down() { 0 } else { u64::from(batch.messages) };
            return None;
        }
        let done = self.queue.serve(now.as_ns(), self.service_ns);
        self.queue.serve(now.as_ns(), self.service_ns * u64::from(batch.messages - 1));
        Some(SimTime::from_ns(done))
    }

    /// Messages that it had forwarded to a peer without a session.
    pub(super) fn undeliverable(&mut self, batch: Batch) {
        self.traffic.lost += u64::from(batch.messages);
    }

    /// What it was asked to do.
    pub(super) fn traffic(&self) -> Traffic {
        Traffic { peak_per_s: self.bins.iter().copied().max().unwrap_or(0), ..self.traffic }
    }

    fn count(&mut self, time: SimTime, batch: Batch) {
        self.traffic.messages += u64::from(batch.messages);
        self.traffic.bytes += u64::from(batch.bytes);
        let second = usize::try_from(time.as_ns() / SimDuration::from_secs(1).as_ns()).unwrap_or(BINS_MAX);
        let bin = second.min(BINS_MAX);
        if bin >= self.bins.len() {
            self.bins.resize(bin + 1, 0);
        }
        self.bins[bin] = self.bins[bin].saturating_add(batch.messages);
    }
}

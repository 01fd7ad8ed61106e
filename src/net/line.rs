//! What a link does to packets behind its queue: losses, and jitter that never reorders.

use rand::RngExt;
use rand_distr::{Distribution, Exp1};

use super::loss::{LossSpec, Losses};
use crate::rng::Stream;
use crate::units::{SimDuration, SimTime};

/// One direction of a link behind its queue.
#[derive(Clone, Debug)]
pub struct Line {
    losses: Losses,
    jitter: SimDuration,
    stream: Stream,
    // When the packet before left the line, and when it came to it.
    last: SimTime,
    came: SimTime,
    // Other packets that are not told of, each ns.
    others_per_ns: f64,
}

impl Line {
    /// A line that loses packets so and delays each by up to `jitter` more, both drawn from `stream`.
    #[must_use]
    pub const fn new(loss: LossSpec, jitter: SimDuration, stream: Stream) -> Self {
        let (last, came) = (SimTime::ZERO, SimTime::ZERO);
        Self { losses: Losses::new(loss), jitter, stream, last, came, others_per_ns: 0.0 }
    }

    /// The line with so many packets a second beside those that are sent here, evenly: where losses come in bursts a
    /// burst ends with them as with any.
    #[must_use]
    pub fn beside(mut self, packets_per_s: f64) -> Self {
        self.losses.beside(packets_per_s);
        self
    }

    /// The line with so many packets a second among those that are sent here, at random times: their jitter holds up
    /// what comes behind them, too.
    #[must_use]
    pub fn among(mut self, packets_per_s: f64) -> Self {
        self.others_per_ns = packets_per_s / 1e9;
        self
    }

    /// Whether the next packet is lost.
    #[inline]
    pub fn loses(&mut self, now: SimTime) -> bool {
        self.losses.next(now, &mut self.stream)
    }

    /// Whether a packet would be lost that is not one of those that change the state of bursts.
    pub fn would_lose(&mut self, now: SimTime) -> bool {
        self.losses.as_it_stands(now, &mut self.stream)
    }

    /// When a packet is through that comes at a time no earlier than the one before.
    #[inline]
    pub fn pass(&mut self, came: SimTime) -> SimTime {
        if self.jitter == SimDuration::ZERO {
            return came;
        }
        let mut time = came + self.draw();
        if self.others_per_ns > 0.0 {
            time = time.max(came + self.others(came));
        }
        self.came = came;
        self.last = time.max(self.last);
        self.last
    }

    /// The same of one that goes along with the one before it.
    #[must_use]
    pub fn follow(&self, came: SimTime) -> SimTime {
        if self.jitter == SimDuration::ZERO { came } else { came.max(self.last) }
    }

    /// The jitter of some packet.
    pub fn draw(&mut self) -> SimDuration {
        if self.jitter == SimDuration::ZERO {
            return SimDuration::ZERO;
        }
        SimDuration::from_ns(self.stream.random_range(0..=self.jitter.as_ns()))
    }

    pub(super) const fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    pub(super) fn touch(&self) -> u32 {
        self.last.as_ns() as u32 ^ self.jitter.as_ns() as u32 ^ self.losses.touch()
    }

    // How much later than `came` the last of the others is through that have come since the packet before. Of those at
    // rate L that came up to T ago, J the jitter, as many as this are still there after J - d:
    //   L d^2 / 2 J   for d up to T,   L (d T - T^2 / 2) / J   beyond.
    // None is with the exponential of minus that, which is drawn from the other end.
    #[cold]
    fn others(&mut self, came: SimTime) -> SimDuration {
        let drawn: f64 = Exp1.sample(&mut self.stream);
        let jitter = self.jitter.as_ns() as f64;
        let since = (came.as_ns().saturating_sub(self.came.as_ns()) as f64).min(jitter);
        let per_square = self.others_per_ns / (2.0 * jitter);
        let early = if drawn <= per_square * since * since {
            (drawn / per_square).sqrt()
        } else if since > 0.0 {
            (drawn / per_square + since * since) / (2.0 * since)
        } else {
            jitter
        };
        SimDuration::from_ns((jitter - early).max(0.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Seed, Streams};

    const JITTER_NS: u64 = 20_000_000;

    fn line(id: u64) -> Line {
        let stream = Streams::new(Seed(5)).stream(Domain::PacketLink, id);
        Line::new(LossSpec::None, SimDuration::from_ns(JITTER_NS), stream)
    }

    /// Mean and 95th percentile of what the packets of a Poisson stream wait, in ms.
    fn waits(per_s: f64, mut line: Line) -> (f64, f64) {
        let mut gaps = Streams::new(Seed(9)).stream(Domain::Bench, 2);
        let mut now = 0.0;
        let mut waits = Vec::new();
        for _ in 0..200_000 {
            let gap: f64 = Exp1.sample(&mut gaps);
            now += gap / per_s * 1e9;
            let came = SimTime::from_ns(now as u64);
            waits.push(line.pass(came).since(came).as_ms_f64());
        }
        waits.sort_by(f64::total_cmp);
        (waits.iter().sum::<f64>() / waits.len() as f64, waits[waits.len() * 19 / 20])
    }

    #[test]
    fn others_that_are_not_told_of_hold_up_as_those_that_are() {
        for per_s in [30.0, 150.0, 1_000.0] {
            // A third of a Poisson stream is one, and the rest is another that knows nothing of it.
            let (mean, p95) = waits(per_s, line(1));
            let (thin_mean, thin_p95) = waits(per_s / 3.0, line(2).among(per_s * 2.0 / 3.0));
            assert!((thin_mean / mean - 1.0).abs() < 0.02, "{per_s} /s: {thin_mean} and {mean} ms");
            assert!((thin_p95 / p95 - 1.0).abs() < 0.02, "{per_s} /s: {thin_p95} and {p95} ms");
        }
    }

    #[test]
    fn without_jitter_nothing_is_drawn() {
        let mut line = Line { jitter: SimDuration::ZERO, ..line(3) };
        let at = SimTime::from_ns(77);
        assert_eq!((line.pass(at), line.follow(at), line.draw()), (at, at, SimDuration::ZERO));
    }
}

//! A single server with a first-in-first-out queue: an uplink, a downlink, a CPU.
//!
//! Because work is served in the order it is handed over, the queue needs no list: the time at
//! which the server is free again says all. The wait of each piece of work is exact (Lindley's
//! recursion) as long as work is handed over in the order of time.

use crate::units::SimDuration;

/// A server that serves one piece of work after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FifoServer {
    free_ns: u64,
}

impl FifoServer {
    /// How long work that is handed over at `now_ns` waits before it is served.
    #[inline(always)]
    #[must_use]
    pub const fn wait_ns(self, now_ns: u64) -> u64 {
        self.free_ns.saturating_sub(now_ns)
    }

    /// Takes work that is handed over at `now_ns` and needs `service_ns`; returns when it is done.
    /// Work that needs no time does not wait either: there is no such server.
    #[inline(always)]
    pub fn serve(&mut self, now_ns: u64, service_ns: u64) -> u64 {
        if service_ns == 0 {
            return now_ns;
        }
        self.free_ns = until(self.free_ns.max(now_ns), service_ns);
        self.free_ns
    }

    /// A server that has been idle first needs `wake_ns` when work is handed over at `now_ns`, which all
    /// work shares that comes before it is idle again; returns what it took.
    #[inline]
    pub const fn wake(&mut self, now_ns: u64, wake_ns: u64) -> u64 {
        if wake_ns == 0 || self.free_ns >= now_ns {
            return 0;
        }
        self.free_ns = until(now_ns, wake_ns);
        wake_ns
    }
}

impl FifoServer {
    /// Serves work before all that waits, which moves back by as much; returns when it is done. What
    /// is in service at that moment is not known any more, so it is taken to give way too.
    #[inline]
    pub fn serve_first(&mut self, now_ns: u64, service_ns: u64) -> u64 {
        self.free_ns = until(self.free_ns.max(now_ns), service_ns);
        until(now_ns, service_ns)
    }
}

/// Work that is not done by then, a century after any run, is never done: sums with delays stay in range.
const NEVER_NS: u64 = SimDuration::LONGEST.as_ns();

#[inline(always)]
const fn until(from_ns: u64, work_ns: u64) -> u64 {
    // No work takes longer than `SimDuration::LONGEST`.
    let done_ns = from_ns + work_ns;
    if done_ns < NEVER_NS { done_ns } else { NEVER_NS }
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, Exp1};

    use super::*;
    use crate::rng::{Domain, Seed, Streams};

    /// Mean wait in units of the mean service time at utilisation `load`, over Poisson arrivals.
    fn mean_wait(load: f64, mut service: impl FnMut(&mut crate::rng::Stream) -> f64, seed: u64) -> f64 {
        let mut stream = Streams::new(Seed(seed)).stream(Domain::Bench, 0);
        let (mut server, mut now, mut waited) = (FifoServer::default(), 0.0, 0_u64);
        let customers = 400_000_u32;
        let unit = 1e6;
        for _ in 0..customers {
            let gap: f64 = Exp1.sample(&mut stream);
            now += gap * unit / load;
            let service_ns = (service(&mut stream) * unit) as u64;
            waited += server.wait_ns(now as u64);
            server.serve(now as u64, service_ns);
        }
        waited as f64 / unit / f64::from(customers)
    }

    /// Means of ten runs agree with the closed form within four standard errors.
    fn agrees(load: f64, expected: f64, service: impl Fn(&mut crate::rng::Stream) -> f64) {
        let means: Vec<f64> = (0..10).map(|seed| mean_wait(load, &service, seed)).collect();
        let mean = means.iter().sum::<f64>() / 10.0;
        let variance = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / 9.0;
        let error = (variance / 10.0).sqrt();
        assert!((mean - expected).abs() < 4.0 * error, "load {load}: {mean} +- {error}, expected {expected}");
        assert!(error < 0.02 * expected, "the test must be able to fail: {error} of {expected}");
    }

    #[test]
    fn waits_agree_with_m_d_1_and_m_m_1() {
        for load in [0.3, 0.6, 0.8] {
            // Pollaczek-Khinchine.
            agrees(load, load / (2.0 * (1.0 - load)), |_| 1.0);
            agrees(load, load / (1.0 - load), |stream| Exp1.sample(stream));
        }
    }

    #[test]
    fn a_burst_shares_one_wake_up() {
        let mut server = FifoServer::default();
        assert_eq!((server.wake(10, 7), server.serve(10, 5)), (7, 22));
        assert_eq!((server.wake(12, 7), server.serve(12, 5)), (0, 27));
        // Work that comes as the server is done finds it awake.
        assert_eq!((server.wake(27, 7), server.serve(27, 5)), (0, 32));
        assert_eq!((server.wake(33, 7), server.serve(33, 5)), (7, 45));
    }

    #[test]
    fn work_without_service_time_passes() {
        let mut server = FifoServer::default();
        assert_eq!(server.serve(10, 5), 15);
        assert_eq!(server.serve(12, 0), 12);
        assert_eq!(server.wait_ns(12), 3);
    }
}

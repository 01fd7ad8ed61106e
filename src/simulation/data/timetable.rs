//! When the messages of each flow are published.

use rand_distr::{Distribution, Exp1};

use crate::overlay::workload::{Arrivals, Flow};
use crate::rng::{Domain, Streams};
use crate::units::{SimDuration, SimTime};

/// The publication times of all flows.
#[derive(Clone, Debug)]
pub(crate) struct Timetable {
    // Of the flows whose times are drawn or given.
    times: Vec<SimTime>,
    end: SimTime,
}

/// When the messages of a flow are published.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Schedule {
    /// One a period.
    Periodic { start: SimTime, period: SimDuration },
    /// At times that are known beforehand: `Timetable::times` from `first`, `count` of them.
    Listed { first: usize, count: u32 },
}

impl Timetable {
    /// A timetable in which nothing is published at `end` or later.
    pub(crate) const fn new(end: SimTime) -> Self {
        Self { times: Vec::new(), end }
    }

    /// When nothing is published any more.
    pub(crate) const fn end(&self) -> SimTime {
        self.end
    }

    /// Adds a flow; `given` are the lists of times that flows name.
    pub(crate) fn add(&mut self, flow: &Flow, given: &[Vec<SimTime>], streams: Streams) -> Schedule {
        if let Some(list) = flow.times {
            let first = self.times.len();
            self.times.extend(given[list as usize].iter().take_while(|&&time| time < self.end));
            return Schedule::Listed { first, count: (self.times.len() - first) as u32 };
        }
        match flow.arrivals {
            Arrivals::Periodic => Schedule::Periodic { start: flow.start, period: flow.period },
            Arrivals::Poisson => {
                let first = self.times.len();
                let mut stream = streams.stream(Domain::WorkloadArrivals, flow.id);
                let mut gap = || {
                    let gap: f64 = Exp1.sample(&mut stream);
                    SimDuration::from_secs_f64(gap * flow.period.as_secs_f64())
                };
                let mut time = SimTime::ZERO + gap();
                while time < self.end {
                    self.times.push(time);
                    time += gap();
                }
                Schedule::Listed { first, count: (self.times.len() - first) as u32 }
            }
        }
    }

    /// When message `number` of a flow is published; the message must exist.
    #[inline]
    pub(crate) fn published(&self, schedule: Schedule, number: u32) -> SimTime {
        match schedule {
            Schedule::Periodic { start, period } => start + period * u64::from(number),
            Schedule::Listed { first, .. } => self.times[first + number as usize],
        }
    }

    /// How many messages of a flow are published from one time on until before another.
    pub(crate) fn count(&self, schedule: Schedule, from: SimTime, until: SimTime) -> u64 {
        match schedule {
            Schedule::Listed { first, count } => {
                let times = &self.times[first..first + count as usize];
                (times.partition_point(|&time| time < until) - times.partition_point(|&time| time < from)) as u64
            }
            Schedule::Periodic { start, period } => {
                let before = |time: SimTime| match time > start {
                    true => time.since(start).as_ns().div_ceil(period.as_ns()),
                    false => 0,
                };
                before(until) - before(from)
            }
        }
    }

    /// When message `number` of a flow is published, if there is one.
    pub(crate) fn publication(&self, schedule: Schedule, number: u32) -> Option<SimTime> {
        match schedule {
            Schedule::Listed { count, .. } if number >= count => None,
            _ => Some(self.published(schedule, number)).filter(|&time| time < self.end),
        }
    }
}

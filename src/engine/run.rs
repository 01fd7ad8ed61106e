//! The run loop: takes events in order, hands them to the model, and stops runaways.
//!
//! Two limits guard against a model that never ends. An event budget bounds the whole run, and a
//! bound on the events of one instant catches loops without delay, in which simulated time stands
//! still while events breed events (Zeno behaviour). Both end in an error that says when and how
//! many, never in a hang or a silently cut run.

use thiserror::Error;

use crate::units::SimTime;

use super::scheduler::Scheduler;

/// What is simulated: all its state, and how each event changes it.
pub trait Model {
    /// A plain value that says what happens; 8 to 24 bytes is a good size.
    type Event: Copy;

    /// Lets `event` happen at `now`. What follows from it is scheduled with `scheduler`.
    fn handle(&mut self, now: SimTime, event: Self::Event, scheduler: &mut Scheduler<Self::Event>);

    /// Is shown events that come soon, so that a model with much state can touch theirs beforehand:
    /// together, such reads wait for memory once instead of one after the other. Others may come in
    /// between, and nothing may depend on being asked.
    #[inline]
    fn foresee(&self, _events: impl Iterator<Item = Self::Event> + Clone) {}
}

/// A model, its clock and its pending events.
#[derive(Clone, Debug)]
pub struct Engine<M: Model> {
    model: M,
    scheduler: Scheduler<M::Event>,
    limits: RunLimits,
    events: u64,
    /// How many events had happened when the current instant began.
    events_before_now: u64,
}

/// How much may happen before a run counts as a runaway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLimits {
    /// Events in all, over every call of [`Engine::run_until`].
    pub events_max: u64,
    /// Events at one instant.
    pub events_per_instant_max: u64,
}

/// Why a run ended before its time.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum EngineError {
    /// The event budget is used up and more events are due.
    #[error(
        "the budget of {events} events is used up at {now} and {pending} more are pending: \
         allow more events, or look for events that breed events"
    )]
    BudgetExceeded {
        /// Events that happened: the budget.
        events: u64,
        /// The time of the last one.
        now: SimTime,
        /// Events still pending.
        pending: usize,
    },
    /// Time stands still while events go on.
    #[error(
        "{events} events happened at {now} and {pending} more are pending: simulated time stands still, \
         look for events that schedule each other without delay"
    )]
    TimeStandsStill {
        /// Events that happened at this instant: the limit.
        events: u64,
        /// The instant.
        now: SimTime,
        /// Events still pending.
        pending: usize,
    },
}

impl Default for RunLimits {
    /// No budget, and a hundred million events at one instant: more than ten thousand peers make
    /// when each greets every other at once.
    fn default() -> Self {
        Self { events_max: u64::MAX, events_per_instant_max: 100_000_000 }
    }
}

impl<M: Model> Engine<M> {
    /// An engine at time zero with nothing scheduled.
    pub fn new(model: M, limits: RunLimits) -> Self {
        Self { model, scheduler: Scheduler::new(), limits, events: 0, events_before_now: 0 }
    }

    /// Lets all events up to and including `limit` happen, then moves the clock to `limit`. With
    /// [`SimTime::MAX`] it runs until nothing is pending and leaves the clock at the last event.
    ///
    /// # Errors
    /// When a limit of the run is exceeded. The events that happened have happened, the others
    /// are still pending.
    #[inline]
    pub fn run_until(&mut self, limit: SimTime) -> Result<(), EngineError> {
        loop {
            if self.events >= self.limits.events_max && self.scheduler.is_due(limit) {
                return Err(self.budget_exceeded());
            }
            let before = self.scheduler.now();
            let Some(event) = self.scheduler.advance(limit) else { break };
            let now = self.scheduler.now();
            if now != before {
                self.events_before_now = self.events;
            }
            if let Some(events) = self.scheduler.newly_upcoming() {
                self.model.foresee(events);
            }
            self.model.handle(now, event, &mut self.scheduler);
            self.events += 1;
            if self.events - self.events_before_now >= self.limits.events_per_instant_max && self.scheduler.is_due(now)
            {
                return Err(self.time_stands_still());
            }
        }
        if limit != SimTime::MAX {
            self.scheduler.advance_clock(limit);
        }
        Ok(())
    }

    /// How many events have happened.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// The model.
    #[must_use]
    pub const fn model(&self) -> &M {
        &self.model
    }

    /// The model, to be changed between runs.
    pub const fn model_mut(&mut self) -> &mut M {
        &mut self.model
    }

    /// Ends the simulation and returns the model.
    #[must_use]
    pub fn into_model(self) -> M {
        self.model
    }

    /// The clock and the pending events.
    #[must_use]
    pub const fn scheduler(&self) -> &Scheduler<M::Event> {
        &self.scheduler
    }

    /// The clock and the pending events, to schedule the first ones.
    pub const fn scheduler_mut(&mut self) -> &mut Scheduler<M::Event> {
        &mut self.scheduler
    }

    /// The model and the scheduler together, for a model that schedules its own first events.
    pub const fn parts_mut(&mut self) -> (&mut M, &mut Scheduler<M::Event>) {
        (&mut self.model, &mut self.scheduler)
    }

    #[cold]
    fn budget_exceeded(&self) -> EngineError {
        EngineError::BudgetExceeded {
            events: self.events,
            now: self.scheduler.now(),
            pending: self.scheduler.pending(),
        }
    }

    #[cold]
    fn time_stands_still(&self) -> EngineError {
        EngineError::TimeStandsStill {
            events: self.events - self.events_before_now,
            now: self.scheduler.now(),
            pending: self.scheduler.pending(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimDuration;

    /// Schedules itself again after `delay`, `copies` times each.
    struct Breeder {
        delay: SimDuration,
        copies: u32,
        last: SimTime,
    }

    impl Model for Breeder {
        type Event = u32;
        fn handle(&mut self, now: SimTime, event: u32, scheduler: &mut Scheduler<u32>) {
            assert!(now >= self.last, "time never goes back");
            self.last = now;
            for _ in 0..self.copies {
                scheduler.schedule_in(self.delay, event + 1);
            }
        }
    }

    fn engine(delay_ns: u64, copies: u32, limits: RunLimits) -> Engine<Breeder> {
        let model = Breeder { delay: SimDuration::from_ns(delay_ns), copies, last: SimTime::ZERO };
        let mut engine = Engine::new(model, limits);
        engine.scheduler_mut().schedule_at(SimTime::from_ns(5), 0);
        engine
    }

    #[test]
    fn a_run_ends_with_its_limit_inclusive() {
        let mut engine = engine(10, 1, RunLimits::default());
        assert_eq!(engine.run_until(SimTime::from_ns(25)), Ok(()));
        assert_eq!((engine.events(), engine.scheduler().pending()), (3, 1));
        assert_eq!(engine.run_until(SimTime::from_ns(30)), Ok(()));
        assert_eq!((engine.events(), engine.scheduler().now()), (3, SimTime::from_ns(30)));
    }

    #[test]
    fn a_run_without_limit_ends_when_nothing_is_pending() {
        let mut engine = engine(10, 0, RunLimits::default());
        assert_eq!(engine.run_until(SimTime::MAX), Ok(()));
        assert_eq!((engine.events(), engine.scheduler().now()), (1, SimTime::from_ns(5)));
    }

    #[test]
    fn the_budget_ends_a_run_that_breeds() {
        let mut engine = engine(1, 2, RunLimits { events_max: 100, ..RunLimits::default() });
        let error = engine.run_until(SimTime::MAX).expect_err("a runaway");
        assert_eq!(error, EngineError::BudgetExceeded { events: 100, now: SimTime::from_ns(11), pending: 101 });
        assert!(error.to_string().starts_with("the budget of 100 events is used up at 11 ns and 101 more"));
    }

    #[test]
    fn a_budget_that_just_suffices_is_no_error() {
        let mut engine = engine(10, 1, RunLimits { events_max: 3, ..RunLimits::default() });
        assert_eq!(engine.run_until(SimTime::from_ns(34)), Ok(()));
        assert!(engine.run_until(SimTime::from_ns(35)).is_err());
    }

    #[test]
    fn a_loop_without_delay_is_found() {
        let mut engine = engine(0, 1, RunLimits { events_per_instant_max: 1_000, ..RunLimits::default() });
        let error = engine.run_until(SimTime::MAX).expect_err("a loop");
        assert_eq!(error, EngineError::TimeStandsStill { events: 1_000, now: SimTime::from_ns(5), pending: 1 });
        assert!(error.to_string().starts_with("1000 events happened at 5 ns and 1 more"));
    }

    #[test]
    fn as_many_events_at_one_instant_as_allowed_are_no_error() {
        let mut engine = engine(10, 0, RunLimits { events_per_instant_max: 4, ..RunLimits::default() });
        (0..3).for_each(|_| engine.scheduler_mut().schedule_at(SimTime::from_ns(5), 0));
        (0..4).for_each(|_| engine.scheduler_mut().schedule_at(SimTime::from_ns(6), 0));
        assert_eq!(engine.run_until(SimTime::MAX), Ok(()));
        assert_eq!(engine.events(), 8);
    }
}

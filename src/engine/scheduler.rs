//! What a model may do to the future: read the clock and schedule events.

use crate::units::{SimDuration, SimTime};

use super::queue::EventQueue;

/// The clock of a run and its pending events.
///
/// Events of the same instant happen in the order in which they were scheduled. There is no
/// cancelling: an event that may become void carries a [`Ticket`](super::Ticket).
#[derive(Clone, Debug)]
pub struct Scheduler<E> {
    now: SimTime,
    queue: EventQueue<E>,
}

impl<E: Copy> Scheduler<E> {
    /// The current instant; it never goes back.
    #[inline]
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.now
    }

    /// How many events are scheduled and have not happened.
    #[inline]
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    /// Lets `event` happen at `time`, after everything already scheduled for that instant; at [`SimTime::MAX`],
    /// which never comes, it does not happen.
    ///
    /// # Panics
    /// When `time` is before [`now`](Self::now): the model has a bug that no run should hide.
    #[inline]
    pub fn schedule_at(&mut self, time: SimTime, event: E) {
        // One comparison for both ends: what is before now wraps around.
        if time.as_ns().wrapping_sub(self.now.as_ns()) >= u64::MAX - self.now.as_ns() {
            return refuse_time(time, self.now);
        }
        self.queue.push(time, event);
    }

    /// Lets `event` happen `delay` from now; with no delay, after everything already scheduled
    /// for this instant. What would be after the end of time does not happen.
    #[inline]
    pub fn schedule_in(&mut self, delay: SimDuration, event: E) {
        self.schedule_at(self.now + delay, event);
    }

    pub(super) fn new() -> Self {
        Self { now: SimTime::ZERO, queue: EventQueue::new() }
    }

    /// Moves the clock to the next event and takes it, unless it is later than `limit`.
    #[inline]
    pub(super) fn advance(&mut self, limit: SimTime) -> Option<E> {
        let (time, event) = self.queue.pop_until(limit)?;
        debug_assert!(time >= self.now, "the clock would go back from {} to {time}", self.now);
        self.now = time;
        Some(event)
    }

    /// The events that come soon, when they have just been found.
    #[inline]
    pub(super) fn newly_upcoming(&mut self) -> Option<impl Iterator<Item = E> + Clone> {
        self.queue.newly_upcoming()
    }

    /// Moves the clock to `time`, where no event is pending before it.
    pub(super) fn advance_clock(&mut self, time: SimTime) {
        self.now = self.now.max(time);
    }

    /// Whether an event is pending at `limit` or before.
    pub(super) fn is_due(&mut self, limit: SimTime) -> bool {
        self.queue.peek_time().is_some_and(|time| time <= limit)
    }
}

#[cold]
#[inline(never)]
fn refuse_time(time: SimTime, now: SimTime) {
    assert!(time == SimTime::MAX, "an event was scheduled at {time}, in the past: it is already {now}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_happen_in_the_order_of_scheduling() {
        let mut scheduler = Scheduler::new();
        scheduler.schedule_in(SimDuration::from_ms(1), 'b');
        scheduler.schedule_in(SimDuration::ZERO, 'a');
        scheduler.schedule_at(SimTime::from_ns(1_000_000), 'c');
        let order: Vec<char> = std::iter::from_fn(|| scheduler.advance(SimTime::MAX)).collect();
        assert_eq!(order, ['a', 'b', 'c']);
        assert_eq!(scheduler.now(), SimTime::from_ns(1_000_000));
    }

    #[test]
    #[should_panic(expected = "scheduled at 1 s, in the past: it is already 2 s")]
    fn the_past_is_closed() {
        let mut scheduler = Scheduler::new();
        scheduler.schedule_in(SimDuration::from_secs(2), ());
        scheduler.advance(SimTime::MAX);
        scheduler.schedule_at(SimTime::from_ns(1_000_000_000), ());
    }

    #[test]
    fn the_end_of_time_never_comes() {
        let mut scheduler = Scheduler::new();
        scheduler.schedule_in(SimDuration::from_secs(1), ());
        scheduler.advance(SimTime::MAX);
        scheduler.schedule_in(SimDuration::from_ns(u64::MAX), ());
        assert_eq!((scheduler.pending(), scheduler.advance(SimTime::MAX)), (0, None));
    }
}

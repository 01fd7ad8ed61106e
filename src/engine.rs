//! The discrete-event engine: a clock, a queue of pending events, and the loop that runs a model.
//!
//! A [`Model`] holds all state and handles one event at a time; what it schedules through the
//! [`Scheduler`] happens later or at the same instant, in the order of scheduling. Events are
//! plain `Copy` values: no task, closure or allocation per event. The engine knows nothing about
//! what it simulates, so every run with the same model and events gives the same order.
//!
//! ```
//! use peerscape::engine::{Engine, Model, RunLimits, Scheduler};
//! use peerscape::units::{SimDuration, SimTime};
//!
//! struct Ticker {
//!     ticks: u32,
//! }
//!
//! impl Model for Ticker {
//!     type Event = ();
//!     fn handle(&mut self, _now: SimTime, _event: (), scheduler: &mut Scheduler<()>) {
//!         self.ticks += 1;
//!         scheduler.schedule_in(SimDuration::from_secs(1), ());
//!     }
//! }
//!
//! let mut engine = Engine::new(Ticker { ticks: 0 }, RunLimits::default());
//! engine.scheduler_mut().schedule_at(SimTime::ZERO, ());
//! engine.run_until(SimTime::ZERO + SimDuration::from_secs(60))?;
//! assert_eq!(engine.model().ticks, 61);
//! # Ok::<(), peerscape::engine::EngineError>(())
//! ```

mod queue;
mod run;
mod scheduler;
mod slots;
mod timers;

pub use queue::EventQueue;
pub use run::{Engine, EngineError, Model, RunLimits};
pub use scheduler::Scheduler;
pub(crate) use slots::Slots;
pub use timers::{Ticket, Timers};

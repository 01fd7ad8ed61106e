//! The event engine alone, on a model that has nothing to do with peers: `cargo run --example engine_alone`.
//!
//! An M/D/1 queue: customers come by a Poisson process, one server serves each for the same time, first come, first
//! served. At a load of `rho` they wait `rho / (2 (1 - rho))` service times on average (Pollaczek and Khinchine).

use std::collections::VecDeque;
use std::error::Error;

use peerscape::engine::{Engine, Model, RunLimits, Scheduler};
use peerscape::units::{SimDuration, SimTime};
use peerscape::{Domain, Seed, Stream, Streams};
use rand_distr::{Distribution, Exp1};

/// How long the server takes for a customer.
const SERVICE: SimDuration = SimDuration::from_ms(10);

/// What happens: a small value that can be copied.
#[derive(Clone, Copy, Debug)]
enum Event {
    Arrival,
    Departure,
}

/// All state of the model.
struct Queue {
    mean_gap: SimDuration,
    stream: Stream,
    /// When those arrived who are here; the first is being served.
    here: VecDeque<SimTime>,
    served: u64,
    waited_s: f64,
}

impl Model for Queue {
    type Event = Event;

    fn handle(&mut self, now: SimTime, event: Event, scheduler: &mut Scheduler<Event>) {
        match event {
            Event::Arrival => {
                let draw: f64 = Exp1.sample(&mut self.stream);
                scheduler.schedule_in(SimDuration::from_secs_f64(self.mean_gap.as_secs_f64() * draw), Event::Arrival);
                self.here.push_back(now);
                if self.here.len() == 1 {
                    scheduler.schedule_in(SERVICE, Event::Departure);
                }
            }
            Event::Departure => {
                let arrived = self.here.pop_front().expect("invariant: who departs was here");
                self.served += 1;
                self.waited_s += now.since(arrived).as_secs_f64() - SERVICE.as_secs_f64();
                if !self.here.is_empty() {
                    scheduler.schedule_in(SERVICE, Event::Departure);
                }
            }
        }
    }
}

/// A line for each load.
pub(crate) fn table() -> Result<String, Box<dyn Error>> {
    let mut lines = vec!["load  waits (simulated)  waits (closed form)".to_owned()];
    for load in [0.3, 0.6, 0.9] {
        let mean_gap = SimDuration::from_secs_f64(SERVICE.as_secs_f64() / load);
        let stream = Streams::new(Seed(1)).stream(Domain::Foreign, 0);
        let queue = Queue { mean_gap, stream, here: VecDeque::new(), served: 0, waited_s: 0.0 };
        let mut engine = Engine::new(queue, RunLimits::default());
        engine.scheduler_mut().schedule_at(SimTime::ZERO, Event::Arrival);
        engine.run_until(SimTime::ZERO + SimDuration::from_secs(10_000))?;
        let queue = engine.model();
        let simulated_ms = 1e3 * queue.waited_s / queue.served as f64;
        let closed_ms = SERVICE.as_ms_f64() * load / (2.0 * (1.0 - load));
        lines.push(format!("{load:>4}  {simulated_ms:>14.2} ms  {closed_ms:>16.2} ms"));
    }
    Ok(lines.join("\n") + "\n")
}

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", table()?);
    Ok(())
}

//! PHOLD (Fujimoto, "Performance of Time Warp under synthetic workloads", 1990) on peerscape's
//! engine and on simcore, the event kernel of dslab, in one process.
//!
//! Every entity starts with one event. An event counts itself and schedules one at a random
//! entity after 0.1 s plus an exponential 0.9 s. Both sides draw from the same generator.
//! Criterion reports wall time; the summary at the end is CPU time.

mod random;
mod support;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use peerscape::engine::{Engine, Model, RunLimits, Scheduler};
use peerscape::units::{SimDuration, SimTime};
use serde::Serialize;
use simcore::{Event, EventHandler, Simulation, SimulationContext};

use random::{SplitMix, below};
use support::{best_ns_per_op, is_measuring};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let sizes: &[u32] = if is_measuring() { &[1_000, 100_000] } else { &[100] };
    let mut lines = Vec::new();
    for &entities in sizes {
        let mut ours = Ours::new(entities);
        let mut theirs = Theirs::new(entities);
        let ours = measure(&mut criterion, "peerscape", entities, |events| ours.run(events));
        let theirs = measure(&mut criterion, "simcore", entities, |events| theirs.run(events));
        lines.push(format!(
            "{entities:>7} entities: peerscape {:>5.1} M events/s, simcore {:>5.2} M events/s, ratio {:.1}",
            1e3 / ours,
            1e3 / theirs,
            theirs / ours
        ));
    }
    criterion.final_summary();
    println!("\nPHOLD, CPU time, the best of many rounds");
    lines.iter().for_each(|line| println!("{line}"));
}

/// Benches one side, which runs about so many events and says how many, and returns its best
/// CPU time an event in nanoseconds.
fn measure(criterion: &mut Criterion, name: &str, entities: u32, mut run: impl FnMut(u64) -> u64) -> f64 {
    const BATCH: u64 = 100_000;
    run(2 * u64::from(entities));
    let mut group = criterion.benchmark_group("phold");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group.throughput(Throughput::Elements(BATCH));
    group.bench_function(BenchmarkId::new(name, entities), |bencher| bencher.iter(|| run(BATCH)));
    group.finish();
    let events = if is_measuring() { 500_000 } else { 1_000 };
    best_ns_per_op(|| run(events))
}

/// PHOLD on peerscape's engine.
struct Ours {
    engine: Engine<Entities>,
}

struct Entities {
    counters: Vec<u64>,
    random: SplitMix,
}

impl Model for Entities {
    type Event = u32;

    #[inline]
    fn handle(&mut self, _now: SimTime, entity: u32, scheduler: &mut Scheduler<u32>) {
        self.counters[entity as usize] += 1;
        let target = below(self.random.next(), self.counters.len() as u32);
        scheduler.schedule_in(SimDuration::from_ns((self.random.phold_delay_s() * 1e9) as u64), target);
    }
}

impl Ours {
    fn new(entities: u32) -> Self {
        let model = Entities { counters: vec![0; entities as usize], random: SplitMix(1) };
        let mut engine = Engine::new(model, RunLimits::default());
        let (model, scheduler) = engine.parts_mut();
        for entity in 0..entities {
            scheduler.schedule_in(SimDuration::from_secs_f64(model.random.phold_delay_s()), entity);
        }
        Self { engine }
    }

    fn run(&mut self, events: u64) -> u64 {
        let before = self.engine.events();
        // Each entity has one event a second on average.
        let span = events * 1_000_000_000 / self.engine.model().counters.len() as u64;
        let end = self.engine.scheduler().now() + SimDuration::from_ns(span);
        self.engine.run_until(end).expect("PHOLD keeps its limits");
        self.engine.events() - before
    }
}

/// PHOLD on simcore: each entity a component with its handler, as its manual shows.
struct Theirs {
    simulation: Simulation,
}

#[derive(Clone, Serialize)]
struct Tick {}

struct Component {
    counter: u64,
    first: u32,
    entities: u32,
    random: Rc<Cell<u64>>,
    context: SimulationContext,
}

impl Component {
    fn schedule(&self) {
        let mut random = SplitMix(self.random.get());
        let target = self.first + below(random.next(), self.entities);
        self.context.emit(Tick {}, target, random.phold_delay_s());
        self.random.set(random.0);
    }
}

impl EventHandler for Component {
    fn on(&mut self, event: Event) {
        simcore::cast!(match event.data {
            Tick {} => {
                self.counter += 1;
                self.schedule();
            }
        });
    }
}

impl Theirs {
    fn new(entities: u32) -> Self {
        let mut simulation = Simulation::new(1);
        let random = Rc::new(Cell::new(1));
        let contexts: Vec<_> = (0..entities).map(|i| simulation.create_context(format!("entity-{i}"))).collect();
        let first = contexts[0].id();
        for context in contexts {
            let name = context.name().to_owned();
            let component = Component { counter: 0, first, entities, random: random.clone(), context };
            component.schedule();
            simulation.add_handler(name, Rc::new(RefCell::new(component)));
        }
        Self { simulation }
    }

    fn run(&mut self, events: u64) -> u64 {
        self.simulation.steps(events);
        events
    }
}

//! W2 and W3 on simcore 0.1, the event kernel of dslab: the same uplinks, latencies and messages as
//! the bench scenarios, each arrival one event.

use std::cell::RefCell;
use std::rc::Rc;

use cpu_time::ThreadTime;
use serde::Serialize;
use simcore::{Event, EventHandler, Simulation, SimulationContext};

/// A message arrives, or is published, at a peer.
#[derive(Clone, Serialize)]
struct Arrival {
    published: f64,
}

/// The next message of a peer is due.
#[derive(Clone, Serialize)]
struct Publish {}

struct Peer {
    number: u32,
    peers: u32,
    serialisation_s: f64,
    period_s: f64,
    uplink_free: f64,
    tree: bool,
    left: u32,
    seen: Rc<RefCell<Seen>>,
    context: SimulationContext,
}

#[derive(Default)]
struct Seen {
    deliveries: u64,
    sum_s: f64,
    max_s: f64,
}

impl Peer {
    fn send(&mut self, to: u32, published: f64) {
        self.uplink_free = self.uplink_free.max(self.context.time()) + self.serialisation_s;
        let delay = self.uplink_free - self.context.time() + latency_s(self.number, to);
        let target = self.context.id() - self.number + to;
        self.context.emit(Arrival { published }, target, delay);
    }

    fn send_to_children(&mut self, published: f64) {
        for child in 4 * self.number + 1..=4 * self.number + 4 {
            if child < self.peers {
                self.send(child, published);
            }
        }
    }

    fn publish(&mut self) {
        let now = self.context.time();
        if self.tree {
            self.send_to_children(now);
        } else {
            let own = self.number;
            (0..self.peers).filter(|&to| to != own).for_each(|to| self.send(to, now));
        }
        self.left -= 1;
        if self.left > 0 {
            self.context.emit_self(Publish {}, self.period_s);
        }
    }
}

impl EventHandler for Peer {
    fn on(&mut self, event: Event) {
        simcore::cast!(match event.data {
            Arrival { published } => {
                let latency = self.context.time() - published;
                let mut seen = self.seen.borrow_mut();
                seen.deliveries += 1;
                seen.sum_s += latency;
                seen.max_s = seen.max_s.max(latency);
                drop(seen);
                if self.tree {
                    self.send_to_children(published);
                }
            }
            Publish {} => {
                self.publish();
            }
        });
    }
}

/// Uniform over 10 to 100 ms, hashed from the pair.
fn latency_s(a: u32, b: u32) -> f64 {
    let mut x = (u64::from(a.min(b)) << 32 | u64::from(a.max(b))).wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    0.01 + 0.09 * ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Million deliveries a CPU second of W2: one source, 300 messages of 1024 B over 10 Mbit/s.
pub(crate) fn tree(peers: u32) -> f64 {
    run(peers, true, 819.2e-6, 1.0 / 30.0, 300)
}

/// Million deliveries a CPU second of W3: all peers, 100 messages of 200 B over 100 Mbit/s.
pub(crate) fn mesh(peers: u32) -> f64 {
    run(peers, false, 16e-6, 0.1, 100)
}

fn run(peers: u32, tree: bool, serialisation_s: f64, period_s: f64, messages: u32) -> f64 {
    let mut simulation = Simulation::new(1);
    let seen = Rc::new(RefCell::new(Seen::default()));
    let contexts: Vec<_> = (0..peers).map(|number| simulation.create_context(format!("peer-{number}"))).collect();
    for (context, number) in contexts.into_iter().zip(0..) {
        if number == 0 || !tree {
            let phase = latency_s(number, u32::MAX) * period_s / 0.1;
            context.emit_self(Publish {}, phase);
        }
        let name = context.name().to_owned();
        let (uplink_free, left, seen) = (0.0, messages, Rc::clone(&seen));
        let peer = Peer { number, peers, serialisation_s, period_s, uplink_free, tree, left, seen, context };
        simulation.add_handler(name, Rc::new(RefCell::new(peer)));
    }
    let clock = ThreadTime::now();
    simulation.step_until_no_events();
    let took = clock.elapsed().as_secs_f64();
    let seen = seen.borrow();
    let sources = if tree { 1 } else { u64::from(peers) };
    assert_eq!(seen.deliveries, sources * u64::from(messages) * u64::from(peers - 1));
    assert!(seen.sum_s > 0.0 && seen.max_s < 10.0);
    seen.deliveries as f64 / took / 1e6
}

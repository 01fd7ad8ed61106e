//! W2, W3 and a flood on simcore 0.1, the event kernel of dslab: the same uplinks, latencies and messages as
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
    from: u32,
    number: u32,
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
    way: Way,
    left: u32,
    seen: Rc<RefCell<Seen>>,
    context: SimulationContext,
}

/// Over what messages go.
#[derive(Clone)]
enum Way {
    Tree,
    Mesh,
    /// Over the neighbours of each peer, what is new to it.
    Flood(Rc<Vec<Vec<u32>>>),
}

#[derive(Default)]
struct Seen {
    copies: u64,
    // By message: a bit a peer.
    known: Vec<Vec<u64>>,
    deliveries: u64,
    sum_s: f64,
    max_s: f64,
}

impl Peer {
    fn send(&mut self, to: u32, published: f64, number: u32) {
        self.uplink_free = self.uplink_free.max(self.context.time()) + self.serialisation_s;
        let delay = self.uplink_free - self.context.time() + latency_s(self.number, to);
        let target = self.context.id() - self.number + to;
        self.context.emit(Arrival { published, from: self.number, number }, target, delay);
    }

    fn pass_on(&mut self, from: u32, published: f64, number: u32) {
        match self.way.clone() {
            Way::Tree => {
                for child in 4 * self.number + 1..=4 * self.number + 4 {
                    if child < self.peers {
                        self.send(child, published, number);
                    }
                }
            }
            Way::Flood(neighbours) => {
                for &next in neighbours[self.number as usize].iter().filter(|&&next| next != from) {
                    self.send(next, published, number);
                }
            }
            Way::Mesh => {}
        }
    }

    fn publish(&mut self) {
        let now = self.context.time();
        let (own, number) = (self.number, self.left);
        if let Way::Mesh = self.way {
            (0..self.peers).filter(|&to| to != own).for_each(|to| self.send(to, now, number));
        } else {
            self.seen.borrow_mut().is_new(own, number);
            self.pass_on(own, now, number);
        }
        self.left -= 1;
        if self.left > 0 {
            self.context.emit_self(Publish {}, self.period_s);
        }
    }
}

impl Seen {
    fn is_new(&mut self, peer: u32, number: u32) -> bool {
        let Some(bits) = self.known.get_mut(number as usize) else { return true };
        let (word, bit) = (&mut bits[peer as usize / 64], 1 << (peer % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

impl EventHandler for Peer {
    fn on(&mut self, event: Event) {
        simcore::cast!(match event.data {
            Arrival { published, from, number } => {
                let latency = self.context.time() - published;
                let mut seen = self.seen.borrow_mut();
                seen.copies += 1;
                if matches!(self.way, Way::Flood(_)) && !seen.is_new(self.number, number) {
                    return;
                }
                seen.deliveries += 1;
                seen.sum_s += latency;
                seen.max_s = seen.max_s.max(latency);
                drop(seen);
                self.pass_on(from, published, number);
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
    run(peers, &Way::Tree, 819.2e-6, 1.0 / 30.0, 300)
}

/// Million deliveries a CPU second of W3: all peers, 100 messages of 200 B over 100 Mbit/s.
pub(crate) fn mesh(peers: u32) -> f64 {
    run(peers, &Way::Mesh, 16e-6, 0.1, 100)
}

/// Million copies a CPU second of W2's messages flooded over a graph.
pub(crate) fn flood(neighbours: Vec<Vec<u32>>) -> f64 {
    run(neighbours.len() as u32, &Way::Flood(Rc::new(neighbours)), 819.2e-6, 1.0 / 30.0, 300)
}

fn run(peers: u32, way: &Way, serialisation_s: f64, period_s: f64, messages: u32) -> f64 {
    let mut simulation = Simulation::new(1);
    let seen = Rc::new(RefCell::new(Seen::default()));
    if let Way::Flood(_) = way {
        seen.borrow_mut().known = vec![vec![0; peers as usize / 64 + 1]; messages as usize + 1];
    }
    let all_publish = matches!(way, Way::Mesh);
    let contexts: Vec<_> = (0..peers).map(|number| simulation.create_context(format!("peer-{number}"))).collect();
    for (context, number) in contexts.into_iter().zip(0..) {
        if number == 0 || all_publish {
            let phase = latency_s(number, u32::MAX) * period_s / 0.1;
            context.emit_self(Publish {}, phase);
        }
        let name = context.name().to_owned();
        let (uplink_free, left, seen) = (0.0, messages, Rc::clone(&seen));
        let way = way.clone();
        let peer = Peer { number, peers, serialisation_s, period_s, uplink_free, way, left, seen, context };
        simulation.add_handler(name, Rc::new(RefCell::new(peer)));
    }
    let clock = ThreadTime::now();
    simulation.step_until_no_events();
    let took = clock.elapsed().as_secs_f64();
    let seen = seen.borrow();
    let sources = if all_publish { u64::from(peers) } else { 1 };
    assert_eq!(seen.deliveries, sources * u64::from(messages) * u64::from(peers - 1));
    assert!(seen.sum_s > 0.0 && seen.max_s < 10.0);
    seen.copies as f64 / took / 1e6
}

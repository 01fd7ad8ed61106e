//! SCTP at packet grain: a saturated transfer, and small messages over a thousand associations.
//!
//! Criterion reports wall time; the summary at the end is CPU time, links and event queue included.

mod support;

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use peerscape::engine::{Engine, Model, RunLimits, Scheduler};
use peerscape::net::PacketLinkSpec;
use peerscape::rng::Seed;
use peerscape::units::{Bitrate, ByteCount, SimDuration, SimTime};
use peerscape::webrtc::sctp::lab::{BulkSpec, LabSpec, run};
use peerscape::webrtc::sctp::{
    Association, AssociationEvent, AssociationProfile, ChannelSpec, Outbox, PacketId, PacketStore, Reliability,
};

use support::{best_ns_per_op, is_measuring};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut lines = Vec::new();
    for (name, profile) in
        [("chromium", AssociationProfile::chromium()), ("webrtc-rs", AssociationProfile::webrtc_rs())]
    {
        lines.push(measure_bulk(&mut criterion, name, &Arc::new(profile)));
    }
    lines.push(measure_small(&mut criterion));
    criterion.final_summary();
    println!("\nSCTP at packet grain, CPU time, the best of several rounds");
    lines.iter().for_each(|line| println!("{line}"));
}

fn measure_bulk(criterion: &mut Criterion, name: &str, profile: &Arc<AssociationProfile>) -> String {
    let link = PacketLinkSpec {
        delay: SimDuration::from_ms(10),
        rate: Some(Bitrate::from_bps(100_000_000)),
        buffer: Some(ByteCount::new(2_500_000)),
        ..PacketLinkSpec::default()
    };
    let spec = LabSpec {
        profiles: [Arc::clone(profile), Arc::clone(profile)],
        record_bytes: 22,
        links: [link, link],
        socket: None,
        bulk: Some(BulkSpec::reliable(16_384)),
        echo: None,
        duration: SimDuration::from_secs(if is_measuring() { 20 } else { 1 }),
        bin: SimDuration::from_secs(1),
        seed: Seed(1),
    };
    let transfer = || {
        let run = run(&spec).expect("it runs");
        run.packets[0] + run.packets[1]
    };
    criterion.bench_function(&format!("bulk/{name}"), |bencher| bencher.iter(|| black_box(transfer())));
    let ns = best_ns_per_op(transfer);
    format!("bulk, {name}: {ns:.0} ns a packet, {:.2} million packets a CPU second", 1e3 / ns)
}

fn measure_small(criterion: &mut Criterion) -> String {
    let play = || {
        let mut engine = Engine::new(Crowd::new(1_000), RunLimits::default());
        let (crowd, scheduler) = engine.parts_mut();
        crowd.begin(scheduler);
        engine
            .run_until(SimTime::ZERO + SimDuration::from_ms(if is_measuring() { 2_000 } else { 100 }))
            .expect("it runs");
        engine.model().delivered
    };
    criterion.bench_function("64 B at 60 Hz over 1,000 associations", |bencher| bencher.iter(|| black_box(play())));
    let ns = best_ns_per_op(play);
    format!("64 B at 60 Hz over 1,000 associations: {ns:.0} ns a message, {:.2} million a CPU second", 1e3 / ns)
}

/// Associations that send 64 B at 60 Hz over 25 ms, one way.
struct Crowd {
    ends: Vec<[Association; 2]>,
    wakes: Vec<[SimTime; 2]>,
    store: PacketStore,
    out: Outbox,
    delivered: u64,
}

#[derive(Clone, Copy)]
enum What {
    Send { association: u32 },
    Arrive { association: u32, end: u8, packet: PacketId },
    Wake { association: u32, end: u8 },
}

const PERIOD: SimDuration = SimDuration::from_us(16_667);
const DELAY: SimDuration = SimDuration::from_ms(25);

impl Crowd {
    fn new(associations: usize) -> Self {
        let profile = Arc::new(AssociationProfile::chromium());
        let channel =
            ChannelSpec { unordered: true, reliability: Reliability::Retransmits(0), ..ChannelSpec::default() };
        let end = || {
            let mut end = Association::new(SimTime::ZERO, &profile, &profile, 22);
            end.open(channel);
            end
        };
        Self {
            ends: (0..associations).map(|_| [end(), end()]).collect(),
            wakes: vec![[SimTime::MAX; 2]; associations],
            store: PacketStore::default(),
            out: Outbox::default(),
            delivered: 0,
        }
    }

    fn begin(&self, scheduler: &mut Scheduler<What>) {
        for association in 0..self.ends.len() as u32 {
            let at = SimTime::from_ns(u64::from(association) * PERIOD.as_ns() / self.ends.len() as u64);
            scheduler.schedule_at(at, What::Send { association });
        }
    }

    fn flush(&mut self, association: u32, end: u8, scheduler: &mut Scheduler<What>) {
        for packet in self.out.packets() {
            let packet = self.store.put(packet.chunks);
            scheduler.schedule_in(DELAY, What::Arrive { association, end: 1 - end, packet });
        }
        let delivered = self.out.events().iter().filter(|event| matches!(event, AssociationEvent::Delivered { .. }));
        self.delivered += delivered.count() as u64;
        self.out.clear();
        let (row, side) = (association as usize, usize::from(end));
        let next = self.ends[row][side].next_wake().unwrap_or(SimTime::MAX);
        if next < self.wakes[row][side] {
            self.wakes[row][side] = next;
            scheduler.schedule_at(next, What::Wake { association, end });
        }
    }
}

impl Model for Crowd {
    type Event = What;

    fn handle(&mut self, now: SimTime, what: What, scheduler: &mut Scheduler<What>) {
        match what {
            What::Send { association } => {
                let sender = &mut self.ends[association as usize][0];
                sender.send(now, 0, 0, 64, &mut self.out).expect("there is room");
                self.flush(association, 0, scheduler);
                scheduler.schedule_in(PERIOD, What::Send { association });
            }
            What::Arrive { association, end, packet } => {
                let receiver = &mut self.ends[association as usize][usize::from(end)];
                receiver.receive(now, self.store.get(packet), &mut self.out);
                self.store.free(packet);
                self.flush(association, end, scheduler);
            }
            What::Wake { association, end } => {
                let (row, side) = (association as usize, usize::from(end));
                if self.wakes[row][side] == now {
                    self.wakes[row][side] = SimTime::MAX;
                    self.ends[row][side].wake(now, &mut self.out);
                    self.flush(association, end, scheduler);
                }
            }
        }
    }
}

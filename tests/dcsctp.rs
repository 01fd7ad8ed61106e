//! The `chromium` association beside dcSCTP itself: crate `dcsctp`, by dcSCTP's authors, over the same links in the
//! same simulated time.
//!
//! Both ends of either are driven as the laboratory does it: the sender keeps a MiB buffered and looks each
//! millisecond whether there is room. Losses come from the same streams. Bounds are stated in docs/VALIDATION.md.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use dcsctp::api::{DcSctpSocket, Message, Options, PpId, SendOptions, SocketEvent, SocketTime, StreamId};
use peerscape::net::{LossSpec, PacketLink, PacketLinkSpec};
use peerscape::rng::{Domain, Seed, Streams};
use peerscape::units::{Bitrate, ByteCount, Probability, SimDuration, SimTime};
use peerscape::webrtc::sctp::lab::{self, BulkSpec, LabSpec};
use peerscape::webrtc::sctp::{AssociationProfile, Backoff};

/// What DTLS adds to a packet, and IPv4 with UDP.
const RECORD_BYTES: u32 = 29;
const DATAGRAM_BYTES: u64 = 28;
const OUTSTANDING: usize = 1 << 20;
const STREAM: StreamId = StreamId(1);
const GOODPUT_TOLERANCE: f64 = 0.10;
const MISSED_TOLERANCE: f64 = 0.45;
const TICK: SimDuration = SimDuration::from_ms(1);

/// A cell of the grid.
#[derive(Clone, Copy, Debug)]
struct Cell {
    round_trip_ms: u64,
    mbit_per_s: u64,
    queue_ms: u64,
    loss_percent: f64,
    message: u32,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Arrive(usize, Vec<u8>),
    Wake(usize),
    Refill,
}

/// Two sockets and the links between them.
struct Pair {
    sockets: [Box<dyn DcSctpSocket>; 2],
    links: [PacketLink; 2],
    wakes: [SimTime; 2],
    queue: BinaryHeap<Reverse<(SimTime, u64, Happening)>>,
    scheduled: u64,
    delivered: u64,
}

impl Cell {
    fn link(self) -> PacketLinkSpec {
        let rate = Bitrate::from_bps(self.mbit_per_s * 1_000_000);
        PacketLinkSpec {
            delay: SimDuration::from_us(self.round_trip_ms * 500),
            rate: Some(rate),
            buffer: Some(rate.bytes_in(SimDuration::from_ms(self.queue_ms))),
            loss: LossSpec::bernoulli(Probability::new(self.loss_percent / 100.0).expect("a share")),
            ..PacketLinkSpec::default()
        }
    }

    /// Goodput of the model in Mbit/s.
    fn model(self, seed: u64, duration: SimDuration) -> f64 {
        // The crate adds 4 * 220 ms to the smoothed round trip, where libwebrtc's C++ adds 220 ms in all, and doubles
        // the time-out from the second on, not from the first; Chromium 156 was seen to do as the C++.
        let mut profile = AssociationProfile::chromium();
        profile.rto.variance_min = SimDuration::from_ms(880);
        profile.rto.backoff = Backoff::Timer { cap: SimDuration::from_secs(3), steady: 1 };
        let profile = Arc::new(profile);
        let run = lab::run(&LabSpec {
            profiles: [Arc::clone(&profile), profile],
            record_bytes: RECORD_BYTES,
            links: [self.link(); 2],
            socket: None,
            bulk: Some(BulkSpec::reliable(self.message)),
            echo: None,
            duration,
            bin: SimDuration::from_ms(500),
            seed: Seed(seed),
        });
        run.expect("it ends").goodput_mbit_per_s(SimDuration::ZERO, duration)
    }

    /// The same of dcSCTP.
    fn dcsctp(self, seed: u64, duration: SimDuration) -> f64 {
        let mut pair = Pair::connected(self, seed);
        pair.schedule(SimTime::ZERO, Happening::Refill);
        while let Some(Reverse((now, _, happening))) = pair.queue.pop() {
            if now > SimTime::ZERO + duration {
                break;
            }
            pair.handle(now, happening, self.message);
        }
        (pair.delivered * 8) as f64 / duration.as_secs_f64() / 1e6
    }
}

impl Pair {
    /// Two sockets that have shaken hands at time zero, over ideal links.
    fn connected(cell: Cell, seed: u64) -> Self {
        // As libwebrtc sets it up.
        let options = Options {
            max_send_buffer_size: usize::MAX,
            per_stream_send_queue_limit: usize::MAX,
            max_timer_backoff_duration: Some(Duration::from_secs(3)),
            max_retransmissions: None,
            ..Options::default()
        };
        let streams = Streams::new(Seed(seed));
        let mut pair = Self {
            sockets: ["a", "b"].map(|name| dcsctp::new_socket(name, &options)),
            links: [0, 1].map(|side| PacketLink::new(cell.link(), streams.stream(Domain::PacketLink, side))),
            wakes: [SimTime::MAX; 2],
            queue: BinaryHeap::new(),
            scheduled: 0,
            delivered: 0,
        };
        pair.sockets[0].connect();
        for _ in 0..8 {
            for side in [0, 1] {
                while let Some(event) = pair.sockets[side].poll_event() {
                    if let SocketEvent::SendPacket(packet) = event {
                        pair.sockets[1 - side].handle_input(&packet);
                    }
                }
            }
        }
        pair
    }

    fn schedule(&mut self, at: SimTime, happening: Happening) {
        self.scheduled += 1;
        self.queue.push(Reverse((at, self.scheduled, happening)));
    }

    fn handle(&mut self, now: SimTime, happening: Happening, message: u32) {
        let socket_now = SocketTime::zero() + Duration::from_nanos(now.as_ns());
        let side = match happening {
            Happening::Arrive(side, packet) => {
                self.sockets[side].advance_time(socket_now);
                self.sockets[side].handle_input(&packet);
                side
            }
            Happening::Wake(side) => {
                if self.wakes[side] != now {
                    return;
                }
                self.wakes[side] = SimTime::MAX;
                self.sockets[side].advance_time(socket_now);
                side
            }
            Happening::Refill => {
                self.sockets[0].advance_time(socket_now);
                while self.sockets[0].buffered_amount(STREAM) + message as usize <= OUTSTANDING {
                    let message = Message::new(STREAM, PpId(53), vec![0; message as usize]);
                    self.sockets[0].send(message, &SendOptions::default()).expect("there is room");
                }
                self.schedule(now + TICK, Happening::Refill);
                0
            }
        };
        self.flush(now, side);
    }

    fn flush(&mut self, now: SimTime, side: usize) {
        while let Some(message) = self.sockets[side].get_next_message() {
            self.delivered += message.payload.len() as u64;
        }
        while let Some(event) = self.sockets[side].poll_event() {
            match event {
                SocketEvent::SendPacket(packet) => {
                    let size = packet.len() as u64 + u64::from(RECORD_BYTES) + DATAGRAM_BYTES;
                    if let Ok(at) = self.links[side].send(now, ByteCount::new(size)) {
                        self.schedule(at, Happening::Arrive(1 - side, packet));
                    }
                }
                SocketEvent::OnAborted(kind, why) => panic!("aborted: {kind:?} {why}"),
                _ => {}
            }
        }
        let due = self.sockets[side].poll_timeout();
        if due != SocketTime::infinite_future() {
            let due = SimTime::from_ns((due - SocketTime::zero()).as_nanos() as u64).max(now + SimDuration::from_ns(1));
            if due < self.wakes[side] {
                self.wakes[side] = due;
                self.schedule(due, Happening::Wake(side));
            }
        }
    }
}

/// Compares the cells; returns those that miss the bound.
fn compare(cells: &[Cell], seeds: u64, tolerance: f64) -> Vec<String> {
    let mut missed = Vec::new();
    for &cell in cells {
        let duration = SimDuration::from_secs(10);
        let mean = |run: &dyn Fn(u64) -> f64| (1..=seeds).map(run).sum::<f64>() / seeds as f64;
        let model = mean(&|seed| cell.model(seed, duration));
        let dcsctp = mean(&|seed| cell.dcsctp(seed, duration));
        let line =
            format!("{cell:?}: model {model:.2}, dcsctp {dcsctp:.2} Mbit/s, {:+.1} %", 100.0 * (model / dcsctp - 1.0));
        println!("{line}");
        if (model / dcsctp - 1.0).abs() > tolerance {
            missed.push(line);
        }
    }
    missed
}

/// The slice that runs always. Those of the second list miss the bound, see docs/VALIDATION.md: they are held to what
/// they are, so that a change is seen.
#[test]
fn the_chromium_association_carries_what_dcsctp_carries() {
    let cell = |(round_trip_ms, mbit_per_s, loss_percent, message)| Cell {
        round_trip_ms,
        mbit_per_s,
        queue_ms: 100,
        loss_percent,
        message,
    };
    let hold = [(20, 100, 0.0, 65_536), (20, 10, 0.0, 16_384), (20, 100, 1.0, 16_384), (100, 10, 1.0, 262_144)];
    let missed = compare(&hold.map(cell), 3, GOODPUT_TOLERANCE);
    assert!(missed.is_empty(), "{missed:#?}");
    let miss = [(50, 10, 0.0, 16_384), (100, 10, 0.0, 1_024), (50, 10, 0.1, 16_384), (50, 100, 1.0, 1_024)];
    let missed = compare(&miss.map(cell), 3, MISSED_TOLERANCE);
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
#[ignore = "some minutes: docs/VALIDATION.md has the figures"]
fn the_chromium_association_carries_what_dcsctp_carries_over_a_grid() {
    let mut cells = Vec::new();
    for round_trip_ms in [2, 20, 50, 100, 200] {
        for (mbit_per_s, queue_ms) in [(2, 200), (10, 25), (10, 100), (100, 100)] {
            for loss_percent in [0.0, 0.1, 1.0, 5.0] {
                for message in [1_024, 16_384, 262_144] {
                    cells.push(Cell { round_trip_ms, mbit_per_s, queue_ms, loss_percent, message });
                }
            }
        }
    }
    let missed = compare(&cells, 5, GOODPUT_TOLERANCE);
    println!("{} of {} cells miss", missed.len(), cells.len());
    assert!(missed.len() * 20 <= cells.len(), "{missed:#?}");
}

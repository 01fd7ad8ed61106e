//! Two ends and a delay between them.

use crate::units::{SimDuration, SimTime};
use crate::webrtc::handshake::{DtlsRole, Output, Segment, Transport, TransportProfile, TransportSpec};
use crate::webrtc::setup::SetupProfile;
use crate::webrtc::stamp::{Comparisons, Delays, Leg, Moment, Stamp};

/// Two ends, offerer first, which opens the channel.
#[derive(Clone)]
pub(super) struct Rig {
    pub(super) profiles: [TransportProfile; 2],
    pub(super) ladder: SetupProfile,
    /// Which end is the DTLS client.
    pub(super) client: usize,
    /// One way.
    pub(super) delay: SimDuration,
    /// When ICE has a pair at each end.
    pub(super) ice: [SimDuration; 2],
    /// Whether ICE has measured the round trip.
    pub(super) measured: bool,
    /// When ICE's rounds began, if that is told.
    pub(super) rounds_since: Option<SimDuration>,
    /// Whether what arrives comes before a timer that is due at the same time.
    pub(super) arrivals_first: bool,
    /// Which datagrams of each end are lost, from 0.
    pub(super) lost: [Vec<usize>; 2],
}

/// What became of them.
pub(super) struct Ran {
    pub(super) ends: [Transport; 2],
    /// Everything that was sent: when, by whom, what, and whether it was lost.
    pub(super) sent: Vec<(SimTime, usize, Segment, bool)>,
}

#[derive(Clone, Copy)]
enum RigEvent {
    Start,
    Arrives(Segment),
    Wake,
}

/// When the rig stops.
pub(super) const LIMIT: SimDuration = SimDuration::from_secs(600);

impl Rig {
    pub(super) fn new(profile: TransportProfile, ladder: SetupProfile, delay_ms: u64) -> Self {
        let delay = SimDuration::from_ms(delay_ms);
        Self {
            profiles: [profile; 2],
            ladder,
            client: 1,
            delay,
            ice: [SimDuration::ZERO; 2],
            measured: true,
            rounds_since: None,
            arrivals_first: false,
            lost: [Vec::new(), Vec::new()],
        }
    }

    pub(super) fn losing(&self, side: usize, number: usize) -> Self {
        let mut rig = self.clone();
        rig.lost[side].push(number);
        rig
    }

    pub(super) fn run(&self) -> Ran {
        let delays = Delays::uniform(self.delay);
        let mut comparisons = Comparisons::new(delays);
        let ends = [0, 1].map(|side| {
            Transport::new(TransportSpec {
                profile: self.profiles[side],
                ladder: self.ladder,
                dtls_role: if side == self.client { DtlsRole::Client } else { DtlsRole::Server },
                opens_channel: side == 0,
            })
        });
        let mut ran = Ran { ends, sent: Vec::new() };
        let mut queue: Vec<(Stamp, usize, RigEvent)> = Vec::new();
        for side in [0, 1] {
            queue.push((Stamp::ZERO.after(self.ice[side]), side, RigEvent::Start));
        }
        let order = |&(at, _, event): &(Stamp, usize, RigEvent)| {
            (at.time(), self.arrivals_first && matches!(event, RigEvent::Wake))
        };
        while let Some(next) = (0..queue.len()).min_by_key(|&place| order(&queue[place])) {
            let (now, side, event) = queue.remove(next);
            if now.time() > SimTime::ZERO + LIMIT {
                break;
            }
            let mut moment = Moment { now, comparisons: &mut comparisons };
            let end = &mut ran.ends[side];
            match event {
                RigEvent::Start => {
                    if self.measured {
                        let back = Stamp::ZERO.over(Leg::Direct, &delays).over(Leg::Direct, &delays);
                        end.set_round_trip(Stamp::ZERO, back, &mut moment);
                    }
                    if let Some(began) = self.rounds_since {
                        end.rounds_since(Stamp::ZERO.after(began));
                    }
                    end.start(&mut moment);
                }
                RigEvent::Arrives(segment) => end.receive(&mut moment, segment),
                RigEvent::Wake => end.act(&mut moment),
            }
            for output in end.take_out() {
                match output {
                    Output::WakeAt(stamp) => queue.push((stamp, side, RigEvent::Wake)),
                    Output::Send(segment) => {
                        let number = ran.sent.iter().filter(|sent| sent.1 == side).count();
                        let lost = self.lost[side].contains(&number);
                        ran.sent.push((now.time(), side, segment, lost));
                        if !lost {
                            queue.push((now.over(Leg::Direct, &delays), 1 - side, RigEvent::Arrives(segment)));
                        }
                    }
                }
            }
        }
        ran
    }
}

impl Ran {
    pub(super) fn open_ms(&self) -> [Option<f64>; 2] {
        [0, 1].map(|side| self.ends[side].open().map(in_ms))
    }

    /// What one end has sent, by name, with its time in ms.
    pub(super) fn names(&self, side: usize) -> Vec<(f64, &'static str)> {
        let of_side = self.sent.iter().filter(|sent| sent.1 == side);
        of_side.map(|(time, _, segment, _)| (time.as_ns() as f64 / 1e6, segment.name())).collect()
    }
}

pub(super) fn in_ms(stamp: Stamp) -> f64 {
    stamp.time().as_ns() as f64 / 1e6
}

//! One end of a DTLS handshake, flight by flight (RFC 6347, section 4.2.4; RFC 9147, section 5.8).
//!
//! Each flight answers the one before and is repeated by the timer of the end that waits. In 1.2 the
//! server's last flight is repeated only when the client repeats its own; in 1.3 the client is done
//! with the server's flight and repeats its last one until the server has acknowledged it.

use super::profile::{DtlsProfile, DtlsTimer, Repeats};
use super::segment::{FLIGHTS, Flight, HandshakeMessage, Segment};
use super::transport::Output;
use crate::units::SimDuration;
use crate::webrtc::stamp::{Difference, Moment, Stamp};
use std::cmp::Ordering;

/// Who begins the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DtlsRole {
    /// This end (`a=setup:active`): as a rule the answerer (RFC 8842, section 5.3).
    Client,
    /// The other.
    Server,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V12 { cookie: bool },
    V13,
}

#[derive(Clone, Debug)]
pub(super) struct Dtls {
    role: DtlsRole,
    version: Version,
    profile: DtlsProfile,
    // The last flight that it has sent.
    sent: Option<Flight>,
    // Which parts of the flights of the other end have come, as bits.
    come: [u8; FLIGHTS],
    retransmissions: u32,
    // What the timer begins with.
    patience: Difference,
    deadline: Option<Stamp>,
    done: Option<Stamp>,
    failed: Option<Stamp>,
}

impl Dtls {
    pub(super) const fn new(role: DtlsRole, version: Version, profile: DtlsProfile) -> Self {
        Self {
            role,
            version,
            profile,
            sent: None,
            come: [0; FLIGHTS],
            retransmissions: 0,
            patience: Difference::fixed(profile.timer.initial()),
            deadline: None,
            done: None,
            failed: None,
        }
    }

    pub(super) const fn done(&self) -> Option<Stamp> {
        self.done
    }

    pub(super) const fn failed(&self) -> Option<Stamp> {
        self.failed
    }

    pub(super) const fn deadline(&self) -> Option<Stamp> {
        self.deadline
    }

    /// What ICE has measured, for timers that go by it.
    pub(super) fn set_round_trip(&mut self, round_trip: Difference, moment: &mut Moment<'_>) {
        let DtlsTimer::RoundTrips { times, least, most, .. } = self.profile.timer else { return };
        let delays = *moment.comparisons.delays();
        let wanted = Stamp::ZERO.later_by(&round_trip, times, &delays);
        let mut is = |bound: SimDuration, order| moment.comparisons.compare(wanted, Stamp::ZERO.after(bound)) == order;
        self.patience = if is(least, Ordering::Less) {
            Difference::fixed(least)
        } else if is(most, Ordering::Greater) {
            Difference::fixed(most)
        } else {
            Difference::between(wanted, Stamp::ZERO, &delays)
        };
    }

    /// ICE has a pair: the client begins.
    pub(super) fn begin(&mut self, moment: &mut Moment<'_>, out: &mut Vec<Output>) {
        if self.role == DtlsRole::Client {
            self.send(Flight::Hello, moment, out);
        }
    }

    /// The handshake up to the server's flight has run within ICE's checks (SPED): what is left is
    /// the client's last flight.
    pub(super) fn begin_after_checks(&mut self, moment: &mut Moment<'_>, out: &mut Vec<Output>) {
        match self.role {
            DtlsRole::Client => self.finish_client(moment, out),
            DtlsRole::Server => self.sent = Some(Flight::Server),
        }
    }

    /// Takes a datagram.
    pub(super) fn receive(&mut self, flight: Flight, segment: Segment, moment: &mut Moment<'_>, out: &mut Vec<Output>) {
        if self.failed.is_some() {
            return;
        }
        let complete = self.collect(flight, segment);
        if self.done.is_some() {
            return self.after_the_end(flight, complete, moment, out);
        }
        match (self.role, self.sent, flight) {
            (DtlsRole::Server, None | Some(Flight::Verify), Flight::Hello) if complete => {
                let cookie = matches!(self.version, Version::V12 { cookie: true });
                self.send(if cookie { Flight::Verify } else { Flight::Server }, moment, out);
            }
            (DtlsRole::Client, Some(Flight::Hello), Flight::Verify) if complete => {
                self.send(Flight::HelloAgain, moment, out);
            }
            (DtlsRole::Server, Some(Flight::Verify), Flight::HelloAgain) if complete => {
                self.send(Flight::Server, moment, out);
            }
            (DtlsRole::Client, Some(Flight::Hello | Flight::HelloAgain), Flight::Server) if complete => {
                self.finish_client(moment, out);
            }
            (DtlsRole::Server, Some(Flight::Server), Flight::Client) if complete => {
                self.done = Some(moment.now);
                self.send(if self.version == Version::V13 { Flight::Ack } else { Flight::Finish }, moment, out);
            }
            (DtlsRole::Client, Some(Flight::Client), Flight::Finish) if complete => {
                self.done = Some(moment.now);
                self.deadline = None;
            }
            _ => self.no_progress(flight, complete, moment, out),
        }
    }

    /// Repeats the last flight if its time is up.
    pub(super) fn act(&mut self, moment: &mut Moment<'_>, out: &mut Vec<Output>) {
        if !self.deadline.is_some_and(|deadline| moment.reached(deadline)) {
            return;
        }
        self.deadline = None;
        let Some(flight) = self.sent else { return };
        if flight == Flight::Verify {
            return self.arm(moment, out);
        }
        self.retransmissions += 1;
        if self.retransmissions <= self.profile.retransmissions_max {
            self.put(flight, out);
            self.arm(moment, out);
        } else if self.done.is_none() {
            self.failed = Some(moment.now);
        }
    }

    // The client has the server's flight: in 1.3 it is done then.
    fn finish_client(&mut self, moment: &mut Moment<'_>, out: &mut Vec<Output>) {
        if self.version == Version::V13 {
            self.done = Some(moment.now);
        }
        self.send(Flight::Client, moment, out);
    }

    // A datagram that does not lead to the next flight: a repetition, or a part of a flight.
    fn no_progress(&mut self, flight: Flight, complete: bool, moment: &mut Moment<'_>, out: &mut Vec<Output>) {
        match self.profile.repeats {
            Repeats::StopTimer => self.deadline = None,
            Repeats::Ignored => {}
            Repeats::Answered => {
                if let Some(own) = self.sent.filter(|own| complete && answers(*own, flight)) {
                    self.put(own, out);
                    self.arm(moment, out);
                }
            }
        }
    }

    // After the end an end repeats its last flight when the other repeats its own.
    fn after_the_end(&mut self, flight: Flight, complete: bool, moment: &mut Moment<'_>, out: &mut Vec<Output>) {
        let Some(own) = self.sent else { return };
        if flight == Flight::Ack {
            self.deadline = None;
        } else if self.profile.repeats == Repeats::StopTimer {
            // Whatever the flight is, and as often as it would have repeated its own by the timer.
            self.retransmissions += 1;
            if self.retransmissions <= self.profile.retransmissions_max {
                self.put(own, out);
            }
        } else if complete && answers(own, flight) {
            self.put(own, out);
            if self.deadline.is_some() {
                self.arm(moment, out);
            }
        }
    }

    // Notes a part; whether the flight is whole with it. A repeated flight counts anew.
    const fn collect(&mut self, flight: Flight, segment: Segment) -> bool {
        let come = &mut self.come[flight as usize];
        *come |= 1 << segment.part;
        let complete = come.count_ones() as u8 >= segment.parts;
        if complete {
            *come = 0;
        }
        complete
    }

    fn send(&mut self, flight: Flight, moment: &mut Moment<'_>, out: &mut Vec<Output>) {
        self.sent = Some(flight);
        self.retransmissions = 0;
        self.deadline = None;
        self.put(flight, out);
        let last = matches!(flight, Flight::Finish | Flight::Ack);
        let stateless = flight == Flight::Verify && self.profile.repeats != Repeats::StopTimer;
        if !last && !stateless {
            self.arm(moment, out);
        }
    }

    fn put(&self, flight: Flight, out: &mut Vec<Output>) {
        let sizes = self.profile.bytes.of(flight, self.version == Version::V13);
        let parts = sizes.len() as u8;
        for (part, &bytes) in (0..).zip(sizes) {
            out.push(Output::Send(Segment { message: HandshakeMessage::Dtls(flight), part, parts, bytes }));
        }
    }

    fn arm(&mut self, moment: &mut Moment<'_>, out: &mut Vec<Output>) {
        let delays = *moment.comparisons.delays();
        let times = if self.profile.timer.doubles() { 1 << self.retransmissions.min(10) } else { 1 };
        let wanted = moment.now.later_by(&self.patience, times, &delays);
        let latest = moment.now.after(self.profile.timer.cap());
        let over = times > 1 && moment.comparisons.compare(wanted, latest) == Ordering::Greater;
        let deadline = if over { latest } else { wanted };
        self.deadline = Some(deadline);
        out.push(Output::WakeAt(deadline));
    }
}

// Whether a flight is the answer to another.
const fn answers(own: Flight, other: Flight) -> bool {
    matches!(
        (own, other),
        (Flight::Verify, Flight::Hello)
            | (Flight::HelloAgain, Flight::Verify)
            | (Flight::Server, Flight::Hello | Flight::HelloAgain)
            | (Flight::Client, Flight::Server)
            | (Flight::Finish | Flight::Ack, Flight::Client)
    )
}

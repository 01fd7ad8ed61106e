//! One end of everything that follows ICE.

use std::collections::VecDeque;

use super::dtls::{Dtls, DtlsRole, Version};
use super::profile::{Early, Initiates, TransportProfile};
use super::sctp::Sctp;
use super::segment::{Flight, HandshakeMessage, Segment};
use crate::units::SimDuration;
use crate::webrtc::setup::SetupProfile;
use crate::webrtc::stamp::{Difference, Moment, Stamp};

/// What an end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportSpec {
    /// Its implementation.
    pub profile: TransportProfile,
    /// Which protocols follow ICE; [`SetupProfile::Engines`] has to be resolved before, and counts
    /// as DTLS 1.3.
    pub ladder: SetupProfile,
    /// Who begins the DTLS handshake.
    pub dtls_role: DtlsRole,
    /// Whether this end opens the channel.
    pub opens_channel: bool,
}

/// What an end wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// To send this to the other end, over the pair that ICE has selected.
    Send(Segment),
    /// To be woken with [`Transport::act`] at this time; it does no harm to be woken in vain.
    WakeAt(Stamp),
}

/// One end of everything that follows ICE.
#[derive(Clone, Debug)]
pub struct Transport {
    spec: TransportSpec,
    dtls: Dtls,
    sctp: Sctp,
    started: Option<Stamp>,
    rounds_since: Option<Stamp>,
    // What waits for ICE, and what waits for the CPU, with its time.
    held: Vec<Segment>,
    work: VecDeque<(Stamp, Work)>,
    // What was made while events were handled, and when it leaves at the latest.
    parked: Vec<Output>,
    parked_until: Option<Stamp>,
    out: Vec<Output>,
}

#[derive(Clone, Copy, Debug)]
enum Work {
    Begin,
    Take(Segment),
}

impl Transport {
    /// An end that waits for ICE.
    #[must_use]
    pub const fn new(spec: TransportSpec) -> Self {
        let TransportSpec { profile, ladder, dtls_role, opens_channel } = spec;
        let version = match ladder {
            SetupProfile::WebrtcRs => Version::V12 { cookie: true },
            SetupProfile::Classic12 | SetupProfile::Snap => Version::V12 { cookie: false },
            SetupProfile::Engines | SetupProfile::Dtls13 | SetupProfile::Warp | SetupProfile::Instant => Version::V13,
        };
        let record_bytes = ladder.dtls_record_bytes() as u16;
        Self {
            spec,
            dtls: Dtls::new(dtls_role, version, profile.dtls),
            sctp: Sctp::new(profile.sctp, profile.opens, opens_channel, record_bytes),
            started: None,
            rounds_since: None,
            held: Vec::new(),
            work: VecDeque::new(),
            parked: Vec::new(),
            parked_until: None,
            out: Vec::new(),
        }
    }

    /// What ICE has measured on the pair in use: when a check left and when its response came. To be
    /// told before [`start`](Self::start), if known; some retransmission timers go by it.
    pub fn set_round_trip(&mut self, sent: Stamp, answered: Stamp, moment: &mut Moment<'_>) {
        let round_trip = Difference::between(answered, sent, moment.comparisons.delays());
        self.dtls.set_round_trip(round_trip, moment);
    }

    /// When ICE's rounds of checks began, which free what a driver [parks](TransportProfile::parks);
    /// if it is not told, they count from [`start`](Self::start).
    pub const fn rounds_since(&mut self, began: Stamp) {
        self.rounds_since = Some(began);
    }

    /// ICE has a pair. Further calls do nothing.
    pub fn start(&mut self, moment: &mut Moment<'_>) {
        if self.started.is_some() {
            return;
        }
        self.started = Some(moment.now);
        if self.spec.ladder == SetupProfile::Instant {
            return self.sctp.open_at_once(moment.now);
        }
        let client = self.spec.dtls_role == DtlsRole::Client;
        self.after(if client { self.spec.profile.cpu.hello } else { SimDuration::ZERO }, Work::Begin, moment);
        for segment in std::mem::take(&mut self.held) {
            self.take(segment, moment);
        }
    }

    /// Takes a datagram.
    pub fn receive(&mut self, moment: &mut Moment<'_>, segment: Segment) {
        match (self.started, self.spec.profile.early) {
            (None, Early::Dropped) => {}
            (None, Early::Held) => self.held.push(segment),
            (Some(_), _) => {
                self.unpark();
                self.take(segment, moment);
            }
        }
    }

    /// Does what is due.
    pub fn act(&mut self, moment: &mut Moment<'_>) {
        if self.started.is_none() {
            return;
        }
        if self.parked_until.is_some_and(|until| moment.reached(until)) {
            self.unpark();
        }
        while let Some(&(due, work)) = self.work.front()
            && moment.reached(due)
        {
            self.work.pop_front();
            self.do_work(work, moment);
        }
        self.dtls.act(moment, &mut self.out);
        self.sctp.act(moment, &mut self.out);
    }

    /// Whether it wants anything.
    #[must_use]
    pub const fn has_out(&self) -> bool {
        !self.out.is_empty()
    }

    /// Takes out what it wants, in order.
    #[must_use]
    pub fn take_out(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// Gives the list that [`take_out`](Self::take_out) gave back, empty, for its room.
    pub fn give_back(&mut self, room: Vec<Output>) {
        self.out = room;
    }

    /// Whether ICE has had a pair for it.
    #[must_use]
    pub const fn has_started(&self) -> bool {
        self.started.is_some()
    }

    /// When its DTLS handshake was complete, for the application.
    #[must_use]
    pub fn dtls_done(&self) -> Option<Stamp> {
        let done = if self.spec.ladder == SetupProfile::Instant { self.sctp.done() } else { self.dtls.done() };
        self.told(done)
    }

    /// When its association stood, for the application.
    #[must_use]
    pub fn sctp_done(&self) -> Option<Stamp> {
        self.told(self.sctp.done())
    }

    /// When its channel opened, for the application.
    #[must_use]
    pub fn open(&self) -> Option<Stamp> {
        self.told(self.sctp.open())
    }

    /// When it failed, if it tells.
    #[must_use]
    pub fn failed(&self) -> Option<Stamp> {
        self.dtls.failed().or_else(|| self.sctp.failed()).filter(|_| self.spec.profile.tells_failure)
    }

    /// When it wants to be woken next, if that is before `first`; else that.
    pub fn next_wake(&self, moment: &mut Moment<'_>, first: Option<Stamp>) -> Option<Stamp> {
        if self.started.is_none() {
            return first;
        }
        let first = moment.sooner(first, self.parked_until);
        let first = moment.sooner(first, self.work.front().map(|&(due, _)| due));
        let first = moment.sooner(first, self.dtls.deadline());
        self.sctp.deadlines().into_iter().fold(first, |first, deadline| moment.sooner(first, deadline))
    }

    /// The times at which it wants to be woken.
    pub fn deadlines(&self) -> impl Iterator<Item = Stamp> {
        let work = self.work.front().map(|&(due, _)| due);
        let sctp = self.sctp.deadlines();
        [self.parked_until, work, self.dtls.deadline()].into_iter().chain(sctp).flatten()
    }

    fn told(&self, what: Option<Stamp>) -> Option<Stamp> {
        what.map(|stamp| stamp.after(self.spec.profile.cpu.tell))
    }

    fn take(&mut self, segment: Segment, moment: &mut Moment<'_>) {
        let cpu = &self.spec.profile.cpu;
        let span = match segment.message {
            HandshakeMessage::Dtls(Flight::Verify | Flight::Ack) => SimDuration::ZERO,
            HandshakeMessage::Dtls(_) => cpu.flight,
            _ => cpu.packet,
        };
        self.after(span, Work::Take(segment), moment);
    }

    // Does something after some CPU time; one thing after the other.
    fn after(&mut self, span: SimDuration, work: Work, moment: &mut Moment<'_>) {
        if span == SimDuration::ZERO && self.work.is_empty() {
            return self.do_work(work, moment);
        }
        let due = moment.now.after(span);
        self.work.push_back((due, work));
        self.out.push(Output::WakeAt(due));
    }

    fn do_work(&mut self, work: Work, moment: &mut Moment<'_>) {
        match work {
            Work::Begin => self.begin(moment),
            Work::Take(segment) => match segment.message {
                HandshakeMessage::Dtls(flight) => {
                    let before = self.dtls.done();
                    self.dtls.receive(flight, segment, moment, &mut self.out);
                    if before.is_none() && self.dtls.done().is_some() {
                        self.dtls_is_done(moment);
                    }
                }
                // Without keys it cannot be read.
                _ if self.dtls.done().is_none() => {}
                message => self.take_packet(message, moment),
            },
        }
    }

    fn begin(&mut self, moment: &mut Moment<'_>) {
        let mut made = Vec::new();
        if self.spec.ladder == SetupProfile::Warp {
            self.dtls.begin_after_checks(moment, &mut made);
        } else {
            self.dtls.begin(moment, &mut made);
        }
        self.park(made, moment);
        if self.dtls.done().is_some() {
            self.dtls_is_done(moment);
        }
    }

    fn dtls_is_done(&mut self, moment: &mut Moment<'_>) {
        let mut made = Vec::new();
        if matches!(self.spec.ladder, SetupProfile::Snap | SetupProfile::Warp) {
            self.sctp.establish(moment.now, &mut made);
        } else if self.spec.profile.sctp.initiates == Initiates::Both || self.spec.dtls_role == DtlsRole::Client {
            self.sctp.initiate(moment.now, &mut made);
        }
        self.park(made, moment);
    }

    // OPEN is made when the application hears of the association; all else is an answer.
    fn take_packet(&mut self, message: HandshakeMessage, moment: &mut Moment<'_>) {
        let mut made = Vec::new();
        self.sctp.receive(message, moment.now, &mut made);
        let is_open =
            |output: &Output| matches!(output, Output::Send(segment) if segment.message == HandshakeMessage::Open);
        let (late, answers) = made.into_iter().partition(is_open);
        self.out.extend::<Vec<_>>(answers);
        self.park(late, moment);
    }

    // Keeps datagrams back where the driver does.
    fn park(&mut self, made: Vec<Output>, moment: &mut Moment<'_>) {
        let Some(tick) = self.spec.profile.parks.filter(|_| !made.is_empty()) else {
            return self.out.extend(made);
        };
        let is_send = |output: &Output| matches!(output, Output::Send(_));
        let (sends, wakes): (Vec<_>, Vec<_>) = made.into_iter().partition(is_send);
        self.out.extend(wakes);
        if sends.is_empty() {
            return;
        }
        self.parked.extend(sends);
        let mut until = self.rounds_since.or(self.started).unwrap_or(moment.now).after(tick);
        while moment.reached(until) {
            until = until.after(tick);
        }
        self.parked_until = Some(until);
        self.out.push(Output::WakeAt(until));
    }

    fn unpark(&mut self) {
        self.parked_until = None;
        self.out.append(&mut self.parked);
    }
}

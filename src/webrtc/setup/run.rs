//! Playing a set-up through, event by event.
//!
//! The order of things at an end at one time is that of the real stack's driver: what has come is
//! taken in, what follows leaves, what is due is done, the timer is set, datagrams go out, then
//! signaling messages.

use std::borrow::Cow;

use super::end::End;
use super::network::{Launched, Network, Party};
use super::outcome::{RelayUse, SelectedKinds, SetupOutcome, SetupTimes, Signaled};
use super::play::Letter;
use super::queue::{Queue, SetupEvent, Signal, Told};
use super::reach::Reach;
use super::server::Server;
use super::spec::{Losses, PairSetup, Relation};
use super::trace::{Step, Trace, Who};
use super::underlay::{Delayless, Parcel, Underlay};
use super::wire::{Packet, SetupMessage};
use crate::net::{Transit, Transport};
use crate::units::{SimDuration, SimTime};
use crate::webrtc::handshake::{DtlsRole, TransportProfile, TransportSpec};
use crate::webrtc::ice::{AgentState, Candidate, CandidateKind, Route};
use crate::webrtc::stamp::{Comparisons, Leg, Moment, Stamp};

/// A set-up that has been played through.
#[derive(Clone, Debug)]
pub struct SetupRun {
    /// What became of it.
    pub outcome: SetupOutcome<Stamp>,
    /// What was compared on the way, and how it turned out.
    pub comparisons: Comparisons,
    /// What happened, if that was asked for.
    pub steps: Vec<Step>,
}

/// Bytes of an offer and an answer without candidates, and of a candidate, as Chromium and libwebrtc
/// write them for a data channel alone (measured; docs/MODELS.md).
const OFFER_BYTES: u32 = 458;
const ANSWER_BYTES: u32 = 460;
const CANDIDATE_BYTES: u32 = 97;
/// Things that an end does in a row at one time.
const OVERDUE_MAX: u32 = 8;
/// How long a relayed connection that is open is watched for a better pair, where one may work: checks of such
/// a pair are answered long before, and lost ones are repeated within it.
const IMPROVES_FOR: SimDuration = SimDuration::from_secs(3);
/// Events of a set-up, far beyond what one takes: a set-up that hangs is not waited for.
pub(super) const EVENTS_MAX: u32 = 20_000;

/// Sets up a connection under the delays of `comparisons`, with these datagrams lost.
#[must_use]
pub fn run(setup: &PairSetup, losses: &Losses, comparisons: Comparisons) -> SetupRun {
    Driver::new(Cow::Borrowed(setup), losses, comparisons, false).play()
}

/// The same, with every step.
#[must_use]
pub fn run_traced(setup: &PairSetup, losses: &Losses, comparisons: Comparisons) -> SetupRun {
    Driver::new(Cow::Borrowed(setup), losses, comparisons, true).play()
}

/// The same as [`run()`], but left as soon as its times can no longer become these; if it was left, some time of what
/// it came to is another one or is missing.
#[must_use]
pub(super) fn run_while(
    setup: &PairSetup,
    losses: &Losses,
    comparisons: Comparisons,
    expected: &SetupTimes<Stamp>,
) -> SetupRun {
    let driver = Driver::new(Cow::Borrowed(setup), losses, comparisons, false);
    Driver { expected: Some(expected), expected_until: SimTime::ZERO, ..driver }.play()
}

/// The same as [`run()`], waiting for whatever might still turn up for a relayed connection, likely or not.
#[cfg(test)]
pub(super) fn run_patiently(setup: &PairSetup, losses: &Losses, comparisons: Comparisons) -> SetupRun {
    Driver { reach: None, ..Driver::new(Cow::Borrowed(setup), losses, comparisons, false) }.play()
}

#[derive(Debug)]
pub(super) struct Driver<'a> {
    pub(super) setup: Cow<'a, PairSetup>,
    pub(super) now: Stamp,
    pub(super) comparisons: Comparisons,
    network: Network,
    server: Server,
    ends: [Option<Box<End>>; 2],
    pub(super) queue: Queue,
    pub(super) times: SetupTimes<Stamp>,
    signaled: [Signaled; 2],
    trace: Trace,
    // What the times are to be; once they cannot be that any more, nothing else matters.
    expected: Option<&'a SetupTimes<Stamp>>,
    // Until when they can, as far as is known; zero asks for a new look.
    expected_until: SimTime,
    // What the ends reach; without it a relayed set-up is watched for as long as any is.
    reach: Option<Reach>,
    // What an end sends, while it is collected.
    packets: Vec<Packet>,
    signals: Vec<Signal>,
    /// What whoever plays the set-up has to carry, where that is not an idle network.
    pub(super) letters: Vec<Letter>,
}

impl<'a> Driver<'a> {
    pub(super) fn new(setup: Cow<'a, PairSetup>, losses: &Losses, comparisons: Comparisons, traced: bool) -> Self {
        Self {
            now: Stamp::ZERO,
            comparisons,
            network: Network::new(&setup, losses),
            server: Server::default(),
            ends: [None, None],
            queue: Queue::default(),
            times: SetupTimes::default(),
            signaled: [Signaled::default(); 2],
            trace: Trace::new(traced),
            expected: None,
            expected_until: SimTime::MAX,
            reach: Some(Reach::new(&setup)),
            packets: Vec::new(),
            signals: Vec::new(),
            letters: Vec::new(),
            setup,
        }
    }

    fn play(mut self) -> SetupRun {
        self.begin(&mut Delayless);
        for _ in 0..EVENTS_MAX {
            if self.is_done() {
                break;
            }
            let Some((at, event)) = self.queue.pop() else { break };
            self.now = at;
            self.handle(event, &mut Delayless);
            if at.time() > self.expected_until && !self.may_be_as_expected() {
                break;
            }
        }
        SetupRun { outcome: self.outcome(), comparisons: self.comparisons, steps: self.trace.take() }
    }

    /// The offerer begins.
    pub(super) fn begin<U: Underlay>(&mut self, underlay: &mut U) {
        self.seat(0);
        self.gather(0);
        self.settle(0, underlay);
    }

    /// What it has come to so far.
    pub(super) fn outcome(&self) -> SetupOutcome<Stamp> {
        SetupOutcome {
            times: self.times,
            selected: [0, 1].map(|side| self.selected(side)),
            relay: self.relay_use(),
            signaled: self.signaled,
            datagrams: self.network.datagrams(),
        }
    }

    // Whether the times may still be those expected.
    fn may_be_as_expected(&mut self) -> bool {
        let until = self.expected.map_or(Some(SimTime::MAX), |expected| self.times.may_become_until(expected));
        self.expected_until = until.unwrap_or(SimTime::ZERO);
        until.is_some_and(|until| self.now.time() <= until)
    }

    pub(super) fn handle<U: Underlay>(&mut self, event: SetupEvent, underlay: &mut U) {
        match event {
            SetupEvent::Arrival { transit, message, local } => self.arrive(transit, message, local, underlay),
            SetupEvent::Received { side, packet } => self.receive(side, packet, underlay),
            SetupEvent::Signal { to, signal } => {
                self.hear(to, signal);
                self.settle(to, underlay);
            }
            SetupEvent::Timer { side } => {
                if let Some(end) = &mut self.ends[side] {
                    end.armed = None;
                }
                self.settle(side, underlay);
            }
        }
    }

    fn arrive<U: Underlay>(&mut self, transit: Transit, message: SetupMessage, local: bool, underlay: &mut U) {
        let Some((party, header, lost)) = self.network.arrive(self.now, transit) else {
            self.trace.note(self.now, Who::Network, || format!("drops {}", message.name()));
            return;
        };
        let packet = Packet::new(header, message);
        if U::LINKS
            && let Party::End(side) = party
        {
            let parcel = Parcel { bytes: packet.bytes(), stream: header.transport == Transport::Tcp, local };
            let Some(received) = underlay.down(side, self.now.time(), parcel).filter(|_| !lost) else {
                self.trace.note(self.now, Who::Network, || format!("loses {}", packet.message.name()));
                return;
            };
            let received = self.now.after(received.since(self.now.time()));
            return self.queue.push(received, SetupEvent::Received { side, packet }, &mut self.comparisons);
        }
        if lost {
            self.trace.note(self.now, Who::Network, || format!("drops {}", packet.message.name()));
            return;
        }
        match party {
            Party::End(side) => self.receive(side, packet, underlay),
            Party::Server => {
                if let Some(reply) = self.server.receive(&mut self.network, packet) {
                    self.send(Party::Server, reply, underlay);
                }
            }
        }
    }

    fn receive<U: Underlay>(&mut self, side: usize, packet: Packet, underlay: &mut U) {
        self.trace.note(self.now, Who::end(side), || {
            format!("receives {} from {}", packet.message.name(), packet.header.source)
        });
        let mut moment = Moment { now: self.now, comparisons: &mut self.comparisons };
        // What is due at this very instant is done before anything else comes.
        let stirs =
            |end: &mut Box<End>| end.receive(&mut moment, packet) || end.armed.is_some_and(|at| moment.reached(at));
        if self.ends[side].as_mut().is_some_and(stirs) {
            self.settle(side, underlay);
        }
    }

    fn hear(&mut self, side: usize, signal: Signal) {
        let resolves = self.setup.relation == Relation::SameLan;
        let usable = |told: Told| (resolves || !told.hidden).then_some(told.candidate);
        match signal {
            Signal::Description(candidates) => {
                let answers = self.ends[side].is_none();
                self.seat(side);
                if let Some(end) = &mut self.ends[side] {
                    end.describe(self.now, candidates.into_iter().filter_map(usable));
                }
                if answers {
                    self.gather(side);
                }
            }
            Signal::Candidate(told) => {
                if let (Some(end), Some(candidate)) = (&mut self.ends[side], usable(told)) {
                    end.hear_of(candidate);
                }
            }
        }
    }

    fn seat(&mut self, side: usize) {
        if self.ends[side].is_some() {
            return;
        }
        let Some(address) = self.network.address(side) else { return };
        let (v6, server) = (self.network.address_v6(side), self.network.server());
        let transport = self.transport_of(side);
        let end = End::new(
            self.now,
            &self.setup.ends[side],
            side,
            (address, v6),
            server,
            transport,
            &self.setup.ends[1 - side].stack.ice,
        );
        self.ends[side] = Some(Box::new(end));
    }

    // The answerer is the DTLS client, as RFC 8842 recommends (section 5.3).
    fn transport_of(&self, side: usize) -> TransportSpec {
        let [offerer, answerer] = [0, 1].map(|side| self.setup.ends[side].stack.ice.name);
        TransportSpec {
            profile: TransportProfile::of([offerer, answerer][side]),
            ladder: self.setup.profile.between(offerer, answerer),
            dtls_role: if side == 0 { DtlsRole::Server } else { DtlsRole::Client },
            opens_channel: side == 0,
        }
    }

    fn gather(&mut self, side: usize) {
        if let Some(end) = &mut self.ends[side] {
            end.gather(self.now, &self.setup.ends[side], &self.setup.transports);
        }
    }

    // Lets an end do all that follows from what has happened to it.
    fn settle<U: Underlay>(&mut self, side: usize, underlay: &mut U) {
        let Some(mut end) = self.ends[side].take() else { return };
        let mut packets = std::mem::take(&mut self.packets);
        let mut signals = std::mem::take(&mut self.signals);
        let mut overdue = 0;
        let wake = loop {
            self.follow(side, &mut end, &mut packets, &mut signals);
            let mut moment = Moment { now: self.now, comparisons: &mut self.comparisons };
            match end.next_wake(&mut moment) {
                Some(wake) if overdue <= OVERDUE_MAX && moment.reached(wake) => end.act(&mut moment),
                wake => break wake,
            }
            overdue += 1;
        };
        self.arm(side, &mut end, wake);
        self.ends[side] = Some(end);
        packets.drain(..).for_each(|packet| self.send(Party::End(side), packet, underlay));
        signals.drain(..).for_each(|signal| self.signal::<U>(side, signal));
        (self.packets, self.signals) = (packets, signals);
    }

    // What an end has found out, and what it has to send.
    fn follow(&mut self, side: usize, end: &mut End, packets: &mut Vec<Packet>, signals: &mut Vec<Signal>) {
        let who = Who::end(side);
        let first_new = end.take_found();
        if self.setup.trickle && end.described {
            signals.extend(end.told[first_new..].iter().copied().map(Signal::Candidate));
        }
        if end.gatherer.take_done() {
            end.gathered = true;
            self.times.gathered[side] = Some(self.now);
            self.trace.note(self.now, who, || "has gathered its candidates".to_owned());
        }
        if !end.described && (self.setup.trickle || end.gathered) {
            end.described = true;
            self.times.described[side] = Some(self.now);
            self.expected_until = SimTime::ZERO;
            signals.push(Signal::Description(end.told.clone()));
        }
        end.take_out(self.now, packets);
        match end.agent.state() {
            AgentState::Connected if self.times.ice[side].is_none() => {
                self.times.ice[side] = Some(self.now);
                self.expected_until = SimTime::ZERO;
                self.trace.note(self.now, who, || "ICE connected".to_owned());
                let mut moment = Moment { now: self.now, comparisons: &mut self.comparisons };
                end.connected(&mut moment);
                end.take_out(self.now, packets);
            }
            AgentState::Failed if self.times.failed.is_none() => {
                self.times.failed = Some(self.now);
                self.expected_until = SimTime::ZERO;
                self.trace.note(self.now, who, || "ICE failed".to_owned());
            }
            _ => {}
        }
        if end.transport.has_started() {
            let SetupTimes { dtls, sctp, open, .. } = &self.times;
            if [dtls, sctp, open].iter().any(|times| times[side].is_none()) {
                self.note_progress(side, end);
            }
            if let (None, Some(at)) = (self.times.failed, end.transport.failed()) {
                self.times.failed = Some(at);
                self.expected_until = SimTime::ZERO;
                self.trace.note(at, who, || "the handshake has failed".to_owned());
            }
        }
    }

    fn note_progress(&mut self, side: usize, end: &End) {
        let transport = &end.transport;
        let SetupTimes { dtls, sctp, open, .. } = &mut self.times;
        let progress = [
            (&mut dtls[side], transport.dtls_done(), "DTLS connected"),
            (&mut sctp[side], transport.sctp_done(), "SCTP association up"),
            (&mut open[side], transport.open(), "channel open"),
        ];
        for (known, reached, what) in progress {
            if let (None, Some(at)) = (*known, reached) {
                *known = reached;
                self.expected_until = SimTime::ZERO;
                self.trace.note(at, Who::end(side), || what.to_owned());
            }
        }
    }

    fn arm(&mut self, side: usize, end: &mut End, wake: Option<Stamp>) {
        let Some(wake) = wake else { return };
        let mut moment = Moment { now: self.now, comparisons: &mut self.comparisons };
        let wake = if moment.reached(wake) { self.now.after(SimDuration::from_ns(1)) } else { wake };
        if end.armed.is_none_or(|armed| self.comparisons.compare(wake, armed).is_lt()) {
            if end.armed.replace(wake).is_some() {
                self.queue.disarm(side);
            }
            self.queue.push(wake, SetupEvent::Timer { side }, &mut self.comparisons);
        }
    }

    fn send<U: Underlay>(&mut self, from: Party, packet: Packet, underlay: &mut U) {
        let who = match from {
            Party::End(side) => Who::end(side),
            Party::Server => Who::Server,
        };
        let launched = self.network.send(self.now, from, packet.header);
        let through = |Launched { transit, leg, lost, local }| {
            let mut left = self.now;
            if U::LINKS
                && let Party::End(side) = from
            {
                let stream = packet.header.transport == Transport::Tcp;
                let through = underlay.up(side, left.time(), Parcel { bytes: packet.bytes(), stream, local })?;
                left = left.after(through.since(left.time()));
            }
            (!lost).then(|| (left.over(leg, self.comparisons.delays()), transit, local))
        };
        let sent = launched.and_then(through);
        self.trace.note(self.now, who, || {
            let fate = if sent.is_none() { ", lost" } else { "" };
            format!("sends {} to {}{fate}", packet.message.name(), packet.header.destination)
        });
        if let Some((arrives, transit, local)) = sent {
            let arrival = SetupEvent::Arrival { transit, message: packet.message, local };
            self.queue.push(arrives, arrival, &mut self.comparisons);
        }
    }

    fn signal<U: Underlay>(&mut self, side: usize, signal: Signal) {
        let bytes = match &signal {
            Signal::Description(told) => {
                let own = if side == 0 { OFFER_BYTES } else { ANSWER_BYTES };
                own + CANDIDATE_BYTES * told.len() as u32
            }
            Signal::Candidate(_) => CANDIDATE_BYTES,
        };
        self.signaled[side].messages += 1;
        self.signaled[side].bytes += bytes;
        self.trace.note(self.now, Who::end(side), || match &signal {
            Signal::Description(_) => format!("signals {}", if side == 0 { "offer" } else { "answer" }),
            Signal::Candidate(told) => format!("signals candidate {}", told.candidate.kind.word()),
        });
        if U::LINKS {
            return self.letters.push(Letter { from: side, bytes, signal });
        }
        let leg = if side == 0 { Leg::Offer } else { Leg::Answer };
        let arrives = self.now.over(leg, self.comparisons.delays());
        self.queue.push(arrives, SetupEvent::Signal { to: 1 - side, signal }, &mut self.comparisons);
    }

    // Whether nothing more is to come: both ends are ready and no relayed path may give way to a better one, or
    // the attempt has failed.
    pub(super) fn is_done(&mut self) -> bool {
        if self.times.failed.is_some() {
            return true;
        }
        let ready = self.times.open.iter().all(Option::is_some);
        let [Some(offerer), Some(answerer)] = &self.ends else { return false };
        if !ready {
            // A lost flight can leave both ends waiting for the other, for good.
            let checked = self.times.ice.iter().all(Option::is_some);
            return checked && self.queue.is_quiet() && offerer.is_idle() && answerer.is_idle();
        }
        self.relay_use() == RelayUse::Direct
            || ![offerer, answerer].iter().any(|end| end.agent.changes_its_mind())
            || self.reach.is_some_and(|reach| self.has_settled(reach))
            || self.waited_for_better()
    }

    // Whether both ends have selected the same pair, for one that has just nominated another is ahead; and
    // no pair is left or to come that is better than it and may work. The best one of a symmetric translator
    // that relays cannot reach is known only once it has sent to the other end's relay.
    fn has_settled(&self, reach: Reach) -> bool {
        let pairs = [0, 1].map(|side| self.pair(side));
        let addresses = pairs.map(|pair| pair.map(|(local, remote)| [local.address, remote.address]));
        let agree = addresses[0].is_some() && addresses[0] == addresses[1].map(|[local, remote]| [remote, local]);
        let at_best = |(local, remote): (Candidate, Candidate)| {
            (local.kind, remote.kind) == (CandidateKind::Relayed, CandidateKind::PeerReflexive)
        };
        let server = self.network.server();
        let improves = |(side, end): (usize, &Option<Box<End>>)| {
            let may_work = |local: &Candidate, remote: &Candidate| reach.may_work(side, local, remote, server);
            end.as_ref().is_some_and(|end| end.agent.may_improve(may_work))
        };
        agree
            && (reach.relays_reach_all() || pairs.into_iter().flatten().any(at_best))
            && !self.ends.iter().enumerate().any(improves)
    }

    // Whether a relayed connection has been open for so long that nothing better will come.
    fn waited_for_better(&mut self) -> bool {
        let opened = self.times.open.into_iter().flatten();
        let mut moment = Moment { now: self.now, comparisons: &mut self.comparisons };
        opened.map(|open| open.after(IMPROVES_FOR)).all(|deadline| moment.reached(deadline))
    }

    fn pair(&self, side: usize) -> Option<(Candidate, Candidate)> {
        self.ends[side].as_ref()?.agent.selected()
    }

    fn selected(&self, side: usize) -> Option<SelectedKinds> {
        self.pair(side).map(|(local, remote)| SelectedKinds { local: local.kind, remote: remote.kind })
    }

    // Whose allocations are on the path: an end's own, where it sends through it or the other sends to it.
    fn relay_use(&self) -> RelayUse {
        let through = |side: usize| {
            let own = self.pair(side).and_then(|(local, _)| match local.route {
                Route::Relay(number) => Some(number),
                Route::Socket(_) => None,
            });
            let end = self.ends[side].as_ref()?;
            let to = self.pair(1 - side).map(|(_, remote)| remote.address);
            let number = own.or_else(|| {
                end.told.iter().find_map(|told| match told.candidate.route {
                    Route::Relay(number) if Some(told.candidate.address) == to => Some(number),
                    _ => None,
                })
            })?;
            Some(end.gatherer.transport_of(number))
        };
        match (through(0), through(1)) {
            (None, None) => RelayUse::Direct,
            (Some(transport), None) => RelayUse::Offerer(transport),
            (None, Some(transport)) => RelayUse::Answerer(transport),
            (Some(first), Some(second)) => RelayUse::Both(first, second),
        }
    }
}

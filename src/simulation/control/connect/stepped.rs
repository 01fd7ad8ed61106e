//! The event loop of set-ups that are played beside each other.

use super::beside::Row;
use super::links::{DOWN, Links, UP};
use super::posted::{Carried, Posted};
use super::set_up::{Legs, Opens, SetUp};
use super::{Connecting, Event};
use crate::engine::Scheduler;
use crate::units::{SimDuration, SimTime};
use crate::webrtc::setup::{Parcel, Underlay};

/// Bytes around a signaling message: IPv4 and TCP with timestamps, a TLS record, a WebSocket frame.
const LETTER_HEADERS: u32 = 20 + 32 + 22 + 8;

// The links of a set-up's ends.
struct Ends<'a> {
    links: &'a mut Links,
    nodes: [u32; 2],
    open: [f64; 2],
    base: SimTime,
    streams: &'a mut [[SimTime; 2]; 2],
}

impl Ends<'_> {
    fn pass(&mut self, end: usize, direction: usize, now: SimTime, parcel: Parcel) -> Option<SimTime> {
        let at = self.base + now.since(SimTime::ZERO);
        let mut through = self.links.pass(self.nodes[end], direction, at, parcel, self.open[end])?;
        if parcel.stream {
            let last = &mut self.streams[end][direction];
            through = through.max(*last);
            *last = through;
        }
        Some(SimTime::ZERO + through.since(self.base))
    }
}

impl Underlay for Ends<'_> {
    const LINKS: bool = true;

    fn up(&mut self, end: usize, now: SimTime, parcel: Parcel) -> Option<SimTime> {
        self.pass(end, UP, now, parcel)
    }

    fn down(&mut self, end: usize, now: SimTime, parcel: Parcel) -> Option<SimTime> {
        self.pass(end, DOWN, now, parcel)
    }
}

impl Connecting<'_> {
    /// An attempt is to begin once its offerer's CPU has done its work.
    pub(super) fn play_beside(&mut self, slot: u32, scheduler: &mut Scheduler<Event>) {
        let attempt = *self.attempts.get(slot);
        let nodes = [attempt.offerer, attempt.answerer];
        let deadline = self.deadline(slot).max(scheduler.now());
        let play = self.paths.play(self.world, nodes, attempt.tries, attempt.allocations);
        let Some(beside) = &mut self.beside else { return };
        let number = beside.rows.len() as u32;
        let base = SimTime::from_ns(attempt.offered_ns);
        let row = play.map(|play| {
            Box::new(Row {
                play,
                attempt: slot,
                slot: attempt.slot,
                nodes,
                base,
                has_begun: false,
                armed: Some(base),
                heard: [None; 2],
                forwarded: [SimTime::ZERO; 2],
                early: Vec::new(),
                streams: [[SimTime::ZERO; 2]; 2],
                waited: SimDuration::ZERO,
                allocations: attempt.allocations,
                standing: None,
            })
        });
        if row.is_none() {
            // The two never connect: its offerer learns that when its time has run out.
            return scheduler.schedule_at(deadline, Event::Settled(slot));
        }
        beside.rows.push(row);
        scheduler.schedule_at(deadline, Event::Overdue(number));
        scheduler.schedule_at(base.max(scheduler.now()), Event::Step(number));
    }

    /// The next time of a set-up has come.
    pub(super) fn step(&mut self, now: SimTime, number: u32, scheduler: &mut Scheduler<Event>) {
        let Some(mut row) = self.take_row(number) else { return };
        if row.armed == Some(now) {
            row.armed = None;
            self.advance(now, &mut row);
            for letter in row.play.take_letters() {
                self.post(now, number, &mut row, letter, scheduler);
            }
        }
        self.conclude(now, number, row, scheduler);
    }

    /// The time of an attempt has run out, unless it is open.
    pub(super) fn overdue(&mut self, now: SimTime, number: u32, scheduler: &mut Scheduler<Event>) {
        let Some(row) = self.take_row(number) else { return };
        if row.standing.is_some() {
            return self.put_row(number, row);
        }
        self.settled(now, row.attempt, scheduler);
    }

    /// A letter is at the server, at its receiver's link, or there.
    pub(super) fn letter(&mut self, now: SimTime, place: u32, scheduler: &mut Scheduler<Event>) {
        let Some(posted) = self.beside.as_mut().and_then(|beside| beside.take(place)) else { return };
        let number = posted.set_up();
        let Some(mut row) = self.take_row(number) else { return };
        let carried = self.carry(now, posted, &mut row, scheduler);
        match carried {
            Carried::On(at, posted) => self.schedule_letter(at, posted, scheduler),
            Carried::Settled => return,
            Carried::Lost | Carried::Taken => {}
        }
        self.conclude(now, number, row, scheduler);
    }

    fn take_row(&mut self, number: u32) -> Option<Box<Row>> {
        self.beside.as_mut()?.rows[number as usize].take()
    }

    fn put_row(&mut self, number: u32, row: Box<Row>) {
        if let Some(beside) = &mut self.beside {
            beside.rows[number as usize] = Some(row);
        }
    }

    pub(super) fn schedule_letter(&mut self, at: SimTime, posted: Posted, scheduler: &mut Scheduler<Event>) {
        let Some(beside) = &mut self.beside else { return };
        let place = beside.keep(posted);
        scheduler.schedule_at(at.max(scheduler.now()), Event::Letter(place));
    }

    /// When a letter that comes to a node's link now is through.
    pub(super) fn pass_letter(&mut self, now: SimTime, node: u32, direction: usize, bytes: u32) -> SimTime {
        let open = self.open_share(node);
        let Some(beside) = &mut self.beside else { return now };
        beside.links.pass_letter(node, direction, now, bytes + LETTER_HEADERS, open)
    }

    /// What of a way to the signaling server or from it lies beyond a node's link.
    pub(super) fn beyond_link(&self, way: SimDuration, node: u32) -> SimDuration {
        let delay = self.beside.as_ref().map_or(SimDuration::ZERO, |beside| beside.links.delay(node));
        SimDuration::from_ns(way.as_ns().saturating_sub(delay.as_ns()))
    }

    fn open_share(&self, node: u32) -> f64 {
        let wanted = self.overlay.degree(node).max(1);
        f64::from(self.degrees[node as usize].min(wanted)) / f64::from(wanted)
    }

    // All that happens at this time.
    fn advance(&mut self, now: SimTime, row: &mut Row) {
        let open = row.nodes.map(|node| self.open_share(node));
        let Some(beside) = &mut self.beside else { return };
        let Row { play, streams, nodes, base, .. } = row;
        let mut ends = Ends { links: &mut beside.links, nodes: *nodes, open, base: *base, streams };
        if !row.has_begun {
            row.has_begun = true;
            play.begin(&mut ends);
        }
        let due = |next: Option<SimTime>| next.is_some_and(|next| *base + next.since(SimTime::ZERO) <= now);
        while due(play.next()) && !play.is_done() {
            play.step(&mut ends);
        }
    }

    // What has come of a set-up so far, and when it goes on.
    fn conclude(&mut self, now: SimTime, number: u32, mut row: Box<Row>, scheduler: &mut Scheduler<Event>) {
        let base = row.base;
        let at = |time: SimTime| (base + time.since(SimTime::ZERO)).max(now);
        if row.standing.is_none() {
            if let Some(open) = row.play.open() {
                self.stand(&mut row, at(open), scheduler);
            } else if let Some(failed) = row.play.failed() {
                return scheduler.schedule_at(at(failed), Event::Settled(row.attempt));
            }
        }
        let over = row.has_begun && row.play.is_done();
        if over && let Some((open, took)) = row.standing {
            return self.count(&row, open, took);
        }
        // What hangs waits for its time to run out.
        let next = row.play.next().filter(|_| !over && row.has_begun).map(at);
        if let Some(next) = next
            && row.armed.is_none_or(|armed| next < armed)
        {
            row.armed = Some(next);
            scheduler.schedule_at(next, Event::Step(number));
        }
        self.put_row(number, row);
    }

    // Both ends are open. Whether a better path still turns up is not known yet.
    fn stand(&mut self, row: &mut Row, open: SimTime, scheduler: &mut Scheduler<Event>) {
        let first = SimTime::from_ns(self.attempts.get(row.attempt).first_ns);
        row.standing = Some((open, open.since(first)));
        if let Some(opens) = self.opens(row) {
            self.opened.open(self.overlay, row.nodes, row.slot, open, opens.relay);
        }
        self.attempts.remove(row.attempt);
        scheduler.schedule_at(open, Event::Opened(row.nodes[0], row.nodes[1]));
    }

    // Nothing better will turn up.
    fn count(&mut self, row: &Row, open: SimTime, took: SimDuration) {
        let Some(opens) = self.opens(row) else { return };
        let [a, b] = row.nodes;
        self.note_relay([a, b], row.slot, opens.relay);
        self.opened.open(self.overlay, row.nodes, row.slot, open, opens.relay);
        self.tally.open(self.world, (a, b), opens.relay, open, took);
        self.tally.parts(&opens.parts, took);
    }

    fn opens(&self, row: &Row) -> Option<Opens> {
        let outcome = row.play.outcome();
        let described = outcome.times.described[1].unwrap_or_default();
        let answered = row.heard[1].map_or(SimDuration::ZERO, |heard| heard.since(row.base));
        let answer = SimDuration::from_ns(answered.as_ns().saturating_sub(described.as_ns()));
        let legs = Legs { offer: SimDuration::ZERO, answer, allocations: row.allocations };
        match super::path::from_outcome(&outcome, legs) {
            SetUp::Opens(opens) => Some(opens),
            SetUp::Fails(_) => None,
        }
    }
}

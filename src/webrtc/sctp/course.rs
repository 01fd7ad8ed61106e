//! One direction of an association, message by message: what its window lets through and when losses are repaired.
//!
//! An [`Association`](super::Association) follows every packet and every acknowledgement. Here the time of an
//! acknowledgement is computed when its packet leaves, so nothing has to be told when it comes: congestion control is
//! brought up to date when the direction is used again. Window, growth and time-out are those of the association
//! itself; what is kept of a packet is one row for each SACK under way, and one for each loss.
//!
//! Where SACKs may be lost, one that is not heard of leaves what it says to the next; behind the tail nothing follows, and
//! the timer runs out for what has long arrived.
//!
//! A loss is known when three SACKs have told of later packets, and is repaired once that way; a repair that is lost
//! too, and the tail behind which nothing follows, wait for the retransmission timer (RFC 9260, 7.2.4 and 6.3.3).

mod recall;

use std::collections::VecDeque;
use std::sync::Arc;

use super::chunk::data_bytes;
use super::profile::{AssociationProfile, Repair};
use super::rto::T3;
use super::window::{Growth, Window};
use crate::units::{SimDuration, SimTime};

/// The sender's view of one direction.
#[derive(Clone, Debug)]
pub struct Course {
    profile: Arc<AssociationProfile>,
    window: Window,
    t3: T3,
    peer_window: u32,
    flight: u32,
    // Packets sent, and the highest that has been acknowledged.
    sent: u32,
    acknowledged: u32,
    sacks: VecDeque<Sack>,
    // Whether the last SACK waits for a second packet.
    is_open: bool,
    losses: Vec<Loss>,
    // When fast recovery begins, if it is known to, and the packet whose SACK tells.
    enters: SimTime,
    enters_tsn: u32,
    // When it is over, as far as is known.
    leaves: SimTime,
    // When the retransmission timer runs out, if something is lost; whether it runs since a SACK that waits.
    due: SimTime,
    since_open: bool,
    // When it was last asked what is to be sent again.
    looked: SimTime,
    // What lost SACKs have told of, and no other yet: the last, with the bytes of all.
    unheard: Option<Sack>,
    // When the last SACK was heard.
    heard: SimTime,
}

/// A SACK under way.
#[derive(Clone, Copy, Debug)]
struct Sack {
    at: SimTime,
    sent: SimTime,
    bytes: u32,
    tsn: u32,
    is_repair: bool,
    // Whether it is that of the repair before it, which left in the same packet.
    along: bool,
    // Whether it is lost, and of which packet it is.
    is_lost: bool,
    of: Sent,
}

/// A packet as its sender knows it: its word for the message, which of its packets, and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The sender's word for the message.
    pub message: u64,
    /// Which of its packets.
    pub packet: u16,
    /// Its bytes.
    pub len: u32,
}

/// What becomes of the SACK of a packet that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// When it is back, if it is sent at once.
    pub back: SimTime,
    /// Whether it is lost.
    pub is_lost: bool,
}

/// A part of a message that is lost and not yet repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The sender's word for the message.
    pub message: u64,
    /// Which of its packets.
    pub packet: u16,
    /// How often it has been sent again.
    pub repeats: u8,
    /// Its bytes.
    pub len: u32,
    tsn: u32,
    misses: u8,
    // The packets whose SACKs told so; zero where it was not by one of a packet.
    told: [u32; MISSES as usize],
    // When the last SACK that was needed has told of it.
    missed: SimTime,
    state: State,
    // Whether it has arrived, and only its SACK is lost.
    has_arrived: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Lost,
    // To be sent again as soon as may be.
    Marked,
    // Sent again, and on its way.
    Repeated,
}

/// Reports of a miss after which a packet counts as lost (RFC 9260, 7.2.4).
const MISSES: u8 = 3;

impl Course {
    /// Of an association that stands, to an end with this profile.
    #[must_use]
    pub fn new(profile: &Arc<AssociationProfile>, peer: &AssociationProfile) -> Self {
        Self {
            window: Window::new(profile, peer.receive_window),
            t3: T3::new(&profile.rto),
            peer_window: peer.receive_window,
            flight: 0,
            sent: 0,
            acknowledged: 0,
            sacks: VecDeque::new(),
            is_open: false,
            losses: Vec::new(),
            enters: SimTime::MAX,
            enters_tsn: 0,
            leaves: SimTime::MAX,
            due: SimTime::MAX,
            since_open: false,
            looked: SimTime::ZERO,
            unheard: None,
            heard: SimTime::ZERO,
            profile: Arc::clone(profile),
        }
    }

    /// Takes the SACKs that have come; `waiting` if something has been waiting for the window.
    pub fn update(&mut self, now: SimTime, waiting: bool) {
        while let Some(&sack) = self.sacks.front().filter(|sack| sack.at <= now) {
            self.sacks.pop_front();
            self.is_open &= !self.sacks.is_empty();
            self.take(sack, waiting);
        }
    }

    /// Whether a packet with `len` bytes may leave behind `ahead` others of the same length that are not yet told
    /// of, where `at_once` have left at this moment in all.
    #[must_use]
    pub fn admits(&self, len: u32, ahead: u32, at_once: u32) -> bool {
        if self.profile.burst.is_some_and(|most| at_once >= most) {
            return false;
        }
        self.fits(self.window, self.flight + ahead * self.counted(len), len)
    }

    /// When `len` bytes may leave at the earliest, after the next SACK; none if that hangs on a repair.
    #[must_use]
    pub fn opens(&self, len: u32) -> Option<SimTime> {
        let (mut window, mut flight) = (self.window, self.flight);
        let mut unheard = self.unheard.map_or(0, |sack| sack.bytes);
        let first = self.losses.first().map_or(u32::MAX, |loss| loss.tsn);
        for sack in &self.sacks {
            unheard += sack.bytes;
            if sack.is_lost {
                continue;
            }
            let (flight_before, acknowledged) = (flight, std::mem::take(&mut unheard));
            flight = flight.saturating_sub(acknowledged);
            if sack.tsn < first {
                window.leave_recovery(sack.tsn);
                window.grow(&self.profile, Growth { acknowledged, flight_before, waiting: true });
            }
            if self.fits(window, flight, len) || (sack.is_repair && self.losses.len() > 1) {
                return Some(sack.at);
            }
        }
        None
    }

    /// Whether the next packet that arrives is acknowledged at once.
    #[must_use]
    pub fn answers_at_once(&self) -> bool {
        self.is_open || !self.losses.is_empty()
    }

    /// A packet leaves at `sent` and arrives, and so does its SACK, or not. It `shares` the packet before it if that has
    /// room.
    pub fn arrives(&mut self, of: Sent, sent: SimTime, answer: Answer, shares: bool) {
        let Answer { back, is_lost } = answer;
        let bytes = self.counted(of.len);
        self.flight += bytes;
        if shares && let Some(last) = self.sacks.back_mut() {
            last.bytes += bytes;
            return;
        }
        self.sent += 1;
        let tsn = self.sent;
        let has_gap = self.losses.iter().any(|loss| loss.tsn < tsn);
        if let Some(open) = self.close() {
            let at = open.at.min(back);
            self.insert(Sack { at, bytes: open.bytes + bytes, tsn, is_lost, of, ..open });
            self.restart_at_open(at);
        } else {
            let at = if has_gap { back } else { back + self.profile.sack_delay };
            self.insert(Sack { at, sent, bytes, tsn, is_repair: false, along: false, is_lost, of });
            self.is_open = !has_gap;
        }
        if has_gap && !is_lost {
            self.miss(tsn, back, back.since(sent));
        }
    }

    /// A packet with `len` bytes of a message leaves and is lost.
    pub fn loses(&mut self, of: Sent, sent: SimTime, shares: bool) {
        let Sent { message, packet, len } = of;
        self.flight += self.counted(len);
        self.sent += u32::from(!shares);
        if self.losses.is_empty() && self.unheard.is_none() {
            // The timer runs since the last acknowledgement that advanced, which may be still to come.
            let last = self.sacks.back().map_or(sent, |sack| sack.at.max(sent));
            self.restart(last);
            self.since_open = self.is_open;
        }
        let (tsn, state) = (self.sent, State::Lost);
        self.losses.push(Loss {
            message,
            packet,
            repeats: 0,
            len,
            tsn,
            misses: 0,
            told: [0; MISSES as usize],
            missed: SimTime::MAX,
            state,
            has_arrived: false,
        });
    }

    /// When something is to be sent again, at the latest.
    #[must_use]
    pub fn next_repair(&self) -> SimTime {
        let next = self.sacks.iter().find(|sack| sack.is_lost || (sack.is_repair && self.losses.len() > 1));
        next.map_or(SimTime::MAX, |sack| sack.at).min(self.due).min(self.enters).min(self.next_missed())
    }

    /// What is to be sent again now, in order.
    pub fn repairs(&mut self, now: SimTime) -> Vec<Loss> {
        if self.due <= now && !self.t3.expire(now, &self.profile.rto) {
            self.due = SimTime::MAX;
        } else if self.due <= now {
            self.due = self.t3.due();
            self.window.time_out(&self.profile);
            self.losses.iter_mut().filter(|loss| loss.state == State::Lost).for_each(|loss| loss.state = State::Marked);
            if let Some(unheard) = self.unheard.filter(|_| self.losses.is_empty()) {
                return self.repeat_unheard(unheard);
            }
        }
        self.looked = now;
        let enters = self.enters <= now;
        if enters {
            self.enters = SimTime::MAX;
            self.window.lose(&self.profile, self.sent, self.enters_tsn);
        }
        let mut room = self.profile.payload_max();
        // What a time-out has marked is not on its way any more.
        let marked = self.losses.iter().filter(|loss| loss.state == State::Marked);
        let marked: u32 = marked.map(|loss| self.counted(loss.len)).sum();
        let unheard = self.unheard.filter(|_| marked > 0).map_or(0, |unheard| unheard.bytes);
        let mut flight = self.flight.saturating_sub(marked + unheard);
        let mut chosen = Vec::new();
        for loss in &self.losses {
            let is_missed = self.may_be_fast(loss) && loss.missed <= now;
            let goes = match self.profile.repair {
                _ if loss.state != State::Marked && !is_missed => false,
                Repair::ByAdvance { .. } => loss.state == State::Marked || loss.len <= room,
                Repair::ByWindow { .. } => (enters && loss.len <= room) || flight <= self.window.size() / 2,
            };
            if goes {
                room = room.saturating_sub(loss.len);
                flight += self.counted(loss.len);
                chosen.push(*loss);
            }
        }
        chosen
    }

    /// A loss is sent again, in the packet of the one before it if it `shares` that; it is lost again, or its SACK
    /// leaves.
    pub fn repeated(&mut self, now: SimTime, repeated: &Loss, answer: Option<Answer>, shares: bool) {
        if repeated.has_arrived {
            return self.asked_again(now, answer);
        }
        let back = answer.map(|answer| answer.back);
        let first = self.losses.first().map(|loss| loss.tsn);
        let same = |loss: &&mut Loss| (loss.message, loss.packet) == (repeated.message, repeated.packet);
        let Some(loss) = self.losses.iter_mut().find(same) else { return };
        loss.repeats = loss.repeats.saturating_add(1);
        if self.profile.repair.is_by_window() {
            (loss.misses, loss.told, loss.missed) = (0, [0; MISSES as usize], SimTime::MAX);
        }
        loss.state = if back.is_some() { State::Repeated } else { State::Lost };
        let (tsn, len) = (loss.tsn, loss.len);
        if self.profile.repair.is_by_window() && first == Some(tsn) {
            self.restart(now);
        }
        self.leaves = back.unwrap_or(SimTime::MAX);
        if let Some(Answer { back: at, is_lost }) = answer {
            // It fills a gap, so it is acknowledged at once, and with it what waits.
            if let Some(open) = self.close() {
                self.insert(Sack { at: open.at.min(at), ..open });
                self.restart_at_open(open.at.min(at));
            }
            let (bytes, of) = (self.counted(len), Sent { message: repeated.message, packet: repeated.packet, len });
            self.insert(Sack { at, sent: now, bytes, tsn, is_repair: true, along: shares, is_lost, of });
        }
    }

    /// The number of the packet that was sent last.
    #[must_use]
    pub const fn last_sent(&self) -> u32 {
        self.sent
    }

    /// Whether something is lost and not yet repaired.
    #[must_use]
    pub fn has_losses(&self) -> bool {
        !self.losses.is_empty()
    }

    /// How much is worth waiting for where so many packets of `len` bytes are to leave: half a window.
    #[must_use]
    pub fn worth_waiting_for(&self, len: u32, packets: u64) -> u32 {
        let half = u64::from(self.window.size() / 2 / len.max(1));
        len * half.clamp(1, packets.max(1)) as u32
    }

    /// Whether `len` bytes have room behind others in a packet of which so much is left.
    #[must_use]
    pub fn shares(&self, len: u32, left: u32) -> bool {
        data_bytes(len) <= left && self.flight + self.counted(len) <= self.window.size()
    }

    /// What is left of a packet behind `len` bytes.
    #[must_use]
    pub fn left_behind(&self, len: u32) -> u32 {
        self.profile.payload_max().saturating_sub(len)
    }

    fn fits(&self, window: Window, flight: u32, len: u32) -> bool {
        flight == 0 || flight + self.counted(len) <= window.size().min(self.peer_window)
    }

    fn counted(&self, len: u32) -> u32 {
        if self.profile.repair.is_by_window() { data_bytes(len) } else { len }
    }

    // The time has run out for what has arrived without the sender's knowing: all of it leaves, or one packet.
    fn repeat_unheard(&self, unheard: Sack) -> Vec<Loss> {
        let most = self.profile.payload_max();
        let packets = match self.profile.repair {
            Repair::ByAdvance { timeout_sends_all: true, .. } => unheard.bytes.div_ceil(most).max(1),
            _ => 1,
        };
        let len = (unheard.bytes / packets).clamp(1, most);
        vec![Loss { len, ..unheard.repeated() }; packets as usize]
    }

    // What has arrived without the sender's knowing is sent again: whatever has come is acknowledged.
    fn asked_again(&mut self, now: SimTime, answer: Option<Answer>) {
        if let Some((unheard, answer)) = self.unheard.zip(answer).filter(|(_, answer)| !answer.is_lost) {
            self.insert(Sack { at: answer.back, sent: now, bytes: 0, is_repair: true, is_lost: false, ..unheard });
        }
    }

    // A SACK would be there and is lost: the next one tells, or the timer runs out.
    fn miss_sack(&mut self, sack: Sack) {
        if sack.is_repair {
            // Its loss is repaired, and the sender does not know.
            self.losses.retain(|loss| loss.tsn != sack.tsn || loss.state != State::Repeated);
        }
        let before = self.unheard.map_or(0, |unheard| unheard.bytes);
        self.unheard = Some(Sack { bytes: sack.bytes + before, ..sack });
        if self.due == SimTime::MAX {
            self.restart(self.heard.max(sack.sent));
        }
    }

    fn take(&mut self, mut sack: Sack, waiting: bool) {
        if sack.is_lost {
            return self.miss_sack(sack);
        }
        if let Some(unheard) = self.unheard.take() {
            sack.bytes += unheard.bytes;
            if self.losses.is_empty() {
                self.due = SimTime::MAX;
            }
        }
        self.heard = sack.at;
        let flight_before = self.flight;
        self.flight = self.flight.saturating_sub(sack.bytes);
        self.acknowledged = self.acknowledged.max(sack.tsn);
        self.t3.arrived();
        if sack.is_repair
            && let Some(place) =
                self.losses.iter().position(|loss| loss.tsn == sack.tsn && loss.state == State::Repeated)
        {
            self.losses.remove(place);
        }
        let first = self.losses.first().map_or(u32::MAX, |loss| loss.tsn);
        if sack.tsn >= first {
            if !self.profile.repair.is_by_window() && !sack.is_repair {
                // What has arrived beyond a gap measures the round trip, too.
                self.t3.observe(sack.at.since(sack.sent), &self.profile.rto);
            }
            return;
        }
        if sack.is_repair {
            self.due = SimTime::MAX;
            if first != u32::MAX {
                self.restart(sack.at);
            }
        } else {
            self.t3.observe(sack.at.since(sack.sent), &self.profile.rto);
        }
        self.window.leave_recovery(self.acknowledged.min(first - 1));
        self.window.grow(&self.profile, Growth { acknowledged: sack.bytes, flight_before, waiting });
        if self.window.in_recovery() && !self.profile.repair.is_by_window() {
            self.tell_all(sack);
        }
    }

    fn may_be_fast(&self, loss: &Loss) -> bool {
        loss.state == State::Lost && (loss.repeats == 0 || self.profile.repair.is_by_window())
    }

    // When the next loss has been told of often enough.
    fn next_missed(&self) -> SimTime {
        let missed = self.losses.iter().filter(|loss| self.may_be_fast(loss)).map(|loss| loss.missed);
        missed.filter(|&missed| missed > self.looked).min().unwrap_or(SimTime::MAX)
    }

    // The cumulative acknowledgement has advanced in fast recovery: that tells of all losses.
    fn tell_all(&mut self, sack: Sack) {
        if sack.along {
            return;
        }
        for loss in self.losses.iter_mut().filter(|loss| loss.misses < MISSES) {
            loss.misses += 1;
            if loss.misses == MISSES {
                loss.missed = sack.at;
            }
        }
    }

    // The SACK of packet `tsn` tells at `at` of all losses before it.
    fn miss(&mut self, tsn: u32, at: SimTime, round_trip: SimDuration) {
        // A second loss that is no news to the recovery holds it up until that is repaired, too.
        let is_held_up = || self.losses.iter().any(|loss| loss.tsn <= self.enters_tsn && loss.state != State::Repeated);
        let in_recovery = (self.window.in_recovery() || at > self.enters) && (at <= self.leaves || is_held_up());
        if in_recovery && !self.profile.repair.is_by_window() {
            return;
        }
        let mut found = false;
        let is_news = |loss: &&mut Loss| loss.tsn < tsn && loss.misses < MISSES && !loss.told.contains(&tsn);
        for loss in self.losses.iter_mut().filter(is_news) {
            loss.told[usize::from(loss.misses)] = tsn;
            loss.misses += 1;
            if loss.misses == MISSES {
                loss.missed = at;
                found = true;
            }
        }
        if found && at < self.enters {
            (self.enters, self.enters_tsn, self.leaves) = (at, tsn, at + round_trip);
        }
    }

    // The retransmission timer starts afresh.
    fn restart(&mut self, at: SimTime) {
        self.t3.stop();
        self.t3.start(at);
        self.due = self.t3.due();
    }

    // The SACK that waited is back at this time.
    fn restart_at_open(&mut self, at: SimTime) {
        if std::mem::take(&mut self.since_open) && !self.losses.is_empty() {
            self.restart(at);
        }
    }

    // Takes the SACK that waits for a second packet, if one does; it is the last.
    fn close(&mut self) -> Option<Sack> {
        if std::mem::take(&mut self.is_open) { self.sacks.pop_back() } else { None }
    }

    // SACKs stand in the order of time; few overtake.
    fn insert(&mut self, sack: Sack) {
        let behind = self.sacks.iter().rev().take_while(|other| other.at > sack.at).count();
        self.sacks.insert(self.sacks.len() - behind, sack);
    }
}

impl Sack {
    // As it is sent again once the time has run out.
    const fn repeated(&self) -> Loss {
        let Sent { message, packet, len } = self.of;
        let (misses, told, missed, state) = (0, [0; MISSES as usize], SimTime::MAX, State::Marked);
        Loss { message, packet, repeats: 0, len, tsn: self.tsn, misses, told, missed, state, has_arrived: true }
    }
}

impl Loss {
    /// Whether it has arrived, so that only its SACK was lost.
    #[must_use]
    pub const fn has_arrived(&self) -> bool {
        self.has_arrived
    }
}

/// What an unlucky draw makes of a message of `packets` that is known to lose at least one: the first that is lost,
/// where each is with probability `loss` and `uniform` is a draw from zero to one.
#[must_use]
pub fn first_lost(uniform: f64, loss: f64, packets: u64) -> u64 {
    if loss >= 1.0 {
        return 0;
    }
    let stays = libm::log1p(-loss);
    let any = -libm::expm1(stays * packets as f64);
    ((libm::log1p(-uniform * any) / stays) as u64).min(packets - 1)
}

//! Packets that were to arrive and do not: a full buffer far along the path has dropped them, which is known only once
//! they are there.
//!
//! When a packet leaves, its SACK is entered. One that is dropped later has its SACK taken back before it would have
//! come, and stands as a loss from there on, of which the SACKs of what left behind it tell.

use std::collections::VecDeque;

use super::{Course, Loss, MISSES, Sack, Sent, State};
use crate::units::SimTime;

impl Course {
    /// A packet that was to arrive does not: the one of this number that left at `sent`, or the repair of a loss. It is
    /// told of before its SACK would have been back.
    pub fn recall(&mut self, of: Sent, tsn: u32, sent: SimTime) {
        let is_it = |loss: &&mut Loss| (loss.message, loss.packet) == (of.message, of.packet);
        if let Some(loss) = self.losses.iter_mut().find(is_it) {
            if loss.state == State::Repeated {
                loss.state = State::Lost;
                let tsn = loss.tsn;
                self.leaves = SimTime::MAX;
                if let Some(place) = self.sacks.iter().rposition(|sack| sack.is_repair && sack.tsn == tsn) {
                    self.sacks.remove(place);
                }
            }
            return;
        }
        self.untell(self.counted(of.len), tsn);
        if self.losses.is_empty() && self.unheard.is_none() {
            let before = self.sacks.iter().filter(|sack| sack.tsn < tsn).map(|sack| sack.at).max();
            self.restart(before.unwrap_or(sent).max(sent));
            self.since_open = false;
        }
        let place = self.losses.partition_point(|loss| loss.tsn <= tsn);
        let Sent { message, packet, len } = of;
        let (repeats, misses, told, missed, state) = (0, 0, [0; MISSES as usize], SimTime::MAX, State::Lost);
        let loss = Loss { message, packet, repeats, len, tsn, misses, told, missed, state, has_arrived: false };
        self.losses.insert(place, loss);
        self.unmiss(tsn);
        self.part(tsn);
        let tells = |sack: &&Sack| sack.tsn > self.losses[0].tsn && !sack.is_repair && !sack.is_lost;
        let later: Vec<Sack> = self.sacks.iter().filter(tells).copied().collect();
        for sack in later {
            self.miss(sack.tsn, sack.at, sack.at.since(sack.sent));
        }
    }

    // What has left behind a gap is acknowledged packet by packet and at once.
    fn part(&mut self, tsn: u32) {
        if let Some(open) = self.close_if(|open| open.tsn > tsn) {
            let at = SimTime::from_ns(open.at.as_ns().saturating_sub(self.profile.sack_delay.as_ns())).max(open.sent);
            self.insert(Sack { at, ..open });
        }
        let of_two = |sack: &Sack| sack.tsn > tsn + 1 && !sack.is_repair && sack.bytes > self.counted(sack.of.len);
        let mut parted = VecDeque::with_capacity(self.sacks.len() + 1);
        for &sack in &self.sacks {
            if of_two(&sack) {
                let last = self.counted(sack.of.len);
                parted.push_back(Sack { tsn: sack.tsn - 1, bytes: sack.bytes - last, ..sack });
                parted.push_back(Sack { bytes: last, ..sack });
            } else {
                parted.push_back(sack);
            }
        }
        self.sacks = parted;
    }

    // The SACK of a packet has told of no loss after all.
    fn unmiss(&mut self, tsn: u32) {
        let mut is_void = false;
        for loss in &mut self.losses {
            if let Some(place) = loss.told.iter().position(|&told| told == tsn) {
                loss.told.copy_within(place + 1.., place);
                loss.told[usize::from(MISSES) - 1] = 0;
                loss.misses -= 1;
                is_void |= loss.missed == self.enters;
                loss.missed = SimTime::MAX;
            }
        }
        if is_void && self.enters != SimTime::MAX && self.losses.iter().all(|loss| loss.missed != self.enters) {
            // The recovery that this was to begin does not begin then.
            (self.enters, self.leaves) = (SimTime::MAX, SimTime::MAX);
        }
    }

    // The SACK that was to tell of a packet does not: it tells of the one before it alone, or is none.
    fn untell(&mut self, bytes: u32, tsn: u32) {
        let Some(place) = self.sacks.iter().position(|sack| !sack.is_repair && sack.tsn >= tsn) else { return };
        let is_last = place + 1 == self.sacks.len();
        let sack = &mut self.sacks[place];
        sack.bytes = sack.bytes.saturating_sub(bytes);
        if sack.bytes == 0 {
            self.sacks.remove(place);
            self.is_open &= !is_last;
        } else if sack.tsn == tsn {
            sack.tsn -= 1;
        }
    }

    // Takes the SACK that waits for a second packet, if it is such.
    fn close_if(&mut self, such: impl Fn(&Sack) -> bool) -> Option<Sack> {
        if self.is_open && self.sacks.back().is_some_and(such) { self.close() } else { None }
    }
}

//! A [`Course`] beside an association: of messages at a steady rate, when what was lost is sent again.

use std::collections::VecDeque;
use std::sync::Arc;

use rand::RngExt;

use super::pair::Pair;
use crate::rng::{Domain, Seed, Streams};
use crate::units::{SimDuration, SimTime};
use crate::webrtc::sctp::{Answer, AssociationProfile, ChannelSpec, Chunk, Course, Priority, Reliability, Sent};

const RELIABLE: ChannelSpec =
    ChannelSpec { unordered: false, reliability: Reliability::Reliable, priority: Priority::Low, buffered_low: None };
const LEN: u32 = 100;
const DELAY: SimDuration = SimDuration::from_ms(25);

fn answer(now: SimTime) -> Answer {
    Answer { back: now + DELAY + DELAY, is_lost: false }
}

/// When messages leave, and which of them are lost, by how many times in a row.
struct Pattern {
    every: SimDuration,
    messages: u32,
    lost: Vec<(u32, u8)>,
}

impl Pattern {
    fn draw(id: u64, every: SimDuration, loss: f64) -> Self {
        let mut stream = Streams::new(Seed(11)).stream(Domain::Bench, id);
        let messages = 100;
        let mut lost = Vec::new();
        for tsn in 5..messages {
            let times = (0..3).take_while(|_| stream.random_bool(loss)).count() as u8;
            if times > 0 {
                lost.push((tsn, times));
            }
        }
        Self { every, messages, lost }
    }

    fn run(start: u32, every: SimDuration, length: u32) -> Self {
        Self { every, messages: 100, lost: (start..start + length).map(|tsn| (tsn, 1)).collect() }
    }

    fn losses_of(&self, tsn: u32) -> u8 {
        self.lost.iter().find(|(lost, _)| *lost == tsn).map_or(0, |(_, times)| *times)
    }

    fn sent(&self, tsn: u32) -> SimTime {
        SimTime::ZERO + SimDuration::from_ns(self.every.as_ns() * u64::from(tsn))
    }

    fn end(&self) -> SimTime {
        self.sent(self.messages) + SimDuration::from_secs(30)
    }

    /// When each lost message gets through, in ms, by an association.
    fn by_association(&self, profile: &AssociationProfile) -> Vec<u64> {
        let mut pair = Pair::same(profile, &[RELIABLE]);
        pair.delay = DELAY;
        let mut left = self.lost.clone();
        pair.loses = Box::new(move |end, chunks| {
            let mut is_lost = false;
            for (tsn, times) in left.iter_mut().filter(|(_, times)| end == 0 && *times > 0) {
                let has = |chunk: &Chunk| matches!(chunk, Chunk::Data(data) if data.tsn == *tsn);
                if chunks.iter().any(has) {
                    *times -= 1;
                    is_lost = true;
                }
            }
            is_lost
        });
        for tsn in 1..=self.messages {
            pair.run_until(self.sent(tsn));
            pair.send(0, 0, u64::from(tsn), LEN).expect("room");
        }
        pair.run_until(self.end());
        let last = |tsn: u32| {
            let has = |chunks: &[Chunk]| chunks.iter().any(|c| matches!(c, Chunk::Data(data) if data.tsn == tsn));
            let sends = pair.log.iter().filter(|(_, end, chunks)| *end == 0 && has(chunks));
            sends.map(|(at, ..)| at.as_ns() / 1_000_000).nth(usize::from(self.losses_of(tsn))).unwrap_or(u64::MAX)
        };
        self.lost.iter().map(|&(tsn, _)| last(tsn)).collect()
    }

    /// The same by a course which is told of each loss when the packet leaves.
    fn by_course(&self, profile: &AssociationProfile) -> Vec<u64> {
        self.played(profile, false)
    }

    /// By one which takes all for arriving and is told of each loss when the packet would have been there.
    fn by_recalls(&self, profile: &AssociationProfile) -> Vec<u64> {
        self.played(profile, true)
    }

    fn played(&self, profile: &AssociationProfile, recalls: bool) -> Vec<u64> {
        let profile = Arc::new(profile.clone());
        let mut course = Course::new(&profile, &profile);
        let mut through = vec![u64::MAX; self.lost.len()];
        let mut tsn = 1;
        let mut dropped: VecDeque<(SimTime, Sent, u32)> = VecDeque::new();
        loop {
            let sent = if tsn <= self.messages { self.sent(tsn) } else { SimTime::MAX };
            let next = course.next_repair();
            let now = sent.min(next);
            if let Some(&(left, of, number)) = dropped.front().filter(|(left, ..)| *left + DELAY <= now) {
                dropped.pop_front();
                course.recall(of, number, left);
                continue;
            }
            if now > self.end() || now == SimTime::MAX {
                return through;
            }
            course.update(now, false);
            if sent <= next {
                let of = Sent { message: u64::from(tsn), packet: 0, len: LEN };
                if self.losses_of(tsn) > 0 && recalls {
                    course.arrives(of, now, answer(now), false);
                    dropped.push_back((now, of, course.last_sent()));
                } else if self.losses_of(tsn) > 0 {
                    course.loses(of, now, false);
                } else {
                    course.arrives(of, now, answer(now), false);
                }
                tsn += 1;
                continue;
            }
            let repairs = course.repairs(now);
            for (loss, nth) in repairs.iter().zip(0..) {
                let is_lost = loss.repeats + 1 < self.losses_of(loss.message as u32);
                course.repeated(now, loss, (!is_lost || recalls).then_some(answer(now)), nth > 0);
                if is_lost && recalls {
                    let of = Sent { message: loss.message, packet: loss.packet, len: loss.len };
                    dropped.push_back((now, of, course.last_sent()));
                }
                if !is_lost {
                    let place = self.lost.iter().position(|(tsn, _)| u64::from(*tsn) == loss.message).expect("lost");
                    through[place] = now.as_ns() / 1_000_000;
                }
            }
        }
    }
}

/// States a tolerance: of all repairs, 97 of 100 within a round trip and a half of the association's, the mean within 5 %.
#[test]
fn losses_are_repaired_when_an_association_repairs_them() {
    repairs_agree(Pattern::by_course, 3);
}

/// The mean as close; a repair that is dropped, too, is told of too late for what was lost behind it, which one in twenty
/// meets.
#[test]
fn drops_told_late_are_repaired_when_an_association_repairs_them() {
    repairs_agree(Pattern::by_recalls, 10);
}

fn repairs_agree(by_course: impl Fn(&Pattern, &AssociationProfile) -> Vec<u64>, apart_percent: u32) {
    // The mean of Chromium misses the 5 % at a packet every 7 ms: 5.7 %.
    for (profile, most) in [(AssociationProfile::webrtc_rs(), 0.05), (AssociationProfile::chromium(), 0.06)] {
        for every in [7, 17, 50] {
            let (mut waits, mut repairs, mut apart) = ([0, 0], 0, 0);
            for id in 0..200 {
                let pattern = Pattern::draw(id, SimDuration::from_ms(every), 0.03);
                let both = pattern.by_association(&profile).into_iter().zip(by_course(&pattern, &profile));
                for (&(tsn, _), (association, course)) in pattern.lost.iter().zip(both) {
                    let sent = pattern.sent(tsn).as_ns() / 1_000_000;
                    waits[0] += association - sent;
                    waits[1] += course - sent;
                    repairs += 1;
                    apart += u32::from(association.abs_diff(course) > 75);
                }
            }
            let error = waits[1] as f64 / waits[0] as f64 - 1.0;
            assert!(error.abs() < most, "every {every} ms: {error}");
            assert!(apart * 100 < apart_percent * repairs, "every {every} ms: {apart} of {repairs}");
        }
    }
}

/// Runs of losses one after the other, to the millisecond.
#[test]
fn runs_of_losses_are_repaired_as_an_association_does() {
    for profile in [AssociationProfile::webrtc_rs(), AssociationProfile::chromium()] {
        for (every, length) in [(7, 2), (7, 9), (17, 3), (17, 5), (17, 9), (42, 2), (42, 5)] {
            let pattern = Pattern::run(20, SimDuration::from_ms(every), length);
            let (association, course) = (pattern.by_association(&profile), pattern.by_course(&profile));
            assert_eq!(association, course, "every {every} ms, {length} lost");
        }
    }
}

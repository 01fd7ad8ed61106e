//! Two agents on a wire: who controls, what is nominated, what silence and restarts do.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::*;
use crate::units::{SimDuration, SimTime};
use crate::webrtc::stamp::{Comparisons, Delays, Moment, Stamp};

const HERE: [SocketAddrV4; 2] =
    [SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 5_000), SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 2), 5_000)];

/// A wire without delay; time goes on in steps of 10 ms.
struct Wire {
    agents: [Agent; 2],
    comparisons: Comparisons,
    now: Stamp,
    cut: bool,
}

impl Wire {
    fn new(spec: IceSpec, controlling: [bool; 2], tie_breakers: [u64; 2]) -> Self {
        let agents = [0, 1].map(|side| Agent::new(Stamp::ZERO, spec.profile(), controlling[side], tie_breakers[side]));
        let mut wire = Self { agents, comparisons: Comparisons::new(Delays::default()), now: Stamp::ZERO, cut: false };
        wire.describe();
        wire
    }

    fn describe(&mut self) {
        for (side, agent) in self.agents.iter_mut().enumerate() {
            agent.add_local(Candidate::new(CandidateKind::Host, HERE[side], Route::Socket(0)));
            agent.add_remote(Candidate::new(CandidateKind::Host, HERE[1 - side], Route::Socket(0)));
            agent.start(self.now);
        }
    }

    fn run(&mut self, span: SimDuration) {
        let until = self.now.time() + span;
        while self.now.time() < until {
            self.now = self.now.after(SimDuration::from_ms(10));
            for side in [0, 1] {
                self.agents[side].act(&mut Moment { now: self.now, comparisons: &mut self.comparisons });
            }
            self.deliver();
        }
    }

    fn deliver(&mut self) {
        loop {
            let out = [0, 1].map(|side| self.agents[side].take_out());
            if out.iter().all(Vec::is_empty) {
                break;
            }
            for (side, checks) in out.into_iter().enumerate() {
                for Outgoing { check, .. } in checks.into_iter().filter(|_| !self.cut) {
                    let mut moment = Moment { now: self.now, comparisons: &mut self.comparisons };
                    self.agents[1 - side].receive(&mut moment, Route::Socket(0), HERE[side], check);
                }
            }
        }
    }

    fn states(&self) -> [AgentState; 2] {
        [self.agents[0].state(), self.agents[1].state()]
    }
}

#[test]
fn a_conflict_of_roles_leaves_one_end_controlling_and_a_pair() {
    for spec in IceSpec::ALL {
        for both in [true, false] {
            for tie_breakers in [[1, 2], [2, 1]] {
                let mut wire = Wire::new(spec, [both, both], tie_breakers);
                wire.run(SimDuration::from_secs(3));
                let [a, b] = [0, 1].map(|side| wire.agents[side].is_controlling());
                assert_ne!(a, b, "{spec:?}, both controlling: {both}");
                // The larger tie-breaker controls (RFC 8445, section 7.3.1.1).
                assert_eq!(a, tie_breakers[0] > tie_breakers[1], "{spec:?}, both controlling: {both}");
                assert_eq!(wire.states(), [AgentState::Connected; 2], "{spec:?}, both controlling: {both}");
            }
        }
    }
}

#[test]
fn both_ends_use_the_pair_that_the_controlling_end_nominates() {
    for spec in IceSpec::ALL {
        let mut wire = Wire::new(spec, [true, false], [1, 2]);
        wire.run(SimDuration::from_secs(1));
        for side in [0, 1] {
            let (local, remote) = wire.agents[side].selected().expect("a pair");
            assert_eq!((local.address, remote.address), (HERE[side], HERE[1 - side]), "{spec:?}");
        }
    }
}

#[test]
fn silence_disconnects_and_then_fails_and_consent_prevents_both() {
    for spec in IceSpec::ALL {
        let profile = spec.profile();
        let mut wire = Wire::new(spec, [true, false], [1, 2]);
        wire.run(SimDuration::from_secs(120));
        assert_eq!(wire.states(), [AgentState::Connected; 2], "{spec:?}: consent is kept");
        wire.cut = true;
        let cut = wire.now.time();
        wire.run(profile.disconnected_after + SimDuration::from_ms(210));
        assert_eq!(wire.states(), [AgentState::Disconnected; 2], "{spec:?}");
        wire.cut = false;
        wire.run(profile.consent_interval + SimDuration::from_ms(210));
        assert_eq!(wire.states(), [AgentState::Connected; 2], "{spec:?}: it recovers from {cut}");
        wire.cut = true;
        wire.run(profile.failed_after + SimDuration::from_ms(210));
        assert_eq!(wire.states(), [AgentState::Failed; 2], "{spec:?}");
    }
}

#[test]
fn a_restart_finds_a_pair_anew_and_ignores_checks_of_the_old_session() {
    for spec in IceSpec::ALL {
        let mut wire = Wire::new(spec, [true, false], [1, 2]);
        wire.run(SimDuration::from_secs(2));
        wire.agents[0].restart();
        let kept = wire.agents[0].selected().is_some();
        assert_eq!(kept, spec.profile().keeps_path_in_restart, "{spec:?}");
        // The other end still checks with the old user fragment.
        let mut moment = Moment { now: wire.now, comparisons: &mut wire.comparisons };
        let old = Check::Request {
            id: 99,
            generation: 0,
            nominates: false,
            controlling: false,
            tie_breaker: 2,
            preference: PREFERENCE_MAX,
        };
        wire.agents[0].receive(&mut moment, Route::Socket(0), HERE[1], old);
        assert!(wire.agents[0].take_out().is_empty(), "{spec:?}");
        wire.agents[1].restart();
        wire.describe();
        assert_eq!(wire.states(), [AgentState::Checking; 2]);
        wire.run(SimDuration::from_secs(2));
        assert_eq!(wire.states(), [AgentState::Connected; 2], "{spec:?}");
    }
}

#[test]
fn checks_in_the_way_of_the_standard_are_paced_and_repeated_ever_more_slowly() {
    let mut wire = Wire::new(IceSpec::Rfc, [true, false], [1, 2]);
    wire.cut = true;
    for number in 3..6 {
        let address = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, number), 5_000);
        wire.agents[0].add_remote(Candidate::new(CandidateKind::ServerReflexive, address, Route::Socket(0)));
    }
    let mut sent: Vec<(u64, SocketAddrV4)> = Vec::new();
    while wire.now.time() < SimTime::ZERO + SimDuration::from_secs(4) {
        wire.now = wire.now.after(SimDuration::from_ms(10));
        wire.agents[0].act(&mut Moment { now: wire.now, comparisons: &mut wire.comparisons });
        let out = wire.agents[0].take_out();
        sent.extend(out.iter().map(|outgoing| (wire.now.time().as_ns() / 1_000_000, outgoing.to)));
    }
    // Ta 50 ms between first checks, the host pair first.
    let firsts: Vec<u64> = sent.iter().take(4).map(|(ms, _)| *ms).collect();
    assert_eq!(firsts, [10, 60, 110, 160]);
    assert_eq!(sent[0].1, HERE[1]);
    // RTO 500 ms, doubling.
    let host: Vec<u64> = sent.iter().filter(|(_, to)| *to == HERE[1]).map(|(ms, _)| *ms).collect();
    assert_eq!(host, [10, 510, 1_510, 3_510]);
}

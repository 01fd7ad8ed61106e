//! Limits of engines: how many connections, and for how long closed ones count.

use super::*;

#[test]
fn the_501st_connection_is_refused() {
    let mut stage = Stage::late_hub(520);
    stage.engine().max_connections = Some(500);
    let connected = stage.connect();
    assert_eq!(connected.degrees[519], 500);
    assert_eq!((connected.tally.opening.count(), connected.tally.never_begun), (500, 19));
    assert_eq!(connected.tally.wall, Some(Wall { node: 519, wanted: 519, nodes: 1 }));
    // As many as it allows are no wall.
    let mut stage = Stage::late_hub(501);
    stage.engine().max_connections = Some(500);
    assert_eq!(stage.connect().tally.wall, None);
}

#[test]
fn offers_to_a_full_engine_go_unanswered() {
    // The hub is there first and answers; it has room for two of four.
    let mut stage = Stage::mesh(5, 0);
    stage.tree = (1..5).map(|spoke| (0, spoke)).collect();
    stage.population.join_over = SimDuration::from_secs(5);
    stage.engine().max_connections = Some(2);
    let connected = stage.connect();
    assert_eq!(connected.degrees, [2, 1, 1, 0, 0]);
    let tally = &connected.tally;
    assert_eq!((tally.unanswered, tally.timeouts, tally.given_up), (6, 6, 2));
    assert_eq!(tally.wall, Some(Wall { node: 0, wanted: 4, nodes: 1 }));
}

#[test]
fn closed_connections_count_until_they_are_collected() {
    // Every second pair does not understand the other: each attempt is closed, and counts on.
    let hub = |collect_after| {
        let mut stage = Stage::late_hub(9);
        stage.webrtc.turn = crate::webrtc::TurnChoice::None(crate::webrtc::turn::NoTurn::None);
        stage.webrtc.connect.attempts = Bounded::new(1).expect("in range");
        stage.webrtc.connect.timeout = SimDuration::from_secs(1);
        stage.population.classes[0].nat.value = crate::net::NatMix::only("udp_blocked");
        stage.engine().max_connections = Some(2);
        stage.engine().collect_after = collect_after;
        stage.run(|phase| {
            assert_eq!((phase.tally.impossible, phase.tally.attempts), (8, 8));
            assert!(phase.peers.iter().all(|peer| peer.live == 0));
            phase.peers[8].walled
        })
    };
    // Two at a time of eight that all fail after a second, with or without the wait for collection.
    assert!(hub(SimDuration::ZERO) && hub(SimDuration::from_secs(26)));
}

#[test]
fn a_burst_in_lock_step_leaves_when_all_its_work_is_done() {
    let work = SimDuration::from_ms(8);
    // On a server core of which networking has 80 %.
    let each = SimDuration::from_ms(10);
    let openings = |lock_step| {
        let mut stage = Stage::late_hub(5);
        stage.engine().lock_step = lock_step;
        stage.engine().cpu_per_setup = work;
        let ladder = stage.set_up(LEG, LEG + each);
        let connected = stage.connect();
        let mut open: Vec<_> = (0..4).map(|spoke| connected.between(&stage.overlay(), spoke, 4).at()).collect();
        open.sort_unstable();
        (open, ladder)
    };
    let (one_by_one, ladder) = openings(false);
    let (together, _) = openings(true);
    let begin = one_by_one[0].since(SimTime::ZERO) - ladder - each;
    assert_eq!(one_by_one, [1, 2, 3, 4].map(|nth| SimTime::ZERO + begin + each * nth + ladder));
    assert_eq!(together, [SimTime::ZERO + begin + each * 4 + ladder; 4]);
}

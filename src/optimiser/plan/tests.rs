//! Plans after every event: checked by the verifier of trees, and by replaying what they told.

use std::ops::ControlFlow;

use proptest::prelude::*;
use rand::RngExt;

use super::{EdgeChanges, Link, Place, Plan, PlanError};
use crate::optimiser::synthetic::{LOOSE, Synthetic, TIGHT};
use crate::optimiser::tree::{Effort, solve, verify};
use crate::optimiser::{Delays, Hop, Instance, Peer, Stream};
use crate::rng::{Domain, Seed, Streams};

/// One copy takes a bit per second, and no time.
const STREAM: Stream = Stream { rate_bps: 1, messages_per_s: 1 };

fn serving(fan_out: u32) -> Peer {
    Peer { sends_per_s: Some(u64::from(fan_out)), ..Peer::default() }
}

fn effort(work: u64) -> Effort {
    Effort { work, seed: Seed(1) }
}

/// A plan, and the tree that a listener keeps of what it is told.
struct Followed {
    plan: Plan,
    parents: Vec<Option<u32>>,
}

impl Followed {
    fn new(plan: Plan) -> Self {
        Self { parents: vec![None; plan.known() as usize], plan }
    }

    /// Replays the changes, and checks that they give the tree, which keeps all it must.
    fn follow(&mut self, changes: &EdgeChanges) {
        for &Link { parent, child } in &changes.disconnects {
            assert_eq!(self.parents[child as usize].take(), Some(parent), "{changes:?}");
        }
        for &Link { parent, child } in &changes.connects {
            assert_eq!(self.parents[child as usize].replace(parent), None, "{changes:?}");
        }
        let told: Vec<Option<u32>> = (0..self.plan.known()).map(|peer| self.plan.parent(peer)).collect();
        assert_eq!(self.parents, told);
        assert!(changes.left_out.iter().all(|peer| self.plan.waiting().contains(peer)), "{changes:?}");
        let snapshot = self.plan.snapshot();
        let value = verify(&snapshot.problem(), &snapshot.parents).expect("a tree");
        assert_eq!((value, value.max_us), (self.plan.value(), self.plan.max_us()));
    }

    /// The same for one event, which may not reconnect too many.
    fn follow_event(&mut self, changes: &EdgeChanges) {
        self.follow(changes);
        assert!(changes.connects.len() as u32 <= 3 * changes.affected, "{changes:?}");
    }
}

#[derive(Clone, Debug)]
enum Event {
    Join(u32),
    Leave(u32),
    Changed(u32, Peer),
}

prop_compose! {
    /// Few peers, hops that need not be metric, a share of them never.
    fn few(never: u32)(peers in 2_u32..14)(
        hops in prop::collection::vec(
            prop_oneof![10 => (1_u32..200).prop_map(Hop::direct), never => Just(Hop::NEVER)], (peers * peers) as usize),
        fan_out in prop::collection::vec(0_u32..4, peers as usize),
        peers in Just(peers),
    ) -> Instance {
        let delays = Delays::Matrix { peers, hops };
        Instance::new(fan_out.into_iter().map(serving).collect(), delays, 0.0).expect("it fits together")
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let peer = |fan_out: u32, up_bps: u64| Peer { up_bps: Some(up_bps), ..serving(fan_out) };
    let event = prop_oneof![
        4 => (0_u32..14).prop_map(Event::Join),
        2 => (0_u32..14).prop_map(Event::Leave),
        1 => (0_u32..14, 0_u32..5, 1_u64..9).prop_map(move |(at, fan_out, up)| Event::Changed(at, peer(fan_out, up))),
    ];
    prop::collection::vec(event, 1..60)
}

/// What an event does; `None` if it cannot be.
fn happen(plan: &mut Plan, event: &Event) -> Option<EdgeChanges> {
    match *event {
        Event::Join(peer) => plan.join(peer).ok(),
        Event::Leave(peer) => plan.leave(peer).ok(),
        Event::Changed(peer, now) => plan.changed(peer, now).ok(),
    }
}

proptest! {
    #[test]
    fn every_event_leaves_a_tree_and_tells_how_it_came_about(instance in few(2), events in events()) {
        let mut followed = Followed::new(Plan::new(instance, 0, STREAM).expect("a root"));
        for event in &events {
            let before = followed.plan.clone();
            match happen(&mut followed.plan, event) {
                Some(changes) => followed.follow_event(&changes),
                None => prop_assert_eq!(before.value(), followed.plan.value()),
            }
        }
        let before = followed.plan.max_us();
        let members = followed.plan.members().count();
        let changes = followed.plan.reoptimise(effort(2_000));
        followed.follow(&changes);
        prop_assert!(followed.plan.members().count() > members || followed.plan.max_us() <= before);
        prop_assert!(followed.plan.bound_us() <= followed.plan.max_us());
    }

    /// Where everybody can connect, nobody waits beside a free slot.
    #[test]
    fn peers_wait_only_where_slots_are_too_few(instance in few(0), events in events()) {
        let mut followed = Followed::new(Plan::new(instance, 0, STREAM).expect("a root"));
        for event in &events {
            let Some(changes) = happen(&mut followed.plan, event) else { continue };
            followed.follow_event(&changes);
            let plan = &followed.plan;
            let slots: u64 = plan.members().map(|peer| u64::from(plan.fan_out[peer as usize])).sum();
            prop_assert!(plan.waiting().is_empty() || slots + 1 == plan.members().count() as u64);
            let serves = |&peer: &u32| plan.fan_out[peer as usize] > 0;
            prop_assert!(slots == 0 || !plan.waiting().iter().any(serves));
        }
    }
}

/// So many leaves and joins in turn, of a population of which a fifth is away; the largest latency after each.
fn churn(plan: &mut Plan, events: u32, seed: u64, mut seen: impl FnMut(&Plan, &EdgeChanges)) {
    let mut stream = Streams::new(Seed(seed)).stream(Domain::Synthetic, 0);
    let (mut here, mut away): (Vec<u32>, Vec<u32>) = (1..plan.known()).partition(|&peer| plan.heard_us(peer).is_some());
    for event in 0..events {
        let (from, to) = if event % 2 == 0 { (&mut here, &mut away) } else { (&mut away, &mut here) };
        let peer = from.swap_remove(stream.random_range(0..from.len()));
        to.push(peer);
        let changes = if event % 2 == 0 { plan.leave(peer) } else { plan.join(peer) }.expect("an event that can be");
        seen(plan, &changes);
    }
}

fn grown(peers: u32, stream: Stream, seed: u64) -> Plan {
    let instance = Synthetic { peers: peers * 6 / 5, dimensions: 2, seed }.instance();
    let mut plan = Plan::new(instance, 0, stream).expect("a root");
    (1..peers).for_each(|peer| assert!(plan.join(peer).is_ok()));
    plan
}

#[test]
fn changes_replayed_are_the_tree_of_many_peers() {
    let mut followed = Followed::new(grown(300, TIGHT, 2));
    followed.parents = (0..followed.plan.known()).map(|peer| followed.plan.parent(peer)).collect();
    let mut plan = followed.plan.clone();
    churn(&mut plan, 200, 1, |plan, changes| {
        followed.plan.clone_from(plan);
        followed.follow_event(changes);
    });
}

/// The aim: after 2,000 events, which is once every peer, within 5 % of a full search, with slots to spare.
#[test]
fn a_plan_stays_near_to_a_full_search() {
    let mut plan = grown(1_000, LOOSE, 1);
    plan.reoptimise(effort(50_000));
    churn(&mut plan, 2_000, 1, |_, changes| assert!(changes.connects.len() as u32 <= 3 * changes.affected));
    // A search of its own: the plan would keep its tree where that finds nothing better.
    let snapshot = plan.snapshot();
    let searched = solve(&snapshot.problem(), effort(200_000), &mut |_| ControlFlow::Continue(())).expect("a tree");
    let drift_percent = (plan.max_us() as f64 / searched.value.max_us as f64 - 1.0) * 100.0;
    assert!(drift_percent <= 5.0, "{drift_percent} %");
}

#[test]
fn the_same_events_give_the_same_changes() {
    let told = || {
        let mut plan = grown(120, TIGHT, 3);
        let mut told = Vec::new();
        churn(&mut plan, 100, 5, |_, changes| told.push(changes.clone()));
        told
    };
    assert_eq!(told(), told());
}

/// All peers a millisecond apart.
fn alike(fan_outs: &[u32]) -> Plan {
    let peers = fan_outs.len() as u32;
    let delays = Delays::Matrix { peers, hops: vec![Hop::direct(1_000); (peers * peers) as usize] };
    let instance = Instance::new(fan_outs.iter().map(|&fan_out| serving(fan_out)).collect(), delays, 0.0);
    Plan::new(instance.expect("it fits together"), 0, STREAM).expect("a root")
}

#[test]
fn who_finds_no_room_waits_until_somebody_makes_some() {
    let mut plan = alike(&[1, 0, 0, 2]);
    plan.join(1).expect("room");
    let changes = plan.join(2).expect("known");
    assert_eq!((changes.left_out, plan.waiting()), (vec![2], &[2][..]));
    // It takes the only slot, and serves the two others.
    let changes = plan.join(3).expect("known");
    assert_eq!(plan.waiting(), [0_u32; 0]);
    assert_eq!((plan.parent(1), plan.parent(2), plan.parent(3)), (Some(3), Some(3), Some(0)));
    assert_eq!((changes.affected, changes.connects.len()), (2, 3));
    // And it leaves again.
    let changes = plan.leave(3).expect("there");
    assert_eq!((plan.members().count(), plan.waiting().len(), changes.left_out.len()), (2, 1, 1));
}

#[test]
fn a_peer_that_can_serve_fewer_gives_children_away() {
    let mut plan = alike(&[1, 3, 1, 1, 1]);
    (1..5).for_each(|peer| assert!(plan.join(peer).is_ok()));
    assert!((2..5).all(|peer| plan.parent(peer) == Some(1)));
    let changes = plan.changed(1, serving(2)).expect("known");
    assert_eq!((changes.disconnects.len(), changes.connects.len()), (1, 1));
    assert_eq!((2..5).filter(|&peer| plan.parent(peer) == Some(1)).count(), 2);
    assert_eq!(plan.max_us(), 3_000);
    // And takes them back when it can: it is the longest way that becomes shorter.
    plan.changed(1, serving(3)).expect("known");
    assert_eq!(plan.max_us(), 2_000);
}

#[test]
fn events_that_cannot_be_are_told() {
    let mut plan = alike(&[2, 2, 2]);
    let text = |error: PlanError| error.to_string();
    assert_eq!(
        text(plan.join(7).expect_err("unknown")),
        "there is no peer 7: 3 are known, from 0 on; `meet` makes a new one known"
    );
    assert_eq!(plan.join(0), Err(PlanError::Present { peer: 0 }));
    assert_eq!(plan.leave(1), Err(PlanError::Absent { peer: 1 }));
    assert_eq!(
        text(plan.leave(0).expect_err("the source")),
        "peer 0 is the source and cannot leave its tree; another source needs a plan of its own"
    );
    assert_eq!(
        text(plan.meet(serving(1), Place::Group(0)).expect_err("a matrix")),
        "a new peer's place should be a row of the matrix: with measured delays all peers are known from the beginning"
    );
}

#[test]
fn peers_that_were_not_known_join_as_others_do() {
    let groups =
        Delays::Groups { group_of: vec![0], groups: 2, hops: [1_000, 9_000, 9_000, 1_000].map(Hop::direct).into() };
    let mut plan = Plan::new(Instance::new(vec![serving(1)], groups, 0.0).expect("fits"), 0, STREAM).expect("a root");
    let [near, far] = [0, 1].map(|group| plan.meet(serving(2), Place::Group(group)).expect("a group"));
    assert!(plan.join(far).is_ok() && plan.join(near).is_ok());
    assert!(plan.meet(serving(1), Place::Group(2)).is_err());
    // Through the near one both hear sooner than the other way round.
    plan.reoptimise(effort(100));
    assert_eq!((plan.parent(near), plan.parent(far), plan.max_us()), (Some(0), Some(near), 10_000));
}

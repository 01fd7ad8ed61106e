//! What access links do to messages beside serialising them: jitter, and losses in bursts, packet by packet.
//!
//! Each direction of each link is a [`Line`], as it is where packets are followed. Losses of both links are drawn when a
//! packet leaves, jitter when it leaves and when it comes to the downlink. What crosses a link beside the packets of
//! messages is not followed; it moves the state of bursts on and holds up what comes behind it by its mean number a
//! second: acknowledgements, and for bursts ICE's checks and their answers.
//!
//! An acknowledgement leaves for every second packet on a connection, or 200 ms after the first (RFC 9260, section
//! 6.2), but rides on data that leaves before. Where packets come at rate `r` and leave at rate `s`, at random, whichever
//! of the three is first decides: with `R = r + s` and `e = exp(-0.2 s R)`
//!
//! ```text
//! second = r / R (1 - e),   SACKs a packet = (second + e) / (1 + second)
//! ```
//!
//! There are lines only where a class has jitter or bursts.

use crate::net::Line;
use crate::overlay::dissemination::Traffic;
use crate::overlay::workload::Channel;
use crate::overlay::{Overlay, Seat};
use crate::rng::Domain;
use crate::scenario::{Grain, Settings};
use crate::simulation::prepared::Prepared;
use crate::units::{SimDuration, SimTime};
use crate::webrtc::ice::IceProfile;
use crate::world::World;

/// How long a SACK may wait for a second packet, or for data that leaves.
const SACK_DELAY_S: f64 = 0.2;

/// The lines of all nodes, by number.
#[derive(Debug)]
pub(in crate::simulation) struct Lines {
    up: Vec<Line>,
    down: Vec<Line>,
    // Whether the losses of a class come in bursts; one past the last class are those in a local network.
    has_bursts: Vec<bool>,
    /// Whether any class has jitter.
    pub(in crate::simulation) has_jitter: bool,
}

impl Lines {
    /// The lines of a replication of messages over so many open connections; none where every class goes without.
    pub(in crate::simulation) fn new(settings: &Settings, prepared: &Prepared, degrees: &[u32]) -> Option<Box<Self>> {
        let Prepared { streams, world, overlay, .. } = prepared;
        let mut has_bursts: Vec<bool> = world.classes().iter().map(|class| class.loss.has_bursts()).collect();
        has_bursts.push(false);
        let has_jitter = world.classes().iter().any(|class| class.jitter > SimDuration::ZERO);
        if settings.run.grain == Grain::Packet || !(has_jitter || has_bursts.contains(&true)) {
            return None;
        }
        let signs = signs_of_life(world, overlay);
        let apart = not_repeated(prepared);
        let packets = prepared.traffic(degrees, |flow| settings.webrtc.wire(flow.size).packets as f64);
        let line = |node: u32, direction: u64| {
            let class = world.class(node);
            let Traffic { sent, received } = packets[node as usize];
            let [comes, leaves] = if direction == 0 { [received, sent] } else { [sent, received] };
            let sacks = acknowledgements(comes, leaves, degrees[node as usize]);
            let stream = streams.stream(Domain::PacketLink, u64::from(node) << 1 | direction);
            let line = Line::new(class.loss, class.jitter, stream);
            line.beside(sacks * apart[node as usize] + signs[node as usize]).among(sacks)
        };
        let lines = |direction: u64| (0..world.nodes()).map(|node| line(node, direction)).collect();
        Some(Box::new(Self { up: lines(0), down: lines(1), has_bursts, has_jitter }))
    }

    /// Whether losses between two classes, as paths have them, come in bursts.
    #[inline]
    pub(in crate::simulation) fn has_bursts(&self, from_class: u32, to_class: u16) -> bool {
        let [from, to] = [from_class as usize, usize::from(to_class)];
        to + 1 < self.has_bursts.len() && (self.has_bursts[from] || self.has_bursts[to])
    }

    /// Whether the next packet from one node to another is lost at either link.
    pub(in crate::simulation) fn lose(&mut self, now: SimTime, [from, to]: [u32; 2]) -> bool {
        self.up[from as usize].loses(now) || self.down[to as usize].loses(now)
    }

    /// Whether a packet would be lost at either link that left now and is not counted.
    pub(in crate::simulation) fn would_lose(&mut self, now: SimTime, [from, to]: [u32; 2]) -> bool {
        self.up[from as usize].would_lose(now) || self.down[to as usize].would_lose(now)
    }

    /// Whether any of the next packets is.
    pub(in crate::simulation) fn lose_any(&mut self, now: SimTime, ends: [u32; 2], packets: u64) -> bool {
        (0..packets).fold(false, |lost, _| lost | self.lose(now, ends))
    }

    /// When the last of some packets is beyond the uplink of a node that left its queue at this time, `each_ns` apart.
    pub(in crate::simulation) fn leave(&mut self, node: u32, left_ns: u64, packets: u64, each_ns: u64) -> u64 {
        pass(&mut self.up[node as usize], left_ns, packets, each_ns)
    }

    /// The same of one that shares a packet with what left before it.
    pub(in crate::simulation) fn leave_along(&self, node: u32, left_ns: u64) -> u64 {
        self.up[node as usize].follow(SimTime::from_ns(left_ns)).as_ns()
    }

    /// The same beyond a downlink.
    pub(in crate::simulation) fn arrive(&mut self, node: u32, came_ns: u64, packets: u64, each_ns: u64) -> u64 {
        pass(&mut self.down[node as usize], came_ns, packets, each_ns)
    }

    /// The jitter that some packet meets at the downlink of `to`, and its acknowledgement on its way back.
    pub(in crate::simulation) fn round(&mut self, [from, to]: [u32; 2]) -> u64 {
        let [from, to] = [from as usize, to as usize];
        (self.down[to].draw() + self.up[to].draw() + self.down[from].draw()).as_ns()
    }
}

fn pass(line: &mut Line, last_ns: u64, packets: u64, each_ns: u64) -> u64 {
    let mut through = SimTime::ZERO;
    for behind in (0..packets).rev() {
        through = line.pass(SimTime::from_ns(last_ns.saturating_sub(behind * each_ns)));
    }
    through.as_ns()
}

// By node, the share of its messages whose acknowledgements are not followed, since nobody repeats them.
fn not_repeated(prepared: &Prepared) -> Vec<f64> {
    let Prepared { world, flows, .. } = prepared;
    let unreliable = flows.iter().filter(|flow| flow.channel == Channel::Unreliable).count();
    let share = unreliable as f64 / flows.len().max(1) as f64;
    // An end that takes no channel as asked repeats all on those that it has accepted: every second.
    let keeps = |node: u32| world.class(node).engine.association().accepts_as_asked;
    (0..world.nodes()).map(|node| if keeps(node) { share } else { share / 2.0 }).collect()
}

// How many of ICE's checks and their answers cross the access link of each node a second, each way.
fn signs_of_life(world: &World, overlay: &Overlay) -> Vec<f64> {
    let classes = world.classes();
    let profiles: Vec<IceProfile> = classes.iter().map(|class| class.engine.ice.profile()).collect();
    let between = |a: usize, b: usize| profiles[a].signs_per_s(&profiles[b]);
    // Of each block, how many members each class has.
    let mut members = vec![0.0; classes.len() * overlay.blocks() as usize];
    for block in 0..overlay.blocks() {
        let of_block = &mut members[classes.len() * block as usize..][..classes.len()];
        overlay.block(block).iter().for_each(|&member| of_block[world.class_index(member)] += 1.0);
    }
    let of_node = |node: u32| {
        let own = world.class_index(node);
        let in_block = |seat: &Seat| {
            let members = &members[classes.len() * seat.block as usize..][..classes.len()];
            members.iter().enumerate().map(|(class, count)| count * between(own, class)).sum::<f64>()
                - between(own, own)
        };
        let in_blocks = overlay.seats(node).iter().map(in_block).fold(0.0, |sum, in_block| sum + in_block);
        let neighbours = overlay.pair_neighbours(node).iter();
        let neighbours = neighbours.chain(overlay.standby_neighbours(node));
        in_blocks + neighbours.map(|&next| between(own, world.class_index(next))).sum::<f64>()
    };
    (0..world.nodes()).map(of_node).collect()
}

// Acknowledgements a second that leave on so many connections, over which packets come and leave at these rates in all.
fn acknowledgements(comes: f64, leaves: f64, connections: u32) -> f64 {
    let rate = (comes + leaves) / f64::from(connections.max(1));
    if rate <= 0.0 {
        return 0.0;
    }
    let in_vain = libm::exp(-SACK_DELAY_S * rate);
    let second = comes / (comes + leaves) * (1.0 - in_vain);
    comes * (second + in_vain) / (1.0 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_are_one_for_two_packets_and_ride_on_data() {
        // Quickly one way; slowly; and as many back.
        assert!((acknowledgements(1_000.0, 0.0, 10) - 500.0).abs() < 1e-3);
        assert!((acknowledgements(0.01, 0.0, 1) - 0.01).abs() < 1e-4);
        assert!((acknowledgements(1_000.0, 1_000.0, 10) - 333.3).abs() < 0.1);
        assert!(acknowledgements(0.0, 0.0, 3) <= 0.0);
    }
}

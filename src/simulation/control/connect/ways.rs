//! How long the ways take that a set-up depends on. What belongs to a node alone is computed once.

use super::set_up::Legs;
use crate::units::{ByteCount, SimDuration};
use crate::webrtc::setup::Relation;
use crate::webrtc::stamp::{Delays, Leg};
use crate::webrtc::turn::TurnIndex;
use crate::world::{LAN_ONE_WAY, World};

/// The ways to servers, and between them.
#[derive(Debug)]
pub(super) struct Ways {
    // How many servers there are, or would be.
    servers: usize,
    // Of each node, to every server: the mean of both directions, without the access link.
    to_servers: Vec<SimDuration>,
    // From each server to each.
    between: Vec<SimDuration>,
    // What each node's link adds to a packet of a set-up: the mean of both directions, without queues.
    links: Vec<SimDuration>,
}

/// A packet of a set-up in the mean, and a signaling message with its candidates.
const PACKET: ByteCount = ByteCount::new(180);
const LETTER: ByteCount = ByteCount::new(1_200);

/// What a link adds to a packet where links are not played: its serialisation and half of its jitter, in one direction.
pub(super) fn idle_link(world: &World, node: u32, size: ByteCount) -> [SimDuration; 2] {
    let (rates, jitter) = (world.rates(node), world.class(node).jitter);
    [rates.up, rates.down].map(|rate| {
        let serialisation = rate.map_or(SimDuration::ZERO, |rate| rate.serialisation_time(size));
        serialisation + SimDuration::from_ns(jitter.as_ns() / 2)
    })
}

/// The same of a signaling message.
pub(super) fn idle_link_of_letter(world: &World, node: u32) -> [SimDuration; 2] {
    idle_link(world, node, LETTER)
}

impl Ways {
    pub(super) fn new(world: &World) -> Self {
        let servers = world.turn_servers().len().max(1);
        let all = 0..servers as TurnIndex;
        let to_servers =
            (0..world.nodes()).flat_map(|node| all.clone().map(move |server| world.turn_delay(node, server)));
        let between = all.clone().flat_map(|from| all.clone().map(move |to| world.between_turn_ns(from, to)));
        let link = |node: u32| {
            let [up, down] = idle_link(world, node, PACKET);
            SimDuration::from_ns((up + down).as_ns() / 2)
        };
        let links = (0..world.nodes()).map(link).collect();
        let between = between.map(SimDuration::from_ns).collect();
        Self { servers, to_servers: to_servers.collect(), between, links }
    }

    /// From a node's access link to every server: the mean of both directions.
    #[inline]
    pub(super) fn to_servers(&self, node: u32) -> &[SimDuration] {
        &self.to_servers[node as usize * self.servers..][..self.servers]
    }

    /// One way of each leg between two nodes: the mean of both directions, access links included.
    #[inline]
    pub(super) fn delays(&self, world: &World, nodes: [u32; 2], relation: Relation, legs: &Legs) -> Delays {
        let access = nodes.map(|node| world.class(node).access_delay + self.links[node as usize]);
        self.delays_with(world, nodes, relation, legs, access)
    }

    /// The same without the access links, where those are played apart.
    pub(super) fn delays_beyond_links(
        &self,
        world: &World,
        nodes: [u32; 2],
        relation: Relation,
        legs: &Legs,
    ) -> Delays {
        self.delays_with(world, nodes, relation, legs, [SimDuration::ZERO; 2])
    }

    #[inline]
    fn delays_with(
        &self,
        world: &World,
        nodes: [u32; 2],
        relation: Relation,
        legs: &Legs,
        access: [SimDuration; 2],
    ) -> Delays {
        let direct = match relation {
            Relation::SameLan | Relation::SameLanNoMulticast => LAN_ONE_WAY,
            Relation::SameCarrier | Relation::Apart => {
                SimDuration::from_ns(world.mean_propagation_ns(nodes)) + access[0] + access[1]
            }
        };
        let server = |end: usize| {
            let allocated = legs.allocations[end].server();
            usize::from(allocated.unwrap_or_else(|| world.home_server(nodes[end])))
        };
        let [own, other] = [server(0), server(1)];
        let to_server = |end: usize, server: usize| self.to_servers(nodes[end])[server] + access[end];
        // An allocation takes two round trips, so that a server that comes to it late is as one further off.
        let late = legs.allocations.map(|allocation| SimDuration::from_ns(allocation.wait().as_ns() / 4));
        Delays::default()
            .with(Leg::Direct, direct)
            .with(Leg::OffererToOwn, to_server(0, own) + late[0])
            .with(Leg::OffererToOther, to_server(0, other))
            .with(Leg::AnswererToOwn, to_server(1, other) + late[1])
            .with(Leg::AnswererToOther, to_server(1, own))
            .with(Leg::BetweenServers, self.between[own * self.servers + other])
            .with(Leg::Offer, legs.offer)
            .with(Leg::Answer, legs.answer)
    }
}

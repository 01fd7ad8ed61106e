//! A tree that is kept while peers come and go: for programs that tell peers whom to connect to.
//!
//! [`Plan::join`], [`Plan::leave`] and [`Plan::changed`] each return the [`EdgeChanges`] of one event: which links end and
//! which begin. At most three links begin for each peer that the event affects: who joins or changes, and the children of who
//! leaves. Where all fan-outs together are too few, some peers wait outside of the tree; every event takes in as many of them
//! as it can. The largest latency is made small, as in [`tree`](super::tree); [`Plan::reoptimise`] searches anew.
//!
//! ```
//! use peerscape::optimiser::plan::{Link, Plan};
//! use peerscape::optimiser::{Delays, Hop, Instance, Peer, Stream};
//!
//! // Four peers, 10 ms apart, each of which can send the stream to two others.
//! let peers = vec![Peer { up_bps: Some(2_000_000), ..Peer::default() }; 4];
//! let delays = Delays::Matrix { peers: 4, hops: vec![Hop::direct(10_000); 16] };
//! let stream = Stream { rate_bps: 1_000_000, messages_per_s: 1_000 };
//! let mut plan = Plan::new(Instance::new(peers, delays, 0.0)?, 0, stream)?;
//! assert_eq!(plan.join(1)?.connects, [Link { parent: 0, child: 1 }]);
//! plan.join(2)?;
//! assert_eq!(plan.join(3)?.connects, [Link { parent: 1, child: 3 }]);
//! let changes = plan.leave(1)?;
//! assert_eq!(changes.disconnects, [Link { parent: 0, child: 1 }, Link { parent: 1, child: 3 }]);
//! assert_eq!(changes.connects, [Link { parent: 0, child: 3 }]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod between;
mod changes;
mod early;
mod heirs;
mod improve;
mod place;
mod promote;
mod repair;
mod search;
mod standing;
#[cfg(test)]
mod tests;

pub use changes::{EdgeChanges, Link};
pub use search::Snapshot;

use self::repair::Repair;
use self::standing::Standing;
use super::instance::{DIMENSIONS, Delays, Instance, Peer, Stream};
use super::tree::TreeProblem;
use super::tree::state::{Links, State};

/// A tree for one stream from a root to all who are there.
#[derive(Clone, Debug)]
pub struct Plan {
    delays: Delays,
    stream: Stream,
    root: u32,
    // Of each peer that is known, whether it is there or not.
    fan_out: Vec<u32>,
    send_us: Vec<u32>,
    links: Links,
    standing: Standing,
}

/// Where a peer is that was not known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this group of [`Delays::Groups`].
    Group(u32),
    /// At a point of [`Delays::Coordinates`].
    Point {
        /// In microseconds; axes that are not used are zero.
        point: [i32; DIMENSIONS],
        /// What the access link adds to every hop, in microseconds.
        height_us: u32,
    },
}

/// Why an event cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nobody has this number.
    #[error("there is no peer {peer}: {known} are known, from 0 on; `meet` makes a new one known")]
    Unknown {
        /// The number.
        peer: u32,
        /// How many are known.
        known: u32,
    },
    /// The peer is there already.
    #[error("peer {peer} has joined already; `changed` takes new budgets of one that is there")]
    Present {
        /// The peer.
        peer: u32,
    },
    /// The peer is not there.
    #[error("peer {peer} is not there, so it cannot leave")]
    Absent {
        /// The peer.
        peer: u32,
    },
    /// The source cannot leave its own tree.
    #[error("peer {peer} is the source and cannot leave its tree; another source needs a plan of its own")]
    Root {
        /// The source.
        peer: u32,
    },
    /// The place of a new peer is not one of these delays.
    #[error("a new peer's place should be {wanted}")]
    Place {
        /// What it should be.
        wanted: String,
    },
}

impl Plan {
    /// A plan for peers who may join, by their numbers in an instance; only the root is there. Others can be made known
    /// later, except among the delays of a matrix.
    ///
    /// # Errors
    /// When the root is not a peer of the instance.
    pub fn new(instance: Instance, root: u32, stream: Stream) -> Result<Self, PlanError> {
        let (peers, delays) = instance.into_parts();
        let mut plan = Self {
            delays,
            stream,
            root,
            fan_out: Vec::new(),
            send_us: Vec::new(),
            links: Links::default(),
            standing: Standing::default(),
        };
        peers.into_iter().for_each(|peer| plan.push(peer));
        plan.check(root)?;
        plan.standing.is_present[root as usize] = true;
        plan.event(|repair| repair.standing.enter(&repair.state, root));
        Ok(plan)
    }

    /// Makes a peer known that is not in the instance. Returns its number, with which it can join. Numbers are never given
    /// back: a peer that comes again joins with the one that it had.
    ///
    /// # Errors
    /// When the place is not of the kind of the plan's delays, or there is no such group.
    pub fn meet(&mut self, peer: Peer, place: Place) -> Result<u32, PlanError> {
        let number = self.known();
        match (&mut self.delays, place) {
            (Delays::Groups { group_of, groups, .. }, Place::Group(group)) if group < *groups => group_of.push(group),
            (Delays::Coordinates { points, heights_us }, Place::Point { point, height_us }) => {
                points.push(point);
                heights_us.push(height_us);
            }
            (Delays::Groups { groups, .. }, _) => {
                return Err(PlanError::Place {
                    wanted: format!("one of the {groups} groups, by its number from 0 on"),
                });
            }
            (Delays::Coordinates { .. }, _) => return Err(PlanError::Place { wanted: "a point".to_owned() }),
            (Delays::Matrix { .. }, _) => {
                let wanted = "a row of the matrix: with measured delays all peers are known from the beginning";
                return Err(PlanError::Place { wanted: wanted.to_owned() });
            }
        }
        self.push(peer);
        Ok(number)
    }

    /// A peer comes. It hears from the open member that reaches it first, as far as there is room.
    ///
    /// # Errors
    /// When it is not known, or there already.
    pub fn join(&mut self, peer: u32) -> Result<EdgeChanges, PlanError> {
        self.check(peer)?;
        if std::mem::replace(&mut self.standing.is_present[peer as usize], true) {
            return Err(PlanError::Present { peer });
        }
        Ok(self.event(|repair| {
            repair.affected += 1;
            repair.newcomer = Some(peer);
            repair.settle(vec![peer]);
            repair.admit();
            repair.improve();
        }))
    }

    /// A peer goes, whether it said so or not: its children, each with all below it, get other parents.
    ///
    /// # Errors
    /// When it is not known, not there, or the root.
    pub fn leave(&mut self, peer: u32) -> Result<EdgeChanges, PlanError> {
        self.check(peer)?;
        if peer == self.root {
            return Err(PlanError::Root { peer });
        }
        if !std::mem::replace(&mut self.standing.is_present[peer as usize], false) {
            return Err(PlanError::Absent { peer });
        }
        let is_member = self.parent(peer).is_some();
        Ok(self.event(|repair| {
            if !is_member {
                repair.standing.waiting.retain(|&waiting| waiting != peer);
                return;
            }
            let orphans: Vec<u32> = repair.state.children(peer).collect();
            repair.affected += orphans.len() as u32;
            let (parent, limit_us) = (repair.state.parent(peer), repair.state.max_us());
            repair.detach(peer);
            for &orphan in &orphans {
                repair.standing.note(&repair.state, orphan);
                repair.state.detach(orphan);
            }
            repair.take_over(parent, &orphans, limit_us);
            repair.admit();
            repair.improve();
        }))
    }

    /// What a peer can bear is another than before, whether it is there or not. If it serves more than it can now, some of
    /// its children get other parents, those with the least below them.
    ///
    /// # Errors
    /// When it is not known.
    pub fn changed(&mut self, peer: u32, now: Peer) -> Result<EdgeChanges, PlanError> {
        self.check(peer)?;
        let fan_out = self.stream.fan_out(now, peer == self.root);
        let before = std::mem::replace(&mut self.fan_out[peer as usize], fan_out);
        let send_us = self.stream.send_us(now);
        let sends_otherwise = std::mem::replace(&mut self.send_us[peer as usize], send_us) != send_us;
        let is_member = self.is_member(peer);
        if is_member {
            self.standing.change_fan_out(peer, before, fan_out);
        }
        if !is_member && !self.standing.is_present[peer as usize] {
            return Ok(EdgeChanges::default());
        }
        Ok(self.event(|repair| {
            repair.affected += 1;
            if is_member {
                repair.serve_otherwise(peer, sends_otherwise);
            }
            repair.admit();
            repair.improve();
        }))
    }

    /// How many peers are known. Their numbers are below it.
    #[must_use]
    pub fn known(&self) -> u32 {
        self.fan_out.len() as u32
    }

    /// Who publishes.
    #[must_use]
    pub fn root(&self) -> u32 {
        self.root
    }

    /// Whom a peer hears from; `None` for the root, and for who is not in the tree.
    #[must_use]
    pub fn parent(&self, peer: u32) -> Option<u32> {
        let parent = (peer < self.known()).then(|| self.links.parent(peer))?;
        (parent != peer).then_some(parent)
    }

    /// When a member hears, in microseconds after the root; `None` for who is not in the tree.
    #[must_use]
    pub fn heard_us(&self, peer: u32) -> Option<u64> {
        self.is_member(peer).then(|| self.standing.heard_us[peer as usize])
    }

    /// Who is in the tree, the root among them, by number.
    pub fn members(&self) -> impl Iterator<Item = u32> {
        (0..self.known()).filter(|&peer| self.is_member(peer))
    }

    /// Who is there but finds no room, in the order in which they are taken in.
    #[must_use]
    pub fn waiting(&self) -> &[u32] {
        &self.standing.waiting
    }

    /// The largest latency of the tree, in microseconds. It is known without a look at the peers.
    #[must_use]
    pub fn max_us(&self) -> u64 {
        self.links.height_us(self.root)
    }

    fn is_member(&self, peer: u32) -> bool {
        peer == self.root || self.parent(peer).is_some()
    }

    fn check(&self, peer: u32) -> Result<(), PlanError> {
        let known = self.known();
        if peer < known { Ok(()) } else { Err(PlanError::Unknown { peer, known }) }
    }

    fn push(&mut self, peer: Peer) {
        let is_root = self.known() == self.root;
        self.fan_out.push(self.stream.fan_out(peer, is_root));
        self.send_us.push(self.stream.send_us(peer));
        self.links.push();
        self.standing.push();
    }

    // Lends the tree to a repair, and says what has come of it.
    fn event(&mut self, repaired: impl FnOnce(&mut Repair<'_, '_>)) -> EdgeChanges {
        let (fan_out, send_us) = (std::mem::take(&mut self.fan_out), std::mem::take(&mut self.send_us));
        let problem = TreeProblem::of_parts(&self.delays, self.root, fan_out, send_us);
        let state = State::resume(&problem, std::mem::take(&mut self.links));
        let mut repair = Repair::new(state, &mut self.standing);
        repaired(&mut repair);
        let (state, changes) = repair.changes();
        self.links = state.into_links();
        (self.fan_out, self.send_us) = problem.into_parts();
        changes
    }
}

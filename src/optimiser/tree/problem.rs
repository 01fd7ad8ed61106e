//! The problem: who is to hear from whom, and how many each can serve.

use crate::optimiser::instance::{Delays, Instance, Stream};

/// What is to be least. What it leaves open, the others decide: the largest latency, then the mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// The largest latency.
    #[default]
    Max,
    /// The latency that 95 % of the peers keep.
    P95,
    /// The mean latency.
    Mean,
}

/// A root, the hops among peers, and to how many others each can pass messages on.
#[derive(Clone, Debug)]
pub struct TreeProblem<'a> {
    delays: &'a Delays,
    root: u32,
    fan_out: Vec<u32>,
    send_us: Vec<u32>,
    objective: Objective,
}

/// How good a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeValue {
    /// The largest latency from the root, in microseconds.
    pub max_us: u64,
    /// The latency that 95 % of the other peers keep, in microseconds.
    pub p95_us: u64,
    /// The sum of the latencies of all peers, in microseconds.
    pub total_us: u64,
}

/// Why no tree can be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Infeasible {
    /// The root can serve nobody.
    #[error("the source cannot send to anybody: its fan-out is 0, and {peers} others are to hear from it")]
    Root {
        /// How many others there are.
        peers: u32,
    },
    /// All fan-outs together are too few.
    #[error("{wanted} peers need somebody to hear from, and all peers together can serve {slots}")]
    FanOut {
        /// The sum of the fan-outs of peers that can be reached.
        slots: u64,
        /// How many peers are to be served.
        wanted: u64,
    },
    /// Some peers are not reached, whatever the fan-outs.
    #[error(
        "{count} of {peers} peers cannot be reached from the source over peers that pass messages on, peer {first} among them"
    )]
    Unreachable {
        /// How many.
        count: u32,
        /// Of how many.
        peers: u32,
        /// The first of them.
        first: u32,
    },
    /// Each peer has somebody it could hear from, but not all at once.
    #[error("of {peers} peers at least {count} find no peer with a free slot that they can connect to")]
    Matching {
        /// How many are left over in the best assignment.
        count: u32,
        /// Of how many.
        peers: u32,
    },
    /// No tree was found, and none was shown to be impossible.
    #[error("no tree was found: {missing} of {peers} peers stayed outside; that none exists is not proven")]
    NotFound {
        /// How many stayed outside.
        missing: u32,
        /// Of how many.
        peers: u32,
    },
}

impl<'a> TreeProblem<'a> {
    /// The problem of bringing a stream from `root` to all peers of an instance. A hop takes what sending a copy takes its
    /// sender, and the delay.
    ///
    /// # Panics
    /// When the root is not a peer of the instance.
    #[must_use]
    pub fn of(instance: &'a Instance, root: u32, stream: Stream) -> Self {
        let fan_out = |(peer, index): (_, u32)| stream.fan_out(peer, index == root);
        let peers = instance.peers().iter().copied();
        let send_us = peers.clone().map(|peer| stream.send_us(peer)).collect();
        Self::new(instance.delays(), root, peers.zip(0..).map(fan_out).collect()).with_send_us(send_us)
    }

    /// The problem with these fan-outs, whatever they come from.
    ///
    /// # Panics
    /// When the root is not among the peers, or there is not a fan-out for each.
    #[must_use]
    pub fn new(delays: &'a Delays, root: u32, mut fan_out: Vec<u32>) -> Self {
        let peers = delays.peers();
        assert!(root < peers && fan_out.len() == peers as usize, "{root} of {peers}, {} fan-outs", fan_out.len());
        fan_out.iter_mut().for_each(|most| *most = (*most).min(peers - 1));
        Self { delays, root, send_us: vec![0; fan_out.len()], fan_out, objective: Objective::Max }
    }

    /// The problem of parts that were taken out of one before: as they are, without a look at all of them.
    pub(in crate::optimiser) fn of_parts(delays: &'a Delays, root: u32, fan_out: Vec<u32>, send_us: Vec<u32>) -> Self {
        Self { delays, root, fan_out, send_us, objective: Objective::Max }
    }

    /// The fan-outs, and the times that senders take.
    pub(in crate::optimiser) fn into_parts(self) -> (Vec<u32>, Vec<u32>) {
        (self.fan_out, self.send_us)
    }

    /// The same with the time that a sender takes for each copy, in microseconds.
    ///
    /// # Panics
    /// When there is not one for each peer.
    #[must_use]
    pub fn with_send_us(self, send_us: Vec<u32>) -> Self {
        assert_eq!(send_us.len(), self.fan_out.len());
        Self { send_us, ..self }
    }

    /// The same where nobody serves more than so many.
    #[must_use]
    pub fn with_fan_out_max(mut self, most: u32) -> Self {
        self.fan_out.iter_mut().for_each(|fan_out| *fan_out = (*fan_out).min(most));
        self
    }

    /// The same for another objective.
    #[must_use]
    pub fn with_objective(self, objective: Objective) -> Self {
        Self { objective, ..self }
    }

    /// How many peers there are, the root among them.
    #[must_use]
    pub fn peers(&self) -> u32 {
        self.fan_out.len() as u32
    }

    /// Who publishes.
    #[must_use]
    pub fn root(&self) -> u32 {
        self.root
    }

    /// To how many others a peer can pass messages on.
    #[inline]
    #[must_use]
    pub fn fan_out(&self, peer: u32) -> u32 {
        self.fan_out[peer as usize]
    }

    /// What is to be least.
    #[must_use]
    pub fn objective(&self) -> Objective {
        self.objective
    }

    /// The hops among peers.
    #[must_use]
    pub fn delays(&self) -> &'a Delays {
        self.delays
    }

    /// How long a hop takes, in microseconds, or `None` where the two never connect.
    #[inline]
    #[must_use]
    pub fn hop_us(&self, from: u32, to: u32) -> Option<u32> {
        self.delays.hop(from, to).delay_us().map(|delay_us| delay_us + self.send_us[from as usize])
    }

    /// How long a peer takes to send one copy, in microseconds.
    #[must_use]
    pub fn send_us(&self, peer: u32) -> u32 {
        self.send_us[peer as usize]
    }

    /// Whether one value is better than another by the objective.
    #[must_use]
    pub fn is_better(&self, one: &TreeValue, other: &TreeValue) -> bool {
        self.rank(one) < self.rank(other)
    }

    /// What is compared, the first that differs deciding.
    #[must_use]
    pub fn rank(&self, value: &TreeValue) -> [u64; 3] {
        let &TreeValue { max_us, p95_us, total_us } = value;
        match self.objective {
            Objective::Max => [max_us, total_us, p95_us],
            Objective::P95 => [p95_us, max_us, total_us],
            Objective::Mean => [total_us, max_us, p95_us],
        }
    }

    /// How many of so many peers keep the 95th percentile: of 20 it is 19.
    #[must_use]
    pub(super) fn in_time(peers: usize) -> usize {
        (peers * 95).div_ceil(100)
    }

    /// The value of a tree in which each peer hears at this time.
    #[must_use]
    pub fn value(&self, mut delays_us: Vec<u64>) -> TreeValue {
        delays_us.swap_remove(self.root as usize);
        TreeValue::of_others(delays_us)
    }
}

impl TreeValue {
    /// The value of a tree in which all but the root hear at these times.
    pub(in crate::optimiser) fn of_others(mut delays_us: Vec<u64>) -> Self {
        let total_us = delays_us.iter().sum();
        if delays_us.is_empty() {
            return Self { max_us: 0, p95_us: 0, total_us: 0 };
        }
        let max_us = delays_us.iter().copied().max().unwrap_or(0);
        let rank = TreeProblem::in_time(delays_us.len()) - 1;
        let p95_us = *delays_us.select_nth_unstable(rank).1;
        Self { max_us, p95_us, total_us }
    }
}

//! Dissemination: the rule that says what travels over the connections.
//!
//! Adding one is one file beside this one and one line in the table of `rule.rs`. Whatever drives a replication (messages,
//! packets, the real stack) is compiled for the rule, so that asking it costs no call through a table; a rule of another
//! crate is a [`ForeignRule`], and costs one.

use std::fmt::Debug;

use super::audience::Audiences;
use super::graph::Overlay;
use super::workload::Flow;
use crate::rng::Streams;
use crate::units::ByteCount;

mod control;
mod flood;
mod foreign;
mod gossipsub;
mod horizon;
mod known;
mod lazy;
mod live;
#[cfg(test)]
mod lockstep;
mod parameters;
mod passing;
mod plumtree;
mod pull;
mod push;
mod rule;
mod shortest_path;
mod striped;

pub use control::{MessageId, Order, Turn};
pub use flood::Flood;
pub use foreign::ForeignRule;
pub use gossipsub::GossipSub;
pub(in crate::overlay) use gossipsub::check_degrees;
pub use horizon::Horizon;
pub(crate) use live::{Kept, Live, Standing};
pub use passing::{Meeting, Passing};
pub use plumtree::Plumtree;
pub use pull::Pull;
pub use push::Push;
pub use rule::{DISSEMINATIONS, DisseminationEntry, DisseminationSpec, Rule, RuleVisitor};
pub use shortest_path::ShortestPath;
pub use striped::Striped;

/// The rule by which nodes pass messages on. One value serves all nodes of a replication: it keeps what they know,
/// each by its number, and tells no node what another knows.
pub trait Dissemination: Load + Clone + 'static {
    /// Whether every message comes to each node at most once, and only over the branches that lead to its audience,
    /// by the split horizon of [`Horizon`] itself. Where that is so, what fails on a hop is known to fail for all
    /// behind it, and messages take the arrays that are laid out for it. A rule of another kind is asked for each
    /// hop, and what it does not bring to a receiver by the end counts as late.
    const EXACTLY_ONCE: bool;

    /// Whether a node passes every message on over all of its connections but the one it came by. A driver may then
    /// walk its own lists of them, and tell by [`passed_on`](Self::passed_on) how many copies that was, instead of
    /// asking [`forward`](Self::forward) for their names.
    const OVER_ALL: bool = false;

    /// Whether rings in the overlay do it no harm.
    const TAKES_RINGS: bool = false;

    /// Whether each message keeps a bit for each node.
    const REMEMBERS: bool = false;

    /// How many bytes it keeps for each publisher and node that its messages come to, for estimates.
    const KEPT_BYTES: f64 = 0.0;

    /// Parameters that its label tells even where they are what they are by default.
    const LABELLED: &'static [&'static str] = &[];

    /// Whether its parameters go together.
    ///
    /// # Errors
    /// What does not, and how it should be.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// How many copies go for each delivery of a message that reaches all of so many nodes over so many connections, for
    /// estimates.
    fn copies_per_delivery(&self, _nodes: u64, _connections: u64) -> f64 {
        1.0
    }

    /// Whether it needs an overlay that says which [trees](Overlay::stripes) its pairs belong to.
    const NEEDS_STRIPES: bool = false;

    /// Whether nodes send control messages, or wait for times. Drivers then ask for [orders](Order) instead of
    /// [`forward`](Self::forward), which names those to whom a message would go at once.
    const TALKS: bool = false;

    /// The same of this value: of a rule behind another it is not known before.
    fn talks(&self) -> bool {
        Self::TALKS
    }

    /// How long control messages are, on the wire of a data channel; a rule that talks names 256 at most.
    fn control_sizes(&self) -> Vec<ByteCount> {
        Vec::new()
    }

    /// The rule at the beginning of a replication: nothing is known yet, and chance comes from these streams.
    #[must_use]
    fn begin(&self, _streams: Streams) -> Self {
        self.clone()
    }

    /// Adds the nodes to which a node sends a copy to `out`; only those that it has a connection to.
    fn forward(&mut self, overlay: &Overlay, audiences: &Audiences, passing: Passing, out: &mut Vec<u32>);

    /// A node has passed a message on over so many connections, where it was not asked which.
    fn passed_on(&mut self, _overlay: &Overlay, _passing: Passing, _copies: usize) {}

    /// A copy has come to a node, or from nobody where the node publishes it; whether the message is new to it, so that
    /// it is delivered and passed on.
    fn is_new(&mut self, _passing: Passing) -> bool {
        true
    }

    /// A node enters, before anything else happens to it.
    fn enter(&mut self, _turn: Turn<'_>, _orders: &mut Vec<Order>) {}

    /// A node has published a message of so many bytes, or a copy has come to it: what it does then.
    fn meet(&mut self, _turn: Turn<'_>, _meeting: Meeting, _orders: &mut Vec<Order>) {}

    /// A control message has come to a node.
    fn told(&mut self, _turn: Turn<'_>, _from: u32, _note: u32, _orders: &mut Vec<Order>) {}

    /// A node is woken, as it has asked to be.
    fn wake(&mut self, _turn: Turn<'_>, _token: u32, _orders: &mut Vec<Order>) {}
}

/// What a rule has nodes send on average.
pub trait Load: Debug + Send + Sync {
    /// Of every node.
    fn load(&self, demand: Demand<'_>) -> Vec<Traffic>;

    /// The hops that a message takes from a source to an audience, from and to, by sender: where they are known before,
    /// bring it to each node once, and are not those of split horizon or of a flood.
    fn hops(&self, _overlay: &Overlay, _audiences: &Audiences, _to: (u32, u32)) -> Option<Vec<(u32, u32)>> {
        None
    }
}

/// What is to be sent, over which connections.
#[derive(Clone, Copy)]
pub struct Demand<'a> {
    /// All connections, open or not. Those on standby carry nothing.
    pub overlay: &'a Overlay,
    /// Whom messages are for.
    pub audiences: &'a Audiences,
    /// Who publishes.
    pub flows: &'a [Flow],
    /// How many open connections of each node carry messages.
    pub degrees: &'a [u32],
    /// What a message of a flow counts: one, or its bytes, or its packets.
    pub each: &'a dyn Fn(&Flow) -> f64,
}

impl Demand<'_> {
    /// What a flow publishes a second.
    #[must_use]
    pub fn rate(&self, flow: &Flow) -> f64 {
        (self.each)(flow) / flow.period.as_secs_f64()
    }

    /// What each node publishes a second by the flows that `counts` names.
    #[must_use]
    pub fn published(&self, counts: impl Fn(&Flow) -> bool) -> Vec<f64> {
        let mut published = vec![0.0; self.degrees.len()];
        for flow in self.flows.iter().filter(|flow| counts(flow)) {
            published[flow.source as usize] += self.rate(flow);
        }
        published
    }
}

/// A node's part of all messages, each second, in whatever they are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// What it sends.
    pub sent: f64,
    /// What comes to it.
    pub received: f64,
}

//! What becomes of deliveries that are wanted and do not come about.
//!
//! A copy that fails on a hop fails for every receiver behind that hop, for nobody else would bring them the message:
//! they all count with the fate of the copy. What is left when all fates are told is *late*: under way, in a queue,
//! or with a CPU that never came to it when the replication ended. Copies that get through are never looked at, so
//! nothing of this costs where nothing fails.

use crate::metrics::{MetricId, MetricValues};
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::overlay::behind::Behind;

/// Why a wanted delivery did not come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Lost on its path, for good.
    Lost,
    /// Dropped by the buffer of the sender's uplink.
    Uplink,
    /// Dropped by the buffer of the receiver's downlink.
    Downlink,
    /// Dropped by a socket of the receiver, whose CPU was too far behind.
    Socket,
    /// Dropped by a TURN server.
    Turn,
    /// Arrived, and held behind another message of its ordered channel.
    Blocked,
    /// There was no open connection.
    Unconnected,
    /// Turned away at its sender: the send buffer was full, the message too large, or its lifetime over.
    Throttled,
}

impl Fate {
    /// All of them, by number.
    pub(crate) const ALL: [Self; 8] = [
        Self::Lost,
        Self::Uplink,
        Self::Downlink,
        Self::Socket,
        Self::Turn,
        Self::Blocked,
        Self::Unconnected,
        Self::Throttled,
    ];

    const fn metric(self) -> MetricId {
        match self {
            Self::Lost => MetricId::MissedLost,
            Self::Uplink => MetricId::MissedUplink,
            Self::Downlink => MetricId::MissedDownlink,
            Self::Socket => MetricId::MissedSocket,
            Self::Turn => MetricId::MissedTurn,
            Self::Blocked => MetricId::MissedBlocked,
            Self::Unconnected => MetricId::MissedUnconnected,
            Self::Throttled => MetricId::MissedThrottled,
        }
    }
}

/// Deliveries of the measured window that failed, by their fate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fates {
    deliveries: [u64; Fate::ALL.len()],
    // Of each node, the copies that it sent or was sent and that failed there; none while nothing failed.
    copies: Vec<[u32; Fate::ALL.len()]>,
    // Known from the first failure on.
    behind: Option<Behind>,
}

/// The hop of a copy that failed, by numbers of nodes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedHop {
    pub(crate) audience: u32,
    pub(crate) from: u32,
    pub(crate) to: u32,
}

/// What tells who is behind a hop.
#[derive(Clone, Copy)]
pub(crate) struct Routes<'a> {
    pub(crate) overlay: &'a Overlay,
    pub(crate) audiences: &'a Audiences,
    pub(crate) peers: u32,
}

impl Fates {
    /// A wanted copy has failed, and with it all that it was to be passed on to.
    #[cold]
    pub(crate) fn fail(&mut self, fate: Fate, hop: FailedHop, routes: Routes<'_>) {
        self.deliveries[fate as usize] += self.deliveries(hop, routes);
        if self.copies.is_empty() {
            self.copies = vec![[0; Fate::ALL.len()]; routes.overlay.nodes() as usize];
        }
        let at_sender = matches!(fate, Fate::Uplink | Fate::Throttled | Fate::Unconnected);
        let node = if at_sender { hop.from } else { hop.to };
        let copies = &mut self.copies[node as usize][fate as usize];
        *copies = copies.saturating_add(1);
    }

    /// For how many wanted deliveries a copy stands on a hop.
    pub(crate) fn deliveries(&mut self, hop: FailedHop, routes: Routes<'_>) -> u64 {
        let behind = self.behind.get_or_insert_with(|| Behind::new(routes.overlay, routes.peers));
        u64::from(behind.receivers(routes.audiences, hop.audience, [hop.from, hop.to]))
    }

    /// So many deliveries have failed, it is not known where.
    #[cfg(feature = "real")]
    pub(crate) fn fail_anywhere(&mut self, fate: Fate, deliveries: u64) {
        self.deliveries[fate as usize] += deliveries;
    }

    /// The node with most copies of this fate, how many those are, and how many nodes have any.
    pub(in crate::simulation) fn worst(&self, fate: Fate) -> Option<(u32, u32, usize)> {
        let counts = || self.copies.iter().map(|copies| copies[fate as usize]).zip(0_u32..);
        let (copies, node) = counts().reduce(|a, b| if b.0 > a.0 { b } else { a })?;
        (copies > 0).then(|| (node, copies, counts().filter(|&(copies, _)| copies > 0).count()))
    }

    /// Deliveries of each fate, and those that are late, where so many are missing in all.
    ///
    /// What has a lifetime may be given up and arrive all the same, so more may be told of than are missing; then
    /// all fates take their share of what is.
    pub(in crate::simulation) fn split(&self, missing: u64) -> ([f64; Fate::ALL.len()], f64) {
        let told: u64 = self.deliveries.iter().sum();
        let share = if told > missing { missing as f64 / told as f64 } else { 1.0 };
        (self.deliveries.map(|deliveries| deliveries as f64 * share), missing.saturating_sub(told) as f64)
    }

    /// How many deliveries failed by a known fate.
    pub(in crate::simulation) fn told(&self) -> u64 {
        self.deliveries.iter().sum()
    }

    /// Sets the metrics: percent of the deliveries `wanted`, of which `missing` did not come about. By rules that may bring a
    /// message over another way no copy that fails is known to be missed: then only what was not brought is known.
    pub(in crate::simulation) fn set(&self, values: &mut MetricValues, (missing, wanted): (u64, u64), is_known: bool) {
        let percent = |deliveries: f64| 100.0 * deliveries / wanted as f64;
        let (failed, late) = if is_known { self.split(missing) } else { Default::default() };
        let late = if is_known { late } else { missing as f64 };
        for (fate, deliveries) in Fate::ALL.into_iter().zip(failed).filter(|_| is_known) {
            values.set(fate.metric(), percent(deliveries));
        }
        values.set(MetricId::MissedLate, percent(late));
    }
}

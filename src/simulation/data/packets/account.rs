//! What links and CPUs were asked for in the measured window, and what became of the copies.

use super::Packets;
use super::ends::far;
use crate::metrics::LatencyHistogram;
use crate::overlay::dissemination::Dissemination;
use crate::simulation::account::experience::Experience;
use crate::simulation::account::outcome::{Outcome, Uncounted, serialisation_ns};
use crate::simulation::data::application::Application;
use crate::simulation::servers::Servers;
use crate::units::ByteCount;

/// Counts of a replication, lists by node.
#[derive(Debug)]
pub(super) struct Account {
    /// CPU time in ns that measured messages asked for.
    pub(super) cpu_work: Vec<u64>,
    /// Latency of messages beside live streams.
    pub(super) control: LatencyHistogram,
    /// Whether the measured window has begun and not ended.
    pub(super) is_open: bool,
    // Bytes that were put on the uplink in the window.
    sent: Vec<u64>,
    // Bytes that were not, though they were to be: the uplink's buffer, or the API, turned them away.
    turned_away: Vec<u64>,
    // Bytes that came to the downlink in the window, whether or not its buffer took them.
    received: Vec<u64>,
    // Bytes for the node that were to be sent and that the API at their sender turned away.
    withheld: Vec<u64>,
    // Bytes that waited at the node, and for it, when the window began, and when it ended.
    waiting: [Vec<u64>; 2],
    expected: [Vec<u64>; 2],
    // Copies that were sent and have not arrived: unreliable ones, reliable ones; and those measured.
    unreliable: i64,
    unreliable_measured: i64,
    reliable: i64,
}

impl Account {
    pub(super) fn new(nodes: u32) -> Self {
        let zeros = || vec![0; nodes as usize];
        Self {
            cpu_work: zeros(),
            control: LatencyHistogram::default(),
            is_open: false,
            sent: zeros(),
            turned_away: zeros(),
            received: zeros(),
            withheld: zeros(),
            waiting: [zeros(), zeros()],
            expected: [zeros(), zeros()],
            unreliable: 0,
            unreliable_measured: 0,
            reliable: 0,
        }
    }

    /// A node has put bytes on its uplink, or found its buffer full.
    pub(super) fn sent(&mut self, node: u32, bytes: u64, is_full: bool) {
        if self.is_open {
            let counts = if is_full { &mut self.turned_away } else { &mut self.sent };
            counts[node as usize] += bytes;
        }
    }

    /// A full queue has dropped bytes that a node had put there.
    pub(super) fn dropped(&mut self, node: u32, bytes: u64) {
        if self.is_open {
            let sent = &mut self.sent[node as usize];
            *sent = sent.saturating_sub(bytes);
            self.turned_away[node as usize] += bytes;
        }
    }

    /// A node should have sent so many bytes, and did not.
    pub(super) fn refused(&mut self, node: u32, bytes: ByteCount) {
        self.turned_away[node as usize] += bytes.get();
    }

    /// Bytes have come to a node's downlink.
    pub(super) fn received(&mut self, node: usize, bytes: u64) {
        if self.is_open {
            self.received[node] += bytes;
        }
    }

    /// Bytes that a node should have been sent were not.
    pub(super) fn withheld(&mut self, node: u32, bytes: ByteCount) {
        self.withheld[node as usize] += bytes.get();
    }

    /// So many copies more are under way.
    pub(super) fn under_way(&mut self, is_repeated: bool, measured: bool, copies: i64) {
        if !is_repeated {
            self.unreliable += copies;
            self.unreliable_measured += if measured { copies } else { 0 };
        } else {
            self.reliable += copies;
        }
    }

    // What the node's uplink was asked to carry in the window.
    fn asked(&self, node: usize) -> u64 {
        self.sent[node] + self.turned_away[node] + piled_up(&self.waiting, node)
    }

    // What the node's downlink was. Where it is the bottleneck, congestion control has its senders wait.
    fn expected(&self, node: usize) -> u64 {
        self.received[node] + self.withheld[node] + piled_up(&self.expected, node)
    }
}

fn piled_up([before, after]: &[Vec<u64>; 2], node: usize) -> u64 {
    after[node].saturating_sub(before[node])
}

impl<D: Dissemination> Packets<D> {
    /// The measured window begins, or ends.
    pub(super) fn mark(&mut self, ends: bool) {
        self.account.is_open = !ends;
        let streams = self.ends.streams();
        let edge = usize::from(ends);
        for (row, end) in self.ends.rows().iter().zip(0..) {
            let unsent = row.unsent(streams);
            self.account.waiting[edge][row.node as usize] += unsent;
            self.account.expected[edge][self.ends.row(far(end)).node as usize] += unsent;
        }
    }

    /// What came of a replication that has ended.
    pub(in crate::simulation) fn finish(mut self) -> Outcome {
        self.tell_blocked();
        let Self { world, app, connected, plan, relays, account, quality, queueing, .. } = self;
        let Application { overlay, audiences, mut seen, .. } = app;
        // What is under way on a reliable channel will arrive; what is not reliable, and has not arrived by the
        // end of the drain, will not.
        let count = |copies: i64| u64::try_from(copies).unwrap_or(0);
        seen.counts.copies_lost = count(account.unreliable);
        seen.counts.copies_in_flight = count(account.reliable);
        seen.window.lost = count(account.unreliable_measured);
        seen.window.sent_bytes = account.sent.iter().sum();
        seen.window.server_bytes = account.sent[world.peers() as usize..].iter().sum();
        let work = |node: u32| {
            let rates = world.rates(node);
            let up_work = serialisation_ns(rates.up, account.asked(node as usize));
            let down_work = serialisation_ns(rates.down, account.expected(node as usize));
            Servers { up_work, down_work, cpu_work: account.cpu_work[node as usize], ..Servers::default() }
        };
        let servers = (0..world.nodes()).map(work).collect();
        let viewed = quality.viewed(&plan, world.peers(), plan.programme.timetable.end());
        let experience = Experience { control_p95: account.control.quantile(0.95), viewed, waits: queueing.waits() };
        let [_, unsent_bytes] = account.waiting;
        let outcome = Outcome::new((world, overlay, audiences), (connected, plan, relays), seen, servers);
        Outcome { experience, uncounted: Uncounted::KeepAlives, unsent_bytes, ..outcome }
    }
}

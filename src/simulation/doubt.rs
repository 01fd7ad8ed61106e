//! Why the figures of a replication that follows messages may be far off: what it leaves out and this cell has.
//!
//! A doubt is not a finding: the topology may well work. It says that the model which answered is outside of what it
//! was checked for (docs/VALIDATION.md, "Two grains"), so that packets should be asked.

use std::sync::Arc;

use super::full::{Direction, Fullest};
use crate::metrics::Finding;
use crate::overlay::workload::{Channel, Workload};
use crate::scenario::{Grain, Settings};
use crate::webrtc::sctp::Repair;
use crate::world::{ClassSpec, PacketKey, World};

/// The doubts about a replication; none where packets were followed.
pub(super) fn doubts(settings: &Settings, world: &World, seen: &Doubtful) -> Vec<Finding> {
    if settings.run.grain == Grain::Packet {
        return Vec::new();
    }
    let mut found = of_links(settings);
    found.extend(window(world, seen));
    found.extend(saturation(world, seen));
    found.extend(burst(settings, world));
    found.extend(full(world, seen));
    found
}

/// What a replication saw of where following messages is rough.
pub(super) struct Doubtful {
    /// The connection whose window held messages back most: from, to, and its share of the time.
    pub(super) held_back: Option<(u32, u32, f64)>,
    /// The busiest uplink, in percent.
    pub(super) uplink: Option<(u32, f64)>,
    /// The buffer that was met full most often by what is sent again.
    pub(super) fullest: Option<Fullest>,
}

/// Share of the time from which on a window that holds messages back is more than an episode.
const HELD_BACK_SHARE: f64 = 0.10;
/// Load from which on losses and queues act on each other.
const NEAR_PERCENT: f64 = 70.0;
/// Packets that any window lets through at once.
const WINDOW_PACKETS: u64 = 4;

// The windows of webrtc-rs were held against packets over the generated grid of docs/VALIDATION.md; it is told by the
// channels that it accepts.
fn window(world: &World, seen: &Doubtful) -> Option<Finding> {
    let (from, to, share) = seen.held_back.filter(|&(.., share)| share >= HELD_BACK_SHARE)?;
    if !world.class(from).engine.association().accepts_as_asked {
        return None;
    }
    let text = format!(
        "the window from {} to {} holds messages back {:.0} % of the time: messages know it roughly",
        name(world, from),
        name(world, to),
        100.0 * share
    );
    Some(Finding { kind: "window", text })
}

// Queues before a link that loses packets, too, or that messages of many packets share.
fn saturation(world: &World, seen: &Doubtful) -> Option<Finding> {
    let (node, percent) = seen.uplink.filter(|&(_, percent)| percent >= NEAR_PERCENT && world.has_loss())?;
    let text = format!(
        "the uplink of {} is used to {percent:.0} % and loses packets: near saturation messages know queues roughly",
        name(world, node)
    );
    Some(Finding { kind: "near-saturation", text })
}

// What a full buffer drops is repeated after a time-out, of which waiting knows nothing.
fn full(world: &World, seen: &Doubtful) -> Option<Finding> {
    let Fullest { node, direction, times } = seen.fullest?;
    let link = match direction {
        Direction::Up => "uplink",
        Direction::Down => "downlink",
    };
    let text = format!(
        "the buffer of the {link} of {} was full for {times} copies that are sent again: messages let them wait",
        name(world, node)
    );
    Some(Finding { kind: "full-buffers", text })
}

// What is never repeated has no window here.
fn burst(settings: &Settings, world: &World) -> Option<Finding> {
    let largest = settings.workloads.iter().map(|workload| workload.largest_message()).max()?;
    let wire = settings.webrtc.wire(largest);
    let is_rough = world.has_loss() && wire.packets > WINDOW_PACKETS;
    let text = format!(
        "messages of {largest} are {} packets, more than a window after a loss: messages know that roughly",
        wire.packets
    );
    is_rough.then_some(Finding { kind: "large-messages", text })
}

fn name(world: &World, node: u32) -> String {
    if node >= world.peers() {
        return "the server".to_owned();
    }
    format!("peer {node} ({})", world.class(node).name)
}

// Each key of a class that hops of messages do not know, or know roughly, once.
fn of_links(settings: &Settings) -> Vec<Finding> {
    const NOT_MET: &str = "messages do not meet that, only packets do";
    const ROUGHLY: &str = "messages know the windows that close behind them roughly";
    let has_contents = settings.workloads.iter().any(|workload| workload.pieces().is_some());
    let mut found: Vec<Finding> = Vec::new();
    for PacketKey { name, key, .. } in settings.population.packet_keys() {
        let (kind, what, why) = match key {
            ["link", "jitter"] if has_contents => ("jitter", "jitter", "contents in pieces do not meet that"),
            ["link", "jitter"] => continue,
            ["link", "loss"] if knows_bursts(settings) => continue,
            ["link", "loss"] => ("bursts", "losses in bursts", ROUGHLY),
            ["link", "queue"] => ("fair-queueing", "fair queueing", NOT_MET),
            _ => ("capacity", "capacity traces", NOT_MET),
        };
        if found.iter().all(|doubt| doubt.kind != kind) {
            found.push(Finding { kind, text: format!("{what} of class `{name}`: {why}") });
        }
    }
    found
}

// Whether messages know what losses in bursts do: where a message is one packet, all is repeated and the window stays open
// after a time-out (docs/VALIDATION.md, "Two grains").
fn knows_bursts(settings: &Settings) -> bool {
    let is_small_and_repeated = |workload: &Arc<dyn Workload>| {
        let is_small = settings.webrtc.wire(workload.largest_message()).packets <= 1;
        is_small && workload.pieces().is_none() && workload.channel() != Channel::Unreliable
    };
    let repairs_all_at_once = |class: &ClassSpec| {
        matches!(class.engine.value.association().repair, Repair::ByAdvance { timeout_sends_all: true, .. })
    };
    settings.workloads.iter().all(is_small_and_repeated) && settings.population.classes.iter().all(repairs_all_at_once)
}

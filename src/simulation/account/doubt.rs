//! Why the figures of a replication that follows messages may be far off: what it leaves out and this cell has.
//!
//! A doubt is not a finding: the topology may well work. It says that the model which answered is outside of what it
//! was checked for (docs/VALIDATION.md, "Two grains"), so that packets should be asked.

use std::sync::Arc;

use super::full::{Direction, Fullest};
use crate::metrics::Finding;
use crate::overlay::workload::Workload;
use crate::scenario::{Grain, Settings};
use crate::units::ByteCount;
use crate::webrtc::sctp::Repair;
use crate::world::{ClassSpec, PacketKey, World};

/// The doubts about a replication; none where packets were followed.
pub(in crate::simulation) fn doubts(settings: &Settings, world: &World, seen: &Doubtful) -> Vec<Finding> {
    if settings.run.grain == Grain::Packet {
        return Vec::new();
    }
    let mut found = of_links(settings);
    found.extend(window(world, seen));
    found.extend(saturation(settings, world, seen));
    found.extend(burst(settings, world));
    found.extend(full(settings, world, seen));
    found
}

/// What a replication saw of where following messages is rough.
pub(in crate::simulation) struct Doubtful {
    /// The connection whose window held messages back most: from, to, and its share of the time.
    pub(in crate::simulation) held_back: Option<(u32, u32, f64)>,
    /// The busiest uplink, in percent.
    pub(in crate::simulation) uplink: Option<(u32, f64)>,
    /// The link that is asked for the largest share of its rate, acknowledgements included: its node, which it is, and the
    /// share.
    pub(in crate::simulation) asked: Option<(u32, &'static str, f64)>,
    /// The buffer that was met full most often by what is sent again and waited.
    pub(in crate::simulation) fullest: Option<Fullest>,
    /// The buffer that dropped most often.
    pub(in crate::simulation) dropping: Option<Fullest>,
}

/// Share of the time from which on a window that holds messages back is more than an episode.
const HELD_BACK_SHARE: f64 = 0.10;
/// Load from which on losses and queues act on each other.
const NEAR_PERCENT: f64 = 70.0;
/// Packets that any window lets through at once.
const WINDOW_PACKETS: u64 = 4;

// Windows, drops and loads were held against packets over the generated grid of docs/VALIDATION.md, all with webrtc-rs,
// which is told by the channels that it accepts.
fn is_checked(class: &ClassSpec) -> bool {
    !class.engine.value.association().accepts_as_asked
}

fn is_all_checked(settings: &Settings) -> bool {
    settings.population.classes.iter().all(is_checked)
}

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

// Queues before a link that is asked for more than it has, or, with engines that were not checked, that loses packets,
// too.
fn saturation(settings: &Settings, world: &World, seen: &Doubtful) -> Option<Finding> {
    if let Some((node, link, share)) = seen.asked.filter(|&(.., share)| share >= 1.0) {
        let text = format!(
            "the {link} of {} is asked for {:.0} % with acknowledgements: how far it falls behind messages know roughly",
            name(world, node),
            100.0 * share
        );
        return Some(Finding { kind: "near-saturation", text });
    }
    let (node, percent) = seen.uplink.filter(|&(_, percent)| percent >= NEAR_PERCENT && world.has_loss())?;
    if is_all_checked(settings) {
        return None;
    }
    let text = format!(
        "the uplink of {} is used to {percent:.0} % and loses packets: near saturation messages know queues roughly",
        name(world, node)
    );
    Some(Finding { kind: "near-saturation", text })
}

// Where buffers drop, windows of several packets are known roughly; where they should have and let copies wait, too.
fn full(settings: &Settings, world: &World, seen: &Doubtful) -> Option<Finding> {
    let (_, packets) = at_once(settings)?;
    if packets <= WINDOW_PACKETS && is_all_checked(settings) {
        return None;
    }
    let Fullest { node, direction, times } = seen.fullest.or(seen.dropping)?;
    let link = match direction {
        Direction::Up => "uplink",
        Direction::Down => "downlink",
    };
    let text = match seen.fullest {
        Some(_) => "was full for {} copies that are sent again: messages let them wait",
        None => "drops {} packets: messages know roughly how they are repeated",
    };
    let text = format!("the buffer of the {link} of {} {}", name(world, node), text.replace("{}", &times.to_string()));
    Some(Finding { kind: "full-buffers", text })
}

// What is repeated many times over and what stays lost.
fn burst(settings: &Settings, world: &World) -> Option<Finding> {
    let (largest, packets) = at_once(settings)?;
    let is_rough = world.has_loss() && packets > WINDOW_PACKETS;
    let text = format!(
        "messages of {largest} are {packets} packets, more than a window after a loss: messages know that roughly"
    );
    is_rough.then_some(Finding { kind: "large-messages", text })
}

// The message that is most packets, and how many: all of its chunks are sent at the same time.
fn at_once(settings: &Settings) -> Option<(ByteCount, u64)> {
    let of_workload = |workload: &Arc<dyn Workload>| {
        let limits = workload.limits();
        let packets =
            |size: ByteCount| limits.chunking.count(size) * settings.webrtc.wire(limits.chunking.largest(size)).packets;
        let sizes: Vec<ByteCount> = match limits.sizes.as_slice() {
            [] => vec![limits.largest_message()],
            sizes => sizes.iter().map(|(_, size)| *size).collect(),
        };
        sizes.into_iter().map(|size| (size, packets(size))).max_by_key(|&(size, packets)| (packets, size))
    };
    settings.workloads.iter().filter_map(of_workload).max_by_key(|&(size, packets)| (packets, size))
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

// Whether messages know what losses in bursts do: where the window stays open after a time-out (docs/VALIDATION.md, "Two
// grains").
fn knows_bursts(settings: &Settings) -> bool {
    let is_of_messages = |workload: &Arc<dyn Workload>| workload.pieces().is_none();
    let repairs_all_at_once = |class: &ClassSpec| {
        matches!(class.engine.value.association().repair, Repair::ByAdvance { timeout_sends_all: true, .. })
    };
    settings.workloads.iter().all(is_of_messages) && settings.population.classes.iter().all(repairs_all_at_once)
}

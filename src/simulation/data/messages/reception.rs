//! Which arrivals need no event, because nothing else can come between (docs/MODELS.md, "Arrivals without events").

use crate::overlay::Overlay;
use crate::overlay::workload::Role;
use crate::simulation::parts::Parts;

/// How a node receives copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulation) enum Reception {
    /// By an event each at its downlink and its CPU: it publishes itself, and its own messages
    /// must find the CPU and uplink as they are at that moment.
    Source,
    /// By an event at its downlink, where copies of several senders meet.
    Queued,
    /// On the spot: all copies come over one path in the order they were sent, so none can
    /// overtake, and nothing else uses the node's queues.
    InOrder,
    /// On the spot and without trace: the node has no queue and passes nothing on.
    Sink,
}

/// How each node receives, by number.
pub(in crate::simulation) fn receptions(parts: &Parts, shortcuts: bool, exactly_once: bool) -> Vec<Reception> {
    let Parts { overlay, plan, lines, .. } = parts;
    // A retransmission arrives behind copies that were sent after it, and jitter holds up what others send.
    if !shortcuts || lines.is_some() || plan.may_repair {
        return vec![Reception::Source; overlay.nodes() as usize];
    }
    let sources = plan.programme.sources();
    if !exactly_once {
        // Copies come from anywhere and may come again, but a downlink hands them on in the order they came.
        let reception = |node| if sources.binary_search(&node).is_ok() { Reception::Source } else { Reception::Queued };
        return (0..overlay.nodes()).map(reception).collect();
    }
    // Who asks receives an answer, who answers a request: both leave a trace.
    let exchanging: Vec<u32> = plan.programme.sources_of(|flow| flow.role != Role::Message);
    let nodes = overlay.nodes() as usize;
    let senders = (sources.len() <= SOURCES_TRACED_MAX).then(|| single_senders(overlay, &sources));
    let has_queue = |node: usize| {
        plan.services.iter().skip(node).step_by(nodes).any(|service| service.down_ns + service.cpu_ns > 0)
    };
    let reception = |node: u32| {
        let is_exchanging = exchanging.binary_search(&node).is_ok();
        if !has_queue(node as usize) && overlay.is_leaf(node) && !is_exchanging {
            return Reception::Sink;
        }
        if sources.binary_search(&node).is_ok() {
            return Reception::Source;
        }
        match &senders {
            // What comes to a downlink that drops is looked at there.
            _ if plan.fills[node as usize].down => Reception::Queued,
            Some(senders) if senders[node as usize] == Senders::One => Reception::InOrder,
            _ => Reception::Queued,
        }
    };
    (0..overlay.nodes()).map(reception).collect()
}

/// With more sources than this, nodes with queues are taken to have several senders.
const SOURCES_TRACED_MAX: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Senders {
    None,
    One,
    Several,
}

// From how many neighbours each node receives, over all sources.
fn single_senders(overlay: &Overlay, sources: &[u32]) -> Vec<Senders> {
    let nodes = overlay.nodes() as usize;
    let mut senders = vec![Senders::None; nodes];
    let mut sender_of = vec![0_u32; nodes];
    let mut pending = Vec::new();
    for &source in sources {
        pending.push((source, None));
        while let Some((node, from)) = pending.pop() {
            for next in overlay.next_hops(node, from) {
                let known = &mut senders[next as usize];
                match known {
                    Senders::None => (*known, sender_of[next as usize]) = (Senders::One, node),
                    Senders::One if sender_of[next as usize] != node => *known = Senders::Several,
                    _ => {}
                }
                pending.push((next, Some(node)));
            }
        }
    }
    senders
}

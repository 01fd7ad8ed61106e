//! What cannot be meant in the settings of connecting: time-outs of nothing, endless waits.

use super::limits::{LONGEST_DELAY, LONGEST_RUN, check_span};
use super::read::Reader;
use super::tree::{join, path};
use crate::units::SimDuration;
use crate::webrtc::WebrtcSpec;

/// The longest wait of a peer that comes back, or of an attempt.
const LONGEST_WAIT: SimDuration = SimDuration::from_secs(3_600);
/// More renegotiations a second than this are a stream of them.
const MOST_RENEGOTIATIONS_PER_S: f64 = 1_000.0;

/// Reports impossible settings of connecting, signaling and negotiation.
pub(super) fn check(reader: &mut Reader<'_, '_>, webrtc: &WebrtcSpec) {
    check_signaling(reader, webrtc);
    let place = path(["webrtc", "connect"]);
    let connect = &webrtc.connect;
    let timeout_at = join(&place, "timeout");
    if connect.timeout == SimDuration::ZERO && !reader.lost(&timeout_at) {
        reader.problem(
            &timeout_at,
            "no connection can be set up in no time".to_owned(),
            "above zero, such as \"25 s\"",
        );
    }
    check_span(reader, &timeout_at, connect.timeout, LONGEST_WAIT);
    check_span(reader, &join(&place, "backoff"), connect.backoff, LONGEST_WAIT);
    let place = path(["webrtc", "negotiation"]);
    check_span(reader, &join(&place, "glare_backoff"), webrtc.negotiation.glare_backoff, LONGEST_DELAY);
    if let Some(rate) = webrtc.negotiation.renegotiations.filter(|rate| rate.per_second() > MOST_RENEGOTIATIONS_PER_S) {
        let message = format!("{rate} renegotiations of each connection are not plausible");
        reader.problem(&join(&place, "renegotiations"), message, "at most 1000 /s");
    }
}

fn check_signaling(reader: &mut Reader<'_, '_>, webrtc: &WebrtcSpec) {
    let place = path(["webrtc", "signaling"]);
    let signaling = &webrtc.signaling;
    for (index, outage) in signaling.outages.iter().enumerate() {
        let outage_at = join(&join(&place, "outages"), index);
        check_span(reader, &join(&outage_at, "at"), outage.at, LONGEST_RUN);
        check_span(reader, &join(&outage_at, "lasts"), outage.lasts, LONGEST_RUN);
        if outage.lasts == SimDuration::ZERO {
            reader.problem(&join(&outage_at, "lasts"), "an outage without length", "above zero");
        }
    }
    let (reconnect, reconnect_at) = (signaling.reconnect, join(&place, "reconnect"));
    if reconnect.longest < reconnect.first {
        let label = format!("less than `first`, which is {}", reconnect.first);
        reader.problem(
            &join(&reconnect_at, "longest"),
            format!("no wait is at least {} and at most {}", reconnect.first, reconnect.longest),
            label,
        );
    }
    if reconnect.first < SHORTEST_WAIT {
        let message = format!("a wait of {} is no wait", reconnect.first);
        reader.problem(&join(&reconnect_at, "first"), message, format!("at least {SHORTEST_WAIT}"));
    }
    check_span(reader, &join(&reconnect_at, "longest"), reconnect.longest, LONGEST_WAIT);
    if let Some(capacity) = signaling.capacity.filter(|capacity| capacity.per_second() < LEAST_CAPACITY_PER_S) {
        let message = format!("a server that forwards {capacity} messages connects nobody");
        reader.problem(&join(&place, "capacity"), message, "at least 0.01 /s");
    }
}

/// A peer that comes back without a wait would never leave an outage alone.
const SHORTEST_WAIT: SimDuration = SimDuration::from_ms(1);
const LEAST_CAPACITY_PER_S: f64 = 0.01;

//! The metrics of connecting, from what was counted.

use crate::metrics::{MetricId, MetricValues, PairOpening};
use crate::simulation::control::connect::Tally;
use crate::units::SimDuration;
use crate::webrtc::{NegotiationSpec, NegotiationStyle};

/// Sets the metrics of an overlay that wants this many connections.
pub(in crate::simulation) fn set(values: &mut MetricValues, tally: &Tally, wanted: u64, spec: &NegotiationSpec) {
    shares(values, tally, wanted);
    opening(values, tally, wanted);
    setup(values, tally);
    values.set(MetricId::Attempts, tally.attempts as f64 / wanted.max(1) as f64);
    signaling(values, tally);
    // Where nobody can meet, there is nothing to say of it.
    if spec.style != NegotiationStyle::SingleOfferer || spec.renegotiations.is_some() {
        negotiation(values, tally);
    }
}

fn shares(values: &mut MetricValues, tally: &Tally, wanted: u64) {
    let pairs = tally.pairs();
    let percent =
        |count: fn(&PairOpening) -> u64| 100.0 * pairs.iter().map(count).sum::<u64>() as f64 / wanted.max(1) as f64;
    values.set(MetricId::Direct, percent(|pair| pair.direct));
    values.set(MetricId::RelayedUdp, percent(|pair| pair.relayed_udp));
    values.set(MetricId::RelayedTcp, percent(|pair| pair.relayed_tcp));
    values.set(MetricId::RelayedTls, percent(|pair| pair.relayed_tls));
    values.set(MetricId::Failed, percent(|pair| pair.failed));
    values.set(MetricId::TurnRefused, tally.refused_allocations as f64);
}

// A share of the wanted connections is a larger one of those that open at all.
fn opening(values: &mut MetricValues, tally: &Tally, wanted: u64) {
    let opened = tally.opening.count();
    for (id, percent) in [(MetricId::OpenHalf, 50), (MetricId::OpenMost, 95), (MetricId::OpenAll, 100)] {
        let needed = (wanted * percent).div_ceil(100);
        if needed <= opened && opened > 0 {
            let time = tally.opening.quantile(needed as f64 / opened as f64);
            values.set(id, time.map_or(f64::NAN, SimDuration::as_secs_f64));
        }
    }
}

fn setup(values: &mut MetricValues, tally: &Tally) {
    let mut set = |id, time: Option<SimDuration>| values.set(id, time.map_or(f64::NAN, SimDuration::as_ms_f64));
    set(MetricId::SetupMean, tally.setup.mean());
    for (id, share) in [(MetricId::SetupP50, 0.50), (MetricId::SetupP95, 0.95), (MetricId::SetupP99, 0.99)] {
        set(id, tally.setup.quantile(share));
    }
    let opened = u128::from(tally.setup.count().max(1));
    let mean = |sum: u128| (tally.setup.count() > 0).then(|| SimDuration::from_ns((sum / opened) as u64));
    set(MetricId::SetupWaiting, mean(tally.before));
    let parts = [
        MetricId::SetupGathering,
        MetricId::SetupSignaling,
        MetricId::SetupChecks,
        MetricId::SetupDtls,
        MetricId::SetupSctp,
    ];
    parts.into_iter().zip(tally.parts).for_each(|(id, sum)| set(id, mean(sum)));
}

fn signaling(values: &mut MetricValues, tally: &Tally) {
    let (server, in_band) = (tally.signaling, tally.in_band_messages);
    values.set(MetricId::SignalingMessages, server.messages as f64);
    values.set(MetricId::SignalingBytes, server.bytes as f64);
    values.set(MetricId::SignalingPeak, f64::from(server.peak_per_s));
    values.set(MetricId::SignalingLost, 100.0 * server.lost as f64 / server.messages.max(1) as f64);
    values.set(MetricId::InBand, 100.0 * in_band as f64 / (server.messages + in_band).max(1) as f64);
    if in_band > 0 {
        values.set(MetricId::InBandHops, tally.in_band_hops as f64 / in_band as f64);
    }
}

fn negotiation(values: &mut MetricValues, tally: &Tally) {
    values.set(MetricId::Glares, tally.glares as f64);
    values.set(MetricId::WastedMessages, tally.wasted_messages as f64);
    values.set(MetricId::FailedNegotiations, tally.failed_negotiations as f64);
    if let Some(p95) = tally.renegotiation.quantile(0.95) {
        values.set(MetricId::RenegotiationP95, p95.as_ms_f64());
    }
}

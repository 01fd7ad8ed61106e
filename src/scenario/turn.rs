//! What is impossible in `[webrtc.turn]`.

use super::explain;
use super::limits;
use super::plain;
use super::read::Reader;
use super::resolve::check_place;
use super::tree::{TreePath, join, path};
use crate::net::LatencySpec;
use crate::units::{Bitrate, SimDuration};
use crate::webrtc::TurnChoice;
use crate::webrtc::turn::{OutageSpec, TURN_SERVERS_MAX, TurnServer, TurnSpec};

/// Reports what is impossible or names something that does not exist.
pub(super) fn check(reader: &mut Reader<'_, '_>, turn: &TurnChoice, latency: &LatencySpec) {
    let Some(spec) = turn.spec() else { return };
    let place = path(["webrtc", "turn"]);
    if let Some(name) = &spec.place {
        check_place(reader, &join(&place, "place"), name, latency);
    }
    check_bandwidth(reader, &place, spec.bandwidth);
    let spans = [
        (join(&place, "buffer"), spec.buffer, limits::LONGEST_DELAY),
        (join(&join(&place, "dynamic"), "start_up"), spec.dynamic.start_up, limits::LONGEST_RUN),
        (join(&join(&place, "dynamic"), "open_beyond"), spec.dynamic.open_beyond, limits::LONGEST_DELAY),
        (join(&join(&place, "dynamic"), "idle_for"), spec.dynamic.idle_for, limits::LONGEST_RUN),
    ];
    spans.into_iter().for_each(|(at, span, limit)| limits::check_span(reader, &at, span, limit));
    check_servers(reader, &join(&place, "server"), spec, latency);
    let servers = spec.servers();
    for (index, outage) in spec.outage.iter().enumerate() {
        check_outage(reader, &join(&join(&place, "outage"), index), outage, &servers);
    }
}

fn check_servers(reader: &mut Reader<'_, '_>, list: &[String], spec: &TurnSpec, latency: &LatencySpec) {
    if spec.server.len() > TURN_SERVERS_MAX {
        let message = format!("{} TURN servers are more than a scenario can have", spec.server.len());
        reader.problem(list, message, format!("at most {TURN_SERVERS_MAX}"));
        reader.lose(list);
        return;
    }
    let servers = spec.servers();
    for (index, (server, own)) in servers.iter().zip(&spec.server).enumerate() {
        let at = join(list, index);
        if let Some(name) = &own.place {
            check_place(reader, &join(&at, "place"), name, latency);
        }
        check_bandwidth(reader, &at, own.bandwidth);
        if let Some((message, rule)) = own.name.as_deref().and_then(plain::name_fault) {
            reader.problem(&join(&at, "name"), message, rule);
        }
        if servers[..index].iter().any(|other| other.name == server.name) && !reader.lost(&at) {
            let key = if own.name.is_some() { "name" } else { "place" };
            let message = format!("two TURN servers are called `{}`", server.name);
            reader.problem(&join(&at, key), message, "give it a `name` of its own");
        }
    }
}

fn check_bandwidth(reader: &mut Reader<'_, '_>, place: &[String], bandwidth: Option<Bitrate>) {
    limits::check_rate(reader, &join(place, "bandwidth"), bandwidth, "a TURN server", "forwards");
}

fn check_outage(reader: &mut Reader<'_, '_>, at: &TreePath, outage: &OutageSpec, servers: &[TurnServer]) {
    if let Some(name) = &outage.server
        && !servers.iter().any(|server| server.name == *name)
        && !reader.lost(&path(["webrtc", "turn", "server"]))
    {
        let names: Vec<&str> = servers.iter().map(|server| server.name.as_str()).collect();
        let problem = explain::unknown("TURN server", name, &names, reader.span(&join(at, "server")));
        reader.push(problem);
    }
    if outage.lasts == SimDuration::ZERO {
        reader.problem(&join(at, "lasts"), "an outage without length", "above zero");
    }
    limits::check_span(reader, &join(at, "at"), outage.at, limits::LONGEST_RUN);
    limits::check_span(reader, &join(at, "lasts"), outage.lasts, limits::LONGEST_RUN);
}

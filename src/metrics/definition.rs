//! The table of metrics: every figure that results, reports and expectations may name.

use serde::Serialize;

/// Which way a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Less is better: latency, load, cost.
    Lower,
    /// More is better: delivery.
    Higher,
    /// A description, neither good nor bad.
    Neither,
}

/// One metric: its column name, unit, meaning and direction.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Metric {
    /// The name in files and scenarios; its unit is the last word.
    pub name: &'static str,
    /// The unit of the values.
    pub unit: &'static str,
    /// A few words for plot axes and table heads.
    pub title: &'static str,
    /// What exactly is measured, over what, and what is left out.
    pub meaning: &'static str,
    /// Which way is better.
    pub better: Better,
}

macro_rules! metrics {
    ($($(#[doc = $doc:literal])* $id:ident: $name:literal, $unit:literal, $better:ident, $title:literal, $meaning:literal;)*) => {
        /// The index of a metric in [`METRICS`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum MetricId { $(#[doc = $meaning] $id,)* }

        /// Every metric, in the order of the result files.
        pub static METRICS: &[Metric] = &[
            $(Metric { name: $name, unit: $unit, title: $title, meaning: $meaning, better: Better::$better },)*
        ];

        impl MetricId {
            /// Every id, in the order of [`METRICS`].
            pub const ALL: &'static [Self] = &[$(Self::$id,)*];
        }
    };
}

metrics! {
    LatencyMean: "delivery_latency_mean_ms", "ms", Lower, "mean latency",
        "Mean time from publishing a message to its delivery to the application of a receiver, over all deliveries of messages published in the measured window.";
    LatencyP50: "delivery_latency_p50_ms", "ms", Lower, "median latency",
        "Median delivery latency over all deliveries of the measured window.";
    LatencyP95: "delivery_latency_p95_ms", "ms", Lower, "p95 latency",
        "95th percentile of delivery latency over all deliveries of the measured window.";
    LatencyP99: "delivery_latency_p99_ms", "ms", Lower, "p99 latency",
        "99th percentile of delivery latency over all deliveries of the measured window.";
    LatencyMax: "delivery_latency_max_ms", "ms", Lower, "max latency",
        "Largest delivery latency of the measured window.";
    Delivered: "delivery_ratio_percent", "%", Higher, "delivered",
        "Deliveries as a share of those wanted: every message of the measured window to every peer that should receive it.";
    ConnectTime: "overlay_connected_s", "s", Lower, "connected",
        "Time from the start until every connection the topology wants, and that can exist, is open.";
    ConnectionsMean: "connections_per_peer_mean", "connections", Lower, "conns mean",
        "Mean number of open connections of a peer once the overlay is connected.";
    ConnectionsMax: "connections_per_peer_max", "connections", Lower, "conns max",
        "Most open connections of any peer once the overlay is connected.";
    UplinkMean: "uplink_utilisation_mean_percent", "%", Lower, "uplink mean",
        "Mean over the peers of the share of the measured window that their uplink would need for what they were asked to send; above 100 % a link is overloaded.";
    UplinkP95: "uplink_utilisation_p95_percent", "%", Lower, "uplink p95",
        "95th percentile over the peers of uplink utilisation.";
    UplinkMax: "uplink_utilisation_max_percent", "%", Lower, "uplink max",
        "Largest uplink utilisation of any peer; above 100 % the topology is not feasible.";
    DownlinkMean: "downlink_utilisation_mean_percent", "%", Lower, "downlink mean",
        "Mean over the peers of the share of the measured window that their downlink would need for what they were asked to receive; above 100 % a link is overloaded.";
    DownlinkP95: "downlink_utilisation_p95_percent", "%", Lower, "downlink p95",
        "95th percentile over the peers of downlink utilisation.";
    DownlinkMax: "downlink_utilisation_max_percent", "%", Lower, "downlink max",
        "Largest downlink utilisation of any peer; above 100 % the topology is not feasible.";
    CpuMean: "cpu_utilisation_mean_percent", "%", Lower, "CPU mean",
        "Mean over the peers of the share of their CPU budget that messages asked for in the measured window and that open connections need to stay alive.";
    CpuP95: "cpu_utilisation_p95_percent", "%", Lower, "CPU p95",
        "95th percentile over the peers of CPU utilisation.";
    CpuMax: "cpu_utilisation_max_percent", "%", Lower, "CPU max",
        "Largest CPU utilisation of any peer; above 100 % the topology is not feasible.";
    Relayed: "relayed_connections_percent", "%", Lower, "relayed",
        "Share of the overlay's connections that run through a TURN server.";
    Impossible: "impossible_connections_percent", "%", Lower, "impossible",
        "Share of the connections the topology wants that can be opened neither directly nor by relay.";
    Cost: "cost_usd_per_hour", "USD/h", Lower, "cost/h",
        "Price of the traffic that TURN servers and overlay servers send, scaled to one hour.";
    Sent: "sent_bytes_per_peer_per_s", "B/s", Lower, "sent",
        "Mean bytes a peer puts on its uplink per second of the measured window, headers included.";
    Lost: "lost_copies_percent", "%", Lower, "lost",
        "Share of the copies put on a path in the measured window that were lost there and never arrived.";
    Dropped: "dropped_copies_percent", "%", Lower, "dropped",
        "Share of the copies peers wanted to send in the measured window that found a full send buffer or no open connection.";
    Direct: "direct_connections_percent", "%", Higher, "direct",
        "Share of the connections the topology wants whose packets go from peer to peer.";
    RelayedUdp: "relayed_udp_connections_percent", "%", Lower, "TURN/UDP",
        "Share of the connections the topology wants that run through TURN servers which both ends reach over UDP.";
    RelayedTcp: "relayed_tcp_connections_percent", "%", Lower, "TURN/TCP",
        "Share of the connections the topology wants that run through a TURN server which an end reaches over TCP only.";
    RelayedTls: "relayed_tls_connections_percent", "%", Lower, "TURN/TLS",
        "Share of the connections the topology wants that run through a TURN server which an end reaches over TLS only.";
    Failed: "failed_connections_percent", "%", Lower, "failed",
        "Share of the connections the topology wants that never open: impossible ones, those given up after their last attempt, those an engine's limit kept from being made, and those of peers that failed.";
    TurnAllocations: "turn_allocations", "allocations", Lower, "allocations",
        "Most allocations that TURN servers hold at a time: an end of a connection keeps the one it gathered, whether or not packets run through it.";
    TurnRefused: "turn_refused_allocations", "allocations", Lower, "refused",
        "Allocations that TURN servers refused while the overlay connected: full, overloaded, or out of reach.";
    TurnRelayed: "turn_relayed_gb_per_hour", "GB/h", Lower, "relayed GB/h",
        "What TURN servers send on in the measured window, headers included, scaled to one hour; through two servers it counts twice.";
    TurnCost: "turn_cost_usd_per_hour", "USD/h", Lower, "TURN cost/h",
        "Price of the TURN servers' traffic in the measured window, by what each of them counts, scaled to one hour.";
    TurnLoad: "turn_load_max_percent", "%", Lower, "TURN load",
        "Largest share of its bandwidth that a TURN server was asked to forward in the measured window, where bandwidth is limited; above 100 % it drops.";
    OpenHalf: "time_to_50_percent_open_s", "s", Lower, "50 % open",
        "Time from the start until half of the connections the topology wants are open; no value if they never are.";
    OpenMost: "time_to_95_percent_open_s", "s", Lower, "95 % open",
        "Time from the start until 95 % of the connections the topology wants are open; no value if they never are.";
    OpenAll: "time_to_100_percent_open_s", "s", Lower, "100 % open",
        "Time from the start until every connection the topology wants is open; no value if one never is.";
    SetupMean: "setup_time_mean_ms", "ms", Lower, "set-up mean",
        "Mean time from the beginning of a connection's first attempt until both ends are open, over the connections that open.";
    SetupP50: "setup_time_p50_ms", "ms", Lower, "set-up median",
        "Median set-up time.";
    SetupP95: "setup_time_p95_ms", "ms", Lower, "set-up p95",
        "95th percentile of set-up time.";
    SetupP99: "setup_time_p99_ms", "ms", Lower, "set-up p99",
        "99th percentile of set-up time.";
    SetupWaiting: "setup_waiting_mean_ms", "ms", Lower, "waiting",
        "Mean part of set-up time before the offer that led to the connection: attempts that failed, waits between them, and the offerer's CPU.";
    SetupGathering: "setup_gathering_mean_ms", "ms", Lower, "gathering",
        "Mean part of set-up time in which candidates are gathered before the offer can be sent.";
    SetupSignaling: "setup_signaling_mean_ms", "ms", Lower, "signaling",
        "Mean part of set-up time in which offer and answer travel or wait, at servers and for the answerer's CPU.";
    SetupChecks: "setup_checks_mean_ms", "ms", Lower, "ICE checks",
        "Mean part of set-up time for ICE's checks.";
    SetupDtls: "setup_dtls_mean_ms", "ms", Lower, "DTLS",
        "Mean part of set-up time for the DTLS handshake.";
    SetupSctp: "setup_sctp_mean_ms", "ms", Lower, "SCTP",
        "Mean part of set-up time for SCTP's handshake and the channel's opening.";
    Attempts: "setup_attempts_per_connection_mean", "attempts", Lower, "attempts",
        "Attempts begun, for each connection the topology wants.";
    SignalingMessages: "signaling_server_messages", "messages", Lower, "signaling messages",
        "Messages sent to the signaling server in the whole replication: descriptions and candidates.";
    SignalingBytes: "signaling_server_bytes", "B", Lower, "signaling bytes",
        "Bytes of the messages sent to the signaling server.";
    SignalingPeak: "signaling_peak_messages_per_s", "/s", Lower, "signaling peak",
        "Most messages sent to the signaling server in any second, from second to second.";
    SignalingLost: "signaling_lost_messages_percent", "%", Lower, "signaling lost",
        "Share of the messages sent to the signaling server that found it down, its queue full, or their receiver without a session.";
    InBand: "signaling_in_band_percent", "%", Neither, "in-band",
        "Share of all signaling messages that went over the overlay.";
    InBandHops: "signaling_in_band_hops_mean", "hops", Lower, "in-band hops",
        "Mean number of hops of a signaling message that went over the overlay.";
    Glares: "glare_count", "negotiations", Lower, "glare",
        "Negotiations in which the offers of both ends met.";
    WastedMessages: "glare_wasted_messages", "messages", Lower, "wasted messages",
        "Signaling messages of offers that glare made useless.";
    FailedNegotiations: "failed_negotiations", "negotiations", Lower, "failed negotiations",
        "Negotiations that failed: by glare, an InvalidStateError each, or because their offer could not be delivered.";
    RenegotiationP95: "renegotiation_time_p95_ms", "ms", Lower, "renegotiation p95",
        "95th percentile of the time from the wish to negotiate an open connection anew until that is done.";
    DistributionP50: "distribution_time_p50_s", "s", Lower, "distribution p50",
        "Time from the start of a distribution until half of the peers that want the content have all of it; no value if they never do.";
    DistributionP95: "distribution_time_p95_s", "s", Lower, "distribution p95",
        "Time until 95 % of the peers that want the content have all of it; no value if they never do.";
    DistributionMax: "distribution_time_max_s", "s", Lower, "distribution time",
        "Time until every peer that wants the content has all of it; no value if one never does.";
    DistributionComplete: "distribution_complete_percent", "%", Higher, "complete",
        "Share of the peers that want the content and have all of it at the end of the replication.";
    DistributionBound: "distribution_bound_s", "s", Neither, "bound",
        "The least time in which any way of sending could give every peer the content, by the peers' access links (Kumar and Ross).";
    DistributionFromSources: "distribution_from_sources_percent", "%", Lower, "from sources",
        "Share of the content's bytes that peers fetched from those that had it from the beginning.";
    ResponseP50: "response_time_p50_ms", "ms", Lower, "median response",
        "Median time from publishing a request to the delivery of its response, over the requests of the measured window that are answered; no value without requests.";
    ResponseP95: "response_time_p95_ms", "ms", Lower, "p95 response",
        "95th percentile of response time.";
    Answered: "answered_requests_percent", "%", Higher, "answered",
        "Share of the requests published in the measured window whose response is delivered to who asked before the end of the replication.";
    ControlP95: "control_latency_p95_ms", "ms", Lower, "control p95",
        "95th percentile of the delivery latency of messages that are no part of a live stream; no value without live streams.";
    LiveGoodput: "live_goodput_mean_kbit_per_s", "kbit/s", Higher, "live goodput",
        "Mean over the receivers of live streams of the bits of chunks that were there when they were to be played, per second of the measured window and stream.";
    LiveMissed: "live_missed_percent", "%", Lower, "live missed",
        "Mean over the receivers of the share of chunks that were not there when they were to be played.";
    LiveStalls: "live_stalls_per_min", "/min", Lower, "live stalls",
        "Mean over the receivers of how often a minute each live stream stops: runs of missed chunks.";
    LiveSwitches: "live_switches_per_min", "/min", Lower, "live switches",
        "Mean over the receivers of how often a minute the bitrate of a live stream changes.";
    LiveFairness: "live_fairness_index", "index", Higher, "live fairness",
        "Jain's index of the receivers' live goodput: 1 if all have the same, one over their number if one has all.";
    QueueingVeryLow: "queueing_delay_very_low_p95_ms", "ms", Lower, "wait, very-low",
        "95th percentile of the time that a copy of priority very-low waits at its sender, on every hop: from when it is handed to the connection until its first packet begins to leave the uplink. No value where messages are followed, or none has this priority.";
    QueueingLow: "queueing_delay_low_p95_ms", "ms", Lower, "wait, low",
        "95th percentile of the time that a copy of priority low, the default, waits at its sender, on every hop: from when it is handed to the connection until its first packet begins to leave the uplink. No value where messages are followed, or none has this priority.";
    QueueingMedium: "queueing_delay_medium_p95_ms", "ms", Lower, "wait, medium",
        "95th percentile of the time that a copy of priority medium waits at its sender, on every hop: from when it is handed to the connection until its first packet begins to leave the uplink. No value where messages are followed, or none has this priority.";
    QueueingHigh: "queueing_delay_high_p95_ms", "ms", Lower, "wait, high",
        "95th percentile of the time that a copy of priority high waits at its sender, on every hop: from when it is handed to the connection until its first packet begins to leave the uplink. No value where messages are followed, or none has this priority.";
    ControlQueueing: "control_queueing_delay_p95_ms", "ms", Lower, "control wait",
        "95th percentile of the time that a copy waits at its sender which is no part of a live stream, whatever its priority; no value without live streams.";
    LiveQueueing: "live_queueing_delay_p95_ms", "ms", Lower, "live wait",
        "95th percentile of the time that a copy of a live stream's chunk waits at its sender; no value without live streams.";
    Sockets: "udp_sockets_max", "sockets", Lower, "sockets max",
        "Most UDP sockets of any peer once the overlay is connected.";
    MemoryMean: "memory_per_peer_mean_mib", "MiB", Lower, "memory mean",
        "Mean memory of a peer's open connections once the overlay is connected, without what waits in buffers; a peer that failed has none.";
    MemoryMax: "memory_per_peer_max_mib", "MiB", Lower, "memory max",
        "Most memory that the open connections of any peer take once the overlay is connected, without what waits in buffers.";
    MissedLost: "missed_lost_percent", "%", Lower, "missed: lost",
        "Share of the wanted deliveries that were lost on a path and not repeated; a copy that fails counts for every receiver behind its hop.";
    MissedUplink: "missed_uplink_dropped_percent", "%", Lower, "missed: uplink",
        "Share of the wanted deliveries that the buffer of a sender's uplink dropped; a copy that fails counts for every receiver behind its hop.";
    MissedDownlink: "missed_downlink_dropped_percent", "%", Lower, "missed: downlink",
        "Share of the wanted deliveries that the buffer of a receiver's downlink dropped; a copy that fails counts for every receiver behind its hop.";
    MissedSocket: "missed_socket_dropped_percent", "%", Lower, "missed: socket",
        "Share of the wanted deliveries that found the socket of a receiver full, for its CPU was too far behind; a copy that fails counts for every receiver behind its hop.";
    MissedTurn: "missed_turn_dropped_percent", "%", Lower, "missed: TURN",
        "Share of the wanted deliveries that a TURN server dropped; a copy that fails counts for every receiver behind its hop.";
    MissedLate: "missed_late_percent", "%", Lower, "missed: late",
        "Share of the wanted deliveries that were still under way at the end: on a path, in a queue, or waiting for a CPU; where a rule may bring a message twice or never, all that it did not bring.";
    MissedBlocked: "missed_blocked_percent", "%", Lower, "missed: blocked",
        "Share of the wanted deliveries that had arrived at the end and were held behind an earlier message of their ordered channel; a copy that fails counts for every receiver behind its hop.";
    MissedUnconnected: "missed_unconnected_percent", "%", Lower, "missed: no connection",
        "Share of the wanted deliveries that found no open connection; a copy that fails counts for every receiver behind its hop.";
    MissedThrottled: "missed_throttled_percent", "%", Lower, "missed: send buffer",
        "Share of the wanted deliveries that their sender turned away: its send buffer was full, the message too large for the connection, or its lifetime over; a copy that fails counts for every receiver behind its hop.";
    FailedPeers: "failed_peers_percent", "%", Lower, "failed peers",
        "Share of the peers that failed because their connections alone need more CPU or memory than their device has for them.";
    Overflowed: "overflowed_copies_percent", "%", Lower, "overflowed",
        "Share of the copies put on a path in the measured window that found the socket of their receiver full, for its CPU was too far behind.";
    Duplicates: "duplicates_per_delivery", "copies", Lower, "duplicates",
        "Copies of the measured window that came to a node which knew their message already, for each delivery: the relative message redundancy of Plumtree where every node receives. No value by split horizon, which sends none.";
    Control: "control_percent", "%", Lower, "control bytes",
        "Share of all bytes that were sent in the measured window, by peers and servers, that control messages of the rule of dissemination took, headers included. No value for rules without any.";
    LastHop: "last_delivery_hop_mean_hops", "hops", Lower, "last hop",
        "Most hops that a message of the measured window takes to any of those whom it is for and reaches, each node one more than the one it first hears from: mean over the messages that came to anybody, of a message in chunks over the chunks. No value by split horizon, whose ways have a depth.";
    Depth: "depth_max_hops", "hops", Lower, "depth",
        "Most hops from a source to a peer that its messages are for, over the connections that open. By split horizon along the only way, by a flood or by shortest paths along a shortest; no value by other rules, nor where the overlay is too large to walk.";
    PathHops: "path_length_mean_hops", "hops", Lower, "path length",
        "Mean number of those hops over sources and receivers; of more than sixteen sources, sixteen are followed.";
    Diameter: "diameter_hops", "hops", Lower, "diameter",
        "Most hops between any two nodes of the overlay the topology wants, by the shortest way; no value where it has several parts or is too large for an exact one.";
    StretchMean: "path_stretch_mean_ratio", "ratio", Lower, "path stretch",
        "Delay of the way through the overlay from a source to a receiver over the delay of the path between the two, without queues and sending times: mean over those that could connect. Of a flood, the fastest way.";
    StretchP95: "path_stretch_p95_ratio", "ratio", Lower, "path stretch p95",
        "95th percentile of path stretch.";
    HubShare: "hub_share_percent", "%", Lower, "hub load",
        "Share of the bytes sent in the measured window that the busiest 1 % of the nodes send, one node at least; no value where access links have no rate.";
    ServerOffload: "server_offload_percent", "%", Higher, "server offload",
        "Share of the deliveries whose last hop no server sends, along the ways from sources to receivers; 100 % where the overlay has no server.";
    LinkStress: "link_stress_mean_copies", "copies", Lower, "link stress",
        "Copies of one message that the busiest access link of a peer sends, mean over the sources: the stress of Narada on the links that a simulator of access links has.";
    VertexCut: "vertex_cut_nodes", "nodes", Higher, "vertex cut",
        "Fewest nodes whose leaving parts the others, of the overlay the topology wants; one less than there are in a full mesh. No value where it would take too long: with rings, from about 200 nodes on.";
}

impl MetricId {
    /// The metric of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        METRICS.iter().position(|metric| metric.name == name).map(|index| Self::ALL[index])
    }

    /// The metric's definition.
    #[must_use]
    pub fn definition(self) -> &'static Metric {
        &METRICS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lead_back_to_their_ids() {
        for &id in MetricId::ALL {
            assert_eq!(MetricId::by_name(id.definition().name), Some(id));
        }
        assert_eq!(MetricId::by_name("latency"), None);
    }
}

//! Plots of an experiment's results as SVG texts, for papers and pages.
//!
//! [`render_all`] gives the metrics that decide between topologies against the number of peers,
//! and how latency and load are distributed at the largest number. The bytes depend on the results
//! alone; no font is needed to write them.
//!
//! The way of a plot: results -> facets (which cell goes where) -> figure (what is drawn, in
//! values) -> canvas (the same in pixels).

mod axes;
mod canvas;
mod choices;
mod crossover;
mod curves;
mod facets;
mod figure;
mod key;
mod latency_tree;
mod lines;
mod opening;
#[cfg(feature = "png")]
mod png;
mod scale;
mod search;
mod shares;
mod style;
mod trend;
mod words;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

#[cfg(feature = "png")]
pub use png::{PngError, png};

pub use choices::{ChoicePoint, choices};
pub use crossover::crossover;
pub use latency_tree::latency_tree;
pub use search::search;

use crate::metrics::MetricId;
use crate::sweep::Results;
use curves::LOAD_PLOTS;
use facets::Facets;
use scale::Scale;

// The names of plots that are no metric against an axis and no load.
const LATENCY_CDF: &str = "delivery_latency_cdf";
const CONNECTIONS_OPEN: &str = "connections_open";
const DELIVERIES_BY_FATE: &str = "deliveries_by_fate";
const CONNECTIONS_BY_PATH: &str = "connections_by_path";

/// Every plot of `results`: the name of its file and its SVG text, in a fixed order. A plot that
/// would be empty is left out. `least_p95_ms`, the p95 latency that no overlay can beat, is drawn where it is one for all
/// cells.
#[must_use]
pub fn render_all(results: &Results<'_>, least_p95_ms: Option<f64>) -> Vec<(String, String)> {
    let mut facets = Facets::of(results);
    facets.least_p95_ms = least_p95_ms;
    let trends = METRIC_PLOTS.iter().map(|plot| (plot.metric.definition().name, trend::figure(&facets, plot)));
    let cdf = [(LATENCY_CDF, curves::latency_cdf(&facets)), (CONNECTIONS_OPEN, opening::figure(&facets))];
    let loads = LOAD_PLOTS.iter().map(|plot| (plot.file, curves::load(&facets, plot)));
    let figures = trends.chain(cdf).chain(loads);
    let rendered = figures.map(|(name, figure)| (name, figure.map(|figure| figure.render())));
    let shares =
        [(CONNECTIONS_BY_PATH, shares::connections(&facets)), (DELIVERIES_BY_FATE, shares::deliveries(&facets))];
    rendered.chain(shares).filter_map(|(name, svg)| Some((format!("{name}.svg"), svg?))).collect()
}

/// The metrics on two rungs of one experiment, model and real: file names and SVG texts.
#[must_use]
pub fn render_validation(model: &Results<'_>, real: &Results<'_>) -> Vec<(String, String)> {
    let (model, real) = (Facets::of(model), Facets::of(real));
    let plots = METRIC_PLOTS.iter().filter(|plot| plot.metric != MetricId::Cost);
    let figures = plots.map(|plot| (plot.metric.definition().name, trend::beside(&model, &real, plot)));
    figures.filter_map(|(name, figure)| Some((format!("{name}.svg"), figure?.render()))).collect()
}

/// A plot of one metric.
struct MetricPlot {
    metric: MetricId,
    title: &'static str,
    axis: &'static str,
    /// A value that means something for every scenario.
    limit: Option<(f64, &'static str)>,
}

/// The metrics that are plotted.
static METRIC_PLOTS: &[MetricPlot] = &[
    MetricPlot {
        metric: MetricId::LatencyP95,
        title: "Delivery latency, 95th percentile",
        axis: "p95 latency",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::Delivered,
        title: "Share of wanted messages that were delivered",
        axis: "delivered",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::ResponseP95,
        title: "Time from request to response, 95th percentile",
        axis: "p95 response time",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::UplinkMax,
        title: "Uplink load of the busiest peer",
        axis: "uplink utilisation, max",
        limit: Some((100.0, "100 %: the uplink is full")),
    },
    MetricPlot {
        metric: MetricId::DownlinkMax,
        title: "Downlink load of the busiest peer",
        axis: "downlink utilisation, max",
        limit: Some((100.0, "100 %: the downlink is full")),
    },
    MetricPlot {
        metric: MetricId::CpuMax,
        title: "CPU load of the busiest peer",
        axis: "CPU utilisation, max",
        limit: Some((100.0, "100 %: the CPU budget is spent")),
    },
    MetricPlot {
        metric: MetricId::ConnectTime,
        title: "Time until the overlay is connected",
        axis: "time to connect",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::OpenMost,
        title: "Time until 95 % of the wanted connections are open",
        axis: "time to 95 % open",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::DistributionP95,
        title: "Time until 95 % of the peers have all of the content",
        axis: "p95 distribution time",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::DistributionComplete,
        title: "Share of the peers that have all of the content at the end",
        axis: "complete",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::LiveGoodput,
        title: "Bitrate of live streams that was there in time",
        axis: "live goodput",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::LiveMissed,
        title: "Chunks of live streams that were not there in time",
        axis: "live missed",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::ControlP95,
        title: "Latency of messages beside live streams, 95th percentile",
        axis: "p95 latency",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::ControlQueueing,
        title: "Wait at the sender of messages beside live streams, 95th percentile",
        axis: "p95 queueing delay",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::LiveQueueing,
        title: "Wait at the sender of live streams, 95th percentile",
        axis: "p95 queueing delay",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::QueueingVeryLow,
        title: "Wait at the sender of messages of priority very-low, 95th percentile",
        axis: "p95 queueing delay",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::QueueingLow,
        title: "Wait at the sender of messages of priority low, 95th percentile",
        axis: "p95 queueing delay",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::QueueingMedium,
        title: "Wait at the sender of messages of priority medium, 95th percentile",
        axis: "p95 queueing delay",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::QueueingHigh,
        title: "Wait at the sender of messages of priority high, 95th percentile",
        axis: "p95 queueing delay",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::SignalingPeak,
        title: "Load of the signaling server in its busiest second",
        axis: "signaling messages, peak",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::RenegotiationP95,
        title: "Time to negotiate an open connection anew, 95th percentile",
        axis: "p95 renegotiation time",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::FailedNegotiations,
        title: "Negotiations that fail",
        axis: "failed negotiations",
        limit: None,
    },
    MetricPlot {
        metric: MetricId::ConnectionsMax,
        title: "Connections of the peer that has most",
        axis: "connections, max",
        limit: None,
    },
    MetricPlot { metric: MetricId::Cost, title: "Cost of relays and servers", axis: "cost", limit: None },
    MetricPlot {
        metric: MetricId::Relayed,
        title: "Share of connections that need a relay",
        axis: "relayed connections",
        limit: None,
    },
];

impl MetricPlot {
    /// The title of the axis of values, with its unit.
    fn axis_title(&self, scale: Scale) -> String {
        let unit = match self.metric.definition().unit {
            "connections" | "negotiations" => None,
            "/s" => Some("per second"),
            "USD/h" => Some("US dollars per hour"),
            unit => Some(unit),
        };
        words::axis_title(self.axis, unit, scale)
    }
}

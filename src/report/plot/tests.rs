//! Every plot of a gallery of made-up results, usual and odd.
//!
//! With `PEERSCAPE_GALLERY=dir cargo test plot` the plots are also written to `dir`, to be looked at.

use std::collections::BTreeSet;

use super::fixtures::{Axis, PEERS, Sample, Study, TOWN_HALL, town_hall};
use super::{
    CONNECTIONS_BY_PATH, CONNECTIONS_OPEN, DELIVERIES_BY_FATE, LATENCY_CDF, LOAD_PLOTS, METRIC_PLOTS, render_all,
};
use crate::metrics::{METRICS, MetricId};
use crate::scenario::{Bound, Expectation};

const RATE: Axis<'static> = ("rate", &[("10 /s", Some(10.0)), ("30 /s", Some(30.0)), ("60 /s", Some(60.0))]);
const CHANNEL: Axis<'static> = ("channel", &[("reliable", None), ("unreliable", None)]);
const PROFILE: Axis<'static> = ("setup", &[("full", None), ("trickle", None), ("snap", None), ("warm", None)]);

fn gallery() -> Vec<(&'static str, Study)> {
    let expectations = [
        Expectation { metric: MetricId::LatencyP95, bound: Bound::AtMost(400.0) },
        Expectation { metric: MetricId::Delivered, bound: Bound::AtLeast(99.0) },
        Expectation { metric: MetricId::Cost, bound: Bound::AtMost(500.0) },
    ];
    let usual = || Study::new(TOWN_HALL, &[PEERS], 4, town_hall).expecting(&expectations);
    let twelve: Vec<String> = (1..=12).map(|degree| format!("tree degree={degree}")).collect();
    let twelve: Vec<&str> = twelve.iter().map(String::as_str).collect();
    vec![
        ("usual", usual()),
        ("few", Study::new(&["mesh", "tree degree=4"], &[PEERS], 3, town_hall).expecting(&expectations)),
        ("one_topology", Study::new(&["tree degree=4"], &[PEERS], 3, town_hall)),
        ("one_n", Study::new(TOWN_HALL, &[("peers", &[("300", Some(300.0))])], 3, town_hall).expecting(&expectations)),
        ("no_axis", Study::new(TOWN_HALL, &[], 3, |topology, _, noise| town_hall(topology, &[150.0], noise))),
        ("one_seed", Study::new(TOWN_HALL, &[PEERS], 1, town_hall)),
        ("twelve", Study::new(&twelve, &[PEERS], 2, |topology, axes, noise| town_hall(3 + topology % 4, axes, noise))),
        ("panels", Study::new(&TOWN_HALL[..5], &[CHANNEL, PEERS], 2, town_hall_second).expecting(&expectations)),
        (
            "many_panels",
            Study::new(&TOWN_HALL[..3], &[CHANNEL, PROFILE, PEERS], 2, |t, axes, noise| {
                town_hall(t, &axes[2..], noise)
            }),
        ),
        ("words_only", Study::new(TOWN_HALL, &[CHANNEL], 3, |t, _, noise| town_hall(t, &[100.0], noise))),
        ("other_axis", Study::new(&TOWN_HALL[..3], &[RATE], 3, |t, axes, noise| town_hall(t, &[axes[0] * 2.0], noise))),
        ("missing", Study::new(&TOWN_HALL[..4], &[PEERS], 3, with_gaps)),
        ("equal", Study::new(&TOWN_HALL[..3], &[PEERS], 3, |_, _, _| Some(flat(50.0)))),
        (
            "zeros",
            Study::new(&TOWN_HALL[..3], &[PEERS], 3, |t, axes, _| {
                Some(flat(if t == 0 { 0.0 } else { axes[0] * axes[0] }))
            }),
        ),
        ("all_zero", Study::new(&TOWN_HALL[..3], &[PEERS], 3, |_, _, _| Some(flat(0.0)))),
    ]
}

fn town_hall_second(topology: usize, axes: &[f64], noise: f64) -> Option<Sample> {
    town_hall(topology, &axes[1..], noise)
}

fn with_gaps(topology: usize, axes: &[f64], noise: f64) -> Option<Sample> {
    let gap = topology == 3 || (topology == 1 && (axes[0] - 100.0).abs() < 1.0) || (topology == 0 && axes[0] > 150.0);
    if gap { None } else { town_hall(topology, axes, noise) }
}

fn flat(value: f64) -> Sample {
    Sample {
        p50_ms: value,
        p95_ms: value,
        delivered_percent: value.min(100.0),
        uplink_max_percent: value,
        connections_max: value,
        connect_s: value,
        cost: value,
        relayed_percent: value.min(100.0),
        skew: 1.0,
    }
}

#[test]
fn every_plot_is_sound() {
    for (name, study) in gallery() {
        let plots = render_all(&study.results(), None);
        assert_eq!(plots.len(), 12, "{name}");
        for (file, svg) in &plots {
            assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{name}/{file}");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}/{file}");
            assert_within_sheet(svg, &format!("{name}/{file}"));
        }
        write_for_looking(name, &plots);
    }
}

/// Every coordinate of a line lies on the sheet.
fn assert_within_sheet(svg: &str, name: &str) {
    assert!(roxmltree::Document::parse(svg).is_ok(), "{name} is no XML");
    let size = |attribute: &str| -> i32 {
        let value = svg.split_once(attribute).and_then(|(_, rest)| rest.split('"').next());
        value.and_then(|value| value.parse().ok()).expect("the sheet has a size")
    };
    let (width, height) = (size(" width=\""), size(" height=\""));
    for points in svg.split("points=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        for point in points.split_whitespace() {
            let (x, y) = point.split_once(',').expect("a pair");
            let (x, y): (i32, i32) = (x.parse().expect("a number"), y.parse().expect("a number"));
            assert!((0..=width).contains(&x) && (0..=height).contains(&y), "{name}: {x},{y}");
        }
    }
}

fn write_for_looking(name: &str, plots: &[(String, String)]) {
    let Some(folder) = std::env::var_os("PEERSCAPE_GALLERY") else { return };
    let folder = std::path::PathBuf::from(folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    for (file, svg) in plots {
        let path = folder.join(format!("{name}-{file}"));
        std::fs::write(&path, svg).expect("a file");
        #[cfg(feature = "png")]
        std::fs::write(path.with_extension("png"), super::png(svg, 1.0).expect("a picture")).expect("a file");
    }
}

#[test]
fn the_files_are_named_after_the_metrics() {
    let study = Study::new(&["mesh"], &[PEERS], 2, town_hall);
    let files: Vec<String> = render_all(&study.results(), None).into_iter().map(|(file, _)| file).collect();
    assert_eq!(
        files,
        [
            "delivery_latency_p95_ms.svg",
            "delivery_ratio_percent.svg",
            "uplink_utilisation_max_percent.svg",
            "overlay_connected_s.svg",
            "connections_per_peer_max.svg",
            "cost_usd_per_hour.svg",
            "relayed_connections_percent.svg",
            "delivery_latency_cdf.svg",
            "uplink_utilisation_by_peer.svg",
            "downlink_utilisation_by_peer.svg",
            "connections_by_peer.svg",
            "deliveries_by_fate.svg",
        ]
    );
}

/// Both ways: what the code has, and nothing that it has not.
#[test]
fn the_document_of_results_lists_every_metric_and_every_plot() {
    let document = include_str!("../../../docs/RESULTS.md");
    let quoted: BTreeSet<&str> = document.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).collect();
    let files: BTreeSet<String> = (METRIC_PLOTS.iter().map(|plot| plot.metric.definition().name))
        .chain(LOAD_PLOTS.iter().map(|plot| plot.file))
        .chain([LATENCY_CDF, CONNECTIONS_OPEN, CONNECTIONS_BY_PATH, DELIVERIES_BY_FATE])
        .map(|name| format!("{name}.svg"))
        .collect();
    let metrics: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    let missing: Vec<&str> =
        files.iter().map(String::as_str).chain(metrics.iter().copied()).filter(|name| !quoted.contains(name)).collect();
    assert!(missing.is_empty(), "docs/RESULTS.md does not name {missing:?}");
    let strange = |name: &&&str| name.ends_with(".svg") && !name.contains('*') && !files.contains(**name);
    let unknown: Vec<&&str> = quoted.iter().filter(strange).collect();
    assert!(unknown.is_empty(), "docs/RESULTS.md names plots that there are not: {unknown:?}");
    let table = document.split("## Metrics").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("a chapter");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    for name in rows.flat_map(|names| names.split(['`', ',', ' ']).filter(|name| !name.is_empty())) {
        assert!(metrics.contains(name), "docs/RESULTS.md: `{name}` is no metric");
    }
}

#[test]
fn every_topology_is_labelled_in_every_plot() {
    let study = Study::new(&TOWN_HALL[..5], &[PEERS], 2, town_hall);
    for (file, svg) in render_all(&study.results(), None) {
        for label in &TOWN_HALL[..5] {
            assert!(svg.contains(&format!(">\n{label}\n<")), "{file}: {label}");
        }
    }
}

#[test]
fn equal_results_give_equal_bytes() {
    let study = Study::new(TOWN_HALL, &[PEERS], 2, town_hall);
    assert_eq!(render_all(&study.results(), None), render_all(&study.results(), None));
}

#[test]
fn no_results_give_no_plots() {
    let nothing_ran = Study::new(TOWN_HALL, &[PEERS], 2, |_, _, _| None);
    assert_eq!(render_all(&nothing_ran.results(), None), []);
    let nothing_asked = Study::new(&[], &[PEERS], 2, town_hall);
    assert_eq!(render_all(&nothing_asked.results(), None), []);
}

#[test]
fn a_topology_that_fails_is_noted() {
    let study = Study::new(&["mesh", "tree degree=4"], &[PEERS], 2, town_hall);
    let plots = render_all(&study.results(), None);
    // A bar of what became of the messages speaks for itself.
    let noted = plots.iter().filter(|(file, _)| file != "deliveries_by_fate.svg");
    assert!(
        noted.count() > 5
            && plots.iter().all(|(file, svg)| file == "deliveries_by_fate.svg" || svg.contains("does not work here"))
    );
    let fine = Study::new(&["star hub=server"], &[PEERS], 2, |_, axes, noise| town_hall(2, axes, noise));
    assert!(render_all(&fine.results(), None).iter().all(|(_, svg)| !svg.contains("does not work here")));
}

#[test]
fn expectations_are_drawn_or_told() {
    let bound = |bound| [Expectation { metric: MetricId::Cost, bound }];
    let cost = |bound| {
        let study = Study::new(&["tree degree=4"], &[PEERS], 2, town_hall).expecting(&[bound]);
        let plots = render_all(&study.results(), None);
        plots.into_iter().find(|(file, _)| file.starts_with("cost")).map(|(_, svg)| svg).expect("a plot of cost")
    };
    let [near, far] = [Bound::AtMost(1.0), Bound::AtMost(500.0)].map(|value| cost(bound(value)[0].clone()));
    assert!(near.contains("\nexpected: at most 1 USD/h\n"), "{near}");
    assert!(far.contains("Outside the axis: expected: at most 500 USD/h."), "{far}");
}

#[test]
fn the_least_latency_is_drawn_beside_those_that_were_had() {
    let study = Study::new(&["tree degree=4"], &[("peers", &[("50", Some(50.0))][..])], 2, town_hall);
    let plots = render_all(&study.results(), Some(20.0));
    let drawn = plots.iter().filter(|(_, svg)| svg.contains("no overlay of peers alone is faster"));
    let drawn: Vec<&str> = drawn.map(|(file, _)| file.as_str()).collect();
    assert_eq!(drawn, ["delivery_latency_p95_ms.svg"]);
}

#[test]
fn one_plot_to_the_byte() {
    let two = ("peers", &[("20", Some(20.0)), ("40", Some(40.0))][..]);
    let expectation = Expectation { metric: MetricId::LatencyP95, bound: Bound::AtMost(200.0) };
    let study = Study::new(&["mesh", "star"], &[two], 2, town_hall).expecting(&[expectation]);
    let (_, svg) = render_all(&study.results(), None).swap_remove(0);
    insta::assert_snapshot!(svg);
}

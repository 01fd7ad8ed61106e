//! `peerscape list`: the names that a scenario may use, and what they stand for.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use peerscape::metrics::METRICS;
use peerscape::net::cities::CITIES;
use peerscape::net::{LinkSpec, NAT_CHAINS, NatMix, RegionMix};
use peerscape::overlay::Entry;
use peerscape::presets::HasPresets;
use peerscape::scenario::Registry;
use peerscape::webrtc::{DeviceSpec, EngineSpec};

use super::exit::Exit;

/// The arguments of `list`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Which names; all of them if left out
    category: Option<Category>,
}

/// A category of names.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Category {
    /// `kind` of [[topology]]
    Topologies,
    /// `dissemination` of a topology
    Disseminations,
    /// `kind` of [[workload]]
    Workloads,
    /// `link` of a class
    Links,
    /// `nat` of a class
    Nats,
    /// what the shares of a `nat` table are of
    NatChains,
    /// `device` of a class
    Devices,
    /// `engine` of a class
    Engines,
    /// `regions` of the population
    Regions,
    /// places of peers and servers
    Cities,
    /// `metric` of [[expect]]
    Metrics,
}

/// Lists the names of one category, or of all.
pub(crate) fn run(arguments: &Arguments, registry: &Registry) -> io::Result<Exit> {
    let mut out = io::stdout().lock();
    match arguments.category {
        Some(category) => print(&mut out, "", &rows(category, registry))?,
        None => {
            for category in Category::value_variants() {
                let value = category.to_possible_value().expect("invariant: no category is hidden");
                let help = value.get_help().map(ToString::to_string).unwrap_or_default();
                writeln!(out, "{} ({help})", value.get_name())?;
                print(&mut out, "  ", &rows(*category, registry))?;
                writeln!(out)?;
            }
        }
    }
    Ok(Exit::Success)
}

fn print(out: &mut impl Write, indent: &str, rows: &[(&str, String)]) -> io::Result<()> {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    rows.iter().try_for_each(|(name, summary)| writeln!(out, "{indent}{name:width$}  {summary}"))
}

fn rows(category: Category, registry: &Registry) -> Vec<(&'static str, String)> {
    match category {
        Category::Topologies => kinds(registry.topologies()),
        Category::Disseminations => kinds(registry.disseminations()),
        Category::Workloads => kinds(registry.workloads()),
        Category::Links => presets::<LinkSpec>(),
        Category::Nats => presets::<NatMix>(),
        Category::NatChains => NAT_CHAINS.iter().map(|chain| (chain.key, chain.summary())).collect(),
        Category::Devices => presets::<DeviceSpec>(),
        Category::Engines => presets::<EngineSpec>(),
        Category::Regions => presets::<RegionMix>(),
        Category::Cities => {
            let place = |latitude: f64, longitude: f64| format!("{latitude:7.2} {longitude:8.2}");
            CITIES.iter().map(|city| (city.name, place(city.latitude, city.longitude))).collect()
        }
        Category::Metrics => METRICS.iter().map(|metric| (metric.name, metric.meaning.to_owned())).collect(),
    }
}

fn kinds<T>(table: &[Entry<T>]) -> Vec<(&'static str, String)> {
    table.iter().map(|entry| (entry.kind, entry.summary.to_owned())).collect()
}

fn presets<T: HasPresets>() -> Vec<(&'static str, String)> {
    T::presets().iter().map(|preset| (preset.name, preset.summary.to_owned())).collect()
}

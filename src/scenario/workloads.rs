//! What the workloads of one combination ask for, and whether it can be.

use std::sync::Arc;

use super::explain;
use super::problem::{Problem, Problems};
use super::read::Reader;
use super::settings::RunSettings;
use super::source::Span;
use super::tree::{TreePath, join, path};
use crate::overlay::workload::{CHUNK_HEADER, CHUNKS_MAX, Chunking, ContentLimits, Limits, Workload};
use crate::units::{ByteCount, SimTime};
use crate::world::{ClassSpec, PeerCount, PopulationSpec};

/// The largest message Chromium says it accepts (its `a=max-message-size`).
const LARGEST_MESSAGE: ByteCount = ByteCount::new(256 << 10);

/// Finds what is impossible.
pub(super) fn check(
    reader: &mut Reader<'_, '_>,
    workloads: &[(TreePath, Arc<dyn Workload>)],
    run: &RunSettings,
    population: &PopulationSpec,
) {
    let (peers, classes) = (population.peers, &population.classes);
    for (place, workload) in workloads {
        let peers_are_known = reader.get(&path(["population", "peers"])).is_some();
        let limits = workload.limits();
        let too_few = |&(_, sources): &(_, u32)| sources > peers.get() && peers_are_known && !limits.takes_fewer;
        if let Some((key, sources)) = limits.sources.filter(too_few) {
            let message = format!("the workload needs {sources} peers, and there are only {peers}");
            reader.problem(&join(place, key), message, format!("at most {peers}"));
        }
        check_sizes(reader, place, &limits);
        if let Some(content) = limits.content {
            check_pieces(reader, place, content, limits.sizes.is_empty(), peers);
            check_start(reader, &join(place, "start"), content, run);
        }
        if let Some((key, sinks)) = limits.sinks.filter(|&(_, sinks)| sinks >= peers.get() && peers_are_known) {
            let message = format!("{sinks} of {peers} peers are {key}, so that nobody is left to send to them");
            reader.problem(&join(place, key), message, format!("at most {}", peers.get() - 1));
        }
        for (key, class) in limits.classes {
            check_class_name(reader, &join(place, key), class, classes);
        }
        if let Some((key, count, class)) = limits.chosen.filter(|_| peers_are_known) {
            let count = if limits.takes_fewer { 1 } else { count };
            check_class_size(reader, &join(place, key), (key, count, class), population);
        }
    }
    let flows: u64 = workloads.iter().map(|(_, workload)| workload.estimate(peers.get(), run.duration).flows).sum();
    if flows > FLOWS_MAX {
        let message = format!("the workloads have {flows} flows: one for each that publishes, and for whom");
        reader.problem(&path(["workload"]), message, format!("at most {FLOWS_MAX}: fewer peers, topics or workloads"));
    }
}

pub(super) fn check_length(reader: &mut Reader<'_, '_>, place: &[String], workload: &dyn Workload, run: &RunSettings) {
    let end = SimTime::ZERO + run.duration;
    if let Some(last) = workload.last_publication().filter(|&last| last >= end)
        && !reader.lost(&path(["run"]))
    {
        let last = last.since(SimTime::ZERO);
        let message = format!("its last message is published at {last}, and the run ends at {}", run.duration);
        reader.problem(place, message, "make `run.duration` longer, or name with `until` what is left out");
    }
}

fn check_sizes(reader: &mut Reader<'_, '_>, place: &[String], limits: &Limits<'_>) {
    check_chunk(reader, place, limits.chunking);
    for &(key, size) in &limits.sizes {
        let at = join(place, key);
        let chunks = limits.chunking.count(size);
        let is_cut = limits.chunking.size.is_some_and(|size| size > ByteCount::default());
        if is_cut && chunks > CHUNKS_MAX {
            let message = format!("a message of {size} has {chunks} chunks, repair chunks counted");
            reader.problem(&join(place, "chunk"), message, format!("at most {CHUNKS_MAX}: take a larger `chunk`"));
        } else if limits.chunking.size.is_none() && size > LARGEST_MESSAGE {
            let message = format!("a message of {size} is larger than browsers accept");
            reader.problem(&at, message, format!("at most {LARGEST_MESSAGE}, as Chromium advertises"));
        } else if size == ByteCount::default() && !reader.lost(&at) {
            reader.problem(&at, "a message without a byte", "at least 1 B");
        }
    }
}

fn check_chunk(reader: &mut Reader<'_, '_>, place: &[String], chunking: Chunking) {
    let at = join(place, "chunk");
    let most = ByteCount::new(LARGEST_MESSAGE.get() - CHUNK_HEADER.get());
    match chunking.size {
        None if chunking.repair > 0 => {
            let at = join(place, "repair_chunks");
            reader.problem(&at, "messages that stay whole have no chunks to repair", "say how large a `chunk` is");
        }
        Some(size) if size > most => {
            let message =
                format!("a chunk of {size} is larger than browsers accept, with its {CHUNK_HEADER} of header");
            reader.problem(&at, message, format!("at most {most}"));
        }
        Some(size) if size == ByteCount::default() && !reader.lost(&at) => {
            reader.problem(&at, "a chunk without a byte", "at least 1 B; 16 kB is usual");
        }
        _ => {}
    }
}

/// Events number flows in 24 bits.
const FLOWS_MAX: u64 = 1 << 24;

/// Whether there is the class that a topology names.
pub(super) fn check_topology_class(at: Option<Span>, name: &str, classes: &[ClassSpec], problems: &mut Problems) {
    if !classes.iter().any(|class| class.name == name) {
        problems.push(unknown_class(at, name, classes));
    }
}

fn unknown_class(at: Option<Span>, name: &str, classes: &[ClassSpec]) -> Problem {
    let mut names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    names.retain(|name| !name.is_empty());
    names.dedup();
    explain::unknown("class", name, &names, at)
}

fn check_class_name(reader: &mut Reader<'_, '_>, place: &[String], name: &str, classes: &[ClassSpec]) {
    if classes.iter().any(|class| class.name == name) || reader.lost(&path(["population", "class"])) {
        return;
    }
    let problem = unknown_class(reader.span(place), name, classes);
    reader.push(problem);
}

// Whether the class of which peers are chosen has as many.
fn check_class_size(
    reader: &mut Reader<'_, '_>,
    place: &[String],
    (key, count, name): (&str, u32, &str),
    population: &PopulationSpec,
) {
    let size = population.class_size(name);
    let is_known = population.classes.iter().any(|class| class.name == name);
    if is_known && count > size && !reader.lost(&path(["population", "class"])) {
        let message = match size {
            0 => format!("class `{name}` has none of the {} peers", population.peers),
            _ => format!("{key} = {count}: class `{name}` has {size} of the {} peers", population.peers),
        };
        let label = if size == 0 { "a larger class".to_owned() } else { format!("at most {size}, or a larger class") };
        reader.problem(place, message, label);
    }
}

/// The most pieces of a content: BitTorrent's clients keep below some thousands.
const PIECES_MAX: u64 = 65_536;

/// The most pieces that all peers together fetch: minutes of work a replication.
const FETCHES_MAX: u64 = 20_000_000;

fn check_pieces(reader: &mut Reader<'_, '_>, place: &[String], content: ContentLimits, is_all: bool, peers: PeerCount) {
    let ContentLimits { pieces, chunk, holders: (holders_key, holders), .. } = content;
    let (size_at, piece_at) = (join(place, "size"), join(place, "piece"));
    if pieces == 0 && !reader.lost(&size_at) {
        reader.problem(&size_at, "a content without a byte", "at least 1 B");
    } else if is_all && chunk == ByteCount::default() && !reader.lost(&piece_at) {
        reader.problem(&piece_at, "a piece without a byte", "at least 1 B; 256 KiB is usual");
    } else if pieces > PIECES_MAX {
        let message = format!("the content has {pieces} pieces");
        let at = if reader.get(&piece_at).is_some() { piece_at } else { size_at };
        reader.problem(&at, message, format!("at most {PIECES_MAX}: take a larger `piece`"));
    } else if pieces * u64::from(peers.get()) > FETCHES_MAX {
        let message = format!("{peers} peers would fetch {pieces} pieces each");
        let at = if reader.get(&piece_at).is_some() { piece_at } else { size_at };
        reader.problem(&at, message, format!("at most {FETCHES_MAX} in all: take a larger `piece`"));
    }
    let peers_are_known = reader.get(&path(["population", "peers"])).is_some();
    if holders == peers.get() && peers_are_known {
        let message = format!("all {peers} peers have the content from the beginning");
        reader.problem(&join(place, holders_key), message, format!("at most {}", peers.get() - 1));
    }
}

fn check_start(reader: &mut Reader<'_, '_>, place: &[String], content: ContentLimits, run: &RunSettings) {
    if let Some(start) = content.start.filter(|&start| start >= run.duration)
        && !reader.lost(&path(["run"]))
    {
        let message = format!("the distribution would start at {start}, and the run ends at {}", run.duration);
        reader.problem(place, message, format!("before {}", run.duration));
    }
}

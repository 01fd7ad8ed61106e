//! Largest spans of time that make sense, so that no sum of them leaves the range of simulated time; and
//! amounts of memory.

use super::read::Reader;
use super::tree::join;
use crate::units::{Bitrate, ByteCount, SimDuration};
use crate::world::ClassSpec;

/// The longest run, and the longest time over which peers join: six weeks.
pub(super) const LONGEST_RUN: SimDuration = SimDuration::from_secs(1_000 * 3_600);
/// The longest delay of a path, and the longest queue.
pub(super) const LONGEST_DELAY: SimDuration = SimDuration::from_secs(60);
/// The most CPU that one piece of work may take.
const LONGEST_WORK: SimDuration = SimDuration::from_secs(10);
/// The longest time between two calls of a timer: browsers go down to one a minute.
const LONGEST_TIMER: SimDuration = SimDuration::from_secs(60);

/// Reports a span that is longer than `limit`.
pub(super) fn check_span(reader: &mut Reader<'_, '_>, place: &[String], span: SimDuration, limit: SimDuration) {
    if span > limit {
        reader.problem(place, format!("{span} is not plausible here"), format!("at most {limit}"));
    }
}

/// The lowest rate of a link or server: below it a packet takes ten seconds and more, and nothing connects.
const LOWEST_RATE: Bitrate = Bitrate::from_bps(1_000);
const HIGHEST_RATE: Bitrate = Bitrate::from_bps(1_000_000_000_000);

/// Reports the rate of `what` that makes no sense: what `does` nothing, or more than there is.
pub(super) fn check_rate(reader: &mut Reader<'_, '_>, place: &[String], rate: Option<Bitrate>, what: &str, does: &str) {
    match rate {
        Some(rate) if rate.as_bps() == 0 => {
            let message = format!("{what} of 0 bit/s {does} nothing");
            reader.problem(place, message, "above zero, or leave it out: no limit");
        }
        Some(rate) if !(LOWEST_RATE..=HIGHEST_RATE).contains(&rate) => {
            let label = format!("from {LOWEST_RATE} to {HIGHEST_RATE}, or leave it out: no limit");
            reader.problem(place, format!("{rate} is not plausible here"), label);
        }
        _ => {}
    }
}

/// The least that a socket or a device's memory may hold, and the most that a connection or a device may take.
const LEAST_MEMORY: ByteCount = ByteCount::new(2 << 10);
const MOST_MEMORY_OF_CONNECTION: ByteCount = ByteCount::new(1 << 30);
const MOST_KEEPALIVE_PER_S: ByteCount = ByteCount::new(1 << 20);
const MOST_MEMORY: ByteCount = ByteCount::new(1 << 40);

/// Reports amounts of memory of a class's device and engine that make no sense.
pub(super) fn check_class_memory(reader: &mut Reader<'_, '_>, place: &[String], class: &ClassSpec) {
    let (device, engine) = (class.device.value, class.engine.value);
    let (device_at, engine_at) = (join(place, "device"), join(place, "engine"));
    let zero = ByteCount::default();
    for (at, amount, least, most) in [
        (join(&device_at, "memory"), device.memory, LEAST_MEMORY, MOST_MEMORY),
        (join(&engine_at, "receive_buffer"), engine.receive_buffer, LEAST_MEMORY, MOST_MEMORY_OF_CONNECTION),
        (
            join(&engine_at, "memory_per_connection"),
            Some(engine.memory_per_connection),
            zero,
            MOST_MEMORY_OF_CONNECTION,
        ),
        (join(&engine_at, "keepalive_per_s"), Some(engine.keepalive_per_s), zero, MOST_KEEPALIVE_PER_S),
        (join(&engine_at, "memory_once"), Some(engine.memory_once), zero, MOST_MEMORY_OF_CONNECTION),
    ] {
        if let Some(amount) = amount.filter(|amount| !(least..=most).contains(amount)) {
            let label = if amount < least { format!("at least {least}") } else { format!("at most {most}") };
            reader.problem(&at, format!("{amount} is not plausible here"), label);
        }
    }
}

/// Reports spans of a class's link and engine that are too long.
pub(super) fn check_class_spans(reader: &mut Reader<'_, '_>, place: &[String], class: &ClassSpec) {
    let (link, engine) = (class.link.value, class.engine.value);
    let (link_at, engine_at) = (join(place, "link"), join(place, "engine"));
    check_span(reader, &join(&link_at, "rtt"), link.rtt, LONGEST_DELAY);
    check_span(reader, &join(&link_at, "jitter"), link.jitter, LONGEST_DELAY);
    check_span(reader, &join(&link_at, "buffer"), link.buffer.unwrap_or_default(), LONGEST_DELAY);
    for (key, work) in [
        ("cpu_per_setup", engine.cpu_per_setup),
        ("first_setup", engine.first_setup),
        ("cpu_idle_per_s", engine.cpu_idle_per_s),
        ("cpu_per_message", engine.cpu_per_message),
        ("cpu_per_packet", engine.cpu_per_packet),
        ("cpu_per_kilobyte", engine.cpu_per_kilobyte),
        ("cpu_per_wakeup", engine.cpu_per_wakeup),
    ] {
        check_span(reader, &join(&engine_at, key), work, LONGEST_WORK);
    }
    let encryption_at = join(&engine_at, "encryption");
    for (key, work) in [
        ("cpu_per_message", engine.encryption.cpu_per_message),
        ("cpu_per_kilobyte", engine.encryption.cpu_per_kilobyte),
    ] {
        check_span(reader, &join(&encryption_at, key), work, LONGEST_WORK);
    }
    check_span(reader, &join(&engine_at, "collect_after"), engine.collect_after, LONGEST_RUN);
    check_span(reader, &join(&engine_at, "rto_min"), engine.rto_min, LONGEST_DELAY);
    check_span(reader, &join(&engine_at, "timer_min"), engine.timer_min, LONGEST_TIMER);
}

//! What was read from a capacity trace, in one line, and what of it is not plausible.

use super::{CapacityFile, CapacityTrace};
use crate::net::data_file::{rate, seconds};
use crate::units::Bitrate;

/// Mean rates outside are those of no access link.
const PLAUSIBLE_BPS: [u64; 2] = [10_000, 10_000_000_000];
/// A trace of a link that is worth the name has more lines a second.
const FEWEST_LINES_PER_S: u64 = 10;
/// A longer silence is a link that was off, or times that do not begin near zero.
const LONGEST_OUTAGE_MS: u64 = 30_000;
/// A recording begins sooner.
const LATE_MS: u64 = 100;
/// What repeats more often and is not even is hardly a recording.
const SHORTEST_MS: u64 = 1_000;

impl CapacityTrace {
    /// The longest time without an opportunity in ms, over the end as well, where the trace begins again.
    #[must_use]
    pub fn longest_outage_ms(&self) -> u64 {
        let first = self.times_ms.first().copied().unwrap_or_default();
        self.gaps_ms().max().unwrap_or_default().max(u64::from(first))
    }

    fn gaps_ms(&self) -> impl Iterator<Item = u64> + use<'_> {
        self.times_ms.windows(2).map(|pair| u64::from(pair[1] - pair[0]))
    }

    /// Whether opportunities are as even as whole ms allow.
    fn is_even(&self) -> bool {
        let (least, most) = (self.gaps_ms().min().unwrap_or_default(), self.gaps_ms().max().unwrap_or_default());
        most <= least + 1
    }
}

impl CapacityFile {
    /// What was read, in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let trace = &self.trace;
        format!(
            "{}: a mean of {} over {}, then again; longest outage {}; {} lines",
            self.file.display(),
            rate(trace.mean_rate()),
            seconds(trace.period_ms() as f64 / 1e3),
            seconds(trace.longest_outage_ms() as f64 / 1e3),
            trace.opportunities()
        )
    }

    /// What of it is not plausible.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let trace = &self.trace;
        let (mean, length_ms) = (trace.mean_rate(), trace.period_ms());
        let [least, most] = PLAUSIBLE_BPS.map(Bitrate::from_bps);
        let mut warnings = Vec::new();
        let mut warn = |words: String| warnings.push(format!("{}: {words}", self.file.display()));
        let first = u64::from(trace.times_ms.first().copied().unwrap_or_default());
        let lines = trace.opportunities();
        let list = "are these rates? A line is a time in ms at which 1,504 bytes can leave";
        if lines * 1_000 < FEWEST_LINES_PER_S * length_ms {
            warn(format!("{lines} lines in {}: {list}", seconds(length_ms as f64 / 1e3)));
        } else if first >= LATE_MS && 2 * first > length_ms {
            warn(format!("its first time is {}, after half of its length: {list}", seconds(first as f64 / 1e3)));
        } else if length_ms < SHORTEST_MS && lines > 2 && !trace.is_even() {
            warn(format!("it repeats every {}: {list}", seconds(length_ms as f64 / 1e3)));
        }
        if mean < least || mean > most {
            let (mean, least, most) = (rate(mean), rate(least), rate(most));
            warn(format!("a mean of {mean} is not plausible: from {least} to {most}; are the times in ms?"));
        } else if trace.longest_outage_ms() > LONGEST_OUTAGE_MS {
            warn(format!("nothing leaves for {}", seconds(trace.longest_outage_ms() as f64 / 1e3)));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> CapacityFile {
        CapacityFile { file: "a.trace".into(), trace: CapacityTrace::parse(text).expect(text) }
    }

    #[test]
    fn a_list_of_rates_is_asked_about() {
        let list = read("900\n1100\n1300\n");
        assert_eq!(
            list.summary(),
            "a.trace: a mean of 27.8 kbit/s over 1.3 s, then again; longest outage 0.9 s; 3 lines"
        );
        assert!(list.warnings()[0].contains("are these rates?"), "{:?}", list.warnings());
        assert!(read("5\n8\n20\n21\n").warnings()[0].contains("repeats every 0.021 s"));
        let dense: String = (900..1_000).map(|ms| format!("{ms}\n")).collect();
        assert!(read(&dense).warnings()[0].contains("after half"));
    }

    #[test]
    fn rates_of_no_link_are_told() {
        assert!(read("0\n9000\n").warnings().iter().any(|warning| warning.contains("not plausible")));
        let fast = "1\n".repeat(1_000);
        assert!(read(&fast).warnings()[0].contains("12 Gbit/s is not plausible"), "{:?}", read(&fast).warnings());
    }

    #[test]
    fn a_recording_and_a_constant_rate_are_not_questioned() {
        let recording: String = (0..2_000).map(|n| format!("{}\n", n * 7 + n % 5)).collect();
        for text in ["1\n", "1\n2\n3\n", "2\n5\n7\n10\n", &recording] {
            assert_eq!(read(text).warnings(), Vec::<String>::new(), "{text}");
        }
    }
}

//! What was read from a file of messages, in one line, and what of it is not plausible.

use super::MessageFile;
use crate::net::data_file::{count, seconds};
use crate::units::SimTime;

/// Peers that publish less often than this may have had their times written in ms: one message in 100 s.
const RAREST_PER_PEER_AND_S: f64 = 0.01;
/// Below it a file is too short to say.
const LEAST_SPAN_S: f64 = 600.0;

impl MessageFile {
    /// What was read, in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let log = &self.log;
        let sizes = log.flows().iter().map(|flow| flow.size);
        let (least, most) = (sizes.clone().min().unwrap_or_default(), sizes.max().unwrap_or_default());
        let [first, last] = self.span_s();
        format!(
            "{}: {}, {} of {least} to {most}, from {} to {}",
            self.file.display(),
            count(log.peers() as usize, "peer"),
            count(log.messages() as usize, "message"),
            seconds(first),
            seconds(last)
        )
    }

    /// What of it is not plausible.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let log = &self.log;
        let [first, last] = self.span_s();
        let span = last - first;
        let mut warnings = Vec::new();
        let mut warn = |words: String| warnings.push(format!("{}: {words}", self.file.display()));
        if log.messages() > 2 && span == 0.0 {
            warn(format!("all {} messages are published at {}", log.messages(), seconds(first)));
        }
        let sources: std::collections::BTreeSet<u32> = log.flows().iter().map(|flow| flow.source).collect();
        let rate = log.messages() as f64 / span / sources.len() as f64;
        if span > LEAST_SPAN_S && rate < RAREST_PER_PEER_AND_S {
            warn(format!("a source publishes once in {}: is `time_s` in ms?", seconds(1.0 / rate)));
        } else if first > LEAST_SPAN_S && first > span {
            warn(format!("nothing is published before {}: subtract that from `time_s`?", seconds(first)));
        }
        warnings
    }

    fn span_s(&self) -> [f64; 2] {
        let times = || self.log.flows().iter().flat_map(|flow| flow.times.first().into_iter().chain(flow.times.last()));
        [times().min(), times().max()].map(|time| time.map_or(0.0, |time| time.since(SimTime::ZERO).as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::MessageLog;
    use super::*;

    fn read(text: &str) -> MessageFile {
        MessageFile { file: "a.csv".into(), log: MessageLog::parse(text).expect("messages") }
    }

    #[test]
    fn peers_messages_and_span_are_told() {
        let file = read("time_s,source,bytes,to\n12,ann,100,\n12.5,bob,2000,cy\n60,ann,100,\n");
        assert_eq!(file.summary(), "a.csv: 3 peers, 3 messages of 100 B to 2 kB, from 12 s to 60 s");
        assert!(file.warnings().is_empty());
    }

    #[test]
    fn times_that_are_no_seconds_are_asked_about() {
        assert!(read("time_s,source,bytes\n0,a,1\n33000,b,1\n66000,a,1\n").warnings()[0].contains("in ms?"));
        assert!(read("time_s,source,bytes\n9000,a,1\n9001,b,1\n").warnings()[0].contains("subtract"));
        assert!(read("time_s,source,bytes\n5,a,1\n5,b,1\n5,c,1\n").warnings()[0].contains("all 3 messages"));
    }
}

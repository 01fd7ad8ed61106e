//! From the text of a CSV file to messages, or to every fault that it has.

use std::borrow::Cow;
use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, Trim};
use serde::Deserialize;

use super::log::{Content, LoggedFlow};
use crate::net::data_file::first_line;
use crate::net::faults::{Faults, shown};
use crate::units::{ByteCount, SimDuration, SimTime};

/// The columns; the last may be absent.
const COLUMNS: [&str; 4] = ["time_s", "source", "bytes", "to"];
/// The longest time: as the longest run, 1,000 hours.
const LONGEST_S: f64 = 3_600_000.0;
/// The largest message that Chromium says it accepts (its `a=max-message-size`).
const LARGEST_BYTES: u64 = 256 << 10;
/// Each size has a table over the peers.
const MOST_SIZES: usize = 1_000;

/// A line as it is written.
#[derive(Debug, Deserialize)]
struct Line {
    time_s: String,
    source: String,
    bytes: String,
    #[serde(default)]
    to: String,
}

/// Reads messages, or says every kind of fault that they have.
pub(super) fn messages(text: &str) -> Result<Content, Vec<String>> {
    let Some(first) = first_line(text) else {
        return Err(vec!["the file has no data; its first line names the columns".to_owned()]);
    };
    let delimiter = [',', ';', '\t'].into_iter().find(|&delimiter| first.contains(delimiter)).unwrap_or(',');
    let mut reader = ReaderBuilder::new();
    reader.trim(Trim::All).comment(Some(b'#')).delimiter(delimiter as u8);
    let mut reader = reader.from_reader(text.as_bytes());
    let head = reader.headers().map_err(|error| vec![error.to_string()])?.clone();
    check_head(&head)?;
    let (mut rows, mut faults) = (Rows::default(), Faults::default());
    for record in reader.records() {
        let (line, read) = match &record {
            Err(error) => (error.position().map_or(0, csv::Position::line), Err(Fault::of_csv(error, &head))),
            Ok(record) => {
                let read = record.deserialize::<Line>(Some(&head)).map_err(|error| Fault::of_csv(&error, &head));
                (record.position().map_or(0, csv::Position::line), read.and_then(|read| rows.push(&read)))
            }
        };
        if let Err(Fault { what, why }) = read {
            faults.push(format!("line {line}"), &what, &why);
        }
    }
    if faults.is_empty() { rows.finish() } else { Err(faults.into_lines()) }
}

/// What is there, and why it is wrong; the same reason is the same kind of fault.
struct Fault {
    what: String,
    why: Cow<'static, str>,
}

impl Fault {
    fn of_csv(error: &csv::Error, head: &StringRecord) -> Self {
        match error.kind() {
            csv::ErrorKind::UnequalLengths { len, .. } => {
                Self { what: format!("{len} fields,"), why: format!("but line 1 names {} columns", head.len()).into() }
            }
            _ => Self { what: String::new(), why: error.to_string().into() },
        }
    }
}

fn fault<T>(what: String, why: &'static str) -> Result<T, Fault> {
    Err(Fault { what, why: why.into() })
}

fn check_head(head: &StringRecord) -> Result<(), Vec<String>> {
    let rule = "the first line names the columns: time_s,source,bytes or time_s,source,bytes,to".to_owned();
    if !head.iter().any(|name| COLUMNS.contains(&name)) {
        return Err(vec![format!("line 1 names none of the columns that are needed; {rule}")]);
    }
    let mut faults = Faults::default();
    let line = || "line 1".to_owned();
    for column in COLUMNS[..3].iter().filter(|&&column| !head.iter().any(|name| name == column)) {
        faults.push_as(column, line(), &format!("there is no column `{column}`"));
    }
    for (index, name) in head.iter().enumerate().filter(|(_, name)| !COLUMNS.contains(name)) {
        match name {
            "" => faults.push_as(
                "",
                line(),
                &format!("column {} has no name; pandas leaves it out with `index=False`", index + 1),
            ),
            name => faults.push_as("unknown", line(), &format!("unknown column `{}`", shown(name))),
        }
    }
    for column in COLUMNS.iter().filter(|&&column| head.iter().filter(|name| *name == column).count() > 1) {
        faults.push_as(&format!("{column} twice"), line(), &format!("column `{column}` is there twice"));
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(faults.into_lines().into_iter().chain([rule]).collect())
}

/// What has been read: peers are numbered in the order in which they appear.
#[derive(Default)]
struct Rows {
    peers: BTreeMap<String, u32>,
    audiences: BTreeMap<Vec<u32>, u32>,
    flows: BTreeMap<(u32, Option<u32>, u64), Vec<SimTime>>,
}

impl Rows {
    fn push(&mut self, line: &Line) -> Result<(), Fault> {
        let time = time(&line.time_s)?;
        let bytes = bytes(&line.bytes)?;
        if line.source.is_empty() {
            return fault(String::new(), "there is no source");
        }
        // Who separates names by these means several.
        if let Some(name) = [&line.source, &line.to].into_iter().find(|names| names.contains([';', ','])) {
            return fault(format!("`{}`:", shown(name)), "names are separated by spaces, and have neither `;` nor `,`");
        }
        let source = self.number(&line.source);
        let audience = match line.to.as_str() {
            "" => None,
            names => Some(self.audience(names, source)?),
        };
        self.flows.entry((source, audience, bytes)).or_default().push(time);
        Ok(())
    }

    fn number(&mut self, name: &str) -> u32 {
        let next = self.peers.len() as u32;
        *self.peers.entry(name.to_owned()).or_insert(next)
    }

    fn audience(&mut self, names: &str, source: u32) -> Result<u32, Fault> {
        let mut members: Vec<u32> = names.split_whitespace().map(|name| self.number(name)).collect();
        members.sort_unstable();
        members.dedup();
        if members == [source] {
            return fault(format!("`{}`", shown(names)), "sends to itself");
        }
        let next = self.audiences.len() as u32;
        Ok(*self.audiences.entry(members).or_insert(next))
    }

    fn finish(self) -> Result<Content, Vec<String>> {
        let mut sizes: Vec<u64> = self.flows.keys().map(|&(_, _, bytes)| bytes).collect();
        sizes.sort_unstable();
        sizes.dedup();
        match sizes.len() {
            0 => return Err(vec!["the file has no message".to_owned()]),
            1..=MOST_SIZES => {}
            many => return Err(vec![format!("messages have {many} sizes; at most {MOST_SIZES}: round them")]),
        }
        let flow = |((source, audience, bytes), mut times): ((u32, Option<u32>, u64), Vec<SimTime>)| {
            times.sort_unstable();
            LoggedFlow { source, audience, size: ByteCount::new(bytes), times }
        };
        let flows = self.flows.into_iter().map(flow).collect();
        let mut audiences = vec![Vec::new(); self.audiences.len()];
        self.audiences.into_iter().for_each(|(members, place)| audiences[place as usize] = members);
        Ok(Content::new(flows, audiences, self.peers.len() as u32))
    }
}

fn time(text: &str) -> Result<SimTime, Fault> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=LONGEST_S).contains(&seconds) => Ok(SimTime::ZERO + SimDuration::from_secs_f64(seconds)),
        Ok(seconds) if seconds > 1e9 => fault(
            format!("time_s = {}", shown(text)),
            "is out of range: is it a date? From 0 s, the start of the run, to 1,000 hours",
        ),
        Ok(_) => fault(format!("time_s = {}", shown(text)), "is out of range: from 0 s to 1,000 hours"),
        Err(_) if text.contains(',') => {
            fault(format!("time_s = `{}`", shown(text)), "is not a number of seconds; write decimals with a point")
        }
        Err(_) => fault(format!("time_s = `{}`", shown(text)), "is not a number of seconds"),
    }
}

fn bytes(text: &str) -> Result<u64, Fault> {
    match text.parse::<u64>() {
        Ok(bytes) if (1..=LARGEST_BYTES).contains(&bytes) => Ok(bytes),
        Ok(_) => fault(format!("bytes = {}", shown(text)), "is out of range: from 1 to 262144, as Chromium advertises"),
        Err(_) => fault(format!("bytes = `{}`", shown(text)), "is not a whole number"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::MessageLog;
    use super::*;

    #[test]
    fn peers_are_numbered_as_they_appear_and_times_are_sorted() {
        let text = "time_s,source,bytes,to\n# a comment\n2.5,ann,100,\n0.5, bob,100,ann  cy\n1,ann,100,\n1,ann,40,cy ann bob\n";
        let content = messages(text).expect("messages");
        assert_eq!(content.peers, 3);
        let flow = |flow: &LoggedFlow| {
            let times_ms: Vec<u64> = flow.times.iter().map(|time| time.as_ns() / 1_000_000).collect();
            (flow.source, flow.audience, flow.size.get(), times_ms)
        };
        let flows: Vec<_> = content.flows.iter().map(flow).collect();
        assert_eq!(
            flows,
            [(0, None, 100, vec![1_000, 2_500]), (0, Some(1), 40, vec![1_000]), (1, Some(0), 100, vec![500])]
        );
        assert_eq!(content.audiences, [vec![0, 2], vec![0, 1, 2]]);
    }

    #[test]
    fn every_fault_is_named_with_its_line() {
        let text = "time_s,source,bytes,to\nx,a,1,\n-1,a,1,\n1,,1,\n1,a,0,\n1,a,1.5,\n1,a,300000,\n1,a,5,a\n1,a\n";
        let faults = messages(text).expect_err("faults");
        let expected = [
            "line 2: time_s = `x` is not a number of seconds",
            "line 3: time_s = -1 is out of range: from 0 s to 1,000 hours",
            "line 4: there is no source",
            "line 5: bytes = 0 is out of range: from 1 to 262144, as Chromium advertises (2 such faults; the next: line 7)",
            "line 6: bytes = `1.5` is not a whole number",
            "line 8: `a` sends to itself",
            "line 9: 2 fields, but line 1 names 4 columns",
        ];
        assert_eq!(faults, expected);
        let head = messages("time,source,bytes\n1,a,5\n").expect_err("no time_s");
        let twice = messages("time_s,source,source,bytes\n1,a,b,5\n").expect_err("source twice");
        assert_eq!(twice[0], "line 1: column `source` is there twice");
        let joined = messages("time_s,source,bytes,to\n1,a,5,b;c\n").expect_err("a semicolon");
        assert!(joined[0].starts_with("line 2: `b;c`: names are separated by spaces"), "{joined:?}");
        assert_eq!(head[..2], ["line 1: there is no column `time_s`", "line 1: unknown column `time`"]);
        let other = messages("a,b,c\n0,1,2\n").expect_err("no column of it");
        assert!(other.len() == 1 && other[0].contains("none of the columns"), "{other:?}");
        let index = messages(",time_s,source,bytes\n0,1,a,5\n").expect_err("an index");
        assert!(index[0].contains("index=False"), "{index:?}");
        assert_eq!(messages("time_s;source;bytes\n1;a;5\n").expect("semicolons").peers, 1);
        assert_eq!(messages("time_s,source,bytes\n").expect_err("empty"), ["the file has no message"]);
    }

    #[test]
    fn too_many_sizes_are_refused_and_another_content_is_another_hash() {
        let lines = |count: u32| (1..=count).map(|bytes| format!("0,a,{bytes}\n")).collect::<String>();
        let many = messages(&format!("time_s,source,bytes\n{}", lines(1_001))).expect_err("too many");
        assert_eq!(many, ["messages have 1001 sizes; at most 1000: round them"]);
        let hash = |count| {
            let log = MessageLog::parse(&format!("time_s,source,bytes\n{}", lines(count))).expect("messages");
            serde_json::to_string(&log).expect("a string")
        };
        assert_eq!(hash(5), hash(5));
        assert_ne!(hash(5), hash(6));
    }
}

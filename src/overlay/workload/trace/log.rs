//! What a file of messages holds.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use xxhash_rust::xxh3::xxh3_128;

use super::parse;
use crate::net::data_file::Kind;
use crate::net::{ContentError, DataFileError};
use crate::units::{ByteCount, SimTime};

/// The messages of a file. Shared: a copy costs a reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageLog(Arc<Content>);

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) flows: Vec<LoggedFlow>,
    pub(super) audiences: Vec<Vec<u32>>,
    /// How many peers the file names.
    pub(super) peers: u32,
    hash: u128,
}

/// Messages of one source, one size and to the same peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LoggedFlow {
    pub(super) source: u32,
    /// An index into the audiences; everybody if absent.
    pub(super) audience: Option<u32>,
    pub(super) size: ByteCount,
    /// In order, at least one.
    pub(super) times: Vec<SimTime>,
}

/// A file with messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "PathBuf")]
#[schemars(with = "PathBuf")]
pub struct MessageFile {
    /// The file, relative to the scenario.
    pub file: PathBuf,
    /// What was read; in a manifest its hash, for another content is another experiment.
    #[serde(rename = "content_xxh3")]
    pub log: MessageLog,
}

impl MessageLog {
    /// The messages that a text holds.
    ///
    /// # Errors
    /// Each kind of fault with its first lines.
    pub fn parse(text: &str) -> Result<Self, ContentError> {
        let content = parse::messages(text)?;
        Ok(Self(Arc::new(Content { hash: xxh3_128(text.as_bytes()), ..content })))
    }

    /// How many peers the file names: sources and receivers.
    #[must_use]
    pub fn peers(&self) -> u32 {
        self.0.peers
    }

    /// How many messages it has.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.0.flows.iter().map(|flow| flow.times.len() as u64).sum()
    }

    pub(super) fn flows(&self) -> &[LoggedFlow] {
        &self.0.flows
    }

    pub(super) fn audiences(&self) -> &[Vec<u32>] {
        &self.0.audiences
    }
}

const KIND: Kind = Kind {
    name: "a trace of messages",
    advice: "a trace is CSV with the columns time_s, source, bytes and perhaps to, one message a line",
};

impl MessageFile {
    /// The file with the messages read from it; it is relative to `base_dir`.
    ///
    /// # Errors
    /// When the file cannot be read or does not hold messages; every kind of fault it has.
    pub fn read(&self, base_dir: &Path) -> Result<Self, DataFileError> {
        Ok(Self { log: KIND.read(base_dir, &self.file, MessageLog::parse)?, file: self.file.clone() })
    }
}

impl Content {
    pub(super) fn new(flows: Vec<LoggedFlow>, audiences: Vec<Vec<u32>>, peers: u32) -> Self {
        Self { flows, audiences, peers, hash: 0 }
    }
}

impl Serialize for MessageLog {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:032x}", self.0.hash))
    }
}

impl From<PathBuf> for MessageFile {
    /// A file of which nothing has been read.
    fn from(file: PathBuf) -> Self {
        Self { file, log: MessageLog::default() }
    }
}

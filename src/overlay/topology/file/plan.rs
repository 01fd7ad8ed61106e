//! What a file with an overlay holds, whatever its format.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

use super::super::shape::Shape;
use super::content::Content;
use super::{edges, graphml, json};
use crate::net::data_file::{Kind, with_ending};
use crate::net::faults::Faults;
use crate::net::{ContentError, DataFileError};
use crate::overlay::Overlay;

/// The connections of a file. Shared: a copy costs a reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan(Arc<Content>);

/// A file with an overlay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "PathBuf")]
#[schemars(with = "PathBuf")]
pub struct PlanFile {
    /// The file, relative to the scenario.
    pub file: PathBuf,
    /// What was read; in a manifest its hash, for another content is another experiment.
    #[serde(rename = "content_xxh3")]
    pub plan: Plan,
}

/// A format by the ending of the file's name.
struct Format {
    ending: &'static str,
    kind: Kind,
    // With which character a file of it begins, where another text might look like another format.
    begins: Option<char>,
    parse: fn(&str) -> Result<Content, Vec<String>>,
}

static FORMATS: &[Format] = &[
    Format {
        ending: "json",
        kind: Kind { name: "a plan", advice: "a plan is a JSON object with `version`, `pairs` and `blocks`" },
        begins: Some('{'),
        parse: json::parse,
    },
    Format {
        ending: "csv",
        kind: Kind {
            name: "an edge list",
            advice: "an edge list is CSV with the columns a, b and perhaps kind, one connection a line",
        },
        begins: None,
        parse: edges::parse,
    },
    Format {
        ending: "graphml",
        kind: Kind { name: "a GraphML graph", advice: "GraphML is XML with a <graphml> element" },
        begins: Some('<'),
        parse: graphml::parse,
    },
];

impl PlanFile {
    /// The file with the connections read from it; it is relative to `base_dir`.
    ///
    /// # Errors
    /// When the file cannot be read or does not hold an overlay; every kind of fault it has.
    pub fn read(&self, base_dir: &Path) -> Result<Self, DataFileError> {
        let format = with_ending(&self.file, FORMATS.iter().map(|format| (format.ending, format)))?;
        let plan = format.kind.read_beginning(base_dir, &self.file, format.begins, |text| {
            let content = (format.parse)(text).map_err(ContentError::from)?;
            Ok::<_, ContentError>(Plan(Arc::new(Content { hash: xxh3_128(text.as_bytes()), ..content })))
        })?;
        Ok(Self { file: self.file.clone(), plan })
    }
}

impl Plan {
    /// How many servers it adds to a population.
    #[must_use]
    pub fn servers(&self) -> u32 {
        self.0.servers
    }

    /// How many trees its pairs belong to, among which messages are shared out; 0 where they are not.
    #[must_use]
    pub fn stripes(&self) -> u32 {
        self.0.stripes.0
    }

    /// The rule by which nodes pass messages on, if the file names one: a table with a `kind`.
    #[must_use]
    pub fn dissemination(&self) -> Option<&Value> {
        self.0.dissemination.as_ref()
    }

    /// The seed of the population that it was made for, if the file names it.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.0.seed
    }

    /// The first connection that closes a ring, in words, if there is one.
    #[must_use]
    pub fn ring(&self) -> Option<String> {
        self.0.ring.as_ref().map(ToString::to_string)
    }

    /// The peers that a population of so many does not have: each kind of fault with its places.
    #[must_use]
    pub fn beyond(&self, peers: u32) -> Vec<String> {
        let mut faults = Faults::default();
        let why =
            format!("is not in the population: its {peers} peers have the numbers 0 to {}", peers.saturating_sub(1));
        for (node, place) in self.0.named.iter().filter(|(node, _)| *node >= peers) {
            faults.push(place.to_string(), &format!("node {node}"), &why);
        }
        faults.into_lines()
    }

    /// The overlay of a population that has all peers that it names.
    pub(super) fn overlay(&self, peers: u32) -> Overlay {
        let Content { peers: own, servers, pairs, blocks, standby, stripes, .. } = &*self.0;
        // Servers come behind all peers, also behind those that the file does not name.
        let node = |node: u32| if node < *own { node } else { node - own + peers };
        let numbered = |pairs: &[(u32, u32)]| -> Vec<_> { pairs.iter().map(|&(a, b)| (node(a), node(b))).collect() };
        let (pairs, standby) = (numbered(pairs), numbered(standby));
        let blocks = blocks.iter().map(|block| block.iter().map(|&member| node(member)).collect()).collect();
        let carrying = if stripes.0 > 0 {
            Overlay::striped(peers + servers, &pairs, (stripes.0, &stripes.1))
        } else {
            Overlay::new(peers + servers, &pairs, blocks)
        };
        carrying.with_standby(&standby)
    }

    pub(super) fn shape(&self) -> Shape {
        self.0.shape
    }

    pub(super) fn content(&self) -> &Content {
        &self.0
    }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:032x}", self.0.hash))
    }
}

impl From<PathBuf> for PlanFile {
    /// A file of which nothing has been read.
    fn from(file: PathBuf) -> Self {
        Self { file, plan: Plan::default() }
    }
}

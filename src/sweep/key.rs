//! What a replication depends on, as a key: two with the same key have the same record.

use xxhash_rust::xxh3::Xxh3;

use super::rung::Rung;
use crate::scenario::{Cell, Experiment};

/// XXH3-128 over the version, the sources, the rung and the resolved settings of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellKey(u128);

/// The version of this program, with the commit it was built from where that is known.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit, with `-changed` behind it if the source was.
pub const GIT_COMMIT: Option<&str> = option_env!("PEERSCAPE_GIT_COMMIT");
/// XXH3-128 over the sources it was built from, in hexadecimal digits.
const SOURCES: &str = env!("PEERSCAPE_SOURCES");

impl CellKey {
    /// The keys of all cells, in their order.
    ///
    /// # Panics
    /// If settings cannot be written as JSON, which are plain data.
    #[must_use]
    pub fn of_all(experiment: &Experiment, rung: Rung) -> Vec<Self> {
        let mut settings: Option<(usize, Vec<u8>)> = None;
        let key = |cell: &Cell| {
            // Cells of a group share their settings.
            if settings.as_ref().is_none_or(|(group, _)| *group != cell.group) {
                let bytes = serde_json::to_vec(&*cell.settings).expect("invariant: settings are plain data");
                settings = Some((cell.group, bytes));
            }
            let settings = settings.as_ref().map_or(&[][..], |(_, bytes)| bytes);
            let topology = cell.topology.to_json().to_string();
            let version = [VERSION, SOURCES, rung.name, &cell.label, &topology];
            let mut hash = Xxh3::new();
            for part in version.map(str::as_bytes).into_iter().chain([settings]) {
                hash.update(&(part.len() as u64).to_le_bytes());
                hash.update(part);
            }
            Self(hash.digest128())
        };
        experiment.cells.iter().map(key).collect()
    }

    /// The key as 32 hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        format!("{:032x}", self.0)
    }

    /// The key of 32 hexadecimal digits.
    #[must_use]
    pub fn from_hex(digits: &str) -> Option<Self> {
        u128::from_str_radix(digits, 16).ok().map(Self)
    }
}

//! Files of messages that workloads name: each is read once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::problem::Problem;
use super::read::Reader;
use super::tree::join;
use crate::net::DataFileError;
use crate::overlay::workload::{MessageFile, Workload};

/// The files that have been read.
#[derive(Debug, Default)]
pub(super) struct MessageFiles(BTreeMap<PathBuf, Result<MessageFile, DataFileError>>);

impl MessageFiles {
    /// The workload with the messages of the file that it names, relative to `base_dir`, if it names one.
    pub(super) fn fill(
        &mut self,
        reader: &mut Reader<'_, '_>,
        place: &[String],
        workload: Arc<dyn Workload>,
        base_dir: &Path,
    ) -> Arc<dyn Workload> {
        let Some(named) = workload.file() else { return workload };
        match self.0.entry(named.file.clone()).or_insert_with(|| named.read(base_dir)) {
            Ok(file) => workload.with_file(file.clone()).unwrap_or(workload),
            Err(error) => {
                let at = join(place, "file");
                reader.push(Problem::of_file(reader.span(&at), error));
                reader.lose(&at);
                workload
            }
        }
    }
}

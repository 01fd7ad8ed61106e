//! Files of messages that workloads name: each is read once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::problem::Problem;
use super::read::Reader;
use super::tree::join;
use crate::overlay::workload::{MessageFile, MessageLog, Workload};

/// The files that have been read.
#[derive(Debug, Default)]
pub(super) struct MessageFiles(BTreeMap<PathBuf, Result<MessageFile, Fault>>);

/// Why a file is no list of messages.
#[derive(Debug)]
struct Fault {
    message: String,
    // Each fault of its content, with its line.
    faults: Vec<String>,
}

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
        match self.0.entry(named.file.clone()).or_insert_with(|| read(&named.file, base_dir)) {
            Ok(file) => workload.with_file(file.clone()).unwrap_or(workload),
            Err(Fault { message, faults }) => {
                let at = join(place, "file");
                let problem = Problem::at(reader.span(&at), message.as_str(), "cannot be used");
                reader.push(if faults.is_empty() { problem } else { problem.help(faults.join("\n")) });
                reader.lose(&at);
                workload
            }
        }
    }
}

fn read(file: &Path, base_dir: &Path) -> Result<MessageFile, Fault> {
    let text = std::fs::read_to_string(base_dir.join(file))
        .map_err(|error| Fault { message: format!("cannot read {}: {error}", file.display()), faults: Vec::new() })?;
    let log = MessageLog::parse(&text)
        .map_err(|faults| Fault { message: format!("{} is not a trace of messages", file.display()), faults })?;
    Ok(MessageFile { log, file: file.to_owned() })
}

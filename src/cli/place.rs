//! Where results go unless told otherwise, and what they may replace there.

use std::path::{Path, PathBuf};

use clap::Args;
use peerscape::report::{Claim, FolderError, folder};
use peerscape::scenario::Experiment;
use peerscape::sweep::{Kept, Rung};
use xxhash_rust::xxh3::xxh3_64;

use super::say;

/// The arguments that name the results folder.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The results folder [default: results/<name of the scenario>, with each `--set` and what ran it, as in
    /// results/quickstart-peers=20]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Replace results of another scenario, and run although it may not fit into memory
    #[arg(long)]
    pub(super) force: bool,
}

impl Place {
    /// The results folder of `experiment`, whose default name ends with `kind`. To be asked before a long run.
    pub(super) fn find(
        &self,
        experiment: &Experiment,
        overrides: &[String],
        kind: &str,
        rung: &str,
    ) -> Result<PathBuf, FolderError> {
        let out = self.named(experiment, overrides, kind);
        self.check(&out, experiment, rung)?;
        Ok(out)
    }

    /// Its name, whatever is there.
    pub(super) fn named(&self, experiment: &Experiment, overrides: &[String], kind: &str) -> PathBuf {
        let default = || Path::new("results").join(format!("{}{}{kind}", experiment.name, suffix(overrides)));
        self.out.clone().unwrap_or_else(default)
    }

    /// Claims a folder for a run that begins anew.
    pub(super) fn claim(&self, out: &Path, experiment: &Experiment, rung: &str) -> Result<Claim, FolderError> {
        let claim = Claim::take(out, &mut |line| say::line(line))?;
        if !self.force {
            // Another run may have been waited for.
            folder::check_same(out, experiment, rung)?;
            claim.check_unfinished(experiment, rung)?;
        }
        Ok(claim)
    }

    /// Claims a folder for a run that goes on, with what is there already. The results in place may be of another
    /// scenario if this one has all of their replications, such as one of more seeds.
    pub(super) fn claim_to_resume(
        &self,
        out: &Path,
        experiment: &Experiment,
        rung: Rung,
    ) -> Result<(Claim, Kept), FolderError> {
        let claim = Claim::take(out, &mut |line| say::line(line))?;
        let mut kept = Kept::default();
        // What is in the store of the run itself need not be copied to it.
        for store in [claim.store(), claim.finished_store()] {
            let failed = |source| FolderError::Io { action: "read", path: store.clone(), source };
            kept.take(&store, experiment, rung).map_err(failed)?;
        }
        let is_all_of_use = !kept.is_empty() && kept.others == 0;
        let checked =
            claim.check_resumable(experiment, rung.name).and_then(|()| folder::check_same(out, experiment, rung.name));
        match checked {
            Err(FolderError::Other { .. } | FolderError::Unfinished { .. }) if self.force || is_all_of_use => {}
            Err(FolderError::NoStore(_)) if self.force => {}
            checked => checked?,
        }
        Ok((claim, kept))
    }

    /// Where to put so many replications of an interrupted run: beside results that have more, never in their place.
    pub(super) fn for_partial(
        &self,
        out: &Path,
        experiment: &Experiment,
        rung: &str,
        replications: usize,
    ) -> Result<PathBuf, FolderError> {
        for nth in 0..=MOST_PARTIAL {
            let mut name = out.as_os_str().to_owned();
            match nth {
                0 => {}
                1 => name.push("-partial"),
                _ => name.push(format!("-partial-{nth}")),
            }
            let place = PathBuf::from(name);
            match self.check(&place, experiment, rung) {
                Err(FolderError::Foreign(_) | FolderError::Other { .. }) => {}
                _ if folder::holds_more(&place, replications) => {}
                checked => return checked.map(|()| place),
            }
        }
        Err(FolderError::Foreign(out.to_owned()))
    }

    fn check(&self, out: &Path, experiment: &Experiment, rung: &str) -> Result<(), FolderError> {
        if self.force { folder::check_target(out) } else { folder::check_same(out, experiment, rung) }
    }
}

/// Most folders of interrupted runs beside one of complete results.
const MOST_PARTIAL: u32 = 99;

/// Most characters that the overrides add to a folder's name.
const LONGEST: usize = 80;

/// What overrides add to the name of the default folder: "-peers=20-seeds=3". The same overrides give the same
/// name, in whatever order.
fn suffix(overrides: &[String]) -> String {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for (key, value) in overrides.iter().filter_map(|text| text.split_once('=')) {
        let key = key.trim();
        // The last word counts, and a name is the folder's already.
        pairs.retain(|(other, _)| *other != key);
        if key != "name" {
            pairs.push((key, value));
        }
    }
    pairs.sort_unstable();
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let word = |key: &str| {
        let is_one = pairs.iter().filter(|(other, _)| last(other) == last(key)).count() == 1;
        if is_one { last(key) } else { key.to_owned() }
    };
    let whole: String = pairs.iter().map(|(key, value)| format!("-{}={}", plain(&word(key)), plain(value))).collect();
    match whole.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}-{:08x}", &whole[..end], xxh3_64(whole.as_bytes()) >> 32),
        None => whole,
    }
}

/// A text with each run of characters that do not belong in a file's name as one `-`.
fn plain(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%');
    text.split(|c: char| !is_plain(c)).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(overrides: &[&str]) -> String {
        suffix(&overrides.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn overrides_name_the_folder() {
        assert_eq!(of(&[]), "");
        assert_eq!(of(&["population.peers=20"]), "-peers=20");
        assert_eq!(of(&["workload.0.rate=\"10 /s\"", "population.peers=[20, 50]"]), "-peers=20-50-rate=10-s");
        assert_eq!(of(&["a.rate=1", "b.rate=2"]), "-a.rate=1-b.rate=2");
        assert_eq!(of(&["name=other", "run.seeds=1", "run.seeds=2"]), "-seeds=2");
        assert_eq!(of(&["b=1", "a=2"]), of(&["a=2", "b=1"]));
        assert_eq!(of(&["topology.0.kind=../../etc"]), "-kind=..-..-etc");
    }

    #[test]
    fn long_overrides_are_cut_and_stay_apart() {
        let [one, two] = ["1", "2"].map(|end| of(&[&format!("network.latency={}{end}", "x".repeat(200))]));
        assert_ne!(one, two);
        assert!(one.len() < 100, "{one}");
    }
}

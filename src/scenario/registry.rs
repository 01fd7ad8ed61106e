//! The kinds that scenarios may name: ours, and those of whoever reads the scenario.

use thiserror::Error;

use crate::overlay::Entry;
use crate::overlay::dissemination::{DISSEMINATIONS, DisseminationEntry};
use crate::overlay::topology::{TOPOLOGIES, TopologyEntry};
use crate::overlay::workload::{WORKLOADS, WorkloadEntry};

/// The kinds that scenarios may name.
///
/// The default holds all of this crate. A crate of somebody else adds its own with
/// [`with_topology`](Self::with_topology) and the like; its scenarios, their errors and their JSON schema then treat
/// them as ours.
#[derive(Clone, Debug)]
pub struct Registry {
    topologies: Vec<TopologyEntry>,
    workloads: Vec<WorkloadEntry>,
    disseminations: Vec<DisseminationEntry>,
}

/// Why a kind cannot be added.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RegistryError {
    /// Scenarios could not tell the two apart.
    #[error("there is a {table} `{kind}` already")]
    Twice {
        /// `topology`, `workload`, `dissemination`.
        table: &'static str,
        /// The name that both have.
        kind: &'static str,
    },
}

impl Default for Registry {
    fn default() -> Self {
        Self { topologies: TOPOLOGIES.to_vec(), workloads: WORKLOADS.to_vec(), disseminations: DISSEMINATIONS.to_vec() }
    }
}

impl Registry {
    /// This registry and one more topology.
    ///
    /// # Errors
    /// When it has one of that kind.
    pub fn with_topology(mut self, entry: TopologyEntry) -> Result<Self, RegistryError> {
        add(&mut self.topologies, "topology", entry)?;
        Ok(self)
    }

    /// This registry and one more workload.
    ///
    /// # Errors
    /// When it has one of that kind.
    pub fn with_workload(mut self, entry: WorkloadEntry) -> Result<Self, RegistryError> {
        add(&mut self.workloads, "workload", entry)?;
        Ok(self)
    }

    /// This registry and one more rule of dissemination.
    ///
    /// # Errors
    /// When it has one of that kind.
    pub fn with_dissemination(mut self, entry: DisseminationEntry) -> Result<Self, RegistryError> {
        add(&mut self.disseminations, "dissemination", entry)?;
        Ok(self)
    }

    /// Every topology, in the order to show them.
    #[must_use]
    pub fn topologies(&self) -> &[TopologyEntry] {
        &self.topologies
    }

    /// Every workload, in the order to show them.
    #[must_use]
    pub fn workloads(&self) -> &[WorkloadEntry] {
        &self.workloads
    }

    /// Every rule of dissemination, in the order to show them.
    #[must_use]
    pub fn disseminations(&self) -> &[DisseminationEntry] {
        &self.disseminations
    }
}

fn add<T>(table: &mut Vec<Entry<T>>, name: &'static str, entry: Entry<T>) -> Result<(), RegistryError> {
    if table.iter().any(|known| known.kind == entry.kind) {
        return Err(RegistryError::Twice { table: name, kind: entry.kind });
    }
    table.push(entry);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_there_once() {
        let again = Registry::default().with_topology(TOPOLOGIES[0]).expect_err("mesh is there");
        assert_eq!(again.to_string(), "there is a topology `mesh` already");
        let again = Registry::default().with_workload(WORKLOADS[0]).expect_err("broadcast is there");
        assert_eq!(again.to_string(), "there is a workload `broadcast` already");
        let other = TopologyEntry { kind: "web", ..TOPOLOGIES[0] };
        let registry = Registry::default().with_topology(other).expect("there is no web");
        assert_eq!(registry.topologies().last().map(|entry| entry.kind), Some("web"));
    }
}

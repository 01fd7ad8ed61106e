//! What bounds are about, and how it is named.

use crate::overlay::workload::Workload;
use crate::scenario::Settings;
use crate::simulation::Posed;

/// What bounds are about.
pub(super) struct Subject<'a> {
    pub(super) settings: &'a Settings,
    pub(super) posed: &'a Posed,
}

impl Subject<'_> {
    /// The name of a workload: `broadcast`, or `broadcast (workload 2)` where there are several.
    pub(super) fn name(&self, nth: u16) -> String {
        let kind = |workload: &dyn Workload| {
            workload.to_json().get("kind").and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default()
        };
        let of = |nth: usize| self.settings.workloads.get(nth).map_or_else(String::new, |workload| kind(&**workload));
        let own = of(usize::from(nth));
        let alike = (0..self.settings.workloads.len()).filter(|&other| of(other) == own).count();
        if alike > 1 { format!("{own} (workload {})", nth + 1) } else { own }
    }

    /// The name of a peer: `peer 17 (home)`.
    pub(super) fn peer(&self, peer: u32) -> String {
        format!("peer {peer} ({})", self.posed.world.class(peer).name)
    }
}

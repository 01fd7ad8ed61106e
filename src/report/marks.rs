//! By what results of peerscape are known: names and a key.

use std::path::Path;

/// The file that marks a folder as results of peerscape.
pub const MANIFEST: &str = "manifest.json";

/// The key that a manifest of peerscape has at its top.
pub(super) const MANIFEST_KEY: &str = "peerscape";

/// A relative path with slashes on every system.
pub(super) fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

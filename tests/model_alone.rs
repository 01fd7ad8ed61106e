//! The model never uses the real stack: it can be built, tested and trusted without it.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_stack_is_a_dependency_of_its_feature_only() {
    let text = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let manifest: toml::Table = text.parse().expect("TOML");
    let features = manifest["features"].as_table().expect("features");
    let enables = |feature: &str| -> Vec<&str> {
        let parts = features[feature].as_array().expect("a list");
        parts.iter().filter_map(toml::Value::as_str).collect()
    };
    assert_eq!(enables("real"), ["dep:rtc", "dep:bytes"]);
    assert!(enables("default").is_empty(), "the two set-up commands build without the stack");
    for name in ["rtc", "bytes"] {
        let dependency = &manifest["dependencies"][name];
        assert_eq!(dependency.get("optional").and_then(toml::Value::as_bool), Some(true), "{name}");
    }
    for section in ["dev-dependencies", "build-dependencies"] {
        let listed = manifest.get(section).and_then(toml::Value::as_table);
        assert!(listed.is_none_or(|listed| !listed.contains_key("rtc")), "{section}");
    }
}

#[test]
fn nothing_below_the_command_line_names_the_stack_but_its_own_floor() {
    let mut faults = Vec::new();
    for path in sources(&root().join("src")) {
        let local = path.strip_prefix(root().join("src")).expect("below src").to_string_lossy().into_owned();
        if local == "real.rs" || local.starts_with("real/") || local == "main.rs" || local.starts_with("cli") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source");
        for (line, number) in text.lines().zip(1..) {
            let code = line.split("//").next().unwrap_or_default();
            let names = ["rtc::", "bytes::", "crate::real", "peerscape::real"];
            if names.iter().any(|name| names_path(code, name)) {
                faults.push(format!("{local}:{number}: {line}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether code names a path that begins so, and not one that only ends so.
fn names_path(code: &str, path: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.match_indices(path).any(|(at, _)| !code[..at].ends_with(word))
}

#[test]
fn the_reader_finds_paths() {
    assert!(names_path("use rtc::sansio;", "rtc::"));
    assert!(!names_path("use webrtc::Wire; webrtc_rtc::x", "rtc::"));
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

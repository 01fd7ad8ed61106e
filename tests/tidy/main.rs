//! The house rules that a compiler does not know: floors and sizes.

mod circles;
mod documents;

use std::fs;
use std::path::{Path, PathBuf};

/// Each top-level module and its floor (docs/ARCHITECTURE.md): a module uses lower floors only.
const FLOORS: &[(&str, u32)] = &[
    ("units", 0),
    ("rng", 0),
    ("presets", 0),
    ("engine", 1),
    ("metrics", 1),
    ("optimiser", 1),
    ("net", 2),
    ("webrtc", 3),
    ("world", 4),
    ("overlay", 5),
    ("scenario", 6),
    ("simulation", 7),
    ("sweep", 8),
    ("report", 9),
    ("real", 10),
    ("recommend", 10),
    ("cli", 11),
];

const LINES_MAX: usize = 600;
const NINE_IN_TEN_LINES_MAX: usize = 400;
const MEDIAN_LINES_MAX: usize = 200;

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a text file");
                files.push((path.strip_prefix(&root).expect("below src").to_owned(), text));
            }
        }
    }
    files.sort();
    assert!(files.len() > 30, "only {} files below src", files.len());
    files
}

fn floor(module: &str) -> Option<u32> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// The top-level module that a file belongs to.
fn module_of(path: &Path) -> String {
    let first = path.components().next().expect("not empty").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Every `crate::module` and `peerscape::module` that a text names outside its comments, with its
/// line.
fn uses(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let code = line.split("//").next().unwrap_or_default();
        for prefix in ["crate::", "peerscape::"] {
            for (at, _) in code.match_indices(prefix) {
                let rest = &code[at + prefix.len()..];
                let group = rest.strip_prefix('{').map_or(rest, |group| group.split('}').next().unwrap_or_default());
                let names = if rest.starts_with('{') { group.split(',').collect() } else { vec![group] };
                for name in names {
                    let module: String =
                        name.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                    found.push((number, module));
                }
            }
        }
    }
    found
}

#[test]
fn every_module_uses_lower_floors_only() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let module = module_of(&path);
        if module == "lib" || module == "main" {
            continue;
        }
        let Some(own) = floor(&module) else {
            faults.push(format!("{}: module `{module}` has no floor", path.display()));
            continue;
        };
        for (line, used) in uses(&text) {
            if let Some(other) = floor(&used).filter(|&other| used != module && other >= own) {
                faults.push(format!("{}:{line}: floor {own} uses `{used}` of floor {other}", path.display()));
            }
        }
    }
    // `metrics` and `engine` share a floor with nobody they use; equal floors are strangers.
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_keep_to_the_size_budget_and_say_what_they_are() {
    let files = sources();
    let mut lines: Vec<usize> = files.iter().map(|(_, text)| text.lines().count()).collect();
    for (path, text) in &files {
        let count = text.lines().count();
        assert!(count <= LINES_MAX, "{} has {count} lines: two rooms in one?", path.display());
        assert!(text.starts_with("//!"), "{} does not say what it is", path.display());
    }
    lines.sort_unstable();
    assert!(lines[lines.len() / 2] <= MEDIAN_LINES_MAX, "median {}", lines[lines.len() / 2]);
    assert!(lines[lines.len() * 9 / 10] <= NINE_IN_TEN_LINES_MAX, "90 % {}", lines[lines.len() * 9 / 10]);
}

#[test]
fn nothing_below_sweep_starts_a_thread_or_opens_a_file() {
    // Files are read by scenarios and latency matrices, before any replication.
    for (path, text) in sources() {
        let module = module_of(&path);
        let simulates = ["engine", "metrics", "webrtc", "world", "overlay", "simulation", "units", "rng", "optimiser"];
        if simulates.contains(&module.as_str()) {
            for word in ["std::fs", "std::thread", "rayon", "Instant::now"] {
                assert!(!text.contains(word), "{} names {word}", path.display());
            }
        }
    }
}

/// Types whose values change while others hold them.
const CHANGEABLE: &[&str] = &["Mutex", "RwLock", "Once", "Lazy", "Atomic", "Cell", "mut "];

/// Every static of a text whose value may change, and every value that a thread keeps, by their lines.
fn changeable_statics(text: &str) -> Vec<usize> {
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let is_changeable = |&at: &usize| {
        let item = code[at].trim_start();
        let item = item.strip_prefix("pub").map_or(item, |item| item[item.find(' ').unwrap_or(0)..].trim_start());
        let Some(first) = item.strip_prefix("static ") else { return item.starts_with("thread_local!") };
        // Its type may go on over lines.
        let rest = code[at + 1..].iter().copied();
        let words = std::iter::once(first).chain(rest).flat_map(|line| line.split_inclusive('='));
        let mut kind = String::new();
        for word in words {
            kind.push_str(word);
            if word.ends_with('=') {
                break;
            }
        }
        CHANGEABLE.iter().any(|word| kind.contains(word))
    };
    (0..code.len()).filter(is_changeable).map(|at| at + 1).collect()
}

#[test]
fn nothing_below_sweep_keeps_anything_from_one_replication_for_the_next() {
    let sweep = floor("sweep").expect("a floor");
    let mut faults = Vec::new();
    for (path, text) in sources() {
        if floor(&module_of(&path)).is_some_and(|floor| floor < sweep) {
            let lines = changeable_statics(&text);
            faults.extend(lines.into_iter().map(|line| format!("{}:{line}: a static that may change", path.display())));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_reader_of_statics_finds_those_that_change() {
    let text = "static A: Mutex<u8> = Mutex::new(1);\n// static B: Mutex<u8>\npub static C: &[u8] = &[1];\n\
                pub(crate) static D:\n    OnceLock<u8> = OnceLock::new();\nstatic mut E: u8 = 1;\n\
                let f: &'static Mutex<u8> = g;\n    static H: AtomicU64 = AtomicU64::new(0);\nthread_local! {\n\
                static I: &str = \"Mutex\";\npub static J: LazyLock<u8> =\n    LazyLock::new(|| 1);";
    assert_eq!(changeable_statics(text), [1, 4, 6, 8, 9, 11]);
}

#[test]
fn the_reader_of_uses_finds_them() {
    let text = "use crate::report::x;\nuse crate::{units, sweep::run};\n// crate::cli\nlet x = crate::net::y();";
    let names: Vec<_> = uses(text).into_iter().map(|(line, name)| format!("{line} {name}")).collect();
    assert_eq!(names, ["1 report", "2 units", "2 sweep", "4 net"]);
}

//! Documents can be read in an editor and in a difference: prose is wrapped.

use std::fs;
use std::path::{Path, PathBuf};

/// Columns of a line of prose. Tables, code and links cannot be wrapped.
const COLUMNS_MAX: usize = 120;

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = [root.to_owned(), root.join("docs")].map(|folder| fs::read_dir(folder).expect("a folder"));
    let paths = entries.into_iter().flatten().map(|entry| entry.expect("an entry").path());
    let mut documents: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect();
    documents.sort();
    assert!(documents.len() > 6, "{documents:?}");
    documents
}

/// The numbers of the lines of prose that are too long.
fn long_lines(text: &str) -> Vec<usize> {
    let mut is_code = false;
    let mut found = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let words = line.trim_start();
        is_code ^= words.starts_with("```");
        let is_prose = !is_code && !words.starts_with(['|', '<']) && words.contains(' ') && !words.starts_with('[');
        if is_prose && line.chars().count() > COLUMNS_MAX {
            found.push(number);
        }
    }
    found
}

#[test]
fn prose_is_wrapped() {
    let mut faults = Vec::new();
    for path in documents() {
        let lines = long_lines(&fs::read_to_string(&path).expect("text"));
        faults.extend(lines.into_iter().map(|line| format!("{}:{line}", path.display())));
    }
    assert!(faults.is_empty(), "more than {COLUMNS_MAX} columns:\n{}", faults.join("\n"));
}

#[test]
fn tables_and_code_may_be_wide() {
    let word = "word ".repeat(30);
    let text = format!("{word}\n| {word} |\n```\n{word}\n```\n[name]: {word}\n- {word}\n");
    assert_eq!(long_lines(&text), [1, 7]);
}

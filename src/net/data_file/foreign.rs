//! What a file is that somebody handed in by mistake, by its first lines of data.

/// What these bytes are, if a signature says so, and what to do.
pub(super) fn binary(bytes: &[u8]) -> Option<String> {
    let kind = infer::get(bytes)?;
    let (what, advice) = match kind.mime_type() {
        "application/gzip" => ("a gzip archive", "unpack it first: `gunzip`"),
        "application/x-bzip2" => ("a bzip2 archive", "unpack it first: `bunzip2`"),
        "application/x-xz" => ("an xz archive", "unpack it first: `unxz`"),
        "application/zstd" => ("a zstd archive", "unpack it first: `unzstd`"),
        "application/zip" => ("a zip archive (or a spreadsheet)", "unpack it first, or save the sheet as CSV"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => {
            ("an Excel workbook", "save the sheet as CSV")
        }
        "application/vnd.oasis.opendocument.spreadsheet" => ("an OpenDocument spreadsheet", "save the sheet as CSV"),
        "application/pdf" => ("a PDF document", "write its figures as text"),
        mime if mime.starts_with("image/") => return Some(format!("this looks like an image ({mime}), not text")),
        mime => return Some(format!("this looks like a binary file ({mime}), not text")),
    };
    Some(format!("this looks like {what}; {advice}"))
}

/// Text formats by how their first line of data begins, in lower case.
const BEGINNINGS: &[(&str, &str)] = &[
    ("<!doctype html", "an HTML page"),
    ("<html", "an HTML page"),
    ("<table", "an HTML page"),
    ("<graphml", "a GraphML graph"),
    ("<gexf", "a GEXF graph"),
    ("<", "XML"),
    ("%%matrixmarket", "a Matrix Market file"),
    ("%pdf", "a PDF document"),
    ("*vertices", "a Pajek graph"),
    ("*network", "a Pajek graph"),
    ("@relation", "an ARFF file"),
    ("\\begin{", "LaTeX"),
    ("{\\rtf", "an RTF document"),
    ("version https://git-lfs", "a pointer of Git LFS, not the file itself"),
    ("insert into", "SQL"),
    ("create table", "SQL"),
    ("digraph", "a Graphviz graph"),
    ("strict graph", "a Graphviz graph"),
    ("strict digraph", "a Graphviz graph"),
    ("array(", "code of a program"),
    ("array([", "code of a program"),
    ("np.", "code of a program"),
    ("numpy.", "code of a program"),
    ("matrix(", "code of a program"),
    ("import ", "code of a program"),
    ("c(", "code of a program"),
    ("+-", "a drawn table"),
    ("┌", "a drawn table"),
    ("╭", "a drawn table"),
    ("│", "a drawn table"),
    ("---", "YAML"),
    ("- [", "YAML"),
];

/// How many lines of data are looked at.
const LINES: usize = 12;

/// The first line of data: neither blank nor a comment.
pub(crate) fn first_line(text: &str) -> Option<&str> {
    lines(text).next()
}

/// What this text is, if it is a format that no data file has: "a Markdown table".
pub(crate) fn foreign_text(text: &str) -> Option<&'static str> {
    let first = first_line(text)?;
    let lower = beginning(first);
    if let '{' | '[' | '(' = first.chars().next()? {
        return in_brackets(text, first);
    }
    if lines(text).take(LINES).any(is_markdown_rule) || first.starts_with('|') {
        return Some("a Markdown table");
    }
    if is_gml(text) {
        return Some("a GML graph");
    }
    if lower.starts_with("graph") && first.contains('{') {
        return Some("a Graphviz graph");
    }
    if lines(text).take(LINES).any(|line| line.starts_with("EDGE_WEIGHT")) {
        return Some("a TSPLIB file");
    }
    if lower.starts_with('<') {
        let head: String = text.chars().take(4_096).collect::<String>().to_ascii_lowercase();
        let inner = ["<graphml", "<gexf", "<!doctype html", "<html"].into_iter().find(|tag| head.contains(tag));
        return BEGINNINGS.iter().find(|(start, _)| inner == Some(*start)).map(|(_, name)| *name).or(Some("XML"));
    }
    // Three dashes alone: with more behind them they may be a missing cell.
    let begins = |start: &str| if start == "---" { lower == start } else { lower.starts_with(start) };
    let found = BEGINNINGS.iter().find(|(start, _)| begins(start)).map(|(_, name)| *name);
    found.or_else(|| is_code(first).then_some("code of a program")).or_else(|| is_yaml(text).then_some("YAML"))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn beginning(line: &str) -> String {
    line.chars().take(40).collect::<String>().to_lowercase()
}

fn in_brackets(text: &str, first: &str) -> Option<&'static str> {
    let data: Vec<&str> = lines(text).collect();
    let is_json = |text: &str| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if is_json(&data.join("\n")) {
        return Some("JSON");
    }
    if data.len() > 1 && data.iter().take(LINES).all(|line| is_json(line)) {
        return Some("JSON, a document a line");
    }
    let inner = first.trim_start_matches(['{', '[', '(', ' ']).chars().next();
    let opens = first.chars().next();
    match (opens, inner) {
        (Some('{'), Some('"')) => Some("JSON (with a fault)"),
        (Some('{'), None) if data.get(1).is_some_and(|line| line.starts_with('"')) => Some("JSON (with a fault)"),
        (Some('['), Some(c)) if c.is_ascii_alphabetic() && first.ends_with(']') => Some("TOML or an INI file"),
        (Some('['), Some('"' | '{')) => Some("JSON (with a fault)"),
        (Some('{'), _) => Some("rows in braces"),
        (Some('['), _) => Some("a list in brackets, as of Python"),
        _ => Some("rows in parentheses"),
    }
}

/// `| --- | :---: |`, with or without bars at the ends.
fn is_markdown_rule(line: &str) -> bool {
    line.contains('|') && line.contains("--") && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '\t' | '+'))
}

fn is_gml(text: &str) -> bool {
    let data: Vec<&str> = lines(text).take(LINES).collect();
    let is_open = |index: usize| {
        let rest = data[index].strip_prefix("graph").map(str::trim);
        rest.is_some_and(|rest| rest.starts_with('[') || rest.is_empty() && data.get(index + 1) == Some(&"["))
    };
    (0..data.len()).any(is_open)
}

/// `latency = [[0, 1], ...`, `x <- matrix(...`.
fn is_code(line: &str) -> bool {
    let value = line.split_once(" = ").or_else(|| line.split_once("=")).or_else(|| line.split_once("<-"));
    value.is_some_and(|(name, value)| {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ' ');
        let value = value.trim_start();
        !name.trim().is_empty()
            && name.chars().all(is_name)
            && (value.starts_with(['[', '{', '(', '"', '\'']) || value.contains('(') || value.parse::<f64>().is_ok())
    })
}

/// Lines of `key: value` throughout.
fn is_yaml(text: &str) -> bool {
    let is_entry = |line: &str| {
        let key = line.trim_start_matches("- ").split_once(':');
        key.is_some_and(|(key, rest)| {
            let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'');
            !key.is_empty() && key.chars().all(is_key) && (rest.is_empty() || rest.starts_with(' '))
        })
    };
    let data: Vec<&str> = lines(text).take(LINES).collect();
    !data.is_empty()
        && data.iter().all(|line| is_entry(line) || line.starts_with("- "))
        && data.iter().any(|line| is_entry(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_named() {
        for (text, name) in [
            ("{\"a\": {\"b\": 1.5}}", "JSON"),
            ("[[0, 1], [1, 0]]\n", "JSON"),
            ("{\"a\": 1}\n{\"a\": 2}\n", "JSON, a document a line"),
            ("{\n  \"a\": {\"b\": 1,},\n}\n", "JSON (with a fault)"),
            ("{0, 1},\n{1, 0}\n", "rows in braces"),
            ("[[0, nan],\n [1, 0.]]\n", "a list in brackets, as of Python"),
            ("(0, 1)\n(1, 0)\n", "rows in parentheses"),
            ("# Delays\n\n| | a |\n|---|---|\n| a | 0 |\n", "a Markdown table"),
            (" | a | b\n---|---|---\na | 0 | 1\n", "a Markdown table"),
            ("Creator \"x\"\nVersion 1\ngraph\n[\n node [ id 0 ]\n]\n", "a GML graph"),
            ("graph {\n a -- b [label=3]\n}\n", "a Graphviz graph"),
            ("digraph g { a -> b }\n", "a Graphviz graph"),
            ("<?xml version=\"1.0\"?>\n<graphml xmlns=\"x\">\n", "a GraphML graph"),
            ("<?xml version=\"1.0\"?>\n<delays/>\n", "XML"),
            ("<!DOCTYPE html>\n<html>", "an HTML page"),
            ("%%MatrixMarket matrix coordinate real general\n3 3 1\n1 2 5\n", "a Matrix Market file"),
            ("NAME: x\nTYPE: TSP\nEDGE_WEIGHT_TYPE: EXPLICIT\n", "a TSPLIB file"),
            ("delays = [[0, 1],\n [1, 0]]\n", "code of a program"),
            ("x <- matrix(c(0, 1, 1, 0), 2)\n", "code of a program"),
            ("array([[0, 1], [1, 0]])\n", "code of a program"),
            ("a:\n  b: 1\n  c: 2\n", "YAML"),
            ("[population]\npeers = 3\n", "TOML or an INI file"),
            ("+---+---+\n| a | b |\n+---+---+\n", "a drawn table"),
        ] {
            // A comment is no data, whatever it looks like.
            for text in [text.to_owned(), format!("# {{}} <x> | --- |\n{text}")] {
                let found = foreign_text(&text);
                assert_eq!(found, Some(name), "{text}");
            }
        }
    }

    #[test]
    fn data_are_no_format_of_others() {
        for text in [
            "0,1\n1,0\n",
            "a=b,0,1\nc,1,0\n",
            "- 10 20\n10 - 5\n20 5 -\n",
            "-,1\n1,-\n",
            "# {json} <xml> | --- |\n0 1\n1 0\n",
            "time_s,source,bytes\n1,a,5\n",
            "graph,0,1\nxml,1,0\n",
            "host:80,0,1\nhost:81,1,0\n",
            "1\n2\n",
            "a|b\n0|1\n1|0\n",
            "New York 0 1\n",
            "",
            "# only\n",
        ] {
            assert_eq!(foreign_text(text), None, "{text}");
        }
    }
}

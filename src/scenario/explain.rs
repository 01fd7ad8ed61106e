//! From what serde says about a value to what helps the person who wrote it.

use toml::de::Error;

use super::problem::Problem;
use super::source::{Sources, Span};
use super::suggest;

/// The problem that `error` reports, met in the value at `place` (its path in words).
pub(super) fn explain(error: &Error, span: Option<Span>, place: &str) -> Problem {
    let message = error.message();
    let problem = if let Some(rest) = message.strip_prefix("unknown field ") {
        unknown_key(rest, place)
    } else if let Some(rest) = message.strip_prefix("unknown ") {
        unknown_name(rest, place)
    } else if let Some(rest) = message.strip_prefix("missing field ") {
        missing(rest, place)
    } else if let Some(rest) = message.strip_prefix("invalid type: ") {
        wrong_type(rest, place)
    } else if message == "wanted string or table" {
        Problem::at(None, format!("`{place}` is neither a text nor a table"), "expected a text or a table")
    } else {
        custom(message, place)
    };
    Problem { span, ..problem }
}

/// The problem of a table without a key that it needs.
pub(super) fn missing_key(key: &str, place: &str, span: Option<Span>) -> Problem {
    Problem::at(span, format!("`{place}` has no `{key}`"), format!("`{key}` is missing"))
}

/// The problem of a name that is not in a table of names; `kind` is "topology", "link".
pub(super) fn unknown(kind: &str, name: &str, names: &[&str], span: Option<Span>) -> Problem {
    let problem = Problem::at(span, format!("unknown {kind} `{name}`"), format!("no such {kind}"));
    problem.help(suggest::help(name, "there are", names))
}

fn unknown_key(rest: &str, place: &str) -> Problem {
    let (word, names) = word_and_names(rest);
    let (message, of) = if place.is_empty() {
        (format!("unknown key `{word}`"), "top-level keys".to_owned())
    } else {
        (format!("unknown key `{word}` in `{place}`"), format!("keys of `{place}`"))
    };
    let problem = Problem::at(None, message, "unknown key");
    match names.is_empty() {
        true => problem.help(format!("`{place}` has no settings")),
        false => problem.help(suggest::help(word, &of, &names)),
    }
}

fn unknown_name(rest: &str, place: &str) -> Problem {
    let (word, names) = word_and_names(rest);
    match rest.split_once(" `").map_or("variant", |(kind, _)| kind) {
        "variant" => {
            let problem = Problem::at(None, format!("`{word}` is not a value of `{place}`"), "unknown value");
            problem.help(suggest::help(word, "allowed", &names))
        }
        kind => unknown(kind, word, &names, None),
    }
}

fn missing(rest: &str, place: &str) -> Problem {
    missing_key(rest.trim_matches('`'), place, None)
}

fn wrong_type(rest: &str, place: &str) -> Problem {
    let (found, expected) = rest.split_once(", expected ").unwrap_or((rest, "something else"));
    let expected = expected
        .replace("string", "text in quotes")
        .replace("struct ", "a table ")
        .replace("f64", "a number")
        .replace("a sequence", "a list")
        .replace("a map", "a table");
    // Names of Rust types mean nothing in a scenario.
    let expected = if expected.starts_with("a table ") { "a table" } else { expected.as_str() };
    let expected = if expected == "a text in quotes" { "a text in quotes" } else { expected };
    let found = found
        .replace("string ", "the text ")
        .replace("integer ", "the number ")
        .replace("floating point ", "the number ")
        .replace("boolean ", "")
        .replace("sequence", "a list")
        .replace("map", "a table");
    Problem::at(None, format!("`{place}` cannot be {}", found.replace('`', "")), format!("expected {expected}"))
}

fn custom(message: &str, place: &str) -> Problem {
    let (what, advice) = message.split_once("; did you mean ").map_or((message, None), |(a, b)| (a, Some(b)));
    let (what, rule) = what.split_once(": ").map_or((what, None), |(a, b)| (a, Some(b)));
    let label = rule.map_or_else(|| "not allowed".to_owned(), str::to_owned);
    let problem = Problem::at(None, format!("`{place}`: {what}"), label);
    match advice {
        Some(advice) => problem.help(format!("did you mean {advice}")),
        None => problem,
    }
}

/// Of "kind `word`, expected one of `a`, `b`": the word and the names.
fn word_and_names(rest: &str) -> (&str, Vec<&str>) {
    let mut quoted = rest.split('`').skip(1).step_by(2);
    (quoted.next().unwrap_or_default(), quoted.collect())
}

/// The problem of a text that is not TOML.
pub(super) fn syntax(error: &Error, sources: &Sources) -> Problem {
    let span = error.span();
    let text = span.clone().map_or("", |span| sources.text(span));
    let problem = Problem::at(span, "this is not TOML", error.message());
    match text.trim_start().starts_with(|c: char| c.is_ascii_digit()) && text.contains(' ') {
        true => problem.help(format!("a value with a unit stands in quotes: \"{text}\"")),
        false => problem,
    }
}

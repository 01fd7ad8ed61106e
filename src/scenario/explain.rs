//! From what serde says about a value to what helps the person who wrote it.

use toml::de::Error;

use super::problem::Problem;
use super::registry::Registry;
use super::source::{Sources, Span};
use super::{schema, suggest};

/// The problem that `error` reports, met in the value at `place` (its path in words).
pub(super) fn explain(error: &Error, span: Option<Span>, place: &str, registry: &Registry) -> Problem {
    let message = error.message();
    let problem = if let Some(rest) = message.strip_prefix("unknown field ") {
        let (word, names) = word_and_names(rest);
        unknown_key(word, place, &names, registry)
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

/// The key that was probably meant, if `error` is about an unknown one.
pub(super) fn meant_key(error: &Error) -> Option<&str> {
    let (word, names) = word_and_names(error.message().strip_prefix("unknown field ")?);
    suggest::closest(word, &names)
}

/// The key that is missing, if `error` says one is.
pub(super) fn absent_key(error: &Error) -> Option<&str> {
    error.message().strip_prefix("missing field ").map(|key| key.trim_matches('`'))
}

/// The problem of a key that a table does not have.
pub(super) fn unknown_key(word: &str, place: &str, names: &[&str], registry: &Registry) -> Problem {
    let (message, of) = if place.is_empty() {
        (format!("unknown key `{word}`"), "top-level keys".to_owned())
    } else {
        (format!("unknown key `{word}` in `{place}`"), format!("keys of `{place}`"))
    };
    let problem = Problem::at(None, message, "unknown key");
    let elsewhere = schema::paths(registry).into_iter().find(|path| is_elsewhere(path, word, place));
    match (names.is_empty(), suggest::closest(word, names), elsewhere) {
        (true, ..) => problem.help(format!("`{place}` has no settings")),
        (false, None, Some(path)) => problem.help(format!("did you mean `{path}`?\n{of}: {}", suggest::listed(names))),
        _ => problem.help(suggest::help(word, &of, names)),
    }
}

/// Whether `path` is that of a key `word` in another table than the one at `place`. Words of a place have names of
/// elements where a path has none: `workload.live` for `workload`.
fn is_elsewhere(path: &str, word: &str, place: &str) -> bool {
    let (table, key) = path.rsplit_once('.').unwrap_or(("", path));
    let is_same =
        !table.is_empty() && (place == table || place.strip_prefix(table).is_some_and(|rest| rest.starts_with('.')));
    key == word && !is_same
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
    let problem =
        Problem::at(None, format!("`{place}` cannot be {}", found.replace('`', "")), format!("expected {expected}"));
    let quoted_number =
        found.strip_prefix("the text ").map(|text| text.trim_matches('"')).filter(|text| text.parse::<f64>().is_ok());
    match (found.as_str(), expected, quoted_number) {
        ("a table", "a list", _) => problem.help(format!("write [[{place}]], one for each")),
        (_, "a table", _) if !place.contains('.') => problem.help(format!("write [{place}] and its settings below it")),
        (_, expected, Some(number)) if expected.contains("number") => problem.help(format!("without quotes: {number}")),
        _ => problem,
    }
}

fn custom(message: &str, place: &str) -> Problem {
    let (what, advice) = message.split_once("; did you mean ").map_or((message, None), |(a, b)| (a, Some(b)));
    let (what, rule) = what.split_once(": ").unwrap_or((what, "not allowed"));
    let problem = Problem::at(None, format!("`{place}`: {what}"), rule);
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
    let is_too_deep = error.message().contains("recursion limit") || error.message().starts_with("cannot recurse");
    if is_too_deep {
        let span = error.span().or_else(|| deep_key(sources.file()));
        return Problem::at(span, "tables and lists within each other go too deep", "no scenario needs as many levels");
    }
    let span = error.span();
    let text = span.clone().map_or("", |span| sources.text(span));
    // Not what anyone would write there.
    let message = error.message().trim_end_matches(", expected literal string");
    let problem = Problem::at(span, "this is not TOML", message);
    match text.trim_start().starts_with(|c: char| c.is_ascii_digit()) && text.contains(' ') && text.len() <= 40 {
        true => problem.help(format!("a value with a unit stands in quotes: \"{text}\"")),
        false => problem,
    }
}

/// The first key of more parts than a parser follows; it says so without a place.
fn deep_key(text: &str) -> Option<Span> {
    const MOST_DOTS: usize = 78;
    let is_of_key = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ' | '\t');
    let mut start = 0;
    text.split_inclusive(|c: char| !is_of_key(c)).find_map(|part| {
        let span = start..start + part.trim_end_matches(|c: char| !is_of_key(c)).len();
        start += part.len();
        (part.matches('.').count() > MOST_DOTS).then_some(span)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_suggested_to_itself() {
        assert!(is_elsewhere("population.peers", "peers", "run"));
        assert!(is_elsewhere("population.peers", "peers", ""));
        assert!(!is_elsewhere("workload.sinks", "sinks", "workload.live"));
        assert!(!is_elsewhere("workload.sinks", "sinks", "workload"));
        assert!(!is_elsewhere("name", "names", ""));
    }
}

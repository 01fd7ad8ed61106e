//! What is wrong with a scenario: collected while it is read, shown all at once.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, SourceSpan};
use thiserror::Error;

use super::escape::escaped;
use super::excerpt::Excerpts;
use super::source::{Sources, Span};
use crate::net::DataFileError;

/// Why a scenario cannot be used: every error of its file and of the `--set`s.
#[derive(Debug, Error, Diagnostic)]
#[error("{} has {}", escaped(file), count(errors.len(), *more))]
pub struct ScenarioErrors {
    file: String,
    #[related]
    errors: Vec<ScenarioError>,
    // How many errors are not told.
    more: usize,
}

/// One error of a scenario: where it is, what is wrong, what is allowed.
#[derive(Debug, Error, Diagnostic)]
#[error("{message}")]
pub struct ScenarioError {
    message: String,
    label: String,
    #[source_code]
    source_text: Option<Excerpts>,
    #[label("{label}")]
    span: Option<SourceSpan>,
    #[label(collection)]
    others: Vec<LabeledSpan>,
    #[help]
    help: Option<String>,
}

impl ScenarioErrors {
    /// The error of a file that cannot be read at all.
    pub(super) fn unreadable(file: &str, reason: impl fmt::Display) -> Self {
        let message = format!("cannot read {file}: {reason}");
        let problem = Problem::at(None, message, "");
        Self { file: file.to_owned(), errors: vec![tied(problem, &Sources::new(file, "", &[]))], more: 0 }
    }

    /// The name of the scenario's file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Every error, in the order of the file; of very many, the first hundred.
    #[must_use]
    pub fn errors(&self) -> &[ScenarioError] {
        &self.errors
    }
}

/// One problem before it is tied to the text of its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// Where; a problem of the whole file has no place.
    pub(super) span: Option<Span>,
    /// What is wrong.
    pub(super) message: String,
    /// A few words for the place itself.
    pub(super) label: String,
    /// Other places that have a part in it, with a few words each.
    pub(super) others: Vec<(Span, String)>,
    /// What to do.
    pub(super) help: Option<String>,
}

impl Problem {
    /// A problem at `span`.
    pub(super) fn at(span: Option<Span>, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { span, message: message.into(), label: label.into(), others: Vec::new(), help: None }
    }

    /// The problem of a file that is named at `span` and cannot be used.
    pub(super) fn of_file(span: Option<Span>, error: &DataFileError) -> Self {
        let problem = Self::at(span, error.to_string(), "cannot be used");
        match error.faults() {
            [] => problem,
            faults => problem.help(faults.join("\n")),
        }
    }

    /// The same problem with advice.
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// All problems met so far; the same problem met in several cells counts once.
#[derive(Debug, Default)]
pub(super) struct Problems {
    kept: Vec<Problem>,
    // Those met when there were enough.
    more: usize,
}

/// More than this many problems help nobody.
const MOST: usize = 100;

impl Problems {
    /// Notes a problem.
    pub(super) fn push(&mut self, problem: Problem) {
        // Cells differ in their values, so the same fault may be worded differently in each.
        let met = |other: &Problem| {
            other.span == problem.span
                && (other.label == problem.label || problem.span.is_some() && other.message == problem.message)
        };
        if self.kept.iter().any(met) {
            return;
        }
        if self.is_full() {
            self.more += 1;
        } else {
            self.kept.push(problem);
        }
    }

    /// Whether nothing is wrong so far.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether it is time to stop looking.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() >= MOST
    }

    /// The errors to show, in the order of the sources.
    pub(super) fn into_errors(self, file: &str, sources: &Sources) -> ScenarioErrors {
        let mut problems = self.kept;
        problems.sort_by_key(|problem| problem.span.as_ref().map(|span| span.start));
        let errors = problems.into_iter().map(|problem| tied(problem, sources)).collect();
        ScenarioErrors { file: file.to_owned(), errors, more: self.more }
    }
}

fn tied(problem: Problem, sources: &Sources) -> ScenarioError {
    let place = problem.span.map(|span| sources.locate(&span));
    let (source_text, span) = place.map_or((None, None), |(source, span)| (Some(source), Some(span)));
    // What is echoed may be anything.
    let plain = |text: String| escaped(&text).into_owned();
    let other = |(span, label)| LabeledSpan::new_with_span(Some(plain(label)), sources.locate(&span).1);
    let others = problem.others.into_iter().map(other).collect();
    let (message, label, help) = (plain(problem.message), plain(problem.label), problem.help.map(plain));
    ScenarioError { message, label, source_text, span, others, help }
}

fn count(told: usize, more: usize) -> String {
    match (told, more) {
        (1, 0) => "1 error".to_owned(),
        (_, 0) => format!("{told} errors"),
        _ => format!("{} errors; here are the first {told}, and there are {more} more", told + more),
    }
}

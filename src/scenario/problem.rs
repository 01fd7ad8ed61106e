//! What is wrong with a scenario: collected while it is read, shown all at once.

use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceSpan};
use thiserror::Error;

use super::source::{Sources, Span};
use crate::net::DataFileError;

/// Why a scenario cannot be used: every error of its file and of the `--set`s.
#[derive(Debug, Error, Diagnostic)]
#[error("{file} has {}", count(errors.len()))]
pub struct ScenarioErrors {
    file: String,
    #[related]
    errors: Vec<ScenarioError>,
}

/// One error of a scenario: where it is, what is wrong, what is allowed.
#[derive(Debug, Error, Diagnostic)]
#[error("{message}")]
pub struct ScenarioError {
    message: String,
    label: String,
    #[source_code]
    source_text: Option<NamedSource<Arc<str>>>,
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
        Self { file: file.to_owned(), errors: vec![tied(problem, &Sources::new(file, "", &[]))] }
    }

    /// The name of the scenario's file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Every error, in the order of the file.
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
pub(super) struct Problems(Vec<Problem>);

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
        if !self.0.iter().any(met) {
            self.0.push(problem);
        }
    }

    /// Whether nothing is wrong so far.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is time to stop looking.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// The errors to show, in the order of the sources.
    pub(super) fn into_errors(self, file: &str, sources: &Sources) -> ScenarioErrors {
        let mut problems = self.0;
        problems.sort_by_key(|problem| problem.span.as_ref().map(|span| span.start));
        let errors = problems.into_iter().map(|problem| tied(problem, sources)).collect();
        ScenarioErrors { file: file.to_owned(), errors }
    }
}

fn tied(problem: Problem, sources: &Sources) -> ScenarioError {
    let place = problem.span.map(|span| sources.locate(&span));
    let (source_text, span) = place.map_or((None, None), |(source, span)| (Some(source), Some(span)));
    let other = |(span, label)| LabeledSpan::new_with_span(Some(label), sources.locate(&span).1);
    let others = problem.others.into_iter().map(other).collect();
    ScenarioError { message: problem.message, label: problem.label, source_text, span, others, help: problem.help }
}

fn count(errors: usize) -> String {
    if errors == 1 { "1 error".to_owned() } else { format!("{errors} errors") }
}

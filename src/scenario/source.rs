//! The texts a scenario is read from: its file, and each `--set` on the command line.
//!
//! They stand one behind the other in one buffer, so that a place in any of them is one number and
//! the trees parsed from them mix freely.

use std::ops::Range;

use miette::SourceSpan;

use super::excerpt::Excerpts;

/// A range of bytes in the buffer.
pub(super) type Span = Range<usize>;

/// The texts of a scenario.
#[derive(Debug)]
pub(super) struct Sources {
    buffer: String,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    span: Span,
    // The same text again, shared by all that is told about it.
    excerpts: Excerpts,
}

/// Most bytes of a place that are marked.
const LONGEST_SPAN: usize = 1_000;

impl Sources {
    /// The file `name` with this `text`, and the `overrides` of the command line.
    pub(super) fn new(name: &str, text: &str, overrides: &[String]) -> Self {
        let mut sources = Self { buffer: String::new(), parts: Vec::new() };
        sources.push(name, text);
        overrides.iter().for_each(|text| sources.push("--set", text));
        sources
    }

    /// The text of the file.
    pub(super) fn file(&self) -> &str {
        &self.buffer[self.parts[0].span.clone()]
    }

    /// Each override and where it begins in the buffer.
    pub(super) fn overrides(&self) -> impl Iterator<Item = (usize, &str)> {
        self.parts[1..].iter().map(|part| (part.span.start, &self.buffer[part.span.clone()]))
    }

    /// The text at `span`.
    pub(super) fn text(&self, span: Span) -> &str {
        self.buffer.get(span).unwrap_or_default()
    }

    /// The text that `span` lies in, by name, and the span within it.
    pub(super) fn locate(&self, span: &Span) -> (Excerpts, SourceSpan) {
        let part = self.parts.iter().rfind(|part| part.span.start <= span.start).unwrap_or(&self.parts[0]);
        let length = part.excerpts.len();
        let start = (span.start - part.span.start).min(length);
        let end = (span.end.saturating_sub(part.span.start)).clamp(start, length).min(start + LONGEST_SPAN);
        (part.excerpts.clone(), (start..end).into())
    }

    fn push(&mut self, name: &str, text: &str) {
        let start = self.buffer.len();
        self.buffer.push_str(text);
        self.parts.push(Part { span: start..self.buffer.len(), excerpts: Excerpts::new(name, text) });
        // A gap keeps a span at the end of one text apart from the start of the next.
        self.buffer.push('\n');
    }
}

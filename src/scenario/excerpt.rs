//! The text around an error, as it is shown: never more of a long line than helps, and nothing that steers a terminal.

use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::escape;

/// A text from which excerpts are shown; copies share it.
#[derive(Clone, Debug)]
pub(super) struct Excerpts {
    name: Arc<str>,
    text: Arc<str>,
}

/// Longest excerpt that is shown whole, in bytes.
const WHOLE: usize = 2_000;
/// How much is shown on both sides of a place in a longer one.
const AROUND: usize = 80;

impl Excerpts {
    /// Excerpts from the text called `name`.
    pub(super) fn new(name: &str, text: &str) -> Self {
        Self { name: escape::escaped(name).into(), text: escape::masked(text).into() }
    }

    /// How long the text is.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }
}

impl SourceCode for Excerpts {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = self.text.as_ref().read_span(span, lines_before, lines_after)?;
        let (mut start, mut line, mut column) = (whole.span().offset(), whole.line(), whole.column());
        let mut end = start + whole.data().len();
        if end - start > WHOLE {
            let (old, from) = (start, span.offset().saturating_sub(AROUND).max(start));
            start = boundary(&self.text, from, true);
            end = boundary(&self.text, (span.offset() + span.len() + AROUND).clamp(start, end), false);
            let skipped = &self.text[old..start];
            line += skipped.matches('\n').count();
            column = skipped.rfind('\n').map_or(column + skipped.len(), |newline| skipped.len() - newline - 1);
        }
        let lines = self.text[start..end].matches('\n').count() + 1;
        let name = self.name.to_string();
        let shown = (start, end - start).into();
        let data = &self.text.as_bytes()[start..end];
        Ok(Box::new(MietteSpanContents::new_named(name, data, shown, line, column, lines)))
    }
}

// The nearest place between two characters, from a place on or back.
fn boundary(text: &str, place: usize, forward: bool) -> usize {
    let is_between = |&place: &usize| text.is_char_boundary(place);
    match forward {
        true => (place..=text.len()).find(is_between).unwrap_or(text.len()),
        false => (0..=place.min(text.len())).rev().find(is_between).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_line_only_the_place_is_shown() {
        let text = format!("a = 1\n{}X{}\n", "x".repeat(100_000), "y".repeat(100_000));
        let excerpts = Excerpts::new("long", &text);
        let at = text.find('X').expect("there");
        let shown = excerpts.read_span(&(at, 1).into(), 1, 1).expect("within");
        assert_eq!((shown.data().len(), shown.line(), shown.column()), (2 * AROUND + 1, 1, 100_000 - AROUND));
        let short = excerpts.read_span(&(0, 5).into(), 0, 0).expect("within");
        assert_eq!(short.data(), b"a = 1");
    }
}

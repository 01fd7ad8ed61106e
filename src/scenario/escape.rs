//! How texts of others are echoed: nothing in them steers a terminal.

use std::borrow::Cow;

/// The text with every character that could steer a terminal written out, as `\u{1b}`; ends of lines and tabs stay.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if steers(c) { escaped.extend(c.escape_unicode()) } else { escaped.push(c) }
    }
    escaped.into()
}

/// The text with other characters of the same length in place of those that could steer a terminal, so that places
/// in it stay where they are.
pub(super) fn masked(text: &str) -> String {
    let mask = |c: char| match c.len_utf8() {
        _ if !steers(c) || c == '\r' => c,
        1 => '?',
        2 => '\u{bf}',
        _ => '\u{fffd}',
    };
    text.chars().map(mask).collect()
}

fn steers(c: char) -> bool {
    is_control(c) && !matches!(c, '\n' | '\t')
}

pub(super) fn is_control(c: char) -> bool {
    c.is_control() || is_hidden(c)
}

/// Characters that change the direction of what follows or end a line, and those that no XML may hold.
const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_written_out() {
        assert_eq!(escaped("a\u{1b}[31mb\u{202e}\n"), "a\\u{1b}[31mb\\u{202e}\n");
        assert!(matches!(escaped("plain, with ümlaut"), Cow::Borrowed(_)));
        let text = "a\u{1b}b\u{85}c\u{202e}d\r\n";
        assert_eq!(masked(text), "a?b\u{bf}c\u{fffd}d\r\n");
        assert_eq!(masked(text).len(), text.len());
    }
}

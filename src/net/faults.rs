//! What is wrong with a file that somebody made, told so that it helps: each kind of fault once, with its
//! first places.

/// More kinds than this help nobody.
const MOST_KINDS: usize = 12;
/// So many further places are named.
const MOST_PLACES: usize = 4;
/// More characters of a field help nobody either: a file of another kind may have very long ones.
const MOST_CHARACTERS: usize = 24;

/// The faults of one file, as they are met.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Kind>);

#[derive(Debug)]
struct Kind {
    /// What faults of a kind share.
    key: String,
    /// The first one, in full.
    first: String,
    /// Where the next ones are.
    others: Vec<String>,
    count: u64,
}

impl Faults {
    /// Notes a fault: where it is, what is there, and why it is wrong. Faults of the same reason are one kind.
    pub(crate) fn push(&mut self, place: String, what: &str, why: &str) {
        self.push_as(why, place, format!("{what} {why}").trim_start());
    }

    /// Notes a fault of the kind `key`, worded in full.
    pub(crate) fn push_as(&mut self, key: &str, place: String, words: &str) {
        match self.0.iter_mut().find(|kind| kind.key == key) {
            Some(kind) => {
                kind.count += 1;
                if kind.others.len() < MOST_PLACES {
                    kind.others.push(place);
                }
            }
            None => {
                let first = if place.is_empty() { words.to_owned() } else { format!("{place}: {words}") };
                self.0.push(Kind { key: key.to_owned(), first, others: Vec::new(), count: 1 });
            }
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A line for each kind.
    pub(crate) fn into_lines(self) -> Vec<String> {
        let more = self.0.len().saturating_sub(MOST_KINDS);
        let mut lines: Vec<String> = self.0.iter().take(MOST_KINDS).map(Kind::line).collect();
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines
    }
}

impl Kind {
    fn line(&self) -> String {
        let Self { first, others, count, .. } = self;
        if *count == 1 {
            return first.clone();
        }
        let dots = if others.len() as u64 + 1 < *count { "; ..." } else { "" };
        format!("{first} ({count} such faults; the next: {}{dots})", others.join("; "))
    }
}

/// A field as a fault shows it.
pub(crate) fn shown(field: &str) -> String {
    match field.chars().count() {
        0..=MOST_CHARACTERS => field.to_owned(),
        _ => field.chars().take(MOST_CHARACTERS).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_one_kind_are_one_line_with_a_count() {
        let mut faults = Faults::default();
        for line in 1..=9 {
            faults.push(format!("line {line}"), "`x`", "is not a number");
        }
        faults.push("line 3".to_owned(), "`-1`", "is negative");
        faults.push("line 5".to_owned(), "`-2`", "is negative");
        faults.push("line 7".to_owned(), "`inf`", "is not finite");
        assert_eq!(
            faults.into_lines(),
            [
                "line 1: `x` is not a number (9 such faults; the next: line 2; line 3; line 4; line 5; ...)",
                "line 3: `-1` is negative (2 such faults; the next: line 5)",
                "line 7: `inf` is not finite",
            ]
        );
    }

    #[test]
    fn kinds_are_few() {
        let mut faults = Faults::default();
        (0..40).for_each(|kind| faults.push(String::new(), "a", &format!("fault {kind}")));
        let lines = faults.into_lines();
        assert_eq!((lines.len(), lines[12].as_str()), (13, "and 28 more"));
    }
}

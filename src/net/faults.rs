//! What is wrong with a file that somebody made, told so that it helps.

/// More faults than this help nobody.
const MOST_FAULTS: usize = 12;
/// More characters of a field neither: a file of another kind may have very long ones.
const MOST_CHARACTERS: usize = 24;

/// The first of these faults, and how many more there are.
pub(crate) fn first_few(mut faults: Vec<String>) -> Vec<String> {
    if faults.len() > MOST_FAULTS {
        let more = faults.len() - MOST_FAULTS;
        faults.truncate(MOST_FAULTS);
        faults.push(format!("and {more} more"));
    }
    faults
}

/// A field as a fault shows it.
pub(crate) fn shown(field: &str) -> String {
    match field.chars().count() {
        0..=MOST_CHARACTERS => field.to_owned(),
        _ => field.chars().take(MOST_CHARACTERS).chain(['…']).collect(),
    }
}

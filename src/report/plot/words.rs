//! Subtitles and notes that several plots share.

use super::facets::Facets;
use super::figure::Note;
use super::scale::Scale;

/// The title of an axis with its unit, and whether it is logarithmic.
pub(super) fn axis_title(title: &str, unit: Option<&str>, scale: Scale) -> String {
    let notes: Vec<&str> = unit.into_iter().chain(scale.note()).collect();
    if notes.is_empty() { title.to_owned() } else { format!("{title} ({})", notes.join(", ")) }
}

/// The line below a title: the experiment, what is held fixed, and what the lines are.
pub(super) fn subtitle(facets: &Facets<'_>, fixed: Option<String>, lines: &str) -> String {
    let name = &facets.results().experiment.name;
    let fixed = fixed.map_or_else(String::new, |fixed| format!("{fixed}, "));
    let seeds = format!("{}, {}", facets.seeds_text(), facets.followed_text());
    // One seed has neither a mean nor an interval.
    if facets.seeds_text() == "1 seed" {
        format!("{name}: {fixed}{seeds}")
    } else {
        format!("{name}: {fixed}{seeds}; {lines}")
    }
}

/// What hollow markers and dashed lines mean: where a topology works in no seed and, if `some` do, where seeds differ.
pub(super) fn hollow_note(some: bool) -> Note {
    let all = "The topology does not work here in any seed: a link or CPU is overloaded, connections are given up or a \
               peer cannot be reached. Its other figures describe a system in failure.";
    let mixed = " Small and hollow: single seeds in which it fails, apart from the mean of those that work.";
    Note::Hollow(format!("{all}{}", if some { mixed } else { "" }))
}

/// What small hollow markers mean where there are no others.
pub(super) fn stray_note() -> Note {
    Note::Hollow(
        "Small and hollow: single seeds in which the topology does not work here (a link or CPU is overloaded, \
         connections are given up or a peer cannot be reached), apart from the mean of those that work."
            .to_owned(),
    )
}

/// That there are more combinations than panels.
pub(super) fn left_out_note(facets: &Facets<'_>) -> Option<Note> {
    let (shown, more) = (facets.panels.len(), facets.panels_left_out);
    (more > 0).then(|| {
        Note::Text(format!(
            "The first {shown} of {} combinations of the other axes; all are in summary.csv.",
            shown + more
        ))
    })
}

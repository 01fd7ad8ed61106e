//! What is a number with a decimal comma or a unit.

/// `12,5`.
pub(super) fn is_comma_number(field: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    field.split_once(',').is_some_and(|(whole, part)| digits(whole.trim_start_matches('-')) && digits(part))
}

/// `12.5 ms`.
pub(super) fn has_unit(field: &str) -> bool {
    const UNITS: [&str; 6] = ["ms", "s", "us", "µs", "msec", "sec"];
    let unit = field.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    unit.len() < field.len() && UNITS.contains(&unit.trim())
}

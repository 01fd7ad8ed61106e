//! What was probably meant: the name closest to one that does not exist.

/// The name that `word` is a slip of the pen away from.
pub(super) fn slip<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    let word = word.to_lowercase();
    // `3g` is no slip of `5g`.
    let is_other_number = |name: &str| word.len() <= 3 && digits(&word) != digits(name);
    let slips = names.iter().filter(|name| !is_other_number(name));
    let slips = slips.map(|name| (strsim::damerau_levenshtein(&word, &name.to_lowercase()), *name));
    let most = (word.chars().count() / 3).clamp(1, 3);
    slips.min_by_key(|(distance, _)| *distance).filter(|(distance, _)| *distance <= most).map(|(_, name)| name)
}

/// The name closest to `word`, if any is close enough to be a slip of the pen or a part of it.
#[must_use]
pub fn closest<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    if let Some(name) = slip(word, names) {
        return Some(name);
    }
    let word = word.to_lowercase();
    // `latency_p95` for `delivery_latency_p95_ms`, `enterprise-network` for `enterprise`.
    let contains = |name: &str| word.len() >= 3 && (name.contains(&word) || (name.len() >= 3 && word.contains(name)));
    // `chrome` for `chromium`.
    let begins_alike = |name: &str| name.chars().zip(word.chars()).take_while(|(a, b)| a == b).count() >= 4;
    let find = |alike: &dyn Fn(&str) -> bool| names.iter().find(|name| alike(&name.to_lowercase())).copied();
    find(&contains).or_else(|| find(&begins_alike))
}

fn digits(word: &str) -> String {
    word.chars().filter(char::is_ascii_digit).collect()
}

/// Names in backticks, with commas; a long list is cut.
pub(super) fn listed(names: &[&str]) -> String {
    const MOST: usize = 40;
    let mut text: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    if names.len() > MOST {
        text.push(format!("and {} more", names.len() - MOST));
    }
    text.join(", ")
}

/// "did you mean ...?", where something is close, and what there is.
pub(super) fn help(word: &str, what: &str, names: &[&str]) -> String {
    // With a good guess a long list is only in the way.
    const MANY: usize = 12;
    match closest(word, names) {
        Some(name) if names.len() > MANY => format!("did you mean `{name}`?"),
        Some(name) => format!("did you mean `{name}`?\n{what}: {}", listed(names)),
        None => format!("{what}: {}", listed(names)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_parts_are_found_and_strangers_are_not() {
        let metrics = ["delivery_latency_p50_ms", "delivery_latency_p95_ms", "cost_usd_per_hour"];
        assert_eq!(closest("latency_p95", &metrics), Some("delivery_latency_p95_ms"));
        assert_eq!(closest("delivery_latency_p95_sm", &metrics), Some("delivery_latency_p95_ms"));
        assert_eq!(closest("cabel", &["fibre", "cable", "4g"]), Some("cable"));
        assert_eq!(closest("Cable", &["fibre", "cable"]), Some("cable"));
        assert_eq!(closest("x", &["fibre", "cable", "4g"]), None);
        assert_eq!(closest("3g", &["4g", "5g"]), None);
        assert_eq!(closest("chrome", &["chromium", "firefox"]), Some("chromium"));
        assert_eq!(closest("ring", &["mesh", "star"]), None);
    }
}

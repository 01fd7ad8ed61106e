//! Ranges on an axis: `{ from = 20, to = 1000, step = 20 }`, `{ from = "1 ms", to = "1 s", factor = 10 }`.

use toml::de::DeValue;

use super::problem::Problem;
use super::quantity::{Quantity, unit_of};
use super::suggest;
use super::tree::{self, Node};

const KEYS: [&str; 4] = ["from", "to", "step", "factor"];

/// Most values of a range.
const MOST_VALUES: usize = 10_000;

/// Whether a table is meant as a range: no setting has two of its keys.
pub(super) fn is_range(value: &DeValue<'_>) -> bool {
    let count = |table: &toml::de::DeTable<'_>| KEYS.iter().filter(|key| table.contains_key(**key)).count();
    value.as_table().is_some_and(|table| count(table) >= 2)
}

/// The values of a range, as TOML texts.
pub(super) fn values(node: &Node<'_>) -> Result<Vec<String>, Problem> {
    let problem = |message: String, label: &str| Problem::at(Some(node.span()), message, label);
    if let Some((key, value)) = tree::children(node).into_iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
        let problem = Problem::at(Some(value.span()), format!("unknown key `{key}` in a range"), "unknown key");
        return Err(problem.help(suggest::help(&key, "keys of a range", &KEYS)));
    }
    let end = |key: &str| end_of(node, key);
    let (Some(from), Some(to)) = (end("from")?, end("to")?) else {
        return Err(problem("a range needs `from` and `to`".to_owned(), "`from` or `to` is missing"));
    };
    let spacing = match (end("step")?, end("factor")?) {
        (Some(step), None) => Spacing::Step(step),
        (None, Some(factor)) => Spacing::Factor(factor),
        _ => return Err(problem("a range needs either `step` or `factor`".to_owned(), "give one of the two")),
    };
    let range = Range { from, to, spacing };
    range.values().map_err(|(message, label)| problem(message, label))
}

struct Amount {
    text: String,
    quantity: Quantity,
    // A whole number without a unit, whose range holds whole numbers.
    whole: bool,
}

enum Spacing {
    Step(Amount),
    Factor(Amount),
}

struct Range {
    from: Amount,
    to: Amount,
    spacing: Spacing,
}

fn end_of(node: &Node<'_>, key: &str) -> Result<Option<Amount>, Problem> {
    let Some(value) = tree::get(node, &tree::path([key])) else { return Ok(None) };
    let text = tree::plain_text(value.get_ref());
    let amount = |quantity| Amount { whole: value.get_ref().is_integer(), text: text.clone(), quantity };
    let wrong = || {
        Problem::at(
            Some(value.span()),
            format!("`{key}` of a range cannot be {text}"),
            "expected a number, with its unit if it has one",
        )
    };
    Quantity::parse(&text).map(|quantity| Some(amount(quantity))).ok_or_else(wrong)
}

impl Range {
    fn values(&self) -> Result<Vec<String>, (String, &'static str)> {
        let (from, to) = (self.from.quantity, self.to.quantity);
        if !from.is_like(to) {
            return Err((format!("a range cannot go from {} to {}", self.from.text, self.to.text), "different units"));
        }
        if to.number < from.number {
            return Err((
                format!("the range from {} to {} is empty", self.from.text, self.to.text),
                "`to` is less than `from`",
            ));
        }
        let next: Box<dyn Fn(i32) -> f64> = match &self.spacing {
            Spacing::Step(step) if !step.quantity.is_like(from) => {
                return Err((
                    format!("a range from {} cannot advance by {}", self.from.text, step.text),
                    "different units",
                ));
            }
            Spacing::Step(step) if step.quantity.number <= 0.0 => {
                return Err(("a range never ends with this `step`".to_owned(), "`step` is above zero"));
            }
            Spacing::Factor(factor) if factor.quantity.number <= 1.0 || from.number <= 0.0 => {
                return Err((
                    "a range never ends with this `factor`".to_owned(),
                    "`factor` is above 1 and `from` above zero",
                ));
            }
            Spacing::Step(step) => Box::new(move |i| from.number + f64::from(i) * step.quantity.number),
            Spacing::Factor(factor) => Box::new(move |i| from.number * libm::pow(factor.quantity.number, f64::from(i))),
        };
        // A hair above `to` is `to`, however the sums round.
        let end = to.number * (1.0 + 1e-9);
        let numbers = (0..).map(|index| if self.is_whole() { next(index).round() } else { next(index) });
        let kept = numbers.take_while(|number| *number <= end).take(MOST_VALUES + 1);
        let mut values: Vec<String> = kept.map(|number| self.print(number)).collect();
        values.dedup();
        match values.len() > MOST_VALUES {
            true => Err((format!("a range with more than {MOST_VALUES} values"), "too many values")),
            false => Ok(values),
        }
    }

    /// Whether a geometric range holds whole numbers, as its ends are.
    fn is_whole(&self) -> bool {
        matches!(self.spacing, Spacing::Factor(_)) && self.from.whole && self.to.whole
    }

    /// The value in the unit of `from`, as TOML.
    fn print(&self, number: f64) -> String {
        let unit = unit_of(&self.from.text);
        let scale = Quantity::parse(&format!("1 {unit}")).filter(|_| !unit.is_empty()).map_or(1.0, |one| one.number);
        // Eleven decimals hide the last bits of a sum.
        let value: f64 = format!("{:.11e}", number / scale).parse().unwrap_or(number);
        if unit.is_empty() { format!("{value}") } else { format!("\"{value} {unit}\"") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values_of(range: &str) -> Result<Vec<String>, String> {
        let node = DeValue::parse(range).expect("TOML");
        assert!(is_range(node.get_ref()));
        values(&node).map_err(|problem| problem.message)
    }

    #[test]
    fn ranges_include_both_ends() {
        assert_eq!(values_of("{ from = 20, to = 100, step = 20 }").expect("valid"), ["20", "40", "60", "80", "100"]);
        assert_eq!(values_of("{ from = 10, to = 100, factor = 2 }").expect("valid"), ["10", "20", "40", "80"]);
        assert_eq!(
            values_of("{ from = 10, to = 1000, factor = 3.1623 }").expect("valid"),
            ["10", "32", "100", "316", "1000"]
        );
        let percent = values_of("{ from = '0 %', to = '0.5 %', step = '0.1 %' }").expect("valid");
        assert_eq!(percent, ["\"0 %\"", "\"0.1 %\"", "\"0.2 %\"", "\"0.3 %\"", "\"0.4 %\"", "\"0.5 %\""]);
        assert_eq!(values_of("{ from = '500 ms', to = '1 s', step = '250 ms' }").expect("valid").len(), 3);
    }

    #[test]
    fn impossible_ranges_say_why() {
        for range in [
            "{ from = 1, to = 3 }",
            "{ from = 1, step = 3 }",
            "{ from = 1, to = 3, step = 0 }",
            "{ from = 1, to = 3, factor = 1 }",
            "{ from = 3, to = 1, step = 1 }",
            "{ from = '1 ms', to = '3 B', step = '1 ms' }",
            "{ from = 1, to = 3, stepp = 1 }",
            "{ from = 'a', to = 3, step = 1 }",
            "{ from = 1, to = 1e9, step = 1 }",
        ] {
            assert!(values_of(range).is_err(), "{range}");
        }
    }
}

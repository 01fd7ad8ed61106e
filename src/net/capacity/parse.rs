//! From the text of a file to a capacity trace, or to every fault that it has.

use super::CapacityTrace;
use crate::net::faults::{Faults, shown};

/// The longest trace: as the longest run. A longer one is in the wrong unit.
const LONGEST_MS: u64 = 1_000 * 3_600 * 1_000;

/// So many times that go back, of ten, are no slip: the file lists something else.
const MANY_BACK_IN_TEN: usize = 2;

/// Reads a trace, or says every kind of fault it has.
pub(super) fn trace(text: &str) -> Result<CapacityTrace, Vec<String>> {
    let (mut times, mut faults) = (Vec::new(), Faults::default());
    let mut previous = (0, 0);
    let mut back = 0;
    for (line, number) in text.lines().zip(1_u64..) {
        let field = line.split('#').next().unwrap_or_default().trim();
        if field.is_empty() {
            continue;
        }
        match time_ms(field) {
            Err(why) => faults.push(format!("line {number}"), &format!("`{}`", shown(field)), why),
            Ok(ms) => {
                if ms < previous.0 {
                    back += 1;
                    let words = format!("{ms} is before {} on line {}; times must not go back", previous.0, previous.1);
                    faults.push_as("back", format!("line {number}"), &words);
                }
                times.push(ms);
                previous = (ms, number);
            }
        }
    }
    if back > 1 && 10 * back > MANY_BACK_IN_TEN * times.len() {
        faults.push(
            String::new(),
            "is this a list of rates?",
            "A trace has the times in ms at which 1,504 bytes can leave",
        );
    }
    if !faults.is_empty() {
        return Err(faults.into_lines());
    }
    if times.is_empty() {
        return Err(vec!["the file has no line; expected one time in whole ms a line".to_owned()]);
    }
    let last = previous.1;
    CapacityTrace::new(times).map_err(|fault| vec![format!("line {last}: {fault}")])
}

fn time_ms(field: &str) -> Result<u32, &'static str> {
    if field.split([',', ';', ' ', '\t']).filter(|part| !part.trim().is_empty()).nth(1).is_some() {
        return Err("is more than one value; expected one time in whole ms a line");
    }
    match field.parse::<i128>() {
        Ok(ms) if ms < 0 => Err("is negative; expected whole ms from 0"),
        Ok(ms) if ms > i128::from(LONGEST_MS) => Err("is more than 1,000 hours: is it in ms?"),
        Ok(ms) => u32::try_from(ms).map_err(|_| "is more than 1,000 hours: is it in ms?"),
        Err(_) if field.parse::<f64>().is_ok() => Err("is not whole; expected whole ms"),
        Err(_) => Err("is not a number; expected whole ms, as in `40`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_times_and_may_repeat() {
        let read = trace("# made up\n\n5\n 5 \n9 # two\r\n").expect("a trace");
        assert_eq!(read, CapacityTrace::new(vec![5, 5, 9]).expect("a trace"));
    }

    #[test]
    fn every_fault_is_named_with_its_line() {
        let faults = trace("5\nx\n1.5\n4\n-1\n7 8\n9999999999999\n").expect_err("six faults");
        assert_eq!(
            faults,
            [
                "line 2: `x` is not a number; expected whole ms, as in `40`",
                "line 3: `1.5` is not whole; expected whole ms",
                "line 4: 4 is before 5 on line 1; times must not go back",
                "line 5: `-1` is negative; expected whole ms from 0",
                "line 6: `7 8` is more than one value; expected one time in whole ms a line",
                "line 7: `9999999999999` is more than 1,000 hours: is it in ms?",
            ]
        );
        assert!(trace("# nothing\n").expect_err("empty")[0].contains("no line"));
        assert_eq!(
            trace("0\n0\n").expect_err("no length"),
            ["line 2: a trace whose last time is 0 has no length; it must be above 0"]
        );
        let many = "x\n".repeat(40);
        assert_eq!(trace(&many).expect_err("many").len(), 1);
        let rates = trace("900\n1500\n700\n1100\n600\n").expect_err("a list of rates");
        assert!(rates[0].contains("(2 such faults") && rates[1].contains("list of rates"), "{rates:?}");
    }
}

//! Benchmarks of hub location: `cargo run --release --example orlib -- pmed FILE` reads a p-median of the OR-Library
//! (Beasley 1985), `-- aphub FILE [p]` a problem of the Australia Post data (Ernst and Krishnamoorthy 1996). The answer
//! comes with a bound, the gap between them, and the CPU time.

use std::error::Error;
use std::process::ExitCode;
use std::{env, fs};

use cpu_time::ProcessTime;
use peerscape::Seed;
use peerscape::optimiser::hub::{Effort, HubLocation, Matrix, PMedian, UNREACHABLE, UnitCosts};

const USAGE: &str = "usage: orlib pmed FILE\n       orlib aphub FILE [p]";

/// Work that ends within five seconds.
const PMED_WORK: u64 = 1_400_000_000;
/// Work that ends within a second.
const APHUB_WORK: u64 = 200_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let start = ProcessTime::now();
    match answer(&arguments) {
        Ok(text) => {
            println!("{text}cpu time     {:.3} s", start.elapsed().as_secs_f64());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn answer(arguments: &[String]) -> Result<String, Box<dyn Error>> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let read = |path: &str| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    match words[..] {
        ["pmed", path] => pmed(&read(path)?).map_err(|error| format!("{path}: {error}").into()),
        ["aphub", path] => aphub(&read(path)?, None).map_err(|error| format!("{path}: {error}").into()),
        ["aphub", path, hubs] => {
            let hubs = hubs.parse().map_err(|_| format!("p should be a whole number, found `{hubs}`"))?;
            aphub(&read(path)?, Some(hubs)).map_err(|error| format!("{path}: {error}").into())
        }
        _ => Err(USAGE.into()),
    }
}

/// Solves a p-median of the OR-Library.
///
/// # Errors
///
/// If the text is no such problem, or somebody reaches no hub.
pub(crate) fn pmed(text: &str) -> Result<String, Box<dyn Error>> {
    let mut numbers = Numbers::of(text);
    let n = numbers.count("the number of vertices", 1, 20_000)?;
    let edges = numbers.count("the number of edges", 0, 100_000_000)?;
    let p = numbers.count("p", 1, n)?;
    let mut distances = vec![UNREACHABLE; n * n];
    for vertex in 0..n {
        distances[vertex * n + vertex] = 0;
    }
    for _ in 0..edges {
        let from = numbers.count("a vertex of an edge", 1, n)? - 1;
        let to = numbers.count("a vertex of an edge", 1, n)? - 1;
        let cost = numbers.count("the cost of an edge", 0, 1 << 30)? as u32;
        // Where an edge is given twice, the last one counts: so the optima of the library want it.
        if from != to {
            distances[from * n + to] = cost;
            distances[to * n + from] = cost;
        }
    }
    shortest_paths(&mut distances, n);
    let problem = PMedian::new(Matrix::new(n, n, distances)?, vec![1; n], p)?;
    let answer = problem.solve(Effort { seed: Seed(1), work: PMED_WORK })?;
    let hubs: Vec<String> = answer.hubs.iter().map(|hub| (hub + 1).to_string()).collect();
    let (value, bound) = (answer.value.to_string(), answer.bound.to_string());
    let head = format!("p-median, {n} vertices, p = {p}");
    Ok(table(&head, &value, &bound, answer.gap(), answer.proven, &hubs))
}

/// Solves a problem of the Australia Post data; `hubs` stands in for the number in the text.
///
/// # Errors
///
/// If the text is no such problem.
pub(crate) fn aphub(text: &str, hubs: Option<usize>) -> Result<String, Box<dyn Error>> {
    let mut numbers = Numbers::of(text);
    let n = numbers.count("the number of nodes", 1, 1_000)?;
    let mut places = Vec::with_capacity(n);
    for _ in 0..n {
        places.push((numbers.real("a coordinate")?.1, numbers.real("a coordinate")?.1));
    }
    let mut flows = Vec::with_capacity(n * n);
    for _ in 0..n * n {
        flows.push(numbers.real("a flow")?.1);
    }
    let p = match hubs {
        // That of the file is not looked at, but it is there.
        Some(hubs) => {
            numbers.optional();
            hubs
        }
        None => numbers.count("p (in the file or after it in the command)", 1, n)?,
    };
    let collection = numbers.optional().unwrap_or(3.0);
    let transfer = numbers.optional().unwrap_or(0.75);
    let distribution = numbers.optional().unwrap_or(2.0);
    // The published values are per thousand units of distance.
    let length = |a: (f64, f64), b: (f64, f64)| ((a.0 - b.0).powi(2) + (a.1 - b.1).powi(2)).sqrt() / 1000.0;
    let distances = places.iter().flat_map(|&a| places.iter().map(move |&b| length(a, b))).collect();
    let unit = UnitCosts { collection, transfer, distribution };
    let problem = HubLocation::new(&Matrix::new(n, n, distances)?, &Matrix::new(n, n, flows)?, unit, p)?;
    let answer = problem.solve(Effort { seed: Seed(1), work: APHUB_WORK })?;
    let head = format!("single-allocation p-hub median, {n} nodes, p = {p}");
    let (value, bound) = (format!("{:.2}", answer.value), format!("{:.2}", answer.bound));
    let hubs: Vec<String> = answer.hubs.iter().map(|hub| (hub + 1).to_string()).collect();
    let allocation: Vec<String> = answer.allocation.iter().map(|hub| (hub + 1).to_string()).collect();
    let text = table(&head, &value, &bound, answer.gap(), answer.proven, &hubs);
    Ok(format!("{text}allocation   {}\n", allocation.join(" ")))
}

fn table(head: &str, value: &str, bound: &str, gap: f64, proven: bool, hubs: &[String]) -> String {
    let status = if proven { "proven optimal" } else { "heuristic" };
    let hubs = hubs.join(" ");
    format!(
        "{head}\nvalue        {value}\nlower bound  {bound}\ngap          {:.4} %\nstatus       {status}\nhubs         {hubs}\n",
        100.0 * gap
    )
}

/// Floyd and Warshall, in place.
fn shortest_paths(distances: &mut [u32], n: usize) {
    for via in 0..n {
        let row = distances[via * n..(via + 1) * n].to_vec();
        for from in distances.chunks_exact_mut(n) {
            let first = from[via];
            if first != UNREACHABLE {
                for (distance, &second) in from.iter_mut().zip(&row) {
                    // Never as much as UNREACHABLE unless a part of it is.
                    *distance = (*distance).min(first.saturating_add(second));
                }
            }
        }
    }
}

/// The numbers of a text, with their lines.
struct Numbers<'a> {
    words: Vec<(usize, &'a str)>,
    next: usize,
}

impl<'a> Numbers<'a> {
    fn of(text: &'a str) -> Self {
        let words = text.lines().zip(1..).flat_map(|(line, number)| {
            let words = line.split(|c: char| c.is_whitespace() || c == ',' || c == '\u{feff}');
            words.filter(|word| !word.is_empty()).map(move |word| (number, word))
        });
        Self { words: words.collect(), next: 0 }
    }

    /// The next number, and its line.
    fn real(&mut self, what: &str) -> Result<(usize, f64), String> {
        let Some(&(line, word)) = self.words.get(self.next) else {
            let last = self.words.last().map_or(1, |word| word.0);
            return Err(format!("line {last}: the file ends where {what} should be"));
        };
        self.next += 1;
        let number = word.parse().ok().filter(|number: &f64| number.is_finite());
        let number = number.ok_or_else(|| format!("line {line}: {what} should be a number, found `{word}`"))?;
        Ok((line, number))
    }

    /// The next number, if there is one.
    fn optional(&mut self) -> Option<f64> {
        let number = self.words.get(self.next)?.1.parse().ok()?;
        self.next += 1;
        Some(number)
    }

    /// The next whole number.
    fn count(&mut self, what: &str, from: usize, to: usize) -> Result<usize, String> {
        let (line, number) = self.real(what)?;
        let is_whole = number.fract() == 0.0 && number >= from as f64 && number <= to as f64;
        let fault = || format!("line {line}: {what} should be a whole number from {from} to {to}, found {number}");
        is_whole.then_some(number as usize).ok_or_else(fault)
    }
}

//! What is printed of the grid: two tables, or a row a cell.

use peerscape::units::{Probability, SimDuration};
use peerscape::webrtc::sctp::SctpSpec;

use super::arguments::Arguments;
use super::grid::{Cell, GridRow};

/// The two tables with their heads and legends.
pub(super) fn tables(arguments: &Arguments, rows: &[GridRow]) -> String {
    [head(arguments), goodputs(arguments, rows), echoes(arguments, rows)].join("\n\n") + "\n"
}

/// One row a cell.
pub(super) fn csv(arguments: &Arguments, rows: &[GridRow]) -> String {
    let mut text = "sender,receiver,loss_percent,rtt_ms,goodput_mbit_per_s,goodput_min_mbit_per_s,\
                    goodput_max_mbit_per_s,mathis_mbit_per_s,collapsed_percent,stuck_max_s,echo_p50_ms,echo_p95_ms,\
                    echoes_back_percent\n"
        .to_owned();
    let [sender, receiver] = [arguments.sender(), arguments.receiver()].map(SctpSpec::name);
    for (row, cell) in rows.iter().flat_map(|row| row.cells.iter().map(move |cell| (row, cell))) {
        let percent = row.loss.to_string();
        let [mean, least, most] = cell.goodput();
        let mathis = if row.loss > Probability::ZERO {
            format!("{:.4}", mathis(arguments, row.loss, cell.rtt))
        } else {
            String::new()
        };
        let ms = |quantile| cell.echo_ms(quantile).map_or_else(String::new, |ms| format!("{ms:.3}"));
        text += &format!(
            "{sender},{receiver},{},{},{mean:.4},{least:.4},{most:.4},{mathis},{:.1},{:.3},{},{},{:.1}\n",
            percent.trim_end_matches(" %"),
            cell.rtt.as_ms_f64(),
            100.0 * cell.collapsed(),
            cell.stuck().as_secs_f64(),
            ms(0.5),
            ms(0.95),
            100.0 * cell.echoes_back()
        );
    }
    text
}

fn head(arguments: &Arguments) -> String {
    let delivery = if arguments.unreliable { "unordered, never sent again" } else { "ordered, reliable" };
    format!(
        "one long transfer over one data channel, {delivery}: {}\n\
         {} each way, buffer {}; messages of {}, {} kept buffered\n\
         {} to {} of each run, mean over {}",
        arguments.names(),
        arguments.rate,
        arguments.buffer(),
        arguments.message,
        arguments.outstanding,
        arguments.from,
        arguments.duration,
        count(arguments.seeds, "seed"),
    )
}

fn goodputs(arguments: &Arguments, rows: &[GridRow]) -> String {
    let decimals = match arguments.rate.as_bps() {
        0..1_000_000 => 4,
        1_000_000..100_000_000 => 2,
        _ => 1,
    };
    let width = arguments.seeds.to_string().len() + 2;
    let figure = |figure: f64, mark: &str| format!("{figure:.decimals$}{mark:<width$}");
    let mut text = "goodput in Mbit/s, by loss (rows) and round trip of the path (columns)\n\n".to_owned();
    text += &columns(arguments, width);
    for row in rows {
        text += &line(
            &row.loss.to_string(),
            row.cells.iter().map(|cell| figure(cell.goodput()[0], &mark(arguments, cell))),
        );
        if row.loss > Probability::ZERO {
            let mathis = |cell: &Cell| figure(mathis(arguments, row.loss, cell.rtt), "");
            text += &line("  Mathis", row.cells.iter().map(mathis));
        }
    }
    text + &legend(arguments, rows)
}

fn echoes(arguments: &Arguments, rows: &[GridRow]) -> String {
    let mut text = "round trip of a 64 B message on a second channel meanwhile, p50 / p95 in ms;\n\
                    without the transfer it is that of the path (columns)\n\n"
        .to_owned();
    text += &columns(arguments, 0);
    let ms = |cell: &Cell, quantile| cell.echo_ms(quantile).map_or_else(|| "-".to_owned(), |ms| format!("{ms:.0}"));
    for row in rows {
        let echo = |cell: &Cell| format!("{} / {}", ms(cell, 0.5), ms(cell, 0.95));
        text += &line(&row.loss.to_string(), row.cells.iter().map(echo));
    }
    text + "\n20 messages a second, unordered, never sent again; -: too many were lost, or\nnot back 2 s after the end"
}

// With an empty line before it, if there is anything to say.
fn legend(arguments: &Arguments, rows: &[GridRow]) -> String {
    let mut text = String::new();
    if rows.iter().flat_map(|row| &row.cells).any(|cell| cell.collapsed() > 0.0) {
        text += &format!(
            "\nc: collapsed, and in how many seeds of {}: a time-out in fast recovery held the\n   congestion \
             window at one packet for a second or more on end",
            arguments.seeds
        );
    }
    if rows.iter().any(|row| row.loss > Probability::ZERO) {
        text += "\nMathis: 1.22 MSS / (RTT sqrt(loss)), at most the rate of the link";
    }
    text
}

fn mark(arguments: &Arguments, cell: &Cell) -> String {
    let collapsed = (cell.collapsed() * arguments.seeds as f64).round();
    if collapsed > 0.0 { format!(" c{collapsed}") } else { String::new() }
}

// Mathis et al., CCR 27(3), 1997, in Mbit/s.
fn mathis(arguments: &Arguments, loss: Probability, rtt: SimDuration) -> f64 {
    let bits = f64::from(arguments.profiles()[0].payload_max()) * 8.0;
    let most = arguments.rate.as_bps() as f64 / 1e6;
    // Without a round trip it is infinite.
    most.min(1.22 * bits / (rtt.as_secs_f64() * libm::sqrt(loss.get())) / 1e6)
}

fn columns(arguments: &Arguments, after: usize) -> String {
    line("loss", arguments.rtt.iter().map(|rtt| format!("{} ms{:after$}", rtt.as_ms_f64(), "")))
}

fn line(label: &str, cells: impl Iterator<Item = String>) -> String {
    let mut text = format!("{label:<9}");
    cells.for_each(|cell| text += &format!("{cell:>13}"));
    text.trim_end().to_owned() + "\n"
}

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("{number} {what}") } else { format!("{number} {what}s") }
}

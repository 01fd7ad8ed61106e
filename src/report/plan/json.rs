//! A plan as JSON: a node and a connection a line, so that two plans can be compared line by line.

use std::io::{self, Write};

use serde::Serialize;

use super::PlanOutput;
use crate::overlay::topology::{PLAN_VERSION, PlanNode};

pub(super) fn write(plan: &PlanOutput<'_>, to: &mut dyn Write) -> io::Result<()> {
    let PlanOutput { scenario, label, rule, cell, seed, world, overlay } = plan;
    let places: Vec<&str> = cell.settings.latency.place_names().collect();
    let node = |id: u32| PlanNode {
        id,
        class: Some(world.class(id).name.to_string()),
        role: plan.role(id),
        place: places.get(usize::from(world.place(id))).map(|&place| place.to_owned()),
    };
    writeln!(to, "{{\n\"version\": {PLAN_VERSION},")?;
    writeln!(to, "\"scenario\": {},", text(scenario)?)?;
    writeln!(to, "\"seed\": {},", seed.0)?;
    writeln!(to, "\"topology\": {},", text(label)?)?;
    if let Some(rule) = rule {
        writeln!(to, "\"dissemination\": {},", text(rule)?)?;
    }
    list(to, "nodes", (0..world.nodes()).map(node))?;
    to.write_all(b",\n")?;
    list(to, "pairs", overlay.pairs_in_order().into_iter().map(|(a, b)| [a, b]))?;
    to.write_all(b",\n")?;
    if overlay.stripes() > 0 {
        let pairs = overlay.pairs_in_order();
        let belongs = |pair: u32, stripe: u32| {
            let (a, b) = pairs[pair as usize];
            overlay.in_stripe(a, stripe).any(|next| next == b)
        };
        let of = |stripe: u32| (0..pairs.len() as u32).filter(|&pair| belongs(pair, stripe)).collect::<Vec<u32>>();
        list(to, "stripes", (0..overlay.stripes()).map(of))?;
        to.write_all(b",\n")?;
    }
    list(to, "blocks", (0..overlay.blocks()).map(|block| overlay.block(block)))?;
    if overlay.standby_connections() > 0 {
        to.write_all(b",\n")?;
        list(to, "standby", overlay.standby_in_order().into_iter().map(|(a, b)| [a, b]))?;
    }
    to.write_all(b"\n}\n")
}

fn list<T: Serialize>(to: &mut dyn Write, name: &str, items: impl Iterator<Item = T>) -> io::Result<()> {
    write!(to, "\"{name}\": [")?;
    let mut is_empty = true;
    for item in items {
        let comma = if is_empty { "" } else { "," };
        write!(to, "{comma}\n  {}", text(&item)?)?;
        is_empty = false;
    }
    to.write_all(if is_empty { b"]" } else { b"\n]" })
}

fn text(value: &(impl Serialize + ?Sized)) -> io::Result<String> {
    Ok(serde_json::to_string(value)?)
}

//! From a file to an experiment.

use std::path::Path;
use std::sync::Arc;

use toml::de::DeTable;

use super::axes::{self, Axis};
use super::combine::{self, Combination};
use super::exclude::Exclusions;
use super::experiment::{AxisValue, Cell, Experiment, OrderedNumber};
use super::explain;
use super::file::SweepTable;
use super::head;
use super::overrides;
use super::plain;
use super::plans;
use super::problem::{Problem, Problems, ScenarioErrors};
use super::read::Reader;
use super::registry::Registry;
use super::resolve::Resolver;
use super::resolved;
use super::schema;
use super::settings::Settings;
use super::source::Sources;
use super::text;
use super::topologies::{self, Variant};
use super::tree::{self, Node, TreePath, path};
use super::workloads;
use crate::net::LatencySpec;

impl Registry {
    /// Reads the scenario at `path`, with the overrides `path=value` of a command line.
    ///
    /// # Errors
    /// Every error of the file and of the overrides, at once.
    pub fn load(&self, path: &Path, overrides: &[String]) -> Result<Experiment, ScenarioErrors> {
        let name = path.display().to_string();
        let text = text::read(path).map_err(|error| ScenarioErrors::unreadable(&name, error))?;
        self.parse_str(&name, &text, path.parent().unwrap_or_else(|| Path::new("")), overrides)
    }

    /// Reads the scenario `text`, which messages call `name`, and whose files are relative to `base_dir`.
    ///
    /// # Errors
    /// Every error of the text and of the overrides, at once.
    pub fn parse_str(
        &self,
        name: &str,
        text: &str,
        base_dir: &Path,
        overrides: &[String],
    ) -> Result<Experiment, ScenarioErrors> {
        let sources = Sources::new(name, text, overrides);
        let mut problems = Problems::default();
        if let Some(problem) = text::not_toml(sources.file()) {
            problems.push(problem);
            return Err(problems.into_errors(name, &sources));
        }
        let (table, faults) = DeTable::parse_recoverable(sources.file());
        if !faults.is_empty() {
            faults.iter().for_each(|fault| problems.push(explain::syntax(fault, &sources)));
            return Err(problems.into_errors(name, &sources));
        }
        let mut root = tree::root_of(table);
        overrides::apply(&mut root, &sources, &mut problems);
        let experiment = Scenario::new(root, self, base_dir, &mut problems).resolve(name, base_dir, &mut problems);
        if problems.is_empty() { Ok(experiment) } else { Err(problems.into_errors(name, &sources)) }
    }
}

/// A scenario's tree, and the parts of it that are not values but make the cells.
struct Scenario<'i> {
    registry: &'i Registry,
    root: Node<'i>,
    // What was taken out of the tree as faulty.
    lost: Vec<TreePath>,
    axes: Vec<Axis<'i>>,
    topologies: Vec<Variant>,
}

impl<'i> Scenario<'i> {
    fn new(mut root: Node<'i>, registry: &'i Registry, base_dir: &Path, problems: &mut Problems) -> Self {
        check_top_level(&mut root, registry, problems);
        let mut axes = Vec::new();
        let mut lost = Vec::new();
        for (mut place, fault) in plain::faults(&root) {
            problems.push(fault);
            // Elements of lists stay, so that the others keep their indices.
            while !tree::remove(&mut root, &place) && !place.is_empty() {
                place.pop();
            }
            lost.push(place);
        }
        for section in schema::SWEPT {
            let (found, faults) = axes::find(&root, &path([section]));
            axes.extend(found);
            for (place, fault) in faults {
                problems.push(fault);
                tree::remove(&mut root, &place);
                lost.push(place);
            }
        }
        axes.sort_by_key(|axis| axis.span.start);
        axes::name(&mut axes);
        let topologies = topologies::topologies(&root, registry, base_dir, problems);
        Self { registry, root, lost, axes, topologies }
    }

    fn resolve(&self, file: &str, base_dir: &Path, problems: &mut Problems) -> Experiment {
        let mut reader = Reader::new(self.root.clone(), self.lost.clone(), self.registry, problems);
        let sweep: SweepTable = reader.read(&path(["sweep"]));
        let combinations = combine::combinations(&self.axes, self.topologies.len(), &sweep.zip, &self.root, problems);
        let exclusions = Exclusions::read(&self.root, &self.axes, &self.topologies, problems);
        let mut head = Reader::new(self.tree(&combinations[0]), self.lost.clone(), self.registry, problems);
        let name = head::name(&mut head, file);
        let question = head::question(&mut head);
        let seeds = head::seeds(&mut head);
        let expectations = head::expectations(&mut head);
        let mut resolver = Resolver::new(base_dir);
        let mut settings = Vec::new();
        for combination in &combinations {
            let mut reader = Reader::new(self.tree(combination), self.lost.clone(), self.registry, problems);
            settings.push(resolver.settings(&mut reader));
            if problems.is_full() {
                break;
            }
        }
        let mut cells = Vec::new();
        for (combination, settings) in combinations.iter().zip(settings) {
            self.check_population(combination, &exclusions, &settings, problems);
            self.push_cells(&mut cells, combination, &exclusions, &Arc::new(settings));
        }
        topologies::note_none(&self.root, self.registry, problems);
        if problems.is_empty() {
            exclusions.note_unused(problems);
            match cells.is_empty() {
                true => problems.push(Problem::at(None, "every cell is left out by [sweep] exclude", "")),
                false => self.note_unused_regions(&cells, problems),
            }
        }
        let axes = self.axes.iter().map(|axis| axis.name.clone()).collect();
        resolved::experiment(name, question, seeds, axes, cells, expectations)
    }

    fn note_unused_regions(&self, cells: &[Cell], problems: &mut Problems) {
        let regions = path(["population", "regions"]);
        let is_by_city = |cell: &Cell| matches!(cell.settings.latency, LatencySpec::Cities { .. });
        if let Some(node) = tree::get(&self.root, &regions).filter(|_| !cells.iter().any(is_by_city)) {
            let message = "`regions` has no effect: this latency is not between cities";
            let problem = Problem::at(Some(node.span()), message, "leave it out, or leave out network.latency");
            problems.push(problem.help("only [network] latency = { kind = \"cities\" } places peers in regions"));
        }
    }

    fn tree<'s>(&'s self, combination: &Combination) -> Node<'s> {
        axes::substitute(&self.root, self.axes.iter().zip(combination.iter().copied()))
    }

    // Whether the population has all peers that the files of topologies name, and all classes that topologies name.
    fn check_population(
        &self,
        combination: &Combination,
        exclusions: &Exclusions,
        settings: &Settings,
        problems: &mut Problems,
    ) {
        // Where the population cannot be read, its size says nothing.
        if !problems.is_empty() {
            return;
        }
        let peers = settings.population.peers.get();
        for (index, variant) in self.topologies.iter().enumerate() {
            if exclusions.contain(combination, index) {
                continue;
            }
            for class in variant.topology.classes() {
                workloads::check_topology_class(variant.at.clone(), &class, &settings.population.classes, problems);
            }
            if let Some(problem) = plans::beyond(variant.file_at.clone(), &*variant.topology, peers) {
                problems.push(problem);
            }
        }
    }

    fn push_cells(
        &self,
        cells: &mut Vec<Cell>,
        combination: &Combination,
        exclusions: &Exclusions,
        settings: &Arc<Settings>,
    ) {
        let group = cells.last().map_or(0, |cell| cell.group + 1);
        let values: Vec<AxisValue> =
            self.axes.iter().zip(combination).map(|(axis, &point)| axis_value(axis, point)).collect();
        for (index, variant) in self.topologies.iter().enumerate() {
            if exclusions.contain(combination, index) {
                continue;
            }
            cells.push(Cell {
                index: cells.len(),
                group,
                axes: values.clone(),
                label: variant.label.clone(),
                topology: Arc::clone(&variant.topology),
                settings: Arc::clone(settings),
            });
        }
    }
}

fn axis_value(axis: &Axis<'_>, point: usize) -> AxisValue {
    let point = &axis.points[point];
    AxisValue { name: axis.name.clone(), text: point.text.clone(), number: point.number.map(OrderedNumber) }
}

fn check_top_level(root: &mut Node<'_>, registry: &Registry, problems: &mut Problems) {
    let known: Vec<&str> = schema::top_level();
    let keys: Vec<String> = tree::children(root).into_iter().map(|(key, _)| key).collect();
    for key in keys.iter().filter(|key| !known.contains(&key.as_str())) {
        let place = path([key]);
        let span = tree::key_span(root, &place);
        problems.push(Problem { span, ..explain::unknown_key(key, "", &known, registry) });
        tree::remove(root, &place);
    }
}

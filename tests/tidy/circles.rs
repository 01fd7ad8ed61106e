//! No circle of files that import each other is longer than two: a file and its neighbour may know each other, but a
//! ring of files is one room that only looks like several.
//!
//! A file imports another if a path outside its tests leads there, through re-exports to the file that defines the
//! name. What a module only hands on (`pub use`) is no import of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use petgraph::algo::astar;
use petgraph::graph::DiGraph;
use petgraph::visit::{EdgeFiltered, EdgeRef};
use syn::visit::Visit;
use syn::{Attribute, File, Item, ItemMod, ItemUse, UseTree, Visibility};

/// A path of modules from the root of the crate: `["net", "link"]`.
type ModulePath = Vec<String>;

#[test]
fn no_circle_of_files_is_longer_than_two() {
    let modules = modules(&super::sources());
    let circles = circles(&modules, 2);
    assert!(circles.is_empty(), "{} circles of files:\n{}", circles.len(), circles.join("\n"));
}

#[test]
fn circles_are_found_through_what_is_handed_on() {
    let source = |path: &str, text: &str| (path.into(), text.to_owned());
    let ring = [
        source("lib.rs", "mod a; mod b;"),
        source("a.rs", "mod one; mod two; pub use one::One; use two::Two;"),
        source("a/one.rs", "use crate::b::f; pub struct One;"),
        source("a/two.rs", "use super::One; pub struct Two; #[cfg(test)] mod tests { use crate::b; }"),
        source("b.rs", "use crate::a::two; pub fn f() { two::Two; }"),
    ];
    let found = circles(&modules(&ring), 2);
    assert_eq!(found, ["a/one.rs, a/two.rs, b.rs"]);
    let straight =
        [source("lib.rs", "mod a; mod b;"), source("a.rs", "use crate::b::B;"), source("b.rs", "pub struct B;")];
    assert!(circles(&modules(&straight), 1).is_empty());
}

/// A file of the crate as a module: what it defines, hands on and imports.
#[derive(Default)]
struct Module {
    file: String,
    defines: BTreeSet<String>,
    // Names that come from elsewhere: where from, and whether they are handed on.
    names: BTreeMap<String, ModulePath>,
    // Everything of these modules is handed on.
    globs: Vec<ModulePath>,
    // Paths that its code names, apart from `pub use`.
    imports: BTreeSet<ModulePath>,
}

fn modules(sources: &[(std::path::PathBuf, String)]) -> BTreeMap<ModulePath, Module> {
    let files = sources.iter().filter(|(path, _)| path.file_name() != Some("main.rs".as_ref()));
    let files: Vec<_> = files.map(|(path, text)| (module_path(path), path, text)).collect();
    let known: BTreeSet<ModulePath> = files.iter().map(|(module, ..)| module.clone()).collect();
    let read = |(at, path, text): &(ModulePath, &std::path::PathBuf, &String)| {
        let parsed: File = syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut reader = Reader { at, known: &known, module: Module::default() };
        reader.module.file = path.display().to_string();
        parsed.items.iter().filter_map(name_of).for_each(|name| {
            reader.module.defines.insert(name);
        });
        reader.visit_file(&parsed);
        (at.clone(), reader.module)
    };
    files.iter().filter(|(_, path, text)| !is_test(path, text, sources)).map(read).collect()
}

/// Circles of more than `most` files, one or two: for each import the shortest it is part of.
fn circles(modules: &BTreeMap<ModulePath, Module>, most: usize) -> Vec<String> {
    let mut graph: DiGraph<&str, ()> = DiGraph::new();
    let nodes: BTreeMap<&str, _> =
        modules.values().map(|module| (module.file.as_str(), graph.add_node(module.file.as_str()))).collect();
    for module in modules.values() {
        for path in &module.imports {
            let target = defining(modules, path, 0).filter(|target| target.file != module.file);
            if let Some(target) = target {
                graph.update_edge(nodes[module.file.as_str()], nodes[target.file.as_str()], ());
            }
        }
    }
    // The way back of every import, without the import the other way.
    let mut circles: BTreeSet<Vec<&str>> = BTreeSet::new();
    for edge in graph.edge_references() {
        let straight = EdgeFiltered::from_fn(&graph, |back| {
            most < 2 || (back.source(), back.target()) != (edge.target(), edge.source())
        });
        let way = astar(&straight, edge.target(), |file| file == edge.source(), |_| 1, |_| 0);
        circles.extend(way.map(|(_, files)| {
            let mut files: Vec<&str> = files.into_iter().map(|file| graph[file]).collect();
            files.sort_unstable();
            files
        }));
    }
    circles.iter().map(|circle| circle.join(", ")).collect()
}

/// The file in which the name at the end of a path is defined.
fn defining<'a>(modules: &'a BTreeMap<ModulePath, Module>, path: &[String], depth: usize) -> Option<&'a Module> {
    let length = (0..=path.len()).rev().find(|&length| modules.contains_key(&path[..length]))?;
    let module = &modules[&path[..length]];
    let Some(name) = path.get(length).filter(|name| !module.defines.contains(*name)) else { return Some(module) };
    // Names that are handed round in circles do not compile; macros may hide what defines a name.
    if depth > 8 {
        return Some(module);
    }
    if let Some(from) = module.names.get(name) {
        return defining(modules, from, depth + 1);
    }
    let hidden = module.globs.iter().find_map(|glob| {
        let inner: ModulePath = glob.iter().chain([name]).cloned().collect();
        modules.get(glob).filter(|from| from.defines.contains(name)).and_then(|_| defining(modules, &inner, depth + 1))
    });
    Some(hidden.unwrap_or(module))
}

fn module_path(path: &Path) -> ModulePath {
    let path = path.with_extension("");
    let parts: ModulePath = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if parts == ["lib"] { Vec::new() } else { parts }
}

/// Whether a file, or a folder above it, is a module for tests only.
fn is_test(path: &Path, text: &str, sources: &[(std::path::PathBuf, String)]) -> bool {
    let module = module_path(path);
    let declared_for_tests = |length: usize| {
        let (parent, name) = (&module[..length - 1], &module[length - 1]);
        let parent = sources.iter().find(|(path, _)| module_path(path) == parent);
        let declaration = |mark: &str| parent.is_some_and(|(_, text)| text.contains(&format!("{mark}mod {name};")));
        declaration("#[cfg(test)]\n")
            || declaration("#[cfg(test)]\npub(crate) ")
            || declaration("#[cfg(test)]\npub(super) ")
    };
    text.starts_with("#![cfg(test)]") || (1..=module.len()).any(declared_for_tests)
}

struct Reader<'a> {
    at: &'a ModulePath,
    known: &'a BTreeSet<ModulePath>,
    module: Module,
}

impl Reader<'_> {
    /// A path from the root of the crate, if it is one of this crate.
    fn absolute(&self, path: &[String]) -> Option<ModulePath> {
        let (first, rest) = path.split_first()?;
        let mut at = self.at.clone();
        match first.as_str() {
            "crate" => return Some(rest.to_vec()),
            "self" => return Some(at.into_iter().chain(rest.iter().cloned()).collect()),
            "super" => {
                at.pop()?;
                let above = rest.iter().take_while(|part| *part == "super").count();
                (0..above).for_each(|_| drop(at.pop()));
                return Some(at.into_iter().chain(rest[above..].iter().cloned()).collect());
            }
            _ => {}
        }
        // A module of its own, or a name that was brought in.
        let child: ModulePath = at.iter().chain([first]).cloned().collect();
        let from = if self.known.contains(&child) { Some(child) } else { self.module.names.get(first).cloned() };
        from.map(|from| from.into_iter().chain(rest.iter().cloned()).collect())
    }

    fn read_use(&mut self, tree: &UseTree, mut path: Vec<String>, is_handed_on: bool) {
        match tree {
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.read_use(&inner.tree, path, is_handed_on);
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.read_use(tree, path.clone(), is_handed_on));
            }
            UseTree::Glob(_) => {
                let from = self.absolute(&path);
                self.module.globs.extend(from);
            }
            UseTree::Name(name) => self.bring(path, name.ident.to_string(), None, is_handed_on),
            UseTree::Rename(name) => {
                self.bring(path, name.ident.to_string(), Some(name.rename.to_string()), is_handed_on);
            }
        }
    }

    fn bring(&mut self, mut path: Vec<String>, name: String, renamed: Option<String>, is_handed_on: bool) {
        let called = match name.as_str() {
            "self" => path.last().cloned().unwrap_or_default(),
            _ => {
                path.push(name.clone());
                name
            }
        };
        let Some(from) = self.absolute(&path) else { return };
        if !is_handed_on {
            self.module.imports.insert(from.clone());
        }
        self.module.names.insert(renamed.unwrap_or(called), from);
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(name.to_string())
}

impl Visit<'_> for Reader<'_> {
    fn visit_file(&mut self, file: &File) {
        // Names first: a use may stand below what uses it.
        for item in &file.items {
            if let Item::Use(item) = item {
                self.visit_item_use(item);
            }
        }
        syn::visit::visit_file(self, file);
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        if !is_for_tests(&item.attrs) {
            let is_handed_on = !matches!(item.vis, Visibility::Inherited);
            self.read_use(&item.tree, Vec::new(), is_handed_on);
        }
    }

    fn visit_item_mod(&mut self, item: &ItemMod) {
        if !is_for_tests(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &syn::ItemFn) {
        if !is_for_tests(&item.attrs) {
            syn::visit::visit_item_fn(self, item);
        }
    }

    // `pub(in crate::a)` takes nothing from there.
    fn visit_visibility(&mut self, _: &Visibility) {}

    fn visit_path(&mut self, path: &syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let is_of_crate = parts.len() > 1 || self.module.names.contains_key(&parts[0]);
        if let Some(from) = is_of_crate.then(|| self.absolute(&parts)).flatten() {
            self.module.imports.insert(from);
        }
        syn::visit::visit_path(self, path);
    }
}

//! Every scenario that comes with peerscape loads.

use std::path::{Path, PathBuf};

fn shipped() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files =
        [root.clone(), root.join("bench")].into_iter().flat_map(|dir| std::fs::read_dir(dir).expect("the folder"));
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    paths
}

#[test]
fn every_scenario_loads() {
    assert!(shipped().len() >= 9);
    for path in shipped() {
        let experiment =
            peerscape::scenario::load(&path, &[]).unwrap_or_else(|errors| panic!("{:?}", miette::Report::new(errors)));
        assert_eq!(Some(experiment.name.as_str()), path.file_stem().and_then(|stem| stem.to_str()));
        assert!(!experiment.cells.is_empty());
    }
}

#[test]
fn the_quickstart_is_six_sizes_of_seven_topologies() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.toml");
    let experiment = peerscape::scenario::load(&path, &[]).expect("valid");
    assert_eq!(experiment.axes, ["peers"]);
    assert_eq!(experiment.cells.len(), 6 * 7);
    let labels: Vec<&str> = experiment.cells[..7].iter().map(|cell| cell.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "mesh",
            "star",
            "star hub=server",
            "tree degree=2",
            "tree degree=4",
            "tree degree=8",
            "hybrid peers_per_hub=16"
        ]
    );
    assert_eq!(experiment.cells[7].settings.population.peers.get(), 50);
    assert_eq!((experiment.cells[7].group, experiment.cells[7].axes[0].text.as_str()), (1, "50"));
}

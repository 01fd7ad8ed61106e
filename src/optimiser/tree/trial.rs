use super::*;
pub fn anneal_trial(
    problem: &TreeProblem<'_>,
    moves: u64,
    lns: u64,
    seed: u64,
    from: f64,
    to: f64,
    weight: f64,
) -> (u64, u64, u64) {
    use crate::rng::*;
    let starts: Vec<Vec<u32>> = compact::compact(problem).collect();
    let ct = verify(problem, &starts[0]).map(|v| v.max_us).unwrap_or(0);
    let best = starts
        .iter()
        .filter_map(|p| verify(problem, p).ok().map(|v| (problem.rank(&v), p)))
        .min()
        .expect("some")
        .1
        .clone();
    let b = verify(problem, &best).expect("ok").max_us;
    let sh = shortest::shortest_us(problem);
    let near = near::Near::new(problem, &sh, 16);
    let mut st = state::State::of(problem, &best);
    let mut stream = Streams::new(Seed(seed)).stream(Domain::Optimiser, 0);
    let p = anneal::anneal(&mut st, &near, anneal::Schedule { moves, from, to, weight }, &mut stream);
    let mut st = state::State::of(problem, &p);
    let t = std::time::Instant::now();
    let m0 = st.max_us();
    let tr = critical::shorten(&mut st, &near, 5_000_000);
    let m1 = st.max_us();
    let t1 = t.elapsed();
    let wk = neighbourhood::improve(&mut st, &near, 200, lns, &mut stream);
    if std::env::var("V").is_ok() {
        println!("ls {m0}->{m1} ({tr} tries {t1:?}) lns {} ({wk} work, {:?})", st.max_us(), t.elapsed());
    }
    let p = st.parents();
    (ct, b, verify(problem, &p).expect("valid").max_us)
}
pub fn exact_trial(problem: &TreeProblem<'_>, lower: u64, upper: u64, nodes: u64) -> (Option<u64>, u64, u64) {
    let pieces = pieces::Pieces::of(problem);
    let e = closing::close(&pieces, (lower, upper), 0, nodes);
    if let Some((v, p)) = &e.found {
        let p: Vec<u32> = p.iter().map(|&x| x as u32).collect();
        assert_eq!(verify(problem, &p).expect("valid").max_us, *v);
    }
    (e.found.map(|f| f.0), e.lower_us, e.work)
}
pub fn shortest_max(problem: &TreeProblem<'_>) -> u64 {
    shortest::shortest_us(problem).into_iter().max().unwrap_or(0)
}

pub fn long_trial(problem: &TreeProblem<'_>, rounds: u64, seed: u64) -> u64 {
    use crate::rng::*;
    let sh = shortest::shortest_us(problem);
    let near = near::Near::new(problem, &sh, 24);
    let mut best = (u64::MAX, Vec::new());
    let mut stream = Streams::new(Seed(seed)).stream(Domain::Optimiser, 0);
    let t = std::time::Instant::now();
    for (i, p) in compact::compact(problem).enumerate() {
        let mut st = state::State::of(problem, &p);
        critical::shorten(&mut st, &near, 5_000_000);
        let a = st.max_us();
        neighbourhood::improve(&mut st, &near, 60, 50_000, &mut stream);
        print!(" b{i}:{a}->{} ", st.max_us());
        if st.max_us() < best.0 {
            best = (st.max_us(), st.parents());
        }
    }
    println!("start {} {:?}", best.0, t.elapsed());
    for r in 0..rounds {
        let from = [0.003, 0.01, 0.03, 0.06][(r % 4) as usize];
        let mut st = state::State::of(problem, &best.1);
        let p = anneal::anneal(
            &mut st,
            &near,
            anneal::Schedule { moves: 500_000, from, to: from / 20.0, weight: 0.2 },
            &mut stream,
        );
        let mut st = state::State::of(problem, &p);
        let a = st.max_us();
        critical::shorten(&mut st, &near, 5_000_000);
        neighbourhood::improve(&mut st, &near, 100, 100_000, &mut stream);
        if st.max_us() < best.0 {
            println!("  r{r} from {from}: anneal {a} lns {} {:?}", st.max_us(), t.elapsed());
        }
        if st.max_us() <= best.0 {
            best = (st.max_us(), st.parents());
        }
    }
    println!("end {:?}", t.elapsed());
    best.0
}

pub fn large_trial(problem: &TreeProblem<'_>, lns: u64, seed: u64) -> u64 {
    use crate::rng::*;
    let t = std::time::Instant::now();
    let sh = shortest::shortest_us(problem);
    let lb = *sh.iter().max().expect("x");
    let near = near::Near::new(problem, &sh, 16);
    println!("near {:?}", t.elapsed());
    let mut best = (u64::MAX, Vec::new());
    let mut stream = Streams::new(Seed(seed)).stream(Domain::Optimiser, 0);
    for (i, p) in sparse::sparse(problem, &near, &sh).enumerate() {
        let v = verify(problem, &p).expect("tree").max_us;
        let t0 = t.elapsed();
        let mut st = state::State::of(problem, &p);
        let t1 = t.elapsed();
        let tr = critical::shorten(&mut st, &near, 20_000_000);
        println!(
            " b{i}: {v} {t0:?} {t1:?} -> {} ({:.3}) {tr} {:?}",
            st.max_us(),
            st.max_us() as f64 / lb as f64,
            t.elapsed()
        );
        if st.max_us() < best.0 {
            best = (st.max_us(), st.parents());
        }
    }
    let mut st = state::State::of(problem, &best.1);
    neighbourhood::improve(&mut st, &near, 100, lns, &mut stream);
    println!("lns {} ({:.3}) {:?}", st.max_us(), st.max_us() as f64 / lb as f64, t.elapsed());
    st.max_us()
}

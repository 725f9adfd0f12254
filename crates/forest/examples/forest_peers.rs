//! The same measurements as scikit-learn's and shap's, on the same matrix: CPU seconds of growing,
//! scoring and explaining, and the peak of memory.
//!
//! ```sh
//! python3 isolation_forest_peers.py --dump X.f32 --rows 1000000
//! cargo run --release -p cstack-forest --example forest_peers -- X.f32 20 100
//! ```
//!
//! Arguments: the matrix (row-major little-endian f32), its columns, the number of trees.
//! `RAYON_NUM_THREADS=1` for one thread. Linux only: it reads /proc.

use std::error::Error;
use std::fs;
use std::time::Instant;

use cstack_forest::{ForestParams, IsolationForest};
use linfa::ParamGuard;
use ndarray::{ArrayView2, Axis, Slice};

/// CPU seconds of all threads so far.
fn cpu() -> f64 {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let spent = threads.filter_map(|thread| {
        let line = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        line.split(' ').next()?.parse::<f64>().ok()
    });
    spent.sum::<f64>() / 1e9
}

/// Peak of resident memory in MiB.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

fn timed<T>(what: &str, times: u32, mut run: impl FnMut() -> T) -> T {
    let (mut best_wall, mut best_cpu) = (f64::MAX, f64::MAX);
    let mut last = None;
    for _ in 0..times {
        drop(last.take());
        let (wall, spent) = (Instant::now(), cpu());
        last = Some(run());
        best_wall = best_wall.min(wall.elapsed().as_secs_f64());
        best_cpu = best_cpu.min(cpu() - spent);
    }
    println!("{what:<28} wall {best_wall:.4} s, CPU {best_cpu:.4} s, peak {:.1} MiB", peak());
    match last {
        Some(last) => last,
        None => run(),
    }
}

/// Reads in pieces, so that the bytes and the numbers are never both there.
fn read(path: &str) -> Result<Vec<f32>, Box<dyn Error>> {
    use std::io::Read as _;
    let mut file = fs::File::open(path)?;
    let count = usize::try_from(file.metadata()?.len() / 4)?;
    let mut values = Vec::with_capacity(count);
    let mut piece = vec![0; 1 << 20];
    while values.len() < count {
        let wanted = piece.len().min((count - values.len()) * 4);
        file.read_exact(&mut piece[..wanted])?;
        let numbers = piece[..wanted].as_chunks::<4>().0;
        values.extend(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)));
    }
    Ok(values)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, columns, trees] = arguments.as_slice() else {
        return Err("usage: forest_peers MATRIX COLUMNS TREES".into());
    };
    let (columns, trees) = (columns.parse::<usize>()?, trees.parse::<u32>()?);
    let values = read(path)?;
    let rows = ArrayView2::from_shape((values.len() / columns, columns), &values)?;
    println!("{} x {columns}, {trees} trees; matrix read: peak {:.1} MiB", rows.nrows(), peak());

    let params = ForestParams::new().trees(trees).seed(42).check()?;
    rayon_warm();
    let forest = timed("fit", 5, || IsolationForest::fit(&params, &rows))?;
    let mut scores = vec![0.0; rows.nrows()];
    timed("score", 9, || forest.score_into(&rows, &mut scores))?;
    let some = |from: usize, to: usize| {
        let end = to.min(rows.nrows());
        rows.slice_axis(Axis(0), Slice::from(from.min(end)..end))
    };
    let thousand = some(0, 1_000);
    timed("explain 1000", 5, || forest.explain(&thousand))?;
    timed("explain 1", 20, || forest.explain(&some(0, 1)))?;
    let background = some(1_000, 1_100);
    timed("explain 1000 against 100", 1, || forest.explain_against(&thousand, &background))?;
    let mean = scores.iter().sum::<f64>() / f64::from(u32::try_from(scores.len())?);
    println!("mean score {mean:.6}");
    Ok(())
}

/// Starts the threads outside the measurements.
fn rayon_warm() {
    let rows = ndarray::Array2::<f32>::zeros((4, 1));
    let params = ForestParams::new().trees(4).check();
    let _ = params.and_then(|params| IsolationForest::fit(&params, &rows.view()));
}

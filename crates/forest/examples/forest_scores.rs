//! Scores of a dumped matrix, to compare rankings with other implementations:
//! `forest_scores MATRIX COLUMNS TREES SEED MEASURE` writes one little-endian f64 a row to stdout.

use std::error::Error;
use std::io::Write as _;

use cstack_forest::{ForestParams, IsolationForest, Measure};
use linfa::ParamGuard as _;
use ndarray::ArrayView2;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, columns, trees, seed, measure] = arguments.as_slice() else {
        return Err("usage: forest_scores MATRIX COLUMNS TREES SEED depth|density".into());
    };
    let bytes = std::fs::read(path)?;
    let numbers = bytes.as_chunks::<4>().0.iter();
    let values: Vec<f32> = numbers.map(|number| f32::from_le_bytes(*number)).collect();
    let columns = columns.parse::<usize>()?;
    let rows = ArrayView2::from_shape((values.len() / columns, columns), &values)?;
    let measure = if measure == "density" { Measure::Density } else { Measure::Depth };
    let params = ForestParams::new().trees(trees.parse()?).seed(seed.parse()?).measure(measure);
    let scores = IsolationForest::fit(&params.check()?, &rows)?.scores(&rows)?;
    let mut out = std::io::stdout().lock();
    for score in scores {
        out.write_all(&score.to_le_bytes())?;
    }
    Ok(())
}

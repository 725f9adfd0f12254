//! Columns cut into a few bins, so that splits are looked for among few values.

use ndarray::ArrayView2;

use super::Trend;

/// Bins of a column, at most; the first is for missing values.
const MOST: usize = 64;
/// Values that cuts are taken from.
const SAMPLE: usize = 20_000;

/// Rows in bins, column by column.
pub(super) struct Bins {
    /// Upper ends of each column's bins but the last, from the second on.
    pub(super) cuts: Vec<Vec<f32>>,
    /// The bin of every row, by column.
    pub(super) columns: Vec<Vec<u8>>,
}

impl Bins {
    pub(super) fn of(rows: &ArrayView2<'_, f32>, trends: &[Trend]) -> Self {
        let step = (rows.nrows() / SAMPLE).max(1);
        let (mut cuts, mut columns) = (Vec::new(), Vec::new());
        for (column, trend) in rows.columns().into_iter().zip(trends) {
            if *trend == Trend::Unused {
                cuts.push(Vec::new());
                columns.push(Vec::new());
                continue;
            }
            let known = column.iter().step_by(step).copied().filter(|value| !value.is_nan());
            let mut known: Vec<f32> = known.collect();
            known.sort_unstable_by(f32::total_cmp);
            let many = known.len();
            let mut ends: Vec<f32> = (1..MOST - 1)
                .filter_map(|bin| known.get(many * bin / (MOST - 1)).copied())
                .collect();
            // The tail is where what is looked for lies: finer there.
            ends.extend((1..8).filter_map(|bin| {
                known.get(many.checked_sub(1 + many * bin / (MOST * 8))?).copied()
            }));
            ends.sort_unstable_by(f32::total_cmp);
            ends.dedup_by(|a, b| a.to_bits() == b.to_bits());
            // Nothing is above the last value.
            if ends.last().copied() == known.last().copied() {
                ends.pop();
            }
            let bin = |value: &f32| {
                let at =
                    if value.is_nan() { 0 } else { 1 + ends.partition_point(|end| end < value) };
                u8::try_from(at).unwrap_or(u8::MAX)
            };
            columns.push(column.iter().map(bin).collect());
            cuts.push(ends);
        }
        Self { cuts, columns }
    }

    /// The threshold between a bin and the next; `None` after the last.
    pub(super) fn threshold(&self, column: usize, bin: usize) -> Option<f32> {
        match bin {
            // Missing values alone on the left.
            0 => Some(f32::NEG_INFINITY),
            bin => self.cuts.get(column)?.get(bin - 1).copied(),
        }
    }
}

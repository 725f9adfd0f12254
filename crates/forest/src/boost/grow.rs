//! One tree after the other, level by level.

use super::bins::Bins;
use super::{BoostParams, Node, Trend, single};

/// First and second derivatives, summed.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    first: f64,
    second: f64,
}

impl Sum {
    fn add(&mut self, first: f64, second: f64) {
        self.first += first;
        self.second += second;
    }

    fn less(self, other: Self) -> Self {
        Self { first: self.first - other.first, second: self.second - other.second }
    }

    fn worth(self, l2: f64) -> f64 {
        -self.first / (self.second + l2)
    }

    /// What the rows gain when they get a value.
    fn gain(self, value: f64, l2: f64) -> f64 {
        -(2.0 * self.first * value + (self.second + l2) * value * value)
    }
}

/// A node that may still be split.
struct Open {
    node: usize,
    rows: Vec<u32>,
    sum: Sum,
    bounds: (f64, f64),
}

struct Split {
    gain: f64,
    column: usize,
    bin: usize,
    left: Sum,
    values: (f64, f64),
}

pub(super) struct Growing<'g> {
    bins: &'g Bins,
    labels: &'g [bool],
    weights: &'g [f32],
    trends: &'g [Trend],
    params: &'g BoostParams,
    margins: Vec<f64>,
    slopes: Vec<(f64, f64)>,
}

impl<'g> Growing<'g> {
    pub(super) fn new(
        bins: &'g Bins,
        labels: &'g [bool],
        weights: &'g [f32],
        trends: &'g [Trend],
        params: &'g BoostParams,
        start: f64,
    ) -> Self {
        let margins = vec![start; labels.len()];
        Self { bins, labels, weights, trends, params, margins, slopes: Vec::new() }
    }

    pub(super) fn tree(&mut self) -> Vec<Node> {
        self.slope();
        let rows: Vec<u32> =
            (0..self.labels.len()).filter_map(|row| u32::try_from(row).ok()).collect();
        let sum = self.sum(&rows);
        let bounds = (f64::NEG_INFINITY, f64::INFINITY);
        let mut nodes = vec![self.leaf(sum.worth(self.params.l2))];
        let mut level = vec![Open { node: 0, rows, sum, bounds }];
        let mut leaves = Vec::new();
        for _ in 0..self.params.depth {
            let mut next = Vec::new();
            for open in level {
                let Some(split) = self.best(&open) else {
                    leaves.push(open);
                    continue;
                };
                let (left, right) = self.divide(open, &split, &mut nodes);
                next.extend([left, right]);
            }
            level = next;
        }
        leaves.extend(level);
        for leaf in leaves {
            let value = nodes.get(leaf.node).map_or(0.0, |node| f64::from(node.value));
            for row in leaf.rows {
                let margin = usize::try_from(row).ok().and_then(|row| self.margins.get_mut(row));
                if let Some(margin) = margin {
                    *margin += value;
                }
            }
        }
        nodes
    }

    fn slope(&mut self) {
        let rows = self.margins.iter().zip(self.labels).zip(self.weights);
        self.slopes = rows
            .map(|((margin, label), weight)| {
                let p = 1.0 / (1.0 + (-margin).exp());
                let (y, weight) = (f64::from(u8::from(*label)), f64::from(*weight));
                (weight * (p - y), (weight * p * (1.0 - p)).max(1e-12))
            })
            .collect();
    }

    fn of(&self, row: u32) -> (f64, f64) {
        let row = usize::try_from(row).ok();
        row.and_then(|row| self.slopes.get(row)).copied().unwrap_or_default()
    }

    fn sum(&self, rows: &[u32]) -> Sum {
        let mut out = Sum::default();
        for row in rows {
            let (first, second) = self.of(*row);
            out.add(first, second);
        }
        out
    }

    fn leaf(&self, value: f64) -> Node {
        let value = single(value * self.params.rate);
        Node { column: 0, threshold: 0.0, left: 0, value }
    }

    fn best(&self, open: &Open) -> Option<Split> {
        let mut best: Option<Split> = None;
        for (column, trend) in self.trends.iter().enumerate() {
            let (Some(binned), Some(cuts)) =
                (self.bins.columns.get(column), self.bins.cuts.get(column))
            else {
                continue;
            };
            if *trend == Trend::Unused {
                continue;
            }
            let mut sums = vec![Sum::default(); cuts.len() + 2];
            for row in &open.rows {
                let (first, second) = self.of(*row);
                let bin = usize::try_from(*row).ok().and_then(|row| binned.get(row));
                if let Some(sum) = bin.and_then(|bin| sums.get_mut(usize::from(*bin))) {
                    sum.add(first, second);
                }
            }
            let mut left = Sum::default();
            for (bin, sum) in sums.iter().enumerate().take(cuts.len() + 1) {
                left.add(sum.first, sum.second);
                let split = self.judge(open, *trend, left, (column, bin));
                if let Some(split) = split
                    && best.as_ref().is_none_or(|best| split.gain > best.gain)
                {
                    best = Some(split);
                }
            }
        }
        best
    }

    fn judge(
        &self,
        open: &Open,
        trend: Trend,
        left: Sum,
        (column, bin): (usize, usize),
    ) -> Option<Split> {
        /// Gains below this are noise.
        const LEAST_GAIN: f64 = 1e-3;
        let right = open.sum.less(left);
        let (l2, least) = (self.params.l2, self.params.least);
        if left.second < least || right.second < least {
            return None;
        }
        let (low, high) = open.bounds;
        let values = (left.worth(l2).clamp(low, high), right.worth(l2).clamp(low, high));
        let fits = match trend {
            Trend::Rising => values.0 <= values.1,
            Trend::Falling => values.0 >= values.1,
            Trend::Free | Trend::Unused => true,
        };
        let own = open.sum.worth(l2).clamp(low, high);
        let gain = left.gain(values.0, l2) + right.gain(values.1, l2) - open.sum.gain(own, l2);
        (fits && gain > LEAST_GAIN).then_some(Split { gain, column, bin, left, values })
    }

    fn divide(&self, open: Open, split: &Split, nodes: &mut Vec<Node>) -> (Open, Open) {
        let at = nodes.len();
        nodes.push(self.leaf(split.values.0));
        nodes.push(self.leaf(split.values.1));
        if let Some(node) = nodes.get_mut(open.node) {
            node.column = u16::try_from(split.column).unwrap_or(u16::MAX);
            node.threshold = self.bins.threshold(split.column, split.bin).unwrap_or(f32::INFINITY);
            node.left = u16::try_from(at).unwrap_or(0);
        }
        let binned = self.bins.columns.get(split.column);
        let is_left = |row: &u32| {
            let bin = usize::try_from(*row).ok().and_then(|row| binned?.get(row));
            bin.is_some_and(|bin| usize::from(*bin) <= split.bin)
        };
        let (left_rows, right_rows): (Vec<u32>, Vec<u32>) =
            open.rows.into_iter().partition(is_left);
        let middle = f64::midpoint(split.values.0, split.values.1);
        let (low, high) = open.bounds;
        let (left, right) = match self.trends.get(split.column) {
            Some(Trend::Rising) => ((low, middle), (middle, high)),
            Some(Trend::Falling) => ((middle, high), (low, middle)),
            _ => ((low, high), (low, high)),
        };
        let right_sum = open.sum.less(split.left);
        (
            Open { node: at, rows: left_rows, sum: split.left, bounds: left },
            Open { node: at + 1, rows: right_rows, sum: right_sum, bounds: right },
        )
    }
}

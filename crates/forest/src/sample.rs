//! Which rows a tree grows on.

use crate::random::Chance;

/// `size` of `rows` row numbers without replacement, every set of them as likely, ascending.
///
/// Costs what the sample costs and not what the matrix does: draws as many as are missing, drops
/// those already there, and draws again. Each round treats all numbers alike and never draws too
/// many, so nothing biases the set.
pub(crate) fn sample(chance: &mut Chance, rows: u32, size: u32) -> Vec<u32> {
    if size >= rows {
        return (0..rows).collect();
    }
    // The rarer side is drawn: more than half would be drawn in vain more and more often.
    if size > rows / 2 {
        let left_out = sample(chance, rows, rows - size);
        let mut next = left_out.iter().copied().peekable();
        return (0..rows).filter(|row| next.next_if_eq(row).is_none()).collect();
    }
    let size = size as usize;
    let mut drawn: Vec<u32> = Vec::with_capacity(size);
    while drawn.len() < size {
        for _ in drawn.len()..size {
            drawn.push(chance.below(rows));
        }
        drawn.sort_unstable();
        drawn.dedup();
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_its_size_and_no_row_twice() {
        let mut chance = Chance::new(1);
        for (rows, size) in [(1, 1), (5, 9), (10, 4), (10, 6), (1_000, 256), (300, 256), (7, 0)] {
            let drawn = sample(&mut chance, rows, size);
            assert_eq!(drawn.len(), size.min(rows) as usize);
            assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(drawn.iter().all(|&row| row < rows));
        }
    }

    #[test]
    fn every_row_is_as_likely_as_the_next() {
        let mut chance = Chance::new(2);
        for size in [3, 8] {
            let mut seen = [0_u32; 10];
            for _ in 0..20_000 {
                for row in sample(&mut chance, 10, size) {
                    seen[row as usize] += 1;
                }
            }
            let mean = 2_000 * size;
            assert!(seen.iter().all(|&times| times.abs_diff(mean) < 350), "{seen:?}");
        }
    }
}

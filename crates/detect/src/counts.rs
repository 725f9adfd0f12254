//! Faded counts of values: of one account in a short list, of many in a table.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::symbols::Symbol;

/// Values that an account's list holds of one facet. A phone changes its address daily: beyond
/// this many, the value that was seen least goes.
const KEPT: usize = 48;

/// Values of one account, few and close together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Few {
    values: Vec<(Symbol, f32)>,
    total: f32,
}

impl Few {
    /// No value.
    pub const EMPTY: Self = Self { values: Vec::new(), total: 0.0 };

    /// Adds weight to a value.
    pub fn add(&mut self, value: Symbol, weight: f32) {
        self.total += weight;
        if let Some((_, count)) = self.values.iter_mut().find(|(known, _)| *known == value) {
            *count += weight;
            return;
        }
        if self.values.len() >= KEPT {
            let least = self.values.iter().enumerate().min_by(|(_, a), (_, b)| a.1.total_cmp(&b.1));
            if let Some(at) = least.map(|(at, _)| at) {
                self.values.swap_remove(at);
            }
        }
        self.values.push((value, weight));
    }

    /// The weight of a value.
    pub fn of(&self, value: Symbol) -> f32 {
        self.values.iter().find(|(known, _)| *known == value).map_or(0.0, |(_, count)| *count)
    }

    /// The weight of all values, those that went included.
    pub fn total(&self) -> f32 {
        self.total
    }

    /// The values that weigh most, heaviest first.
    pub fn heaviest(&self, most: usize) -> Vec<(Symbol, f32)> {
        let mut values = self.values.clone();
        values.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        values.truncate(most);
        values
    }

    /// All values with their weights, in no order that means anything.
    pub fn values(&self) -> &[(Symbol, f32)] {
        &self.values
    }

    /// Multiplies every weight.
    pub fn scale(&mut self, factor: f32) {
        self.total *= factor;
        self.values.iter_mut().for_each(|(_, count)| *count *= factor);
    }
}

/// Values of many accounts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Many {
    values: FxHashMap<Symbol, f32>,
    total: f64,
}

impl Many {
    /// Adds weight to a value.
    pub fn add(&mut self, value: Symbol, weight: f32) {
        self.total += f64::from(weight);
        *self.values.entry(value).or_default() += weight;
    }

    /// The weight of a value.
    pub fn of(&self, value: Symbol) -> f32 {
        self.values.get(&value).copied().unwrap_or(0.0)
    }

    /// The weight of all values.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// How many values there are.
    pub fn distinct(&self) -> usize {
        self.values.len()
    }

    /// Multiplies every weight, and lets go of values that no longer weigh anything.
    pub fn scale(&mut self, factor: f32) {
        /// Under a thousandth of a sighting that is half gone.
        const NOTHING: f32 = 5e-4;
        self.total *= f64::from(factor);
        self.values.retain(|_, count| {
            *count *= factor;
            *count > NOTHING
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_bound_the_rarest_value_goes_and_the_total_stays() {
        let mut few = Few::default();
        for value in 1..=KEPT {
            let value = Symbol(u32::try_from(value).unwrap());
            few.add(value, 2.0);
        }
        few.add(Symbol(1), 5.0);
        few.add(Symbol(1_000), 1.0);
        assert!((few.of(Symbol(1)) - 7.0).abs() < 1e-6);
        assert!((few.of(Symbol(1_000)) - 1.0).abs() < 1e-6);
        assert_eq!(few.values().len(), KEPT);
        assert!((few.total() - 102.0).abs() < 1e-3);
        assert_eq!(few.heaviest(1), [(Symbol(1), 7.0)]);
    }

    #[test]
    fn what_has_faded_away_is_forgotten() {
        let mut many = Many::default();
        many.add(Symbol(1), 1.0);
        many.add(Symbol(2), 1_000.0);
        many.scale(1e-4);
        assert_eq!((many.distinct(), many.of(Symbol(1))), (1, 0.0));
    }
}

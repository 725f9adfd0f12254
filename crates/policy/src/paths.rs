//! The weakest paths to a scope: combinations of values of all dimensions, pruned.
//!
//! Because another policy never weakens a guarantee, only the paths with the fewest policies
//! matter: the product is pruned to its weakest elements dimension by dimension.

use crate::applications::Target;
use crate::compile::PolicySet;
use crate::mask::{Mask, TriMask};
use crate::situation::{Ability, Situation, Value};

/// A weakest path.
#[derive(Debug, Clone)]
pub struct Path {
    /// Words, with the target last.
    pub words: String,
    pub(crate) mask: TriMask,
    pub(crate) ability: Ability,
    /// Dimension and the policies that match the value chosen in it.
    pub(crate) choices: Vec<(&'static str, TriMask)>,
}

impl Path {
    pub(crate) fn matches(&self, policy: usize) -> bool {
        self.choices.iter().all(|(_, mask)| mask.yes.has(policy))
    }

    pub(crate) fn matches_but_target(&self, policy: usize) -> bool {
        self.choices.iter().all(|(name, mask)| *name == "target" || mask.yes.has(policy))
    }
}

/// Dimensions of a path, the target last.
const AXES: usize = 10;

/// A path as far as it goes.
struct Partial {
    mask: TriMask,
    ability: Ability,
    /// Per axis, which value was chosen.
    picks: [u16; AXES],
}

impl PolicySet {
    /// The weakest paths, and every policy that matches on some path.
    pub(crate) fn paths(
        &self,
        targets: &[(Target, TriMask)],
        situation: &Situation,
        relevant: &Mask,
    ) -> (Vec<Path>, Mask) {
        let start = self.readable.restrict(relevant);
        let mut touched = start.possible();
        let mut partial = vec![Partial { mask: start, ability: Ability::FULL, picks: [0; AXES] }];
        let mut axes: Vec<(&'static str, Vec<Merged>)> = Vec::with_capacity(AXES);
        for (name, values) in self.dimensions.allowed(situation) {
            let any =
                values.iter().fold(Mask::EMPTY, |mask, value| mask.or(&value.mask.possible()));
            touched = touched.and(&any);
            let merged = merge(values, relevant);
            partial = extend(&partial, axes.len(), &merged);
            axes.push((name, merged));
        }
        let values = targets
            .iter()
            .map(|(target, mask)| Value {
                words: format!("reaching {}", self.target_words(target)),
                mask: *mask,
                ability: Ability::FULL,
                ordinary: false,
            })
            .collect();
        let single = targets.len() == 1;
        let mut merged = merge(values, relevant);
        if single {
            for one in &mut merged {
                one.distinct = true;
            }
        } else if merged.len() == 1 {
            for one in &mut merged {
                "reaching any application".clone_into(&mut one.value.words);
                one.distinct = true;
            }
        }
        let partial = extend(&partial, axes.len(), &merged);
        axes.push(("target", merged));
        let mut paths: Vec<Path> = partial
            .into_iter()
            .map(|path| {
                let picked = || {
                    axes.iter().zip(path.picks).filter_map(|((name, values), pick)| {
                        values.get(usize::from(pick)).map(|value| (*name, value))
                    })
                };
                let words: Vec<&str> = picked()
                    .filter(|(_, value)| value.distinct)
                    .map(|(_, value)| value.value.words.as_str())
                    .collect();
                Path {
                    words: words.join(" "),
                    mask: path.mask,
                    ability: path.ability,
                    choices: picked().map(|(name, value)| (name, value.full)).collect(),
                }
            })
            .collect();
        paths.sort_by(|a, b| a.words.cmp(&b.words).then_with(|| a.mask.cmp(&b.mask)));
        (paths, touched)
    }
}

/// A value of a dimension that stands for all that the relevant policies do not tell apart.
struct Merged {
    /// The value, its mask limited to the relevant policies.
    value: Value,
    /// Every policy that matches it.
    full: TriMask,
    /// Whether the dimension is worth a word.
    distinct: bool,
}

/// Merges values that the relevant policies do not tell apart.
fn merge(values: Vec<Value>, relevant: &Mask) -> Vec<Merged> {
    let mut merged: Vec<(Merged, usize)> = Vec::new();
    for value in values {
        let mask = value.mask.restrict(relevant);
        if let Some((known, more)) = merged
            .iter_mut()
            .find(|(known, _)| known.value.mask == mask && known.value.ability == value.ability)
        {
            known.value.ordinary |= value.ordinary;
            *more += 1;
        } else {
            let full = value.mask;
            let value = Value { mask, ..value };
            merged.push((Merged { value, full, distinct: false }, 0));
        }
    }
    // Abilities alone are no news: of values that the same policies match, the ablest is on the path.
    let first = merged.first().map(|(known, _)| known.value.mask);
    let distinct = merged.iter().any(|(known, _)| Some(known.value.mask) != first);
    merged
        .into_iter()
        .map(|(mut known, more)| {
            known.distinct = distinct && !known.value.ordinary;
            match more {
                0 => {}
                1 => known.value.words += " (or one other)",
                more => known.value.words += &format!(" (or {more} others)"),
            }
            known
        })
        .collect()
}

/// Every partial path with every value, pruned to the weakest.
fn extend(partial: &[Partial], axis: usize, values: &[Merged]) -> Vec<Partial> {
    // A value that another makes weaker never leads to a weakest path: fewer to multiply.
    let weaker = |a: &Value, b: &Value| {
        a.mask.is_weaker_or_equal(&b.mask) && a.ability.is_weaker_or_equal(b.ability)
    };
    let weakest: Vec<(u16, &Value)> = (0_u16..)
        .zip(values.iter().map(|merged| &merged.value))
        .filter(|(at, value)| {
            !(0_u16..).zip(values).any(|(other, merged)| {
                weaker(&merged.value, value) && (other < *at || !weaker(value, &merged.value))
            })
        })
        .collect();
    let mut out: Vec<Partial> = Vec::new();
    for path in partial {
        for (at, value) in &weakest {
            let mask = path.mask.and(&value.mask);
            let ability = path.ability.and(value.ability);
            if ability.kinds == 0 {
                continue;
            }
            if out
                .iter()
                .any(|o| o.mask.is_weaker_or_equal(&mask) && o.ability.is_weaker_or_equal(ability))
            {
                continue;
            }
            out.retain(|o| {
                !(mask.is_weaker_or_equal(&o.mask) && ability.is_weaker_or_equal(o.ability))
            });
            let mut picks = path.picks;
            if let Some(pick) = picks.get_mut(axis) {
                *pick = *at;
            }
            out.push(Partial { mask, ability, picks });
        }
    }
    out
}

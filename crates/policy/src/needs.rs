//! What must be proven at one sign-in: sets of method combinations, each of which must be met.

use crate::methods::ANY_METHOD;

/// How many sets are kept. More that neither imply one another nor are implied are dropped, which
/// can only weaken what is concluded; no sign-in is known to meet so many strengths.
const KEPT: usize = 4;

/// Sets of allowed method combinations, as bits of the policy set's table. Each must be met, by one
/// method or by several: two strengths without a common method ask for a method of each. None
/// implies another; sorted, and filled up with [`ANY_METHOD`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Needs([u64; KEPT]);

impl Needs {
    /// Nothing beyond a factor of any kind.
    pub(crate) const NONE: Self = Self([ANY_METHOD; KEPT]);

    /// One of these combinations.
    pub(crate) const fn one_of(combinations: u64) -> Self {
        let mut sets = [ANY_METHOD; KEPT];
        sets[0] = combinations;
        Self(sets)
    }

    /// The sets; at least one, which is [`ANY_METHOD`] where nothing is asked for.
    pub(crate) fn sets(&self) -> impl Iterator<Item = u64> + '_ {
        let asked = |set: &u64| *set != ANY_METHOD;
        let nothing = !self.0.iter().any(asked);
        self.0.iter().copied().filter(asked).chain(nothing.then_some(ANY_METHOD))
    }

    /// Both at once.
    pub(crate) fn and(self, other: Self) -> Self {
        if self == other || other == Self::NONE {
            return self;
        }
        if self == Self::NONE {
            return other;
        }
        let mut all: Vec<u64> = self.0.iter().chain(&other.0).copied().collect();
        all.sort_unstable();
        all.dedup();
        let mut sets = [ANY_METHOD; KEPT];
        let least =
            all.iter().filter(|set| !all.iter().any(|one| one != *set && one & !**set == 0));
        for (slot, set) in sets.iter_mut().zip(least) {
            *slot = *set;
        }
        Self(sets)
    }

    /// Whether whoever meets the other meets this.
    pub(crate) fn are_implied_by(self, other: Self) -> bool {
        self.0.iter().all(|set| other.0.iter().any(|stricter| stricter & !set == 0))
    }

    /// Whether nothing can meet them.
    pub(crate) fn are_hopeless(self) -> bool {
        self.0.contains(&0)
    }

    /// Whether one of these combinations meets all of them by itself.
    pub(crate) fn take(self, combination: u64) -> bool {
        self.0.iter().all(|set| set & combination != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_without_a_common_combination_are_both_asked_for() {
        let both = Needs::one_of(0b01).and(Needs::one_of(0b10));
        assert_eq!(both.sets().collect::<Vec<_>>(), [0b01, 0b10]);
        assert!(!both.are_hopeless());
        assert!(!both.take(0b01) && !both.take(0b10));
    }

    #[test]
    fn of_two_sets_the_narrower_says_it_all() {
        let both = Needs::one_of(0b011).and(Needs::one_of(0b111));
        assert_eq!(both, Needs::one_of(0b011));
    }

    #[test]
    fn whoever_meets_both_meets_either() {
        let (one, other) = (Needs::one_of(0b011), Needs::one_of(0b110));
        let both = one.and(other);
        assert!(one.are_implied_by(both) && other.are_implied_by(both));
        assert!(!both.are_implied_by(one));
    }

    #[test]
    fn a_set_that_allows_nothing_cannot_be_met() {
        assert!(Needs::one_of(0).and(Needs::one_of(1)).are_hopeless());
    }
}

//! Sets of policies, as fixed-size bit masks.

/// How many policies a mask holds. Entra allows 195 in a tenant; a folder of templates may be more.
pub(crate) const CAPACITY: usize = 256;
const WORDS: usize = CAPACITY / 64;

/// A set of policies by compiled index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(crate) struct Mask([u64; WORDS]);

impl Mask {
    pub(crate) const EMPTY: Self = Self([0; WORDS]);

    pub(crate) fn set(&mut self, index: usize) {
        if let Some(word) = self.0.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut out = *self;
        out.0.iter_mut().zip(other.0).for_each(|(a, b)| *a &= b);
        out
    }

    pub(crate) fn or(&self, other: &Self) -> Self {
        let mut out = *self;
        out.0.iter_mut().zip(other.0).for_each(|(a, b)| *a |= b);
        out
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(crate) fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).all(|(a, b)| a & !b == 0)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    at * 64 + bit
                })
            })
        })
    }
}

/// Three-valued set of policies: those that match, and those of which it is not known. Disjoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(crate) struct TriMask {
    pub(crate) yes: Mask,
    pub(crate) maybe: Mask,
}

impl TriMask {
    pub(crate) fn put(&mut self, index: usize, value: crate::Tri) {
        match value {
            crate::Tri::Yes => self.yes.set(index),
            crate::Tri::Unknown => self.maybe.set(index),
            crate::Tri::No => {}
        }
    }

    /// Everything that may match.
    pub(crate) fn possible(&self) -> Mask {
        self.yes.or(&self.maybe)
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        let yes = self.yes.and(&other.yes);
        let possible = self.possible().and(&other.possible());
        Self { yes, maybe: possible.without(&yes) }
    }

    pub(crate) fn restrict(&self, to: &Mask) -> Self {
        Self { yes: self.yes.and(to), maybe: self.maybe.and(to) }
    }

    /// Whether fewer policies apply here than there, surely and possibly: at most as strong.
    pub(crate) fn is_weaker_or_equal(&self, other: &Self) -> bool {
        self.yes.is_subset(&other.yes) && self.possible().is_subset(&other.possible())
    }
}

impl Mask {
    pub(crate) fn without(&self, other: &Self) -> Self {
        let mut out = *self;
        out.0.iter_mut().zip(other.0).for_each(|(a, b)| *a &= !b);
        out
    }
}

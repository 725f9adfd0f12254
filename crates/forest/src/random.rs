//! Chance that falls the same way on every machine and with every version of every crate.

/// One stream of chance: splitmix64, a counter through a mixing function (Steele, Lea and Flood,
/// "Fast splittable pseudorandom number generators", OOPSLA 2014). Not for secrets.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

const fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The stream of one tree. The index passes the mixer twice, so that the streams of
    /// neighbouring trees and of neighbouring seeds begin far apart.
    pub(crate) const fn of_tree(seed: u64, tree: u64) -> Self {
        Self::new(mixed(seed ^ mixed(tree.wrapping_mul(STEP).wrapping_add(STEP))))
    }

    pub(crate) const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// A number from 0 to `bound` - 1, each as likely; 0 where `bound` is 0. Lemire, "Fast random
    /// integer generation in an interval", 2019: the high half of a product, without division.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 {
            return 0;
        }
        let bound = u64::from(bound);
        loop {
            let product = (self.bits() >> 32) * bound;
            let (high, low) = (product >> 32, product & 0xFFFF_FFFF);
            // Only the lowest `2^32 mod bound` values are one too many.
            if low >= bound || low >= (1 << 32) % bound {
                return u32::try_from(high).unwrap_or(0);
            }
        }
    }

    /// A number from 0 up to but not including 1, with 53 random bits.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn the_sequence_is_that_of_the_published_algorithm() {
        let mut chance = Chance::new(1_234_567);
        let drawn: Vec<u64> = (0..3).map(|_| chance.bits()).collect();
        assert_eq!(
            drawn,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn every_number_below_the_bound_comes_about_equally_often() {
        let mut chance = Chance::new(3);
        let mut seen = [0_u32; 7];
        for _ in 0..70_000 {
            seen[chance.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|&times| (9_600..10_400).contains(&times)), "{seen:?}");
        assert_eq!((chance.below(0), chance.below(1)), (0, 0));
    }

    #[test]
    fn trees_have_streams_of_their_own() {
        let first = |seed, tree| Chance::of_tree(seed, tree).bits();
        let all: std::collections::BTreeSet<u64> =
            (0..64).flat_map(|seed| (0..64).map(move |tree| first(seed, tree))).collect();
        assert_eq!(all.len(), 64 * 64);
    }
}

//! What a sign-in shows of who is behind it: the facets that a baseline counts.

use serde::{Deserialize, Serialize};

/// A facet. Those of one family go from the finest to the coarsest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Facet {
    /// Address.
    Address,
    /// Its /24, or /48 for IPv6.
    Prefix,
    /// Autonomous system.
    Asn,
    /// Country.
    Country,
    /// Program, version and system.
    Agent,
    /// Program.
    Program,
    /// Operating system.
    System,
    /// Device that the tenant knows.
    Device,
    /// Client application.
    App,
    /// What a token was asked for.
    Resource,
    /// Client kind, protocol and transfer method.
    Client,
    /// What was required, and how it was met.
    Method,
}

impl Facet {
    /// How many there are.
    pub const COUNT: usize = 12;

    /// All of them, in the order in which they are stored.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Address,
        Self::Prefix,
        Self::Asn,
        Self::Country,
        Self::Agent,
        Self::Program,
        Self::System,
        Self::Device,
        Self::App,
        Self::Resource,
        Self::Client,
        Self::Method,
    ];

    /// Its place in [`Facet::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The next coarser facet of the family: what an unseen value inherits from.
    pub const fn coarser(self) -> Option<Self> {
        match self {
            Self::Address => Some(Self::Prefix),
            Self::Prefix => Some(Self::Asn),
            Self::Asn => Some(Self::Country),
            Self::Agent => Some(Self::Program),
            Self::Program => Some(Self::System),
            _ => None,
        }
    }
}

/// Some of the facets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FacetSet(u16);

impl FacetSet {
    /// Puts one in.
    pub const fn insert(&mut self, facet: Facet) {
        self.0 |= 1 << facet.index();
    }

    /// Whether one is in it.
    pub const fn has(self, facet: Facet) -> bool {
        self.0 >> facet.index() & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_facet_stands_at_its_own_place() {
        assert!(Facet::ALL.iter().enumerate().all(|(at, facet)| facet.index() == at));
    }

    #[test]
    fn families_end() {
        for facet in Facet::ALL {
            let steps = std::iter::successors(Some(facet), |facet| facet.coarser()).count();
            assert!(steps <= 4, "{facet:?}");
        }
    }
}

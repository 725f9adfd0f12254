//! Sign-ins of one key within a time, and when they are too many.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::facet::Facet;
use crate::observation::Observation;
use crate::symbols::Symbol;

/// What sign-ins are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Key {
    /// The account.
    Account,
    /// The address.
    Address,
    /// The /24 or /48.
    Prefix,
    /// The autonomous system.
    Network,
    /// The autonomous system with the program: one tool behind many addresses.
    NetworkProgram,
    /// The session.
    Session,
    /// All of them together.
    Tenant,
}

impl Key {
    /// Whether it is a whole network.
    pub const fn is_network(self) -> bool {
        matches!(self, Self::Network | Self::NetworkProgram)
    }

    /// The value that a sign-in has; none where the record does not say.
    pub fn of(self, seen: &Observation) -> Option<u64> {
        let facet = |facet: Facet| {
            let value = seen.facets.get(facet.index()).copied().unwrap_or_default();
            (!value.is_none()).then_some(u64::from(value.0))
        };
        match self {
            Self::Account => Some(u64::from(seen.account.0)),
            Self::Address => facet(Facet::Address),
            Self::Prefix => facet(Facet::Prefix),
            Self::Network => facet(Facet::Asn),
            Self::NetworkProgram => facet(Facet::Asn)
                .zip(facet(Facet::Program))
                .map(|(asn, program)| asn << 32 | program),
            Self::Session => (seen.session != 0).then_some(seen.session),
            Self::Tenant => Some(0),
        }
    }
}

/// When sign-ins within the window are too many: everything that is named must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Threshold {
    /// Sign-ins, at least.
    pub events: Option<usize>,
    /// Accounts, at least.
    pub accounts: Option<usize>,
    /// Addresses, at least.
    pub addresses: Option<usize>,
    /// Countries, at least.
    pub countries: Option<usize>,
    /// Different codes, at most.
    pub codes_at_most: Option<usize>,
    /// Tries of any one account, at most.
    pub tries_at_most: Option<usize>,
    /// Whether there must be more accounts than addresses.
    pub more_accounts_than_addresses: bool,
    /// Whether more accounts must fail than get in with the same key: an office whose people
    /// mistype is no attack.
    pub more_fail_than_succeed: bool,
}

impl Threshold {
    /// Whether it asks for anything at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One sign-in in a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) at: i64,
    pub(super) id: Arc<str>,
    pub(super) account: Symbol,
    address: Symbol,
    country: Symbol,
    code: i64,
}

impl Entry {
    pub(super) fn of(seen: &Observation, id: &str, code: i64) -> Self {
        let facet = |facet: Facet| seen.facets.get(facet.index()).copied().unwrap_or_default();
        Self {
            at: seen.at,
            id: id.into(),
            account: seen.account,
            address: facet(Facet::Address),
            country: facet(Facet::Country),
            code,
        }
    }
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> usize {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values.len()
}

impl Threshold {
    /// Whether these sign-ins are too many; `succeeded` got in with the same key meanwhile.
    pub(super) fn is_reached(&self, entries: &[Entry], succeeded: usize) -> bool {
        let least = |wanted: Option<usize>, found: &dyn Fn() -> usize| {
            wanted.is_none_or(|least| found() >= least)
        };
        let most = |wanted: Option<usize>, found: &dyn Fn() -> usize| {
            wanted.is_none_or(|most| found() <= most)
        };
        let accounts = || distinct(entries.iter().map(|entry| entry.account));
        let addresses = || distinct(entries.iter().map(|entry| entry.address));
        // The cheapest question first.
        least(self.events.or(self.accounts), &|| entries.len())
            && least(self.accounts, &accounts)
            && least(self.addresses, &addresses)
            && least(self.countries, &|| {
                distinct(entries.iter().map(|e| e.country).filter(|country| !country.is_none()))
            })
            && most(self.codes_at_most, &|| distinct(entries.iter().map(|entry| entry.code)))
            && most(self.tries_at_most, &|| tries(entries))
            && (!self.more_accounts_than_addresses || accounts() > addresses())
            && (!self.more_fail_than_succeed || accounts() > succeeded)
    }
}

/// The tries of the account that was tried most.
fn tries(entries: &[Entry]) -> usize {
    let mut accounts: Vec<Symbol> = entries.iter().map(|entry| entry.account).collect();
    accounts.sort_unstable();
    accounts.chunk_by(|a, b| a == b).map(<[_]>::len).max().unwrap_or(0)
}

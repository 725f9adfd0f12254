//! Incidents: sign-ins that belong together, told as one.

mod bar;
mod docket;
mod weigh;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use bar::Bar;
pub use docket::Docket;
pub use weigh::{Firings, Weights};

use crate::detector::{Layer, Opinion};
use crate::facet::{Facet, FacetSet};
use crate::features::Features;
use crate::observation::Observation;
use crate::pattern::Key;
use crate::symbols::Symbol;
use crate::verdict::Verdict;

/// Seconds without anything suspicious after which an incident is over (6 h).
pub const GAP: i64 = 6 * 3_600;
/// Seconds for which an incident that was told is taken up again by what comes from its networks
/// (7 days): one story, not one a day.
const RESUMED: i64 = 7 * 24 * 3_600;
/// Sign-ins that an incident names; a wave of thousands is told by its first and its number.
const NAMED: usize = 1_000;

/// A sign-in that is part of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suspect {
    /// The record's id.
    pub id: Arc<str>,
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who.
    pub account: Symbol,
    /// The same, as models know the account.
    pub who: u64,
    /// The /24 or /48.
    pub prefix: Symbol,
    /// The autonomous system's number; 0 where it is not known.
    pub asn: u32,
    /// The program.
    pub program: Symbol,
    /// What became of it.
    pub verdict: Verdict,
    /// How unusual the models find it, in nats: `-ln p`.
    pub nats: f32,
    /// What the account never showed before.
    pub new: FacetSet,
    /// Sign-ins that the account's baseline stood on.
    pub sightings: u32,
    /// The layers that find it strange, the loudest first.
    pub layers: Vec<Layer>,
    /// Its features, for what contributed.
    #[serde(with = "serde_big_array::BigArray")]
    pub features: Features,
}

impl Suspect {
    /// Of a sign-in.
    pub fn of(id: &str, sighting: &crate::watch::Sighting, opinion: &Opinion) -> Self {
        let seen: &Observation = &sighting.observation;
        let facet = |facet: Facet| seen.facets.get(facet.index()).copied().unwrap_or_default();
        Self {
            id: id.into(),
            at: seen.at,
            account: seen.account,
            who: seen.who,
            prefix: facet(Facet::Prefix),
            asn: seen.asn,
            program: facet(Facet::Program),
            verdict: seen.verdict,
            nats: opinion.nats(),
            new: sighting.new,
            sightings: sighting.sightings,
            layers: opinion.layers(),
            features: sighting.features,
        }
    }
}

/// What an incident is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// One account.
    Account(Symbol),
    /// A source, or all of the tenant, by the key of the pattern that saw it.
    Campaign(Key, u64),
}

/// Sign-ins that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// What it is of.
    pub subject: Subject,
    /// The first suspicious second.
    pub first_at: i64,
    /// The last.
    pub last_at: i64,
    /// Ids of the sign-ins, in the order in which they came; at most a thousand.
    pub sign_ins: Vec<Arc<str>>,
    /// How many there are in all.
    pub count: usize,
    /// Who.
    pub accounts: BTreeSet<Symbol>,
    /// Patterns that were seen, with what each is worth in nats.
    pub patterns: BTreeMap<String, f32>,
    /// Patterns of which the sequel was seen: somebody got in.
    pub followed: BTreeSet<String>,
    /// The most unusual sign-ins, no two of one account from one place; at most three.
    pub strangest: Vec<Suspect>,
    /// Whether somebody had the right password in it.
    pub right_password: bool,
    /// Whether somebody was let in.
    pub succeeded: bool,
    /// The second at which it said enough to be told.
    pub told_at: Option<i64>,
    /// The pattern that was worth most then; none where the models alone told it.
    pub lead: Option<String>,
    /// Networks that it came from: what comes from there later belongs to it.
    prefixes: BTreeSet<Symbol>,
    /// Their autonomous systems.
    networks: BTreeSet<u32>,
}

/// What sign-ins are held against: what patterns are worth, and how much an incident must say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Standards {
    /// What patterns are worth.
    pub weights: Weights,
    /// The bar.
    pub bar: Bar,
}

/// What the second and third strangest sign-in count beside the first.
const ALSO: f32 = 0.1;
/// What further patterns count beside the strongest.
const ALSO_PATTERN: f32 = 0.4;

impl Incident {
    fn new(subject: Subject, first: &Suspect) -> Self {
        Self {
            subject,
            first_at: first.at,
            last_at: first.at,
            sign_ins: Vec::new(),
            count: 0,
            accounts: BTreeSet::new(),
            patterns: BTreeMap::new(),
            followed: BTreeSet::new(),
            strangest: Vec::new(),
            right_password: false,
            succeeded: false,
            told_at: None,
            lead: None,
            prefixes: BTreeSet::new(),
            networks: BTreeSet::new(),
        }
    }

    /// How much it says, in nats: the strangest sign-in and a part of the two that are strange in
    /// other ways, and the patterns. A wave counts by its accounts too.
    pub fn nats(&self) -> f32 {
        let mut strange: Vec<f32> = self.strangest.iter().map(|suspect| suspect.nats).collect();
        strange.sort_by(|a, b| b.total_cmp(a));
        let model = weighted(&strange, ALSO);
        let mut known: Vec<f32> = self.patterns.values().copied().collect();
        known.sort_by(|a, b| b.total_cmp(a));
        #[expect(clippy::cast_precision_loss, reason = "a count of accounts")]
        let accounts = self.accounts.len().max(1) as f32;
        model + weighted(&known, ALSO_PATTERN) + accounts.ln()
    }

    /// What it is known by, the same for as long as it goes on: sixteen hexadecimal digits.
    pub fn key(&self) -> String {
        let first = self.sign_ins.first().map_or("", |id| &**id);
        let of = match self.subject {
            Subject::Account(_) => "account",
            Subject::Campaign(..) => "campaign",
        };
        let digest = model::canonical::sha256_hex(&[of.as_bytes(), first.as_bytes()]);
        digest.get(..16).unwrap_or_default().to_owned()
    }

    /// The pattern that is worth most.
    fn strongest(&self) -> Option<&String> {
        let all = self.patterns.iter().filter(|(_, worth)| **worth > 0.0);
        all.max_by(|a, b| a.1.total_cmp(b.1)).map(|(pattern, _)| pattern)
    }

    /// What the models alone say, in nats.
    pub fn model_nats(&self) -> f32 {
        self.strangest.iter().map(|suspect| suspect.nats).fold(0.0, f32::max)
    }

    /// Whether a sign-in came from where the incident came from.
    fn is_from(&self, suspect: &Suspect) -> bool {
        // What an account is known to come from is its own, whoever else comes from there.
        suspect.new.has(Facet::Prefix) && self.prefixes.contains(&suspect.prefix)
    }

    /// Whether a sign-in of a later day goes on with it: from one of its networks.
    fn goes_on_with(&self, suspect: &Suspect) -> bool {
        suspect.asn != 0 && self.networks.contains(&suspect.asn)
    }

    fn take(&mut self, suspect: &Suspect) {
        if self.sign_ins.iter().rev().take(64).any(|known| *known == suspect.id) {
            return;
        }
        self.first_at = self.first_at.min(suspect.at);
        self.last_at = self.last_at.max(suspect.at);
        self.count += 1;
        if self.sign_ins.len() < NAMED {
            self.sign_ins.push(Arc::clone(&suspect.id));
        }
        self.accounts.insert(suspect.account);
        if !suspect.prefix.is_none() && suspect.new.has(Facet::Prefix) {
            self.prefixes.insert(suspect.prefix);
            self.networks.insert(suspect.asn);
        }
        self.right_password |= suspect.verdict.is_right_password();
        self.succeeded |= suspect.verdict == Verdict::Success;
        self.remember(suspect);
    }

    fn remember(&mut self, suspect: &Suspect) {
        const REMEMBERED: usize = 3;
        // Sign-ins from one place are strange for one reason.
        let alike =
            |known: &&mut Suspect| known.asn == suspect.asn && known.account == suspect.account;
        if let Some(known) = self.strangest.iter_mut().find(alike) {
            if known.nats < suspect.nats {
                known.clone_from(suspect);
            }
        } else {
            self.strangest.push(suspect.clone());
        }
        self.strangest.sort_by(|a, b| b.nats.total_cmp(&a.nats));
        self.strangest.truncate(REMEMBERED);
    }

    fn know(&mut self, pattern: &str, worth: f32, followed: bool) {
        let held = self.patterns.entry(pattern.to_owned()).or_insert(worth);
        *held = held.max(worth);
        if followed {
            self.followed.insert(pattern.to_owned());
        }
    }

    /// Takes in what another incident knows.
    fn absorb(&mut self, other: Self) {
        self.first_at = self.first_at.min(other.first_at);
        self.last_at = self.last_at.max(other.last_at);
        for id in other.sign_ins {
            if !self.sign_ins.contains(&id) {
                self.count += 1;
                if self.sign_ins.len() < NAMED {
                    self.sign_ins.push(id);
                }
            }
        }
        self.accounts.extend(other.accounts);
        self.prefixes.extend(other.prefixes);
        self.networks.extend(other.networks);
        for (pattern, worth) in &other.patterns {
            self.know(pattern, *worth, other.followed.contains(pattern));
        }
        self.right_password |= other.right_password;
        self.succeeded |= other.succeeded;
        if self.told_at.is_none() {
            (self.told_at, self.lead) = (other.told_at, other.lead);
        }
        for suspect in &other.strangest {
            self.remember(suspect);
        }
    }
}

/// Of incidents as they were closed, each once, as it was last: one that was taken up again was
/// closed more than once.
pub fn latest<'i>(closed: impl IntoIterator<Item = &'i Incident>) -> Vec<&'i Incident> {
    let mut out: Vec<&Incident> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for incident in closed {
        let at = *places.entry(incident.key()).or_insert(out.len());
        match out.get_mut(at) {
            Some(slot) => *slot = incident,
            None => out.push(incident),
        }
    }
    out
}

fn weighted(values: &[f32], also: f32) -> f32 {
    values.first().copied().unwrap_or(0.0) + also * values.iter().skip(1).take(2).sum::<f32>()
}

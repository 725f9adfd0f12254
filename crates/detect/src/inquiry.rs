//! From sign-ins to incidents: watch, patterns, models and docket as one state that can be stored.

use std::net::IpAddr;
use std::sync::Arc;

use model::sign_in::SignIn;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::baseline::Shrinkage;
use crate::detector::{Detector, DetectorError, Opinion};
use crate::facet::Facet;
use crate::incident::{Docket, Incident, Suspect};
use crate::pattern::{Circumstance, Hit, Matcher, Pattern};
use crate::watch::{Sighting, Watch};

/// A state that cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[error("the state of detection cannot be read or written: {0}")]
pub struct StateError(#[from] pub postcard::Error);

/// All that the judgement of the next sign-in needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Inquiry {
    watch: Watch,
    matcher: Matcher,
    docket: Docket,
}

/// A sign-in with what was seen in it, before the models say anything.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The record's id.
    pub id: Arc<str>,
    /// How it stands against what was before it.
    pub sighting: Sighting,
    /// What the patterns saw.
    pub hits: Vec<Hit>,
}

/// What is known of the tenant beside its sign-ins.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Keys of the accounts with an administrative role.
    pub privileged: FxHashSet<String>,
    /// When the directory says that accounts were made, in seconds since 1970, by their keys.
    pub created: FxHashMap<String, i64>,
    /// Names of accounts by their keys.
    pub names: FxHashMap<String, String>,
    /// What people called harmless.
    pub harmless: Vec<Pardon>,
    /// What people confirmed to be an attack.
    pub hostile: Vec<Pardon>,
}

/// A verdict, as far as it says something of other sign-ins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pardon {
    /// Whose sign-ins it was about.
    pub accounts: Vec<String>,
    /// The autonomous system that they came from; 0 where it is not known.
    pub asn: u32,
    /// The /24 or /48.
    pub prefix: Option<IpAddr>,
}

/// Nats that a verdict takes from what resembles it, or gives.
const VERDICT: f32 = 5.0;

impl Inquiry {
    /// Nothing was seen yet.
    pub fn new(start: i64, shrinkage: Shrinkage) -> Self {
        Self {
            watch: Watch::new(start, shrinkage),
            matcher: Matcher::default(),
            docket: Docket::default(),
        }
    }

    /// Sees a sign-in; nothing for a record that names nobody.
    pub fn see(
        &mut self,
        sign_in: &SignIn,
        patterns: &[Pattern],
        surroundings: &Surroundings,
    ) -> Option<Seen> {
        let sighting = self.watch.see(sign_in)?;
        let program = sighting.observation.facets.get(Facet::Program.index());
        let program = program.map_or("", |symbol| self.watch.lexicon().symbols().text(*symbol));
        let key = sign_in.account.key();
        let privileged =
            key.as_ref().is_some_and(|key| surroundings.privileged.contains(key.as_ref()));
        let created = key.and_then(|key| surroundings.created.get(key.as_ref()).copied());
        let of = Circumstance { sign_in, sighting: &sighting, program, privileged, created };
        let hits = self.matcher.see(patterns, &of);
        Some(Seen { id: sign_in.id.as_str().into(), sighting, hits })
    }

    /// Judges sign-ins that were seen, in their order, and files them. What is part of an incident
    /// that is told does not become usual.
    ///
    /// To be called before a day has passed since the first of them: what has stood for a day is
    /// learnt.
    ///
    /// # Errors
    /// [`DetectorError`].
    pub fn judge(
        &mut self,
        seen: &[Seen],
        surroundings: &Surroundings,
        detector: &Detector,
    ) -> Result<Vec<Opinion>, DetectorError> {
        let sightings: Vec<Sighting> = seen.iter().map(|seen| seen.sighting).collect();
        let opinions = detector.judge(&sightings)?;
        for (seen, opinion) in seen.iter().zip(&opinions) {
            let mut suspect = Suspect::of(&seen.id, &seen.sighting, opinion);
            let verdict = self.verdict(seen, surroundings);
            suspect.nats = (suspect.nats + verdict).max(0.0);
            // What was called harmless is not told by the pattern that told it before.
            let hits = if verdict < 0.0 { &[] } else { seen.hits.as_slice() };
            self.docket.take(&suspect, hits, detector.standards());
        }
        for open in self.docket.open() {
            if open.told_at.is_some() {
                for account in &open.accounts {
                    self.watch.withhold(*account, open.first_at, open.last_at);
                }
            }
        }
        Ok(opinions)
    }

    /// What people's verdicts say of a sign-in, in nats: less for an account and network that were
    /// called harmless together, more for where a confirmed attack came from.
    fn verdict(&self, seen: &Seen, surroundings: &Surroundings) -> f32 {
        let observation = &seen.sighting.observation;
        if !surroundings.harmless.is_empty() {
            let account = self.watch.lexicon().symbols().text(observation.account);
            let resembles = |pardon: &Pardon| {
                pardon.asn == observation.asn && pardon.accounts.iter().any(|of| of == account)
            };
            if surroundings.harmless.iter().any(resembles) {
                return -VERDICT;
            }
        }
        let is_new = seen.sighting.new.has(Facet::Prefix);
        if is_new && !surroundings.hostile.is_empty() {
            let prefix = self.watch.lexicon().prefix(observation);
            if prefix.is_some() && surroundings.hostile.iter().any(|of| of.prefix == prefix) {
                return VERDICT;
            }
        }
        0.0
    }

    /// Sees and judges sign-ins in the order of time, a few hours at once; gives each with its
    /// opinion.
    ///
    /// # Errors
    /// [`DetectorError`].
    pub fn see_and_judge(
        &mut self,
        sign_ins: &[SignIn],
        patterns: &[Pattern],
        surroundings: &Surroundings,
        detector: &Detector,
    ) -> Result<Vec<(Seen, Opinion)>, DetectorError> {
        /// Seconds that are judged at once.
        const AT_ONCE: i64 = 6 * 3_600;
        let mut out = Vec::with_capacity(sign_ins.len());
        let mut rest = sign_ins;
        while let Some(first) = rest.first() {
            let end = first.at.as_second() + AT_ONCE;
            let many = rest.partition_point(|sign_in| sign_in.at.as_second() < end).max(1);
            let (some, later) = rest.split_at(many);
            rest = later;
            let seen: Vec<Seen> = some
                .iter()
                .filter_map(|sign_in| self.see(sign_in, patterns, surroundings))
                .collect();
            let opinions = self.judge(&seen, surroundings, detector)?;
            out.extend(seen.into_iter().zip(opinions));
        }
        Ok(out)
    }

    /// The state as bytes.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, StateError> {
        Ok(postcard::to_allocvec(self)?)
    }

    /// The state of such bytes.
    ///
    /// # Errors
    /// [`StateError`] for what was cut, altered or written by another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        Ok(postcard::from_bytes(bytes)?)
    }

    /// The watch.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// The docket.
    pub fn docket(&self) -> &Docket {
        &self.docket
    }

    /// Incidents that are over since the last time that it was asked.
    pub fn take_closed(&mut self) -> Vec<Incident> {
        self.docket.take_closed()
    }

    /// Keys of incidents that campaigns have taken in since the last time that it was asked.
    pub fn take_absorbed(&mut self) -> Vec<String> {
        self.docket.take_absorbed()
    }

    /// Lets all incidents go: what was learnt from stays, what was suspected meanwhile does not.
    pub fn forget_incidents(&mut self) {
        self.docket = Docket::default();
    }

    /// Keeps what an account did from becoming usual.
    pub fn withhold(&mut self, account: crate::symbols::Symbol, from: i64, to: i64) {
        self.watch.withhold(account, from, to);
    }
}

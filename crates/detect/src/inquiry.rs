//! From sign-ins to incidents: watch, patterns, models and docket as one state that can be stored.

use std::sync::Arc;

use model::sign_in::SignIn;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::baseline::Shrinkage;
use crate::detector::{Detector, DetectorError, Opinion};
use crate::facet::Facet;
use crate::incident::{Docket, Incident, Standards, Suspect};
use crate::pattern::{Circumstance, Hit, Matcher, Pattern};
use crate::watch::{Sighting, Watch};

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
}

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
        let privileged =
            sign_in.account.key().is_some_and(|key| surroundings.privileged.contains(key.as_ref()));
        let of = Circumstance { sign_in, sighting: &sighting, program, privileged };
        let hits = self.matcher.see(patterns, &of);
        Some(Seen { id: sign_in.id.as_str().into(), sighting, hits })
    }

    /// Judges sign-ins that were seen, in their order, and files them.
    ///
    /// # Errors
    /// [`DetectorError`].
    pub fn judge(
        &mut self,
        seen: &[Seen],
        detector: &Detector,
        standards: &Standards,
    ) -> Result<Vec<Opinion>, DetectorError> {
        let sightings: Vec<Sighting> = seen.iter().map(|seen| seen.sighting).collect();
        let opinions = detector.judge(&sightings)?;
        for (seen, opinion) in seen.iter().zip(&opinions) {
            let suspect = Suspect::of(&seen.id, &seen.sighting, opinion.nats());
            self.docket.take(&suspect, &seen.hits, standards);
        }
        Ok(opinions)
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

    /// Lets all incidents go: what was learnt from stays, what was suspected meanwhile does not.
    pub fn forget_incidents(&mut self) {
        self.docket = Docket::default();
    }

    /// Keeps what an account did from becoming usual.
    pub fn withhold(&mut self, account: crate::symbols::Symbol, from: i64, to: i64) {
        self.watch.withhold(account, from, to);
    }
}

//! One pass over a tenant's sign-ins in the order of time, with all that the next one needs.

use std::collections::VecDeque;

use model::sign_in::SignIn;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::baseline::{Baseline, Profile, Shrinkage};
use crate::facet::{Facet, FacetSet};
use crate::features::{Features, Held, features, is_impossible};
use crate::observation::{Lexicon, Observation};
use crate::recent::{DAY, Lately};
use crate::symbols::Symbol;
use crate::verdict::Verdict;

/// Seconds before a sign-in counts as its account's own: what is wrong mostly shows within a day.
const TRUST_AFTER: i64 = DAY;

/// Groups of peers where the directory tells none.
const PEOPLE: u32 = 0;
const GUESTS: u32 = 1;
const WORKLOADS: u32 = 2;

/// What is known of a tenant's sign-ins so far. Stored between runs, so that the first sign-in of
/// a batch is judged by all that was before it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Watch {
    lexicon: Lexicon,
    baseline: Baseline,
    lately: Lately,
    /// Sign-ins that are not believed yet, in the order in which they came.
    pending: VecDeque<(Observation, u32)>,
    /// Groups of peers that the directory tells, by account.
    peers: FxHashMap<Symbol, u32>,
    /// When it began.
    since: i64,
    /// The latest second that was seen.
    clock: i64,
    /// Sign-ins that were seen.
    seen: u64,
}

/// A sign-in as judged against what was before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sighting {
    /// The sign-in, small.
    pub observation: Observation,
    /// Its features.
    pub features: Features,
    /// How much rather an attacker than the account is behind it, in nats.
    pub evidence: f32,
    /// What the account never showed before.
    pub new: FacetSet,
    /// Whether nobody gets here from the last success at a prompt in the time between, and nothing
    /// explains it: neither a network or place that colleagues use, nor a device that is known.
    pub impossible_travel: bool,
    /// The account's last success before this, in seconds since 1970.
    pub last_success: Option<i64>,
    /// Since when sign-ins are watched.
    pub watched_since: i64,
    /// Networks that the session was used from, this one included; 0 where it has none.
    pub session_networks: usize,
    /// Colleagues who were seen in the network, up to a few.
    pub colleagues: usize,
    /// Sign-ins that the account's baseline stands on.
    pub sightings: u32,
    /// Share of the account's sign-ins within an hour and a half of this time of its day; none for
    /// the background and for accounts that are hardly known.
    pub usual_hour: Option<f32>,
}

impl Watch {
    /// Nothing was seen yet.
    pub fn new(start: i64, shrinkage: Shrinkage) -> Self {
        Self {
            lexicon: Lexicon::default(),
            baseline: Baseline::new(start, shrinkage),
            lately: Lately::default(),
            pending: VecDeque::new(),
            peers: FxHashMap::default(),
            since: start,
            clock: start,
            seen: 0,
        }
    }

    /// Puts an account into a group of peers, as the directory tells it (by department or role).
    /// Groups 0 to 2 are people, guests and workloads of whom nothing is told.
    pub fn set_peers(&mut self, account: &model::sign_in::Account, group: u32) {
        let Some(key) = account.key() else { return };
        // Observing interns the same text.
        if let Some(symbol) = self.lexicon.symbols().known(&key) {
            self.peers.insert(symbol, group);
        }
    }

    /// Sees a sign-in: its features against what was before it, and then it is part of what was.
    /// Nothing for a record that names nobody.
    pub fn see(&mut self, sign_in: &SignIn) -> Option<Sighting> {
        let observation = self.lexicon.observe(sign_in)?;
        self.clock = self.clock.max(observation.at);
        self.believe(self.clock - TRUST_AFTER);
        let group = self.peers.get(&observation.account).copied().unwrap_or_else(|| {
            let guest = sign_in.account.user_type.as_deref();
            if !sign_in.kind.is_user() {
                WORKLOADS
            } else if guest.is_some_and(|kind| kind.eq_ignore_ascii_case("guest")) {
                GUESTS
            } else {
                PEOPLE
            }
        });
        let Held { features, new, evidence } =
            features(&observation, &self.baseline, &self.lately, group);
        let profile = self.baseline.profile(observation.account);
        let sighting = Sighting {
            observation,
            features,
            evidence,
            new,
            impossible_travel: self.is_impossible(&observation, new),
            last_success: self.lately.account(observation.account).and_then(|of| of.last_success),
            watched_since: self.since,
            session_networks: if observation.session == 0 || observation.asn == 0 {
                0
            } else {
                self.lately.session_networks(observation.session, observation.asn)
            },
            colleagues: self.baseline.colleagues_in_network(&observation),
            sightings: profile.map_or(0, Profile::sightings),
            usual_hour: profile
                .filter(|_| observation.interactive)
                .and_then(|profile| profile.share_around(observation.at)),
        };
        let address =
            observation.facets.get(Facet::Address.index()).copied().unwrap_or(Symbol::NONE);
        let at_ease = observation.verdict == Verdict::Success
            && (observation.has_device
                || !new.has(Facet::Prefix)
                || self.lately.goes_on(&observation));
        self.lately.note(&observation, address);
        if at_ease {
            self.lately.settle(&observation);
        }
        // A failure is not known to be the account's own doing.
        if observation.verdict == Verdict::Success {
            self.pending.push_back((observation, group));
        }
        self.seen += 1;
        Some(sighting)
    }

    /// Keeps what an account did within some seconds from becoming usual: it is under suspicion.
    pub fn withhold(&mut self, account: Symbol, from: i64, to: i64) {
        self.pending.retain(|(seen, _)| seen.account != account || !(from..=to).contains(&seen.at));
    }

    /// What is usual, as far as it was learnt.
    pub fn baseline(&self) -> &Baseline {
        &self.baseline
    }

    /// What happened lately.
    pub fn lately(&self) -> &Lately {
        &self.lately
    }

    /// The texts behind the numbers.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// The latest second that was seen.
    pub fn clock(&self) -> i64 {
        self.clock
    }

    /// Sign-ins that were seen.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Whether too few colleagues use a network and a place to make it usual.
    fn is_strange_here(&self, seen: &Observation) -> bool {
        const COLLEAGUES: usize = 3;
        self.baseline.colleagues_in_network(seen) < COLLEAGUES
            && self.baseline.colleagues_at_place(seen) < COLLEAGUES
    }

    fn is_impossible(&self, seen: &Observation, new: FacetSet) -> bool {
        if !seen.interactive || seen.verdict != Verdict::Success {
            return false;
        }
        let last = self.lately.account(seen.account).and_then(|recent| recent.last_place);
        let (Some(point), Some(last)) = (seen.point, last) else { return false };
        // A device that the account is known by moved with its owner, whatever the map says.
        let known_device = seen.has_device && !new.has(Facet::Device);
        is_impossible((last.point, last.at), (point, seen.at))
            && !known_device
            && self.is_strange_here(seen)
    }

    /// Learns what has stood long enough.
    fn believe(&mut self, until: i64) {
        while let Some((seen, group)) = self.pending.front().copied() {
            if seen.at > until {
                return;
            }
            self.pending.pop_front();
            self.baseline.learn(&seen, group);
            self.lately.learn(&seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use model::sign_in::{RecordShape, SignInKind};

    use super::*;
    use crate::features::Column;

    const START: &str = "2026-10-01T08:00:00Z";

    fn sign_in(day: i64, country: &str) -> SignIn {
        let start: model::Timestamp = START.parse().unwrap();
        let at = model::Timestamp::from_second(start.as_second() + day * DAY).unwrap();
        let mut out = SignIn::blank(
            format!("{day}{country}"),
            at,
            SignInKind::InteractiveUser,
            RecordShape::Graph,
        );
        out.account.id = Some("ada".into());
        out.place.country = Some(country.into());
        out
    }

    fn watch() -> Watch {
        let start: model::Timestamp = START.parse().unwrap();
        let mut watch = Watch::new(start.as_second(), Shrinkage::default());
        for day in 0..30 {
            watch.see(&sign_in(day, "PT")).unwrap();
        }
        watch
    }

    fn country(sighting: &Sighting) -> f32 {
        sighting.features[Column::Country as usize]
    }

    #[test]
    fn the_usual_is_no_surprise_and_the_new_is() {
        let mut watch = watch();
        let usual = country(&watch.see(&sign_in(30, "PT")).unwrap());
        let new = country(&watch.see(&sign_in(30, "BR")).unwrap());
        assert!(usual < 0.2 && new > usual + 1.0, "{usual} {new}");
    }

    #[test]
    fn what_is_new_stays_new_for_a_day_and_then_is_learnt() {
        let mut watch = watch();
        let first = country(&watch.see(&sign_in(30, "BR")).unwrap());
        let mut soon = sign_in(30, "BR");
        soon.at = soon.at.checked_add(jiff::Span::new().hours(2)).unwrap();
        let soon = country(&watch.see(&soon).unwrap());
        let late = country(&watch.see(&sign_in(32, "BR")).unwrap());
        assert!((first - soon).abs() < 0.1, "{first} {soon}");
        assert!(late < first - 0.5, "{first} {late}");
    }

    #[test]
    fn what_is_under_suspicion_never_becomes_usual() {
        let mut watch = watch();
        let first = watch.see(&sign_in(30, "BR")).unwrap();
        let (account, at) = (first.observation.account, first.observation.at);
        watch.withhold(account, at - 60, at + 60);
        let late = country(&watch.see(&sign_in(32, "BR")).unwrap());
        assert!(late >= country(&first) - 0.3, "{late} {}", country(&first));
    }

    #[test]
    fn features_do_not_look_into_the_future() {
        let mut all = watch();
        let mut part = watch();
        let next = sign_in(31, "PT");
        let expected = part.see(&next).unwrap();
        let found = all.see(&next).unwrap();
        all.see(&sign_in(32, "JP")).unwrap();
        assert_eq!(country(&found).to_bits(), country(&expected).to_bits());
    }

    #[test]
    fn a_wrong_password_teaches_nothing() {
        let mut watch = watch();
        for minute in 0..50 {
            let mut guess = sign_in(30, "RU");
            guess.at = guess.at.checked_add(jiff::Span::new().minutes(minute)).unwrap();
            guess.outcome.code = 50_126;
            watch.see(&guess).unwrap();
        }
        let later = country(&watch.see(&sign_in(33, "RU")).unwrap());
        let never = country(&watch.see(&sign_in(33, "KP")).unwrap());
        assert!((later - never).abs() < 0.3, "{later} {never}");
    }

    #[test]
    fn time_that_goes_back_and_empty_records_do_no_harm() {
        let mut watch = watch();
        let late = watch.see(&sign_in(3, "PT")).unwrap();
        assert!(late.features.iter().all(|value| value.is_nan() || value.is_finite()));
        let nobody = SignIn::blank(
            "x".into(),
            START.parse().unwrap(),
            SignInKind::InteractiveUser,
            RecordShape::Graph,
        );
        assert_eq!(watch.see(&nobody), None);
    }
}

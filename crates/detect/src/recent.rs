//! What happened lately: failures, places, sessions. Counts at once, as baselines do not.

use model::sign_in::Coordinates;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::decay::Rate;
use crate::facet::Facet;
use crate::observation::Observation;
use crate::symbols::Symbol;
use crate::travel::distance_km;
use crate::verdict::Verdict;

/// An hour and a day, in seconds.
pub const HOUR: i64 = 3_600;
/// A day in seconds.
pub const DAY: i64 = 86_400;
/// A week in seconds.
pub const WEEK: i64 = 7 * DAY;

/// Places that an account's list holds; beyond, the one that was seen least goes.
const PLACES: usize = 12;
/// Kilometres within which two points are one place: a city and its surroundings.
const PLACE_KM: f64 = 60.0;
/// Accounts that are counted as failing from one source; more than that is simply many.
const FAILING: usize = 256;
/// Networks in which an account was at ease that are remembered.
const AT_EASE: usize = 4;
/// Networks of one session that are told apart.
const NETWORKS: usize = 8;
/// Pairs of program and system of one session that are told apart.
const HANDS: usize = 4;
/// Sessions that nobody used for a week are forgotten.
const SESSION: i64 = WEEK;

/// A place and how often an account was there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Place {
    point: Coordinates,
    sightings: f32,
}

/// A success that had a place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LastPlace {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Where.
    pub point: Coordinates,
    /// From which network; 0 where it is not known.
    pub asn: u32,
}

/// Where an account was at ease: nothing there was out of the ordinary.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AtEase {
    /// In which network.
    pub asn: u32,
    /// When last, in seconds since 1970.
    pub at: i64,
    /// Where, if the record said.
    pub point: Option<Coordinates>,
}

/// One account, lately.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Recent {
    /// The last success at a prompt that had a place.
    pub last_place: Option<LastPlace>,
    /// The last success, in seconds since 1970.
    pub last_success: Option<i64>,
    /// The last sign of life, in seconds since 1970.
    pub last_seen: Option<i64>,
    failures_hour: Rate,
    failures_day: Rate,
    second_factor: Rate,
    places: Vec<Place>,
    at_ease: Vec<AtEase>,
}

impl Recent {
    /// Where the account was last at ease within a week before, in another network than one.
    pub fn elsewhere(&self, asn: u32, now: i64) -> Option<AtEase> {
        let others = self.at_ease.iter().filter(|held| held.asn != asn && now - held.at < WEEK);
        others.max_by_key(|held| held.at).copied()
    }

    /// Notes that the account is at ease.
    fn settle(&mut self, seen: &Observation) {
        let (asn, at) = (seen.asn, seen.at);
        if let Some(held) = self.at_ease.iter_mut().find(|held| held.asn == asn) {
            if held.at <= at {
                *held = AtEase { asn, at, point: seen.point.or(held.point) };
            }
            return;
        }
        if self.at_ease.len() >= AT_EASE {
            let oldest = self.at_ease.iter().enumerate().min_by_key(|(_, held)| held.at);
            if let Some(place) = oldest.map(|(place, _)| place) {
                self.at_ease.swap_remove(place);
            }
        }
        self.at_ease.push(AtEase { asn, at, point: seen.point });
    }

    /// Guesses at the password, fading by half in an hour.
    pub fn failures_hour(&self, now: i64) -> f32 {
        self.failures_hour.at(now, HOUR)
    }

    /// The same, fading by half in a day.
    pub fn failures_day(&self, now: i64) -> f32 {
        self.failures_day.at(now, DAY)
    }

    /// Second factors that failed, fading by half in an hour.
    pub fn second_factor_failures(&self, now: i64) -> f32 {
        self.second_factor.at(now, HOUR)
    }

    /// Kilometres to the nearest place where the account was before; none where there is none.
    pub fn distance_from_usual(&self, point: Coordinates) -> Option<f64> {
        let near = self.places.iter().map(|place| distance_km(place.point, point));
        near.min_by(f64::total_cmp).map(|km| if km < PLACE_KM { 0.0 } else { km })
    }

    fn note(&mut self, seen: &Observation) {
        if seen.verdict.is_guess() {
            self.failures_hour.add(seen.at, HOUR);
            self.failures_day.add(seen.at, DAY);
        }
        if seen.verdict == Verdict::SecondFactorFailed {
            self.second_factor.add(seen.at, HOUR);
        }
        let later = |held: Option<i64>| Some(held.map_or(seen.at, |held| held.max(seen.at)));
        if !seen.verdict.is_guess() {
            self.last_seen = later(self.last_seen);
        }
        if seen.verdict == Verdict::Success {
            self.last_success = later(self.last_success);
            let is_latest = self.last_place.is_none_or(|last| last.at <= seen.at);
            if let (true, true, Some(point)) = (is_latest, seen.interactive, seen.point) {
                self.last_place = Some(LastPlace { at: seen.at, point, asn: seen.asn });
            }
        }
    }

    /// Learns a place, once the sign-in is believed.
    fn learn(&mut self, point: Coordinates) {
        let known = self.places.iter_mut().find(|place| distance_km(place.point, point) < PLACE_KM);
        if let Some(place) = known {
            place.sightings += 1.0;
            return;
        }
        if self.places.len() >= PLACES {
            let least = self.places.iter().enumerate();
            let least = least.min_by(|(_, a), (_, b)| a.sightings.total_cmp(&b.sightings));
            if let Some(at) = least.map(|(at, _)| at) {
                self.places.swap_remove(at);
            }
        }
        self.places.push(Place { point, sightings: 1.0 });
    }
}

/// Accounts that failed from one address or network within the last hour.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Source {
    failing: Vec<(Symbol, i64)>,
}

impl Source {
    fn count(&self, now: i64) -> usize {
        self.failing.iter().filter(|(_, at)| (0..HOUR).contains(&(now - at))).count()
    }

    fn note(&mut self, account: Symbol, now: i64) {
        self.failing.retain(|(known, at)| *known != account && now - at < HOUR);
        if self.failing.len() < FAILING {
            self.failing.push((account, now));
        }
    }
}

/// The networks that a session was used from, and what it was begun with.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Session {
    networks: Vec<u32>,
    at: i64,
    /// The program with its version that it was first seen with, and when.
    agent: Symbol,
    since: i64,
    /// Pairs of program and system that it was used with.
    hands: Vec<(Symbol, Symbol)>,
}

/// Whose hands a session is in, as far as its user agents tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hands {
    /// It is new, or the record does not say.
    Unknown,
    /// Those that it was in before.
    Same,
    /// Another program, on a system that it was used on.
    OtherProgram,
    /// A system that it was never used on.
    OtherSystem,
}

/// Program with version and system.
fn agent(seen: &Observation) -> Symbol {
    facet(seen, Facet::Agent)
}

fn facet(seen: &Observation, facet: Facet) -> Symbol {
    seen.facets.get(facet.index()).copied().unwrap_or_default()
}

/// A whole tenant, lately.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Lately {
    accounts: FxHashMap<Symbol, Recent>,
    addresses: FxHashMap<Symbol, Source>,
    networks: FxHashMap<u32, Source>,
    sessions: FxHashMap<u64, Session>,
    swept: i64,
}

impl Lately {
    /// One account, lately.
    pub fn account(&self, account: Symbol) -> Option<&Recent> {
        self.accounts.get(&account)
    }

    /// Accounts that failed from an address within the hour before.
    pub fn failing_from_address(&self, address: Symbol, now: i64) -> usize {
        self.addresses.get(&address).map_or(0, |source| source.count(now))
    }

    /// Accounts that failed from a network within the hour before.
    pub fn failing_from_network(&self, asn: u32, now: i64) -> usize {
        self.networks.get(&asn).map_or(0, |source| source.count(now))
    }

    /// How many networks a session would have been used from, this one included; 1 for a session
    /// that stays where it is.
    pub fn session_networks(&self, session: u64, asn: u32) -> usize {
        let known = self.sessions.get(&session).map_or(&[][..], |session| &session.networks);
        known.len() + usize::from(!known.contains(&asn))
    }

    /// Whose hands a session is in.
    pub fn hands(&self, seen: &Observation) -> Hands {
        let (program, system) = (facet(seen, Facet::Program), facet(seen, Facet::System));
        let Some(held) = self.sessions.get(&seen.session).filter(|_| seen.session != 0) else {
            return Hands::Unknown;
        };
        if program.is_none() || held.hands.is_empty() {
            Hands::Unknown
        } else if held.hands.contains(&(program, system)) {
            Hands::Same
        } else if held.hands.iter().any(|(_, known)| *known == system) {
            Hands::OtherProgram
        } else {
            Hands::OtherSystem
        }
    }

    /// Whether a session goes on with the very program that it was begun with, and not just now: a
    /// phone that wanders keeps its session, a thief mostly has another program.
    pub fn goes_on(&self, seen: &Observation) -> bool {
        let agent = agent(seen);
        let held =
            (seen.session != 0 && !agent.is_none()).then(|| self.sessions.get(&seen.session));
        held.flatten().is_some_and(|held| held.agent == agent && seen.at - held.since >= HOUR)
    }

    /// Notes a sign-in.
    pub fn note(&mut self, seen: &Observation, address: Symbol) {
        self.accounts.entry(seen.account).or_default().note(seen);
        if seen.verdict.is_guess() {
            if !address.is_none() {
                self.addresses.entry(address).or_default().note(seen.account, seen.at);
            }
            if seen.asn != 0 {
                self.networks.entry(seen.asn).or_default().note(seen.account, seen.at);
            }
        }
        if seen.session != 0 && seen.asn != 0 {
            let session = self.sessions.entry(seen.session).or_insert_with(|| Session {
                networks: Vec::new(),
                at: seen.at,
                agent: agent(seen),
                since: seen.at,
                hands: Vec::new(),
            });
            let hands = (facet(seen, Facet::Program), facet(seen, Facet::System));
            if !hands.0.is_none() && !session.hands.contains(&hands) && session.hands.len() < HANDS
            {
                session.hands.push(hands);
            }
            session.at = session.at.max(seen.at);
            if !session.networks.contains(&seen.asn) && session.networks.len() < NETWORKS {
                session.networks.push(seen.asn);
            }
        }
        if seen.at - self.swept > DAY {
            self.sweep(seen.at);
        }
    }

    /// Notes that an account is at ease where it is seen.
    pub fn settle(&mut self, seen: &Observation) {
        if seen.asn != 0 {
            self.accounts.entry(seen.account).or_default().settle(seen);
        }
    }

    /// Learns where an account is, once the sign-in is believed.
    pub fn learn(&mut self, seen: &Observation) {
        if let (true, Some(point)) = (seen.interactive, seen.point) {
            self.accounts.entry(seen.account).or_default().learn(point);
        }
    }

    /// Lets go of what no window reaches any more: once a day, so that a sign-in pays next to
    /// nothing for it.
    fn sweep(&mut self, now: i64) {
        self.swept = now;
        self.addresses.retain(|_, source| source.count(now) > 0);
        self.networks.retain(|_, source| source.count(now) > 0);
        self.sessions.retain(|_, session| now - session.at < SESSION);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(account: u32, at: i64) -> Observation {
        Observation {
            at,
            account: Symbol(account),
            who: u64::from(account),
            facets: [Symbol::NONE; Facet::COUNT],
            asn: 9_009,
            point: None,
            session: 7,
            verdict: Verdict::WrongPassword,
            has_device: false,
            interactive: true,
            single_factor: None,
        }
    }

    fn succeeding(account: u32, at: i64, latitude: f64) -> Observation {
        let point = Coordinates::new(latitude, 10.0);
        Observation { verdict: Verdict::Success, point, ..failing(account, at) }
    }

    const ADDRESS: Symbol = Symbol(1);

    #[test]
    fn accounts_that_fail_from_one_address_count_once_each_and_for_an_hour() {
        let mut lately = Lately::default();
        for (account, at) in [(1, 0), (1, 10), (2, 20)] {
            lately.note(&failing(account, at), ADDRESS);
        }
        assert_eq!(lately.failing_from_address(ADDRESS, 60), 2);
        lately.note(&failing(3, 3_610), ADDRESS);
        assert_eq!(lately.failing_from_address(ADDRESS, 3_615), 2);
        assert_eq!(lately.failing_from_network(9_009, 10_000), 0);
        assert_eq!(lately.failing_from_network(1, 60), 0);
    }

    #[test]
    fn a_session_that_moves_has_more_networks() {
        let mut lately = Lately::default();
        assert_eq!(lately.session_networks(7, 9_009), 1);
        lately.note(&succeeding(1, 0, 50.0), ADDRESS);
        assert_eq!(lately.session_networks(7, 9_009), 1);
        assert_eq!(lately.session_networks(7, 14_061), 2);
    }

    #[test]
    fn a_session_is_known_by_the_hands_that_it_was_in() {
        let with = |program, system| {
            let mut seen = succeeding(1, 0, 50.0);
            seen.facets[Facet::Program.index()] = Symbol(program);
            seen.facets[Facet::System.index()] = Symbol(system);
            seen
        };
        let mut lately = Lately::default();
        assert_eq!(lately.hands(&with(5, 6)), Hands::Unknown);
        lately.note(&with(5, 6), ADDRESS);
        assert_eq!(lately.hands(&with(5, 6)), Hands::Same);
        assert_eq!(lately.hands(&with(7, 6)), Hands::OtherProgram);
        assert_eq!(lately.hands(&with(7, 8)), Hands::OtherSystem);
        assert_eq!(lately.hands(&succeeding(1, 0, 50.0)), Hands::Unknown, "no user agent");
    }

    #[test]
    fn an_account_is_elsewhere_where_it_was_last_at_ease_in_another_network() {
        let mut lately = Lately::default();
        let home = Observation { asn: 3_215, ..succeeding(1, 100, 50.0) };
        lately.settle(&home);
        let recent = lately.account(Symbol(1)).unwrap();
        assert_eq!(recent.elsewhere(9_009, 200).map(|held| held.at), Some(100));
        assert_eq!(recent.elsewhere(3_215, 200), None, "it is there now");
        assert_eq!(recent.elsewhere(9_009, 100 + WEEK), None, "long ago");
    }

    #[test]
    fn a_failure_is_no_sign_of_life_of_the_account() {
        let mut lately = Lately::default();
        lately.note(&failing(1, 100), ADDRESS);
        let recent = lately.account(Symbol(1)).unwrap();
        assert_eq!((recent.last_seen, recent.last_success), (None, None));
        assert!((recent.failures_hour(100) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_late_record_does_not_turn_back_where_the_account_was_last() {
        let mut lately = Lately::default();
        lately.note(&succeeding(1, 1_000, 50.0), ADDRESS);
        lately.note(&succeeding(1, 500, 10.0), ADDRESS);
        let last = lately.account(Symbol(1)).unwrap().last_place.unwrap();
        assert_eq!(last.at, 1_000);
    }

    #[test]
    fn the_suburbs_are_the_same_place_and_another_city_is_not() {
        let mut lately = Lately::default();
        lately.learn(&succeeding(1, 0, 50.0));
        let recent = lately.account(Symbol(1)).unwrap();
        let km = |latitude: f64| {
            recent.distance_from_usual(Coordinates::new(latitude, 10.0).unwrap()).unwrap()
        };
        assert!(km(50.3) < 1e-9);
        assert!(km(52.0) > 200.0);
    }
}

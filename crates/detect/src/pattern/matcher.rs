//! Patterns over the stream of sign-ins.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use model::rule::Severity;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::condition::Circumstance;
use super::window::{Entry, Key};
use super::{Pattern, Window};
use crate::symbols::Symbol;

/// Sign-ins that a key's window holds; beyond, the oldest go.
const HELD: usize = 4_096;
/// Colleagues from whom on a network is everybody's: what comes from it has nothing in common.
const COMMON: usize = 3;
/// Sign-ins that a hit names; a wave of thousands is told by its first and its number.
const NAMED: usize = 500;

/// A pattern was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The pattern's id.
    pub pattern: String,
    /// When, in seconds since 1970: the sign-in that completed it.
    pub at: i64,
    /// How bad.
    pub severity: Severity,
    /// What the sign-ins have in common.
    pub key: Option<(Key, u64)>,
    /// The account of the sign-in that completed it.
    pub account: Symbol,
    /// The sign-ins, in the order of time; while the pattern goes on, the new ones alone.
    pub sign_ins: Vec<Arc<str>>,
    /// Whether it goes on with an earlier hit.
    pub continues: bool,
    /// Whether it is what follows the pattern: somebody got in.
    pub followed: bool,
}

/// What the matcher knows of one key of one pattern.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Group {
    /// In the order of time.
    entries: Vec<Entry>,
    /// Accounts that got in with the key while the window was open.
    succeeded: BTreeSet<Symbol>,
    /// Until when another sign-in goes on with the last hit.
    firing: Option<i64>,
    /// Until when the pattern's sequel counts.
    armed: Option<i64>,
}

/// The state of all patterns over one tenant's sign-ins.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Matcher {
    /// By pattern id, then by which of its keys and the value of it.
    groups: FxHashMap<String, FxHashMap<(Key, u64), Group>>,
    swept: i64,
}

impl Matcher {
    /// Shows it a sign-in; what it completes, in the order of the patterns.
    pub fn see(&mut self, patterns: &[Pattern], of: &Circumstance<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        let seen = &of.sighting.observation;
        for pattern in patterns {
            let matches = pattern.condition.holds(of);
            let Some(window) = &pattern.window else {
                if matches {
                    hits.push(alone(pattern, of));
                }
                continue;
            };
            let sequel = pattern.then.as_ref().filter(|then| then.condition.holds(of));
            let watches_success =
                window.at_least.more_fail_than_succeed && seen.verdict.is_right_password();
            if !matches && sequel.is_none() && !watches_success {
                continue;
            }
            let groups = match self.groups.get_mut(&pattern.meta.id) {
                Some(groups) => groups,
                None => self.groups.entry(pattern.meta.id.clone()).or_default(),
            };
            // One sign-in is one hit, by the narrowest key that sees it.
            let mut hit: Option<Hit> = None;
            for key in &window.keys {
                let Some(value) = key.of(seen) else { continue };
                if key.is_network() && of.sighting.colleagues >= COMMON {
                    continue;
                }
                let at = (*key, value);
                if !matches {
                    let Some(group) = groups.get_mut(&at) else { continue };
                    group.succeeded.insert(seen.account);
                    let is_armed = group.armed.is_some_and(|until| seen.at <= until);
                    if let (Some(then), true, None) = (sequel, is_armed, &hit) {
                        hit = Some(group.sequel(pattern, then.severity, at, of));
                    }
                    continue;
                }
                let group = groups.entry(at).or_default();
                let found = group.add(pattern, window, at, of);
                hit = hit.or(found);
            }
            hits.extend(hit);
        }
        self.sweep(patterns, seen.at);
        hits
    }

    /// Lets go of what no window reaches any more, once an hour of the stream's time.
    fn sweep(&mut self, patterns: &[Pattern], now: i64) {
        if now - self.swept < 3_600 {
            return;
        }
        self.swept = now;
        for (id, groups) in &mut self.groups {
            let pattern = patterns.iter().find(|pattern| pattern.meta.id == *id);
            let Some(window) = pattern.and_then(|pattern| pattern.window.as_ref()) else {
                groups.clear();
                continue;
            };
            // Late sign-ins may still come: twice the window is kept.
            let oldest = now - 2 * window.length;
            groups.retain(|_, group| {
                group.entries.retain(|entry| entry.at >= oldest);
                !group.entries.is_empty() || group.armed.is_some_and(|until| until >= now)
            });
        }
    }
}

/// A pattern of one sign-in.
fn alone(pattern: &Pattern, of: &Circumstance<'_>) -> Hit {
    let seen = &of.sighting.observation;
    Hit {
        pattern: pattern.meta.id.clone(),
        at: seen.at,
        severity: pattern.meta.severity,
        key: None,
        account: seen.account,
        sign_ins: vec![of.sign_in.id.as_str().into()],
        continues: false,
        followed: false,
    }
}

impl Group {
    /// Takes a sign-in into the window; a hit where it completes the pattern or goes on with it.
    fn add(
        &mut self,
        pattern: &Pattern,
        window: &Window,
        key: (Key, u64),
        of: &Circumstance<'_>,
    ) -> Option<Hit> {
        let seen = &of.sighting.observation;
        let entry = Entry::of(seen, &of.sign_in.id, of.sign_in.outcome.code);
        if self.entries.iter().any(|known| known.id == entry.id) {
            return None;
        }
        let place = self.entries.partition_point(|known| known.at <= entry.at);
        self.entries.insert(place, entry);
        if self.entries.len() > HELD {
            self.entries.remove(0);
        }
        let within = self.completed(window, seen.at)?;
        let continues = self.firing.is_some_and(|until| seen.at <= until);
        let later =
            |held: Option<i64>, until: i64| Some(held.map_or(until, |held| held.max(until)));
        self.firing = later(self.firing, seen.at + window.length);
        if let Some(then) = &pattern.then {
            self.armed = later(self.armed, seen.at + then.within);
        }
        let sign_ins = if continues {
            vec![of.sign_in.id.as_str().into()]
        } else {
            self.entries
                .get(within)?
                .iter()
                .take(NAMED)
                .map(|entry| Arc::clone(&entry.id))
                .collect()
        };
        Some(Hit {
            pattern: pattern.meta.id.clone(),
            at: seen.at,
            severity: pattern.meta.severity,
            key: Some(key),
            account: seen.account,
            sign_ins,
            continues,
            followed: false,
        })
    }

    /// The sign-ins of a window with the new one in it that are too many. The window that ends
    /// with it is the one that counts as long as sign-ins come in order; of a late one, those that
    /// end with a later sign-in count too.
    fn completed(&self, window: &Window, at: i64) -> Option<Range<usize>> {
        /// Later sign-ins that are looked at for a late one.
        const LATER: usize = 64;
        let after = self.entries.partition_point(|entry| entry.at < at);
        let ends = self.entries.get(after..)?.iter().enumerate().take(LATER);
        for (step, last) in ends {
            if last.at - at > window.length {
                return None;
            }
            let first = self.entries.partition_point(|entry| entry.at < last.at - window.length);
            let within = first..after + step + 1;
            if window.at_least.is_reached(self.entries.get(within.clone())?, self.succeeded.len()) {
                return Some(within);
            }
        }
        None
    }

    /// What followed the pattern.
    fn sequel(
        &self,
        pattern: &Pattern,
        severity: Severity,
        key: (Key, u64),
        of: &Circumstance<'_>,
    ) -> Hit {
        let seen = &of.sighting.observation;
        // The account's own sign-ins tell the story; those of the others are with the first hit.
        let before = self.entries.iter().filter(|entry| entry.account == seen.account);
        let mut sign_ins: Vec<Arc<str>> =
            before.take(NAMED).map(|entry| Arc::clone(&entry.id)).collect();
        sign_ins.push(of.sign_in.id.as_str().into());
        Hit {
            pattern: pattern.meta.id.clone(),
            at: seen.at,
            severity,
            key: Some(key),
            account: seen.account,
            sign_ins,
            continues: true,
            followed: true,
        }
    }
}

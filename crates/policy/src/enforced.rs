//! What policies together guarantee to a population, on every path that an attacker can choose.
//!
//! Only the weakest paths matter ([`crate::paths`]). Principals fall into classes by the policies
//! that are for them, so that the cost is classes by weakest paths.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use model::guarantee::{AuthenticationLevel, Rung, WayIn};
use model::policy::PolicyState;
use model::rule::NearMiss;
use rustc_hash::FxHashMap;

use crate::applications::Target;
use crate::compile::{Memo, Origin, PolicySet};
use crate::demand::Demand;
use crate::mask::{Mask, TriMask};
pub use crate::paths::Path;
use crate::population::PrincipalSet;
use crate::situation::{Ability, PlaceCondition, Scope, Situation};
use crate::ways::{ANY_DEVICE, Session, UNMANAGED, Way, Ways};

/// Principals that the same policies are for, and what these guarantee.
#[derive(Debug, Clone)]
pub struct ClassOutcome {
    /// Members, by index.
    pub members: Vec<u32>,
    /// Principals that may belong to the population, by index.
    pub possible: Vec<u32>,
    /// Whether a policy asks some of them for something on some path.
    pub sometimes: bool,
    class: u32,
    /// Per path, what is guaranteed at least and at most.
    low: Vec<Arc<Ways>>,
    high: Vec<Arc<Ways>>,
}

/// What is guaranteed to a population.
#[derive(Debug, Clone)]
pub struct Enforcement {
    /// Weakest paths; empty where the situation cannot happen.
    pub paths: Vec<Path>,
    /// Classes.
    pub classes: Vec<ClassOutcome>,
    /// Whether the principals are service principals.
    pub workload: bool,
    active: Mask,
}

/// Members of a population that a demand does not hold for, on one path.
#[derive(Debug, Clone)]
pub struct Breach {
    /// The path, by index.
    pub path: usize,
    /// Who, by index, sorted.
    pub members: Vec<u32>,
    /// A way in that does not satisfy the demand; absent where only the data is missing.
    pub enough: Option<WayIn>,
    /// One of the classes, for near misses.
    class: u32,
}

/// Whether a demand holds for a population.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    /// Members for whom it holds.
    pub holds: usize,
    /// Members for whom it does not, path by path, largest first; each member once.
    pub breaches: Vec<Breach>,
    /// Members for whom the data cannot tell, path by path, largest first; each member once.
    pub undecided: Vec<Breach>,
}

impl Judgement {
    /// How many members it does not hold for.
    pub fn failing(&self) -> usize {
        self.breaches.iter().map(|breach| breach.members.len()).sum()
    }

    /// How many members the data cannot tell.
    pub fn unknown(&self) -> usize {
        self.undecided.iter().map(|breach| breach.members.len()).sum()
    }
}

/// Breaches by path and way.
type Breaches = HashMap<(usize, Option<Way>), Breach>;

impl PolicySet {
    /// What the enabled policies guarantee to a population that reaches a scope in a situation.
    pub fn enforced(
        &self,
        population: &PrincipalSet,
        scope: &Scope,
        situation: &Situation,
    ) -> Enforcement {
        self.enforce(population, scope, situation, &self.enabled)
    }

    /// What they would guarantee if report-only policies were enabled.
    pub fn enforced_with_report_only(
        &self,
        population: &PrincipalSet,
        scope: &Scope,
        situation: &Situation,
    ) -> Enforcement {
        self.enforce(population, scope, situation, &self.with_report_only)
    }

    fn enforce(
        &self,
        population: &PrincipalSet,
        scope: &Scope,
        situation: &Situation,
        active: &Mask,
    ) -> Enforcement {
        let table = if population.workload { &self.workload_classes } else { &self.user_classes };
        let targets: Vec<(Target, TriMask)> = match scope {
            Scope::AllResources => self.all_resources.clone(),
            Scope::Targets(targets) => {
                targets.iter().map(|target| (target.clone(), self.target_mask(target))).collect()
            }
        };
        let mut members: HashMap<u32, (Vec<u32>, Vec<u32>)> = HashMap::new();
        for (bits, sure) in [(&population.yes, true), (&population.maybe, false)] {
            for at in bits.ones() {
                let Some(class) = table.of.get(at) else {
                    continue;
                };
                let entry = members.entry(*class).or_default();
                let list = if sure { &mut entry.0 } else { &mut entry.1 };
                list.push(u32::try_from(at).unwrap_or(u32::MAX));
            }
        }
        let class_mask = |class: u32| table.masks.get(class as usize).copied().unwrap_or_default();
        let for_somebody =
            members.keys().fold(Mask::EMPTY, |mask, class| mask.or(&class_mask(*class).possible()));
        let for_something =
            targets.iter().fold(Mask::EMPTY, |mask, (_, target)| mask.or(&target.possible()));
        let relevant = active.and(&for_somebody).and(&for_something);
        let paths = self.paths(&targets, situation, &relevant);
        let touched = paths.1;
        let paths = paths.0;

        // A panic elsewhere left at most fewer entries than there could be.
        let mut memo = self.memo.lock().unwrap_or_else(PoisonError::into_inner);
        let mut classes: Vec<ClassOutcome> = members
            .into_iter()
            .map(|(class, (members, possible))| {
                let mask = class_mask(class).restrict(&relevant);
                let (mut low, mut high) = (Vec::new(), Vec::new());
                for path in &paths {
                    let here = mask.and(&path.mask);
                    low.push(self.ways(&mut memo, &here.yes, false, path.ability));
                    high.push(self.ways(&mut memo, &here.possible(), true, path.ability));
                }
                let sometimes = mask.possible().and(&touched).iter().any(|at| {
                    self.policies.get(at).is_some_and(|p| p.grant.has_grant(self.methods.password))
                });
                ClassOutcome { members, possible, sometimes, class, low, high }
            })
            .collect();
        classes.sort_unstable_by_key(|outcome| {
            (outcome.members.first().copied(), outcome.possible.first().copied())
        });
        Enforcement { paths, classes, workload: population.workload, active: *active }
    }

    /// Words for the places from which everybody of a population is blocked, whatever they do, and
    /// whatever their address is: countries, and everywhere else.
    pub fn blocked_countries(&self, population: &PrincipalSet, situation: &Situation) -> Vec<&str> {
        let mut blocking = Mask::EMPTY;
        for (at, policy) in self.policies.iter().enumerate() {
            if self.enabled.has(at) && policy.grant.low.is_blocked() {
                blocking.set(at);
            }
        }
        let mut known: FxHashMap<Mask, bool> = FxHashMap::default();
        let places = self.dimensions.places.iter().enumerate();
        places
            .filter(|(_, place)| !place.by_address)
            .filter(|(at, place)| {
                // Places that the same blocks match are the same here.
                *known.entry(place.value.mask.yes.and(&blocking)).or_insert_with(|| {
                    let situation =
                        Situation { place: PlaceCondition::At(*at), ..situation.clone() };
                    let enforcement =
                        self.enforce(population, &Scope::AllResources, &situation, &blocking);
                    let blocked =
                        |outcome: &ClassOutcome| outcome.low.iter().all(|w| w.is_blocked());
                    !enforcement.paths.is_empty()
                        && !enforcement.classes.is_empty()
                        && enforcement.classes.iter().all(blocked)
                })
            })
            .map(|(_, place)| place.value.words.as_str())
            .collect()
    }

    /// The ways in under some policies, as far as the situation can bring them.
    fn ways(&self, memo: &mut Memo, policies: &Mask, high: bool, ability: Ability) -> Arc<Ways> {
        let key = (*policies, high, ability);
        if let Some(known) = memo.get(&key) {
            return Arc::clone(known);
        }
        let mut ways = Ways::open();
        for policy in policies.iter().filter_map(|at| self.policies.get(at)) {
            ways = ways.and(if high { &policy.grant.high } else { &policy.grant.low });
        }
        let ways = Arc::new(self.feasible(&ways, ability));
        memo.insert(key, Arc::clone(&ways));
        ways
    }

    /// Those ways that a sign-in with an ability can take.
    pub(crate) fn feasible(&self, ways: &Ways, ability: Ability) -> Ways {
        let able = |way: &Way| {
            let mut device = way.device & ability.kinds;
            if device == 0 {
                return None;
            }
            if device & UNMANAGED != 0 {
                device = ANY_DEVICE;
            }
            let password_only = ability.legacy
                && (!way.needs.take(self.methods.password)
                    || way.device & UNMANAGED == 0
                    || way.controls & !self.controls.unknown() != 0);
            let no_device = ability.device_code && way.device & UNMANAGED == 0;
            (!password_only && !no_device).then_some(Way { device, ..*way })
        };
        Ways::of(ways.0.iter().filter_map(able).collect())
    }

    /// A way in words' form.
    pub(crate) fn describe(&self, way: &Way) -> WayIn {
        WayIn {
            authentication: self.methods.level(way.needs),
            combinations: self.methods.narrowed(way.needs),
            device: way.device_requirement(),
            controls: self.controls.words(way.controls),
            session: way.session.limits(),
        }
    }

    pub(crate) fn describe_all(&self, ways: &Ways) -> Vec<WayIn> {
        ways.0.iter().map(|way| self.describe(way)).collect()
    }

    fn rung_of(&self, way: &Way) -> Rung {
        match (self.methods.level(way.needs), way.is_managed()) {
            (AuthenticationLevel::PhishingResistant, _) => Rung::PhishingResistant,
            (AuthenticationLevel::Passwordless, false) => Rung::Passwordless,
            (AuthenticationLevel::Passwordless | AuthenticationLevel::Mfa, true) => {
                Rung::MfaAndDevice
            }
            (AuthenticationLevel::Mfa, false) => Rung::Mfa,
            (AuthenticationLevel::SingleFactor, true) => Rung::Device,
            (AuthenticationLevel::SingleFactor, false)
                if way.session != Session::NONE || way.controls != 0 =>
            {
                Rung::SingleFactorWithSession
            }
            (AuthenticationLevel::SingleFactor, false) => Rung::None,
        }
    }

    fn rung(&self, paths: &[Arc<Ways>]) -> Rung {
        paths
            .iter()
            .flat_map(|ways| &ways.0)
            .map(|way| self.rung_of(way))
            .min()
            .unwrap_or(Rung::Blocked)
    }

    /// The guarantee of a class: at least, and at most.
    pub fn rungs(&self, outcome: &ClassOutcome) -> (Rung, Rung) {
        let lift = |rung: Rung| {
            if rung == Rung::None && outcome.sometimes { Rung::Conditional } else { rung }
        };
        (lift(self.rung(&outcome.low)), lift(self.rung(&outcome.high)))
    }

    /// Judges a demand for a population.
    pub fn judge(&self, enforcement: &Enforcement, demand: &Demand) -> Judgement {
        let mut judgement = Judgement::default();
        let mut breaches: Breaches = HashMap::new();
        let mut undecided: Breaches = HashMap::new();
        let note = |table: &mut Breaches,
                    path: usize,
                    class: u32,
                    members: &[u32],
                    enough: Option<&Way>| {
            if members.is_empty() {
                return;
            }
            // One way a breach: what is enough for one must not be told of another. Limits on the
            // session are no part of what is enough.
            let key = (path, enough.map(|way| Way { session: Session::NONE, ..*way }));
            let entry = table.entry(key).or_insert_with(|| Breach {
                path,
                members: Vec::new(),
                enough: enough.map(|way| self.describe(way)),
                class,
            });
            entry.members.extend_from_slice(members);
        };
        for outcome in &enforcement.classes {
            let broken = self.first_broken(&outcome.high, demand);
            let doubtful = self.first_broken(&outcome.low, demand);
            match (broken, doubtful) {
                (Some((path, way)), _) => {
                    note(&mut breaches, path, outcome.class, &outcome.members, Some(&way));
                    note(&mut undecided, path, outcome.class, &outcome.possible, None);
                }
                (None, Some((path, _))) => {
                    note(&mut undecided, path, outcome.class, &outcome.members, None);
                    note(&mut undecided, path, outcome.class, &outcome.possible, None);
                }
                (None, None) => judgement.holds += outcome.members.len(),
            }
        }
        let sorted = |table: Breaches| {
            let mut all: Vec<_> = table.into_iter().collect();
            all.sort_by_key(|((path, way), breach)| {
                (std::cmp::Reverse(breach.members.len()), *path, *way)
            });
            let mut all: Vec<Breach> = all.into_iter().map(|(_, breach)| breach).collect();
            for breach in &mut all {
                breach.members.sort_unstable();
            }
            all
        };
        judgement.breaches = sorted(breaches);
        judgement.undecided = sorted(undecided);
        judgement
    }

    /// The path with the weakest way in that does not satisfy a demand.
    fn first_broken(&self, paths: &[Arc<Ways>], demand: &Demand) -> Option<(usize, Way)> {
        paths
            .iter()
            .enumerate()
            .flat_map(|(path, ways)| ways.0.iter().map(move |way| (path, *way)))
            .filter(|(_, way)| !demand.holds_for(way, &self.methods))
            .min_by_key(|(path, way)| (self.rung_of(way), *path))
    }

    /// Policies that would satisfy a demand but do not apply on a path, and what each misses.
    /// Those that miss one thing come first.
    pub fn near_misses(
        &self,
        enforcement: &Enforcement,
        breach: &Breach,
        demand: &Demand,
    ) -> Vec<NearMiss> {
        let table = if enforcement.workload { &self.workload_classes } else { &self.user_classes };
        let class = table.masks.get(breach.class as usize).copied().unwrap_or_default();
        let Some(path) = enforcement.paths.get(breach.path) else {
            return Vec::new();
        };
        let mut out: Vec<(usize, NearMiss)> = Vec::new();
        for (at, policy) in self.policies.iter().enumerate() {
            if policy.origin != Origin::Tenant
                || policy.workload != enforcement.workload
                || !demand.holds(&policy.grant.low, &self.methods)
            {
                continue;
            }
            let mut misses: Vec<String> = Vec::new();
            if policy.state == PolicyState::ReportOnly && !enforcement.active.has(at) {
                misses.push("it is report-only".into());
            }
            if !policy.conditions.unknown.is_empty() {
                misses.push(format!("it depends on {}", policy.conditions.unknown.join(", ")));
            }
            if !class.possible().has(at) {
                misses.push("these principals are outside it or excluded".into());
            } else if class.maybe.has(at) {
                misses.push("whether it is for these principals is not known".into());
            }
            for (name, mask) in &path.choices {
                if !mask.possible().has(at) {
                    misses.push(format!("its {name} condition does not match"));
                } else if mask.maybe.has(at) {
                    misses.push(format!("whether its {name} condition matches is not known"));
                }
            }
            // A block for some other situation was never meant to cover this one.
            let elsewhere = policy.grant.low.is_blocked()
                && !demand.is_block()
                && misses.iter().any(|miss| miss.starts_with("its "));
            if misses.is_empty() || misses.len() > 3 || elsewhere {
                continue;
            }
            out.push((
                misses.len(),
                NearMiss {
                    policy_id: policy.id.clone(),
                    display_name: policy.name.clone(),
                    misses: misses.join("; "),
                },
            ));
        }
        out.sort();
        out.into_iter().map(|(_, miss)| miss).collect()
    }

    /// Names of the tenant's enabled policies that are for somebody of a population and reach a scope.
    pub fn acting_policies(&self, population: &PrincipalSet, scope: &Scope) -> Vec<String> {
        self.policies
            .iter()
            .enumerate()
            .filter(|(at, policy)| {
                self.enabled.has(*at)
                    && policy.workload == population.workload
                    && !(policy.yes.is_disjoint(&population.yes)
                        && policy.maybe.is_disjoint(&population.yes))
            })
            .filter(|(at, policy)| match scope {
                Scope::AllResources => {
                    self.all_resources.iter().any(|(_, mask)| mask.possible().has(*at))
                }
                Scope::Targets(targets) => targets.iter().any(|target| {
                    policy.reaches(target, &self.facts, crate::Tri::Unknown, &self.options)
                        != crate::Tri::No
                }),
            })
            .map(|(_, policy)| policy.name.clone())
            .collect()
    }
}

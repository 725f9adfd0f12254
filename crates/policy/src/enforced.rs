//! What policies together guarantee to a population, on every path that an attacker can choose.
//!
//! Paths are the combinations of values of all dimensions. Because another policy never weakens a
//! guarantee, only the paths with the fewest policies matter: the product is pruned to its weakest
//! elements dimension by dimension. Principals fall into classes by the policies that are for them,
//! so that the cost is classes by weakest paths.

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
use crate::population::PrincipalSet;
use crate::situation::{Ability, PlaceCondition, Scope, Situation, Value};
use crate::ways::{ANY_DEVICE, Session, UNMANAGED, Way, Ways};

/// A weakest path.
#[derive(Debug, Clone)]
pub struct Path {
    /// Words, with the target last.
    pub words: String,
    mask: TriMask,
    ability: Ability,
    /// Dimension and the policies that match the value chosen in it.
    choices: Vec<(&'static str, TriMask)>,
}

impl Path {
    pub(crate) fn matches(&self, policy: usize) -> bool {
        self.choices.iter().all(|(_, mask)| mask.yes.has(policy))
    }

    pub(crate) fn matches_but_target(&self, policy: usize) -> bool {
        self.choices.iter().all(|(name, mask)| *name == "target" || mask.yes.has(policy))
    }
}

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

/// Dimensions of a path, the target last.
const AXES: usize = 10;

/// A path as far as it goes.
struct Partial {
    mask: TriMask,
    ability: Ability,
    /// Per axis, which value was chosen.
    picks: [u16; AXES],
}

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

    /// The weakest paths, and every policy that matches on some path.
    fn paths(
        &self,
        targets: &[(Target, TriMask)],
        situation: &Situation,
        relevant: &Mask,
    ) -> (Vec<Path>, Mask) {
        let start = self.readable.restrict(relevant);
        let mut touched = start.possible();
        let mut partial = vec![Partial { mask: start, ability: Ability::FULL, picks: [0; AXES] }];
        let mut axes: Vec<(&'static str, Vec<Merged>)> = Vec::with_capacity(AXES);
        for (name, values) in self.dimensions.allowed(situation) {
            let any =
                values.iter().fold(Mask::EMPTY, |mask, value| mask.or(&value.mask.possible()));
            touched = touched.and(&any);
            let merged = merge(values, relevant);
            partial = extend(&partial, axes.len(), &merged);
            axes.push((name, merged));
        }
        let values = targets
            .iter()
            .map(|(target, mask)| Value {
                words: format!("reaching {}", self.target_words(target)),
                mask: *mask,
                ability: Ability::FULL,
                ordinary: false,
            })
            .collect();
        let single = targets.len() == 1;
        let mut merged = merge(values, relevant);
        if single {
            for one in &mut merged {
                one.distinct = true;
            }
        } else if merged.len() == 1 {
            for one in &mut merged {
                "reaching any application".clone_into(&mut one.value.words);
                one.distinct = true;
            }
        }
        let partial = extend(&partial, axes.len(), &merged);
        axes.push(("target", merged));
        let mut paths: Vec<Path> = partial
            .into_iter()
            .map(|path| {
                let picked = || {
                    axes.iter().zip(path.picks).filter_map(|((name, values), pick)| {
                        values.get(usize::from(pick)).map(|value| (*name, value))
                    })
                };
                let words: Vec<&str> = picked()
                    .filter(|(_, value)| value.distinct)
                    .map(|(_, value)| value.value.words.as_str())
                    .collect();
                Path {
                    words: words.join(" "),
                    mask: path.mask,
                    ability: path.ability,
                    choices: picked().map(|(name, value)| (name, value.full)).collect(),
                }
            })
            .collect();
        paths.sort_by(|a, b| a.words.cmp(&b.words).then_with(|| a.mask.cmp(&b.mask)));
        (paths, touched)
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

/// A value of a dimension that stands for all that the relevant policies do not tell apart.
struct Merged {
    /// The value, its mask limited to the relevant policies.
    value: Value,
    /// Every policy that matches it.
    full: TriMask,
    /// Whether the dimension is worth a word.
    distinct: bool,
}

/// Merges values that the relevant policies do not tell apart.
fn merge(values: Vec<Value>, relevant: &Mask) -> Vec<Merged> {
    let mut merged: Vec<(Merged, usize)> = Vec::new();
    for value in values {
        let mask = value.mask.restrict(relevant);
        if let Some((known, more)) = merged
            .iter_mut()
            .find(|(known, _)| known.value.mask == mask && known.value.ability == value.ability)
        {
            known.value.ordinary |= value.ordinary;
            *more += 1;
        } else {
            let full = value.mask;
            let value = Value { mask, ..value };
            merged.push((Merged { value, full, distinct: false }, 0));
        }
    }
    // Abilities alone are no news: of values that the same policies match, the ablest is on the path.
    let first = merged.first().map(|(known, _)| known.value.mask);
    let distinct = merged.iter().any(|(known, _)| Some(known.value.mask) != first);
    merged
        .into_iter()
        .map(|(mut known, more)| {
            known.distinct = distinct && !known.value.ordinary;
            match more {
                0 => {}
                1 => known.value.words += " (or one other)",
                more => known.value.words += &format!(" (or {more} others)"),
            }
            known
        })
        .collect()
}

/// Every partial path with every value, pruned to the weakest.
fn extend(partial: &[Partial], axis: usize, values: &[Merged]) -> Vec<Partial> {
    // A value that another makes weaker never leads to a weakest path: fewer to multiply.
    let weaker = |a: &Value, b: &Value| {
        a.mask.is_weaker_or_equal(&b.mask) && a.ability.is_weaker_or_equal(b.ability)
    };
    let weakest: Vec<(u16, &Value)> = (0_u16..)
        .zip(values.iter().map(|merged| &merged.value))
        .filter(|(at, value)| {
            !(0_u16..).zip(values).any(|(other, merged)| {
                weaker(&merged.value, value) && (other < *at || !weaker(value, &merged.value))
            })
        })
        .collect();
    let mut out: Vec<Partial> = Vec::new();
    for path in partial {
        for (at, value) in &weakest {
            let mask = path.mask.and(&value.mask);
            let ability = path.ability.and(value.ability);
            if ability.kinds == 0 {
                continue;
            }
            if out
                .iter()
                .any(|o| o.mask.is_weaker_or_equal(&mask) && o.ability.is_weaker_or_equal(ability))
            {
                continue;
            }
            out.retain(|o| {
                !(mask.is_weaker_or_equal(&o.mask) && ability.is_weaker_or_equal(o.ability))
            });
            let mut picks = path.picks;
            if let Some(pick) = picks.get_mut(axis) {
                *pick = *at;
            }
            out.push(Partial { mask, ability, picks });
        }
    }
    out
}

//! Looking at single policies, for checks that are about a policy rather than an effect.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;
use model::guarantee::WayIn;
use model::policy::PolicyState;

use crate::Tri;
use crate::applications::Target;
use crate::compile::{Origin, PolicySet};
use crate::demand::Demand;
use crate::enforced::Path;
use crate::mask::{Mask, TriMask};
use crate::population::PrincipalSet;
use crate::situation::{Ability, ClientKind, Situation, Value};
use crate::ways::{Way, Ways};

/// A policy of the tenant that is not disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyHandle<'a> {
    at: usize,
    /// Policy id.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Whether it is enforced.
    pub enabled: bool,
}

impl PolicySet {
    /// The tenant's policies that are not disabled, in its order.
    pub fn active(&self) -> impl Iterator<Item = PolicyHandle<'_>> {
        self.policies.iter().enumerate().filter(|(_, p)| p.origin == Origin::Tenant).map(
            |(at, p)| {
                let enabled = p.state == PolicyState::Enabled;
                PolicyHandle { at, id: &p.id, name: &p.name, enabled }
            },
        )
    }

    /// Users that a policy includes and then leaves out.
    pub fn left_out(&self, policy: PolicyHandle<'_>) -> FixedBitSet {
        self.policies
            .get(policy.at)
            .filter(|p| !p.workload)
            .map_or_else(FixedBitSet::new, |p| p.left_out.clone())
    }

    /// Whether a policy is surely for nobody that can sign in, or surely about nothing.
    pub fn is_idle(&self, policy: PolicyHandle<'_>) -> bool {
        self.policies.get(policy.at).is_some_and(|p| {
            p.target.is_empty() && p.target.unknown.is_empty()
                || !p.workload && p.yes.is_clear() && p.maybe.is_clear()
        })
    }

    /// Whether a policy is for somebody and asks for more than a password.
    pub fn protects(&self, policy: PolicyHandle<'_>) -> bool {
        let compiled = self.policies.get(policy.at);
        !self.is_idle(policy) && compiled.is_some_and(|p| p.grant.has_grant(self.methods.password))
    }

    /// Whether what a policy asks for satisfies a demand wherever it applies.
    pub fn satisfies(&self, policy: PolicyHandle<'_>, demand: &Demand) -> bool {
        self.policies.get(policy.at).is_some_and(|p| demand.holds(&p.grant.low, &self.methods))
    }

    /// Whether a policy is for service principals.
    pub fn is_workload(&self, policy: PolicyHandle<'_>) -> bool {
        self.policies.get(policy.at).is_some_and(|p| p.workload)
    }

    /// Whether a policy blocks wherever it applies.
    pub fn blocks(&self, policy: PolicyHandle<'_>) -> bool {
        self.policies.get(policy.at).is_some_and(|p| p.grant.low.is_blocked())
    }

    /// Whether every condition of a policy matches a path, whoever signs in.
    pub fn matches_path(&self, policy: PolicyHandle<'_>, path: &Path) -> bool {
        path.matches(policy.at)
    }

    /// The active policies that apply to somebody of a population who reaches a target in some
    /// situation allowed.
    pub fn applying(
        &self,
        population: &PrincipalSet,
        target: &Target,
        situation: &Situation,
    ) -> Vec<PolicyHandle<'_>> {
        let touched: Vec<Mask> = self
            .dimensions
            .allowed(situation)
            .iter()
            .map(|(_, values)| {
                values.iter().fold(Mask::EMPTY, |mask, value| mask.or(&value.mask.yes))
            })
            .collect();
        self.active()
            .filter(|handle| {
                self.policies.get(handle.at).is_some_and(|policy| {
                    policy.workload == population.workload
                        && !policy.yes.is_disjoint(&population.yes)
                        && policy.reaches(target, &self.facts, Tri::Unknown, &self.options)
                            == Tri::Yes
                        && touched.iter().all(|mask| mask.has(handle.at))
                })
            })
            .collect()
    }

    /// Those of the applying policies that keep out whoever can show a password and nothing else.
    pub fn demanding(
        &self,
        population: &PrincipalSet,
        target: &Target,
        situation: &Situation,
    ) -> Vec<PolicyHandle<'_>> {
        let open = |way: &Way| way.takes_password(self.methods.password);
        let mut out = self.applying(population, target, situation);
        out.retain(|handle| {
            self.policies.get(handle.at).is_some_and(|policy| !policy.grant.low.0.iter().any(open))
        });
        out
    }
}

impl PolicySet {
    /// Users that a policy is surely for.
    pub fn covered(&self, policy: PolicyHandle<'_>) -> FixedBitSet {
        self.policies
            .get(policy.at)
            .filter(|p| !p.workload)
            .map_or_else(FixedBitSet::new, |p| p.yes.clone())
    }

    /// Users that a policy may be for: the data cannot tell.
    pub fn possibly_covered(&self, policy: PolicyHandle<'_>) -> FixedBitSet {
        self.policies
            .get(policy.at)
            .filter(|p| !p.workload)
            .map_or_else(FixedBitSet::new, |p| p.maybe.clone())
    }

    /// Service principals that a policy is surely for, and those that it may be for.
    pub fn covered_workloads(&self, policy: PolicyHandle<'_>) -> (FixedBitSet, FixedBitSet) {
        self.policies
            .get(policy.at)
            .filter(|p| p.workload)
            .map(|p| (p.yes.clone(), p.maybe.clone()))
            .unwrap_or_default()
    }

    /// Whether every condition of a policy but its target matches a path, whoever signs in.
    pub fn matches_path_but_target(&self, policy: PolicyHandle<'_>, path: &Path) -> bool {
        path.matches_but_target(policy.at)
    }
}

/// Where the conditions of a policy match, what the policies leave open to some users.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The weakest path on which a demand does not hold, in words, with the target last.
    pub words: String,
    /// Who, by index, sorted; users for whom the same policies are.
    pub members: Vec<u32>,
    /// What is enough on the path; absent where only the data is missing.
    pub enough: Option<WayIn>,
}

/// A path within the conditions of a policy, as far as it goes.
struct Within {
    mask: TriMask,
    ability: Ability,
    words: Vec<String>,
}

impl PolicySet {
    /// Users for whom a demand does not hold somewhere within the conditions of a policy, by the
    /// enabled policies that are for them. Looks only where the policy's own conditions match:
    /// elsewhere an even weaker path would hide what leaving them out of this policy opens.
    pub fn openings(
        &self,
        policy: PolicyHandle<'_>,
        members: &FixedBitSet,
        demand: &Demand,
    ) -> Vec<Opening> {
        self.openings_on(&self.values_within(policy), members, demand)
    }

    /// The same, reaching one target only, whether the policy reaches it or not.
    pub fn openings_at(
        &self,
        policy: PolicyHandle<'_>,
        target: &Target,
        members: &FixedBitSet,
        demand: &Demand,
    ) -> Vec<Opening> {
        let mut axes = self.values_within(policy);
        axes.pop();
        let words = format!("reaching {}", self.target_words(target));
        let mask = self.target_mask(target);
        // Not all that there is, so that the words stay.
        axes.push((vec![Value { words, mask, ability: Ability::FULL, ordinary: false }], false));
        self.openings_on(&axes, members, demand)
    }

    fn openings_on(
        &self,
        axes: &[(Vec<Value>, bool)],
        members: &FixedBitSet,
        demand: &Demand,
    ) -> Vec<Opening> {
        let mut classes: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for at in members.ones() {
            if let Some(class) = self.user_classes.of.get(at) {
                classes.entry(*class).or_default().push(u32::try_from(at).unwrap_or(u32::MAX));
            }
        }
        classes
            .into_iter()
            .filter_map(|(class, members)| {
                let class = self.user_classes.masks.get(class as usize)?.restrict(&self.enabled);
                let (words, enough) = self.opening(axes, &class, demand)?;
                Some(Opening { words, members, enough })
            })
            .collect()
    }

    /// Per dimension, the values that a policy's conditions surely match, and whether these are all
    /// that there are. The target is the last dimension.
    fn values_within(&self, policy: PolicyHandle<'_>) -> Vec<(Vec<Value>, bool)> {
        let any_client = Situation { clients: ClientKind::ALL.to_vec(), ..Situation::default() };
        let mut axes: Vec<Vec<Value>> =
            self.dimensions.allowed(&any_client).into_iter().map(|(_, values)| values).collect();
        let targets = self.all_resources.iter().map(|(target, mask)| Value {
            words: format!("reaching {}", self.target_words(target)),
            mask: *mask,
            ability: Ability::FULL,
            ordinary: false,
        });
        axes.push(targets.collect());
        let matching = |mut values: Vec<Value>| {
            let before = values.len();
            values.retain(|value| value.mask.yes.has(policy.at));
            let all = values.len() == before;
            (values, all)
        };
        axes.into_iter().map(matching).collect()
    }

    /// The weakest way in on paths through some values that does not satisfy a demand.
    fn opening(
        &self,
        axes: &[(Vec<Value>, bool)],
        class: &TriMask,
        demand: &Demand,
    ) -> Option<(String, Option<WayIn>)> {
        let start = self.readable.restrict(&class.possible());
        let mut paths = vec![Within { mask: start, ability: Ability::FULL, words: Vec::new() }];
        for (at, (values, all)) in axes.iter().enumerate() {
            let merged = told_apart(values, class, *all, at + 1 == axes.len());
            paths = weakest(&paths, &merged);
        }
        let ways = |path: &Within, high: bool| {
            let here = class.and(&path.mask);
            let policies = if high { here.possible() } else { here.yes };
            let all = policies
                .iter()
                .filter_map(|at| self.policies.get(at))
                .fold(Ways::open(), |ways, policy| {
                    ways.and(if high { &policy.grant.high } else { &policy.grant.low })
                });
            self.feasible(&all, path.ability)
        };
        let broken = |high: bool| {
            paths
                .iter()
                .flat_map(|path| ways(path, high).0.into_iter().map(move |way| (path, way)))
                .filter(|(_, way)| !demand.holds_for(way, &self.methods))
                // A password alone is told before anything stronger.
                .min_by_key(|(path, way)| {
                    let open = way.takes_password(self.methods.password);
                    (!open, way.is_managed(), path.words.len())
                })
        };
        if let Some((path, way)) = broken(true) {
            return Some((path.words.join(" "), Some(self.describe(&way))));
        }
        broken(false).map(|(path, _)| (path.words.join(" "), None))
    }
}

/// Values of a dimension that the policies of a class do not tell apart become one, with words
/// where there is something to tell.
fn told_apart(values: &[Value], class: &TriMask, all: bool, target: bool) -> Vec<Value> {
    let relevant = class.possible();
    let mut out: Vec<(Value, usize)> = Vec::new();
    for value in values {
        let mask = value.mask.restrict(&relevant);
        match out.iter_mut().find(|(v, _)| v.mask == mask && v.ability == value.ability) {
            Some((known, more)) => {
                known.ordinary |= value.ordinary;
                *more += 1;
            }
            None => out.push((Value { mask, ..value.clone() }, 0)),
        }
    }
    let first = out.first().map(|(value, _)| value.mask);
    let distinct = !all || out.iter().any(|(value, _)| Some(value.mask) != first);
    out.into_iter()
        .map(|(mut value, more)| {
            if target && !distinct {
                "reaching any application".clone_into(&mut value.words);
            } else if !target && (value.ordinary || !distinct) {
                value.words.clear();
            } else if more == 1 {
                value.words += " (or one other)";
            } else if more > 1 {
                value.words += &format!(" (or {more} others)");
            }
            value
        })
        .collect()
}

/// Every path so far with every value, less those that another makes weaker.
fn weakest(paths: &[Within], values: &[Value]) -> Vec<Within> {
    let mut out: Vec<Within> = Vec::new();
    for path in paths {
        for value in values {
            let (mask, ability) = (path.mask.and(&value.mask), path.ability.and(value.ability));
            let known = |o: &Within| {
                o.mask.is_weaker_or_equal(&mask) && o.ability.is_weaker_or_equal(ability)
            };
            if ability.kinds == 0 || out.iter().any(known) {
                continue;
            }
            out.retain(|o| {
                !(mask.is_weaker_or_equal(&o.mask) && ability.is_weaker_or_equal(o.ability))
            });
            let mut words = path.words.clone();
            words.extend((!value.words.is_empty()).then(|| value.words.clone()));
            out.push(Within { mask, ability, words });
        }
    }
    out
}

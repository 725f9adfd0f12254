//! Looking at single policies, for checks that are about a policy rather than an effect.

use fixedbitset::FixedBitSet;
use model::policy::PolicyState;

use crate::Tri;
use crate::applications::Target;
use crate::compile::{Origin, PolicySet};
use crate::demand::Demand;
use crate::enforced::Path;
use crate::mask::Mask;
use crate::population::PrincipalSet;
use crate::situation::Situation;
use crate::ways::Way;

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

    /// Whether every condition of a policy but its target matches a path, whoever signs in.
    pub fn matches_path_but_target(&self, policy: PolicyHandle<'_>, path: &Path) -> bool {
        path.matches_but_target(policy.at)
    }
}

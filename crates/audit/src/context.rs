//! What every judgement of one tenant shares.

use std::cell::RefCell;
use std::collections::HashMap;

use fixedbitset::FixedBitSet;
use model::canonical::sha256_hex;
use model::exception::{ExceptionEntry, ExceptionSubject};
use model::object::ObjectKind;
use model::rule::{PrincipalLabel, RuleMeta, RuleStatus, Severity, Witness};
use model::snapshot::TenantSnapshot;
use model::tenant::Licences;
use policy::{PolicySet, Population, PrincipalSet};

use crate::options::AuditOptions;
use crate::outcome::Outcome;

/// A tenant under audit.
pub(crate) struct Context<'a> {
    pub(crate) snapshot: &'a TenantSnapshot,
    pub(crate) set: &'a PolicySet,
    pub(crate) options: &'a AuditOptions,
    /// Whether the directory is made up.
    pub(crate) hypothetical: bool,
    /// Whether the listing of groups is the tenant's own and complete.
    pub(crate) groups_known: bool,
    /// Declared emergency accounts, by index.
    pub(crate) break_glass: FixedBitSet,
    /// Witnesses that were named before, workloads and people apart.
    witnesses: RefCell<HashMap<bool, HashMap<Vec<u32>, Witness>>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        snapshot: &'a TenantSnapshot,
        set: &'a PolicySet,
        options: &'a AuditOptions,
        hypothetical: bool,
        groups_known: bool,
    ) -> Self {
        let mut break_glass = FixedBitSet::with_capacity(set.principals().user_count());
        for account in &snapshot.break_glass {
            break_glass.union_with(&set.principals().principal(&account.user_id));
        }
        Self {
            snapshot,
            set,
            options,
            hypothetical,
            groups_known,
            break_glass,
            witnesses: RefCell::default(),
        }
    }

    /// What the tenant may use: its products where they were collected, else what was declared.
    pub(crate) fn licences(&self) -> Licences {
        let found = self.snapshot.licences();
        if found.known { found } else { self.options.declared_licences.clone() }
    }

    /// Exceptions in force, by what they are for.
    pub(crate) fn exceptions(&self) -> impl Iterator<Item = &'a ExceptionEntry> {
        let as_of = self.options.as_of;
        self.snapshot.exceptions.iter().filter(move |entry| entry.is_in_force(as_of))
    }

    /// The exception of a whole rule.
    pub(crate) fn rule_exception(&self, rule: &str) -> Option<&'a ExceptionEntry> {
        self.exceptions()
            .find(|entry| matches!(&entry.subject, ExceptionSubject::Rule(id) if id == rule))
    }

    /// The exception of a policy, for a rule.
    pub(crate) fn policy_exception(&self, policy: &str, rule: &str) -> Option<&'a ExceptionEntry> {
        self.exceptions().find(|entry| {
            matches!(&entry.subject, ExceptionSubject::Policy(id) if id.eq_ignore_ascii_case(policy))
                && entry.rule.as_deref().is_none_or(|only| only == rule)
        })
    }

    /// The exception of a principal by its own id, for a rule.
    pub(crate) fn principal_exception(&self, id: &str, rule: &str) -> Option<&'a ExceptionEntry> {
        self.exceptions().find(|entry| {
            matches!(&entry.subject, ExceptionSubject::Principal(known) if known.eq_ignore_ascii_case(id))
                && entry.rule.as_deref().is_none_or(|only| only == rule)
        })
    }

    /// Users who count as intended for a rule: emergency accounts and excepted principals.
    pub(crate) fn intended(&self, rule: &str) -> FixedBitSet {
        let mut bits = self.break_glass.clone();
        for entry in self.exceptions() {
            if let ExceptionSubject::Principal(id) = &entry.subject
                && entry.rule.as_deref().is_none_or(|only| only == rule)
            {
                bits.union_with(&self.set.principals().principal(id));
                bits.union_with(
                    &self
                        .set
                        .resolve(&Population {
                            who: vec![policy::Selector::Role(id.clone())],
                            except: Vec::new(),
                        })
                        .yes,
                );
            }
        }
        bits
    }

    /// What holds for all who were collected is not known to hold for everybody where the listing of
    /// users or service principals is not whole.
    pub(crate) fn of_collected(&self, population: &Population, mut outcome: Outcome) -> Outcome {
        let kind =
            if population.is_workload() { ObjectKind::ServicePrincipal } else { ObjectKind::User };
        let settled = matches!(outcome.status, RuleStatus::Pass | RuleStatus::NotApplicable);
        if settled && !self.hypothetical && !self.snapshot.has_all(kind) {
            outcome.status = RuleStatus::Unknown;
            let reason = &outcome.reason;
            outcome.reason = format!(
                "{reason}, as far as was collected; the listing of {} is not complete",
                kind.plural()
            );
        }
        outcome
    }

    /// A population without those who count as intended, and how many of them were in it.
    pub(crate) fn population(&self, population: &Population, rule: &str) -> (PrincipalSet, usize) {
        let mut set = self.set.resolve(population);
        let before = set.yes.count_ones(..) + set.maybe.count_ones(..);
        if !set.workload {
            set.remove(&self.intended(rule));
        }
        let after = set.yes.count_ones(..) + set.maybe.count_ones(..);
        (set, before.saturating_sub(after))
    }

    /// Names of principals, each id once, sorted by name; with their number.
    pub(crate) fn labels(&self, members: &[u32], workload: bool) -> (Vec<PrincipalLabel>, usize) {
        let index = self.set.principals();
        let mut all: Vec<PrincipalLabel> = members
            .iter()
            .filter_map(|at| if workload { index.workload(*at) } else { index.user(*at) })
            .map(|(id, label)| PrincipalLabel { id: id.to_owned(), label: label.to_owned() })
            .collect();
        all.sort_by(|a, b| a.label.cmp(&b.label).then_with(|| a.id.cmp(&b.id)));
        all.dedup();
        let total = all.len();
        (all, total)
    }

    /// A witness that names some of the members, up to the bound, and counts all; each id once.
    pub(crate) fn witness(&self, members: &[u32], workload: bool) -> Witness {
        // The same people are uncovered on many paths.
        let known =
            self.witnesses.borrow().get(&workload).and_then(|known| known.get(members).cloned());
        known.unwrap_or_else(|| {
            let witness = self.name(members, workload);
            self.witnesses
                .borrow_mut()
                .entry(workload)
                .or_default()
                .insert(members.to_vec(), witness.clone());
            witness
        })
    }

    fn name(&self, members: &[u32], workload: bool) -> Witness {
        let index = self.set.principals();
        let mut all: Vec<(&str, &str)> = members
            .iter()
            .filter_map(|at| if workload { index.workload(*at) } else { index.user(*at) })
            .map(|(id, label)| (label, id))
            .collect();
        all.sort_unstable();
        all.dedup();
        let bound = self.options.witness_bound;
        let everybody = if all.len() > bound {
            let ids: Vec<&[u8]> = all.iter().map(|(_, id)| id.as_bytes()).collect();
            sha256_hex(&ids)
        } else {
            String::new()
        };
        Witness {
            total: all.len(),
            principals: all
                .into_iter()
                .take(bound)
                .map(|(label, id)| PrincipalLabel { id: id.to_owned(), label: label.to_owned() })
                .collect(),
            everybody,
            ..Witness::default()
        }
    }

    /// Severity after overrides.
    pub(crate) fn severity(&self, meta: &RuleMeta) -> Severity {
        self.options.severities.get(&meta.id).copied().unwrap_or(meta.severity)
    }

    /// A check's number, after overrides.
    pub(crate) fn threshold(&self, rule: &str, parameter: &str, own: u32) -> u32 {
        let key = (rule.to_owned(), parameter.to_owned());
        self.options.thresholds.get(&key).copied().unwrap_or(own)
    }
}

//! The audit of one tenant.

use model::coverage::CoverageMatrix;
use model::guarantee::DeviceRequirement;
use model::object::ObjectKind;
use model::rule::{RuleStatus, Witness};
use model::run::AuditReport;
use model::snapshot::TenantSnapshot;
use policy::{
    Enforcement, Judgement, PolicyError, PolicySet, Population, has_directory,
    with_hypothetical_directory,
};
use serde_json::json;

use crate::catalogue::{Catalogue, Rule, RuleBody};
use crate::checks;
use crate::context::Context;
use crate::expectation::{Expectation, empty_scope, scope};
use crate::licence::in_view_of_licence;
use crate::matrix;
use crate::options::AuditOptions;
use crate::outcome::{Outcome, dress};

/// Why a tenant cannot be audited.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The policies cannot be compiled.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A segment of the matrix is badly written.
    #[error("segment {segment:?} of the coverage matrix: {message}")]
    Segment {
        /// The segment.
        segment: String,
        /// What is wrong.
        message: String,
    },
    /// Evidence could not be made canonical.
    #[error("evidence could not be written as JSON: {0}")]
    Evidence(#[from] serde_json::Error),
}

/// Judges every rule and cell for one tenant.
///
/// # Errors
/// [`AuditError`] where the policies cannot be compiled or the options are badly written.
pub fn audit_tenant(
    snapshot: &TenantSnapshot,
    catalogue: &Catalogue,
    options: &AuditOptions,
) -> Result<AuditReport, AuditError> {
    with_context(snapshot, options, |context| {
        let mut results = Vec::new();
        let mut findings = Vec::new();
        for rule in catalogue.rules() {
            if options.disabled.contains(&rule.meta.id) {
                continue;
            }
            for outcome in judge(context, rule) {
                let (result, finding) = dress(context, &rule.meta, outcome)?;
                results.push(result);
                findings.extend(finding);
            }
        }
        let (coverage, cell_results) = matrix::coverage(context)?;
        for (meta, outcome) in cell_results {
            if options.disabled.contains(&meta.id) {
                continue;
            }
            let (result, finding) = dress(context, &meta, outcome)?;
            results.push(result);
            findings.extend(finding);
        }
        Ok(AuditReport {
            tenant: snapshot.tenant.clone(),
            as_of: options.as_of,
            snapshot_id: snapshot.snapshot_id.clone(),
            results,
            coverage,
            findings,
            notes: notes(context),
        })
    })
}

/// The coverage matrix alone.
///
/// # Errors
/// As [`audit_tenant`].
pub fn coverage(
    snapshot: &TenantSnapshot,
    options: &AuditOptions,
) -> Result<CoverageMatrix, AuditError> {
    with_context(snapshot, options, |context| Ok(matrix::coverage(context)?.0))
}

/// Compiles a snapshot, with a made-up directory where it has none, and hands it on.
pub(crate) fn with_context<T>(
    snapshot: &TenantSnapshot,
    options: &AuditOptions,
    work: impl FnOnce(&Context<'_>) -> Result<T, AuditError>,
) -> Result<T, AuditError> {
    let hypothetical = !has_directory(snapshot);
    let groups_known = snapshot.has_all(ObjectKind::Group);
    let made;
    let snapshot = if hypothetical {
        made = with_hypothetical_directory(snapshot.clone());
        &made
    } else {
        snapshot
    };
    let set = PolicySet::compile(snapshot, &options.compile)?;
    work(&Context::new(snapshot, &set, options, hypothetical, groups_known))
}

/// What the operator should know of the data itself.
fn notes(context: &Context<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if context.hypothetical {
        notes.push(
            "no directory data: groups, roles and lists that policies name count as not empty, so \
             principals below stand for anybody of their kind"
                .to_owned(),
        );
    } else {
        for kind in [
            ObjectKind::GroupMembership,
            ObjectKind::RoleAssignment,
            ObjectKind::NamedLocation,
            ObjectKind::SubscribedSku,
        ] {
            let roles = kind == ObjectKind::RoleAssignment
                && context.snapshot.has_all(ObjectKind::DirectoryRole);
            if !context.snapshot.has_all(kind) && !roles {
                notes.push(format!("the listing of {} is not complete", kind.plural()));
            }
        }
    }
    for (_, name, unknown) in context.set.unknowns() {
        notes.push(format!(
            "policy {name:?} has what this build cannot evaluate: {}",
            unknown.join(", ")
        ));
    }
    notes
}

pub(crate) fn judge(context: &Context<'_>, rule: &Rule) -> Vec<Outcome> {
    let id = &rule.meta.id;
    let tenant = |status, reason: String| vec![Outcome::of_tenant(context, status, reason)];
    if let Some(entry) = context.rule_exception(id) {
        let reason = format!(
            "declared as intended until {}: {} ({})",
            entry.expires_at, entry.reason, entry.owner
        );
        let outcome = Outcome::of_tenant(context, RuleStatus::Pass, reason);
        return vec![Outcome { declared: true, ..outcome }];
    }
    let snapshot = context.snapshot;
    if snapshot.policies.is_empty()
        && !snapshot.has_all(ObjectKind::Policy)
        && snapshot.security_defaults.is_none()
    {
        return tenant(RuleStatus::Unknown, "no policies were imported for this tenant".into());
    }
    in_view_of_licence(context, rule, outcomes(context, rule))
}

/// The results of a rule, whatever the tenant's licences.
pub(crate) fn outcomes(context: &Context<'_>, rule: &Rule) -> Vec<Outcome> {
    match &rule.body {
        RuleBody::Expect(expectation) => {
            let outcome = expect(context, rule, expectation);
            vec![context.of_collected(&expectation.population, outcome)]
        }
        RuleBody::Check(check) => checks::run(context, rule, check),
    }
}

fn expect(context: &Context<'_>, rule: &Rule, expectation: &Expectation) -> Outcome {
    let id = &rule.meta.id;
    let who = expectation.population.words();
    let (population, excepted) = context.population(&expectation.population, id);
    if population.is_empty() {
        return if excepted > 0 {
            Outcome::of_tenant(
                context,
                RuleStatus::Pass,
                format!("all {who} are declared emergency accounts or exceptions"),
            )
        } else {
            nobody(context, &expectation.population)
        };
    }
    let Some(scope) = scope(&expectation.reaching, context.snapshot) else {
        let (known, why) = empty_scope(context.snapshot);
        let status = if known { RuleStatus::NotApplicable } else { RuleStatus::Unknown };
        return Outcome::of_tenant(context, status, why);
    };
    let enforcement = context.set.enforced(&population, &scope, &expectation.situation);
    let judgement = context.set.judge(&enforcement, &expectation.demand);
    let demand = expectation.demand.words();
    let reaching = expectation.reaching_words();
    let left_out = left_out(context, excepted);
    if judgement.breaches.is_empty() && judgement.undecided.is_empty() {
        let reason = format!(
            "every path of {} {who} to {reaching} asks for {demand}{left_out}",
            judgement.holds
        );
        return Outcome::of_tenant(context, RuleStatus::Pass, reason);
    }
    let (status, witnesses) = witnesses(context, &enforcement, &judgement, &expectation.demand);
    let first = witnesses.first().cloned().unwrap_or_default();
    let more = others(&witnesses);
    let everybody = population.yes.count_ones(..);
    let reason = match status {
        RuleStatus::Fail if context.hypothetical => {
            format!("{} is enough for some {who} {}", first.enough, first.path)
        }
        RuleStatus::Fail => {
            format!(
                "{} is enough for {} of {everybody} {who} {}{more}{left_out}",
                first.enough, first.total, first.path
            )
        }
        _ => format!("whether {who} need {demand} cannot be told {}", first.path),
    };
    let mut outcome = Outcome::of_tenant(context, status, reason);
    outcome.facts = json!({ "demand": demand, "reaching": reaching, "who": who });
    outcome.witnesses = witnesses;
    outcome
}

/// The result where a population has nobody in it: without directory data, nobody can know.
pub(crate) fn nobody(context: &Context<'_>, population: &Population) -> Outcome {
    let who = population.words();
    if context.hypothetical {
        let reason = format!("whether there are {who} is not known without directory data");
        Outcome::of_tenant(context, RuleStatus::Unknown, reason)
    } else {
        let reason = format!("the tenant has no {who}");
        Outcome::of_tenant(context, RuleStatus::NotApplicable, reason)
    }
}

/// Words for those whom emergency accounts and exceptions leave out of a judgement.
pub(crate) fn left_out(context: &Context<'_>, excepted: usize) -> String {
    match excepted {
        0 => String::new(),
        _ if context.hypothetical => "; declared exceptions are left out".to_owned(),
        1 => "; 1 more is excepted".to_owned(),
        more => format!("; {more} more are excepted"),
    }
}

/// Words for those that the first witness does not speak for.
pub(crate) fn others(witnesses: &[Witness]) -> String {
    match witnesses.iter().skip(1).map(|witness| witness.total).sum::<usize>() {
        0 => String::new(),
        more => format!("; {more} more by other ways"),
    }
}

/// The witnesses of a judgement that does not hold, those who get in with the least first, and the
/// status that follows.
pub(crate) fn witnesses(
    context: &Context<'_>,
    enforcement: &Enforcement,
    judgement: &Judgement,
    demand: &policy::Demand,
) -> (RuleStatus, Vec<Witness>) {
    let (status, breaches) = if judgement.breaches.is_empty() {
        (RuleStatus::Unknown, &judgement.undecided)
    } else {
        (RuleStatus::Fail, &judgement.breaches)
    };
    let mut breaches: Vec<_> = breaches.iter().collect();
    breaches.sort_by_key(|breach| {
        let way = breach.enough.as_ref();
        (
            way.map(|way| way.authentication),
            way.map(|way| way.device != DeviceRequirement::Any),
            way.map(|way| way.controls.len()),
            std::cmp::Reverse(breach.members.len()),
        )
    });
    let all = breaches
        .into_iter()
        .map(|breach| {
            let mut near_misses = context.set.near_misses(enforcement, breach, demand);
            near_misses.truncate(5);
            Witness {
                path: enforcement
                    .paths
                    .get(breach.path)
                    .map_or_else(String::new, |p| p.words.clone()),
                enough: breach.enough.as_ref().map_or_else(String::new, ToString::to_string),
                near_misses,
                ..context.witness(&breach.members, enforcement.workload)
            }
        })
        .collect();
    (status, all)
}

/// How many users each active policy excludes, groups expanded, emergency accounts and exceptions
/// apart: what growth since an earlier snapshot is measured against.
///
/// # Errors
/// As [`audit_tenant`].
pub fn excluded_counts(
    snapshot: &TenantSnapshot,
    options: &AuditOptions,
) -> Result<std::collections::BTreeMap<String, usize>, AuditError> {
    with_context(snapshot, options, |context| Ok(checks::excluded_counts(context)))
}

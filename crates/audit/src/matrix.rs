//! The coverage matrix and its weak cells.

use std::collections::BTreeMap;

use model::coverage::{CoverageCell, CoverageMatrix, Segment};
use model::guarantee::{AuthenticationLevel, Rung};
use model::rule::{LicenceNeed, RuleMeta, RuleStatus, SubjectKind};
use policy::{Demand, Enforcement, Population, PrincipalSet, Scope, Situation, Term};
use serde_json::json;

use crate::context::Context;
use crate::expectation::{RawWhen, Reaching, scope, situation};
use crate::options::{AppSegment, UserSegment};
use crate::outcome::Outcome;
use crate::tenant::{AuditError, nobody, others, witnesses};

/// What the rule of one cell says of itself.
pub fn coverage_rule(users: &UserSegment, apps: &AppSegment) -> RuleMeta {
    RuleMeta {
        id: format!("coverage.{}-on-{}", users.id, apps.id),
        title: format!("{} on {}: at least {}", users.title, apps.title, apps.expected.words()),
        severity: users.severity,
        category: "coverage".into(),
        subject: SubjectKind::Cell,
        licence: LicenceNeed::None,
        rationale: format!(
            "The weakest member of a segment is the one an attacker looks for. This cell should hold {} \
             for everybody in it.",
            apps.expected.words()
        ),
        false_positives: "Members who are left out on purpose belong in the exception register.".into(),
        references: Vec::new(),
        equivalents: Vec::new(),
        remediation: vec![
            "Open the cell: it names who slips through, by which path, and which policies nearly cover it."
                .into(),
            "Widen the policy that misses least, in report-only first, and audit again.".into(),
        ],
        snippet: None,
        content_hash: model::canonical::sha256_hex(&[
            users.who.join(",").as_bytes(),
            users.except.join(",").as_bytes(),
            apps.reaching.join(",").as_bytes(),
            apps.by.join(",").as_bytes(),
            apps.expected.words().as_bytes(),
        ]),
    }
}

/// The demand that amounts to a rung.
fn demand(rung: Rung) -> Demand {
    match rung {
        Rung::Blocked => Demand::of(Term::Blocked),
        Rung::PhishingResistant => {
            Demand::of(Term::Authentication(AuthenticationLevel::PhishingResistant))
        }
        Rung::Passwordless => Demand::of(Term::Authentication(AuthenticationLevel::Passwordless)),
        Rung::MfaAndDevice | Rung::Mfa => {
            Demand::of(Term::Authentication(AuthenticationLevel::Mfa))
        }
        Rung::Device => Demand::of(Term::ManagedDevice),
        _ => Demand::of(Term::AnyControl),
    }
}

type CellResults = Vec<(RuleMeta, Outcome)>;

/// The matrix, and each cell's result as a rule.
pub(crate) fn coverage(context: &Context<'_>) -> Result<(CoverageMatrix, CellResults), AuditError> {
    let options = context.options;
    let mut cells = Vec::new();
    let mut results = Vec::new();
    let (mut good, mut decided) = (0_usize, 0_usize);
    for users in &options.user_segments {
        let segment_error =
            |message: String| AuditError::Segment { segment: users.id.clone(), message };
        let population = Population::parse(&users.who, &users.except)
            .map_err(|e| segment_error(e.to_string()))?;
        for apps in &options.app_segments {
            let meta = coverage_rule(users, apps);
            let (cell, outcome, held, of) = cell(context, users, apps, &population, &meta)?;
            good += held;
            decided += of;
            cells.push(cell);
            results.push((meta, context.of_collected(&population, outcome)));
        }
    }
    let segment = |id: &str, title: &str| Segment { id: id.to_owned(), title: title.to_owned() };
    let score = (decided > 0).then(|| u8::try_from(good * 100 / decided).unwrap_or(100));
    Ok((
        CoverageMatrix {
            user_segments: options.user_segments.iter().map(|s| segment(&s.id, &s.title)).collect(),
            app_segments: options.app_segments.iter().map(|s| segment(&s.id, &s.title)).collect(),
            cells,
            score,
            hypothetical: context.hypothetical,
        },
        results,
    ))
}

/// How many members hold which guarantee at least, and of how many the data cannot tell.
fn distribution(
    context: &Context<'_>,
    members: &PrincipalSet,
    scope: &Scope,
    situation: &Situation,
    enforcement: &Enforcement,
) -> (BTreeMap<Rung, usize>, usize) {
    let set = context.set;
    let with_reports = set.enforced_with_report_only(members, scope, situation);
    let reported: BTreeMap<u32, Rung> = with_reports
        .classes
        .iter()
        .flat_map(|class| {
            let (low, _) = set.rungs(class);
            class.members.iter().map(move |member| (*member, low))
        })
        .collect();
    let mut counts: BTreeMap<Rung, usize> = BTreeMap::new();
    let mut undecided = 0;
    for class in &enforcement.classes {
        let (low, high) = set.rungs(class);
        if low != high {
            undecided += class.members.len();
        }
        for member in &class.members {
            let after = reported.get(member).copied().unwrap_or(low);
            let report_only = low == Rung::None && after > Rung::Conditional;
            *counts.entry(if report_only { Rung::ReportOnly } else { low }).or_default() += 1;
        }
    }
    (counts, undecided)
}

fn cell(
    context: &Context<'_>,
    users: &UserSegment,
    apps: &AppSegment,
    population: &Population,
    meta: &RuleMeta,
) -> Result<(CoverageCell, Outcome, usize, usize), AuditError> {
    let bad = |message: String| AuditError::Segment { segment: apps.id.clone(), message };
    let reaching: Vec<Reaching> = apps
        .reaching
        .iter()
        .map(|word| {
            Reaching::parse(word).ok_or_else(|| bad(format!("{word:?} is nothing to reach")))
        })
        .collect::<Result<_, _>>()?;
    let situation = situation(&apps.by, &RawWhen::default()).map_err(bad)?;
    let (members, excepted) = context.population(population, &meta.id);
    let mut cell = CoverageCell {
        users: users.id.clone(),
        apps: apps.id.clone(),
        members: members.yes.count_ones(..),
        excepted,
        undecided: 0,
        weakest: None,
        distribution: Vec::new(),
        severity: None,
        expected: apps.expected,
        witnesses: Vec::new(),
        policies: Vec::new(),
        note: None,
    };
    let subject = vec![users.id.clone(), apps.id.clone()];
    let label = format!("{} on {}", users.title, apps.title);
    let outcome = |status, reason: String| Outcome {
        subject: subject.clone(),
        subject_label: label.clone(),
        ..Outcome::of_tenant(context, status, reason)
    };
    let Some(scope) = scope(&reaching, context.snapshot) else {
        cell.note = Some("the tenant has nothing of the kind".into());
        let outcome =
            outcome(RuleStatus::NotApplicable, "the tenant has nothing of the kind".into());
        return Ok((cell, outcome, 0, 0));
    };
    if members.is_empty() {
        cell.note = Some("nobody is in this segment".into());
        let outcome = nobody(context, population);
        let outcome = Outcome { subject, subject_label: label, ..outcome };
        return Ok((cell, outcome, 0, 0));
    }
    let set = context.set;
    let enforcement = set.enforced(&members, &scope, &situation);
    let counts;
    (counts, cell.undecided) = distribution(context, &members, &scope, &situation, &enforcement);
    cell.weakest = counts.keys().next().copied();
    cell.distribution = counts.into_iter().collect();
    cell.policies = set.acting_policies(&members, &scope);
    let demand = demand(apps.expected);
    let judgement = set.judge(&enforcement, &demand);
    let held = judgement.holds;
    let of = held + judgement.failing();
    if judgement.breaches.is_empty() && judgement.undecided.is_empty() {
        let reason = format!("every member holds at least {}", apps.expected.words());
        return Ok((cell, outcome(RuleStatus::Pass, reason), held, of));
    }
    let (status, all) = witnesses(context, &enforcement, &judgement, &demand);
    let first = all.first().cloned().unwrap_or_default();
    let mut result = if status == RuleStatus::Fail {
        cell.severity = Some(context.severity(meta));
        let share = if context.hypothetical {
            "some".to_owned()
        } else {
            format!("{} of {}", first.total, cell.members)
        };
        let more = if context.hypothetical { String::new() } else { others(&all) };
        outcome(status, format!("{} is enough for {share} {}{more}", first.enough, first.path))
    } else {
        outcome(
            status,
            format!("whether {} is asked cannot be told {}", apps.expected.words(), first.path),
        )
    };
    result.facts = json!({ "expected": apps.expected, "weakest": cell.weakest });
    cell.witnesses.clone_from(&all);
    result.witnesses = all;
    Ok((cell, result, held, of))
}

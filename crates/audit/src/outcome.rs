//! Results of rules, and the findings that failures become.

use model::evidence::Evidence;
use model::finding::Finding;
use model::rule::{RuleMeta, RuleResult, RuleStatus, Severity, Witness};
use model::tenant::TenantSlug;
use serde::Serialize;
use serde_json::Value;

use crate::assumption::assumption;
use crate::context::Context;

/// Subject of results about the tenant as a whole.
pub(crate) const TENANT: &str = "tenant";

/// A result before it is dressed: status, reason, subject and witnesses.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) status: RuleStatus,
    pub(crate) reason: String,
    pub(crate) subject: Vec<String>,
    pub(crate) subject_label: String,
    pub(crate) witnesses: Vec<Witness>,
    /// Whether an exception declares whatever it finds as intended.
    pub(crate) declared: bool,
    /// Facts for the finding beyond the witnesses; stable while they are.
    pub(crate) facts: Value,
}

impl Outcome {
    pub(crate) fn of_tenant(
        context: &Context<'_>,
        status: RuleStatus,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            status,
            reason: reason.into(),
            subject: vec![TENANT.to_owned()],
            subject_label: context.snapshot.tenant.to_string(),
            witnesses: Vec::new(),
            declared: false,
            facts: Value::Null,
        }
    }

    pub(crate) fn of(
        id: &str,
        label: &str,
        status: RuleStatus,
        reason: impl Into<String>,
        facts: Value,
    ) -> Self {
        Self {
            status,
            reason: reason.into(),
            subject: vec![id.to_owned()],
            subject_label: if label.is_empty() { id.to_owned() } else { label.to_owned() },
            witnesses: Vec::new(),
            declared: false,
            facts,
        }
    }
}

/// What a finding's evidence holds; fields in the order of their names.
#[derive(Serialize)]
struct Seen<'a> {
    facts: &'a Value,
    reason: &'a str,
    witnesses: &'a [Witness],
}

/// A rule's result and, for a failure, its finding.
pub(crate) fn dress(
    context: &Context<'_>,
    meta: &RuleMeta,
    mut outcome: Outcome,
) -> Result<(RuleResult, Option<Finding>), serde_json::Error> {
    if let Some(assumption) = assumption(context, &outcome.witnesses) {
        outcome.reason.push_str(&assumption);
    }
    let severity = context.severity(meta);
    let finding = if outcome.status == RuleStatus::Fail {
        Some(finding(
            &context.snapshot.tenant,
            meta,
            severity,
            &outcome.reason,
            &outcome.subject,
            &outcome.subject_label,
            Evidence::in_order(&Seen {
                facts: &outcome.facts,
                reason: &outcome.reason,
                witnesses: &outcome.witnesses,
            })?,
        ))
    } else {
        None
    };
    let result = RuleResult {
        rule: meta.id.clone(),
        title: meta.title.clone(),
        status: outcome.status,
        severity,
        references: meta.references.clone(),
        reason: outcome.reason,
        subject: outcome.subject,
        subject_label: outcome.subject_label,
        witnesses: outcome.witnesses,
        declared: outcome.declared,
    };
    Ok((result, finding))
}

fn finding(
    tenant: &TenantSlug,
    meta: &RuleMeta,
    severity: Severity,
    reason: &str,
    subject: &[String],
    subject_label: &str,
    evidence: Evidence,
) -> Finding {
    let title = if subject.first().is_some_and(|id| id == TENANT) {
        reason.to_owned()
    } else {
        format!("{subject_label}: {reason}")
    };
    Finding::new(
        tenant,
        &meta.id,
        &meta.category,
        title,
        severity,
        subject.to_vec(),
        subject_label.to_owned(),
        evidence,
    )
}

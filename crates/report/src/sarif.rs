//! SARIF 2.1.0: findings for code-scanning and ticketing tools.
//!
//! There are no files: a finding's place is logical (tenant, then subject).

use model::finding::Finding;
use model::rule::{RuleMeta, Severity};
use model::run::AuditReport;
use serde_json::{Map, Value, json};

use crate::{Envelope, ReportError, json};

/// Writes the findings of audits as one SARIF log: a run a tenant, each with the rules that its
/// findings name. `rules` gives their metadata; a rule that is not among them says its id alone.
///
/// # Errors
/// If a value has no JSON form.
pub fn log(
    reports: &[AuditReport],
    rules: &[RuleMeta],
    envelope: &Envelope,
) -> Result<String, ReportError> {
    let runs: Vec<_> = reports.iter().map(|r| run(r, rules, envelope)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": runs,
    });
    json::pretty("an audit", &log)
}

fn run(report: &AuditReport, rules: &[RuleMeta], envelope: &Envelope) -> Value {
    let mut ids: Vec<&str> = report.findings.iter().map(|f| f.rule.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let described: Vec<_> = ids.iter().map(|id| rule(id, rules, report)).collect();
    let results: Vec<_> = report
        .findings
        .iter()
        .map(|finding| result(finding, ids.binary_search(&finding.rule.as_str()).ok()))
        .collect();
    json!({
        "tool": {"driver": {
            "name": "cstack",
            "version": envelope.tool_version,
            "rules": described,
        }},
        "automationDetails": {"id": format!("cstack/audit/{}/", report.tenant)},
        "invocations": [{
            "executionSuccessful": true,
            "endTimeUtc": envelope.generated_at.to_string(),
        }],
        "columnKind": "utf16CodeUnits",
        "results": results,
        "properties": {"tenant": report.tenant, "asOf": report.as_of},
    })
}

fn rule(id: &str, rules: &[RuleMeta], report: &AuditReport) -> Value {
    let mut described = Map::new();
    described.insert("id".to_owned(), json!(id));
    if let Some(meta) = rules.iter().find(|meta| meta.id == id) {
        let tags: Vec<_> = std::iter::once(&meta.category).chain(&meta.references).collect();
        described.extend([
            ("shortDescription".to_owned(), json!({"text": meta.title})),
            ("fullDescription".to_owned(), json!({"text": meta.rationale})),
            ("help".to_owned(), json!({"text": meta.remediation.join("\n")})),
            ("defaultConfiguration".to_owned(), json!({"level": level(meta.severity)})),
            (
                "properties".to_owned(),
                json!({"tags": tags, "security-severity": score(meta.severity)}),
            ),
        ]);
    } else if let Some(result) = report.results.iter().find(|result| result.rule == id) {
        described.extend([
            ("shortDescription".to_owned(), json!({"text": result.title})),
            ("properties".to_owned(), json!({"tags": result.references})),
        ]);
    }
    Value::Object(described)
}

fn result(finding: &Finding, rule_index: Option<usize>) -> Value {
    let place = std::iter::once(finding.tenant.as_str())
        .chain(finding.subject.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join("/");
    let name = if finding.subject_label.is_empty() {
        finding.tenant.as_str()
    } else {
        &finding.subject_label
    };
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": {"text": finding.title},
        "locations": [{"logicalLocations": [{
            "name": name,
            "fullyQualifiedName": place,
            "kind": "resource",
        }]}],
        "partialFingerprints": {
            "cstackFinding/v1": finding.fingerprint,
            "cstackEvidence/v1": finding.content_hash,
        },
        "properties": {
            "id": finding.short_id(),
            "tenant": finding.tenant,
            "category": finding.category,
            "severity": finding.severity,
            "security-severity": score(finding.severity),
            "evidence": finding.evidence,
        },
    });
    if let (Some(index), Some(fields)) = (rule_index, result.as_object_mut()) {
        fields.insert("ruleIndex".to_owned(), json!(index));
    }
    result
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The middle of each band in which code-scanning tools sort.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.0",
    }
}

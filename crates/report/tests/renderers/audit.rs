//! The audit of a tenant.

use report::{Format, audit, audits, sarif};

use crate::{NARROW, envelope, fields, snapshots};

#[test]
fn an_audit_reads_well_in_every_format() {
    let report = fields::audit();
    snapshots!("audit", [Table, Json, Ndjson, Csv, Markdown, Sarif], |format, style| audit(
        &report,
        &envelope(),
        format,
        style
    )
    .unwrap());
}

#[test]
fn an_audit_without_rules_says_so() {
    let report = fields::nothing_audited();
    snapshots!("audit_of_nothing", [Table, Json, Ndjson, Csv, Markdown, Sarif], |format, style| {
        audit(&report, &envelope(), format, style).unwrap()
    });
}

#[test]
fn failures_come_first_and_the_worst_of_them_before_all() {
    let text = audit(&fields::audit(), &envelope(), Format::Json, &NARROW).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let statuses: Vec<_> = json["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| format!("{} {}", result["status"], result["severity"]))
        .collect();
    assert_eq!(
        statuses,
        [
            "\"fail\" \"critical\"",
            "\"fail\" \"info\"",
            "\"unknown\" \"high\"",
            "\"not-applicable\" \"high\"",
            "\"pass\" \"high\"",
        ]
    );
}

#[test]
fn a_result_in_json_has_what_the_issue_names() {
    let text = audit(&fields::audit(), &envelope(), Format::Json, &NARROW).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["schemaVersion"], report::SCHEMA_VERSION);
    for key in ["rule", "status", "severity", "references", "reason", "witnesses"] {
        assert!(json["results"][0].get(key).is_some(), "{key}");
    }
}

#[test]
fn several_tenants_follow_one_another() {
    let reports = [fields::audit(), fields::nothing_audited()];
    let text = audits(&reports, &envelope(), Format::Table, &NARROW).unwrap();
    assert!(text.contains("contoso  as of") && text.contains("empty  as of"));
    let text = audits(&reports, &envelope(), Format::Json, &NARROW).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["audits"][1]["tenant"], "empty");
    let text = audits(&reports, &envelope(), Format::Sarif, &NARROW).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn sarif_describes_the_rules_that_it_is_told_of() {
    let text = sarif::log(&[fields::audit()], &fields::rules(), &envelope()).unwrap();
    insta::assert_snapshot!("sarif_with_rules", text);
}

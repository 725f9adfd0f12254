//! Findings.

use model::finding::FindingState;
use model::rule::Severity;
use report::{
    FindingDetail, FindingTally, Format, finding, finding_history, findings, findings_summary,
};

use crate::{NARROW, envelope, fields, snapshots};

#[test]
fn a_list_of_findings_reads_well_in_every_format() {
    let list = fields::tracked();
    snapshots!("findings", [Table, Json, Ndjson, Csv, Markdown], |format, style| findings(
        &list,
        &envelope(),
        format,
        style
    )
    .unwrap());
}

#[test]
fn no_findings_is_said_in_words_and_is_an_empty_list_to_programs() {
    let write = |format| findings(&[], &envelope(), format, &NARROW).unwrap();
    assert_eq!(write(Format::Table), "No findings.\n");
    assert_eq!(write(Format::Markdown), "No findings.\n");
    assert_eq!(write(Format::Ndjson), "");
    assert!(write(Format::Json).contains("\"findings\": []"));
    assert_eq!(write(Format::Csv).lines().count(), 1, "the header alone");
}

#[test]
fn a_finding_in_full_says_what_why_and_what_to_do() {
    let (list, rules, history) = (fields::tracked(), fields::rules(), fields::history());
    let detail = FindingDetail {
        finding: &list[1],
        rule: rules.first(),
        snippet: Some("Remove-MgGroupMember -GroupId 'g-1'"),
        history: &history,
    };
    snapshots!("finding", [Table, Json, Markdown], |format, style| {
        finding(&detail, &envelope(), format, style).unwrap()
    });
}

#[test]
fn a_finding_without_a_rule_or_a_history_is_shown_all_the_same() {
    let list = fields::tracked();
    let detail = FindingDetail { finding: &list[0], rule: None, snippet: None, history: &[] };
    let text = finding(&detail, &envelope(), Format::Table, &NARROW).unwrap();
    insta::assert_snapshot!("finding_bare", text);
}

#[test]
fn a_history_reads_well_in_every_format() {
    let events = fields::history();
    snapshots!("history", [Table, Json, Ndjson, Csv, Markdown], |format, style| finding_history(
        &events,
        &envelope(),
        format,
        style
    )
    .unwrap());
}

#[test]
fn a_summary_counts_active_findings_by_severity_and_all_by_state() {
    let tally = |tenant: &str, severity, state, count| FindingTally {
        tenant: fields::slug(tenant),
        severity,
        state,
        count,
    };
    let tallies = [
        tally("contoso", Severity::Critical, FindingState::Open, 2),
        tally("contoso", Severity::High, FindingState::Acknowledged, 12),
        tally("contoso", Severity::High, FindingState::Resolved, 1234),
        tally("fabrikam-with-a-very-long-name", Severity::Low, FindingState::Snoozed, 3),
        tally("fabrikam-with-a-very-long-name", Severity::Info, FindingState::Accepted, 1),
    ];
    snapshots!("findings_summary", [Table, Json, Ndjson, Csv, Markdown], |format, style| {
        findings_summary(&tallies, &envelope(), format, style).unwrap()
    });
}

use model::rule::Severity;
use serde_json::json;

use super::*;
use crate::findings::{FindingSort, FoundById};

const NOW: &str = "2026-11-05T00:00:00Z";

/// Two tenants with findings of several kinds; one of them asleep.
fn fleet() -> Folder {
    let folder = store();
    let contoso = vec![
        finding("rule.mfa-admins", Severity::Critical, "tenant", facts()),
        finding("rule.report-only-graduated", Severity::Low, "p1", json!({"policy": "Pilot MFA"})),
        finding("exclusion.creep", Severity::Medium, "p2", json!({"excluded": 40})),
    ];
    let asleep = contoso[2].fingerprint.clone();
    folder.store.merge_run(run("2026-11-01T02:00:00Z", contoso)).unwrap();
    let fabrikam = MergeRun {
        tenant: tenant("fabrikam"),
        ..run(
            "2026-11-02T02:00:00Z",
            vec![finding_of("fabrikam", "rule.mfa-all-users", Severity::High, "tenant", facts())],
        )
    };
    folder.store.merge_run(fabrikam).unwrap();
    let snooze = TriageAction::Snooze { until: time("2026-11-10T00:00:00Z") };
    folder.act("2026-11-03T09:00:00Z", "dana", snooze, &[&asleep]);
    folder
}

fn rules(folder: &Folder, filter: &FindingFilter) -> Vec<String> {
    let page = folder.store.findings(filter, time(NOW)).unwrap();
    page.findings.into_iter().map(|tracked| tracked.finding.rule).collect()
}

#[test]
fn by_default_what_asks_for_attention_is_listed_worst_first() {
    assert_eq!(
        rules(&fleet(), &FindingFilter::default()),
        ["rule.mfa-admins", "rule.mfa-all-users", "rule.report-only-graduated"]
    );
}

#[test]
fn severity_is_ordered_by_meaning() {
    let at_least_medium =
        FindingFilter { min_severity: Some(Severity::Medium), ..FindingFilter::everything() };
    assert_eq!(
        rules(&fleet(), &at_least_medium),
        ["rule.mfa-admins", "rule.mfa-all-users", "exclusion.creep"]
    );
    let exactly = FindingFilter {
        severities: vec![Severity::Low, Severity::High],
        ..FindingFilter::default()
    };
    assert_eq!(rules(&fleet(), &exactly), ["rule.mfa-all-users", "rule.report-only-graduated"]);
}

#[test]
fn rules_are_named_whole_by_their_beginning_or_by_a_glob() {
    let of = |pattern: &str| FindingFilter {
        rules: vec![pattern.to_owned()],
        ..FindingFilter::everything()
    };
    let folder = fleet();
    assert_eq!(rules(&folder, &of("rule.mfa-admins")), ["rule.mfa-admins"]);
    assert_eq!(rules(&folder, &of("rule.mfa-")).len(), 2);
    assert_eq!(rules(&folder, &of("*.creep")), ["exclusion.creep"]);
    assert!(rules(&folder, &of("rule.mfa")).is_empty(), "a whole name, not a part of one");
    assert!(rules(&folder, &of("rule.[m]fa*")).is_empty(), "a bracket is only a bracket");
}

#[test]
fn a_snooze_that_has_ended_is_listed_among_the_open() {
    let folder = fleet();
    let before =
        folder.store.count_findings(&FindingFilter::default(), time("2026-11-09T00:00:00Z"));
    let after =
        folder.store.count_findings(&FindingFilter::default(), time("2026-11-10T00:00:00Z"));
    assert_eq!((before.unwrap(), after.unwrap()), (3, 4));
}

#[test]
fn a_group_means_its_tenants() {
    let folder = fleet();
    for (slug, groups) in [("contoso", vec!["gold", "legal"]), ("fabrikam", vec!["goldsmiths"])] {
        let groups = groups.into_iter().map(str::to_owned).collect();
        folder.store.add_tenant(&Tenant { groups, ..registered(slug) }).unwrap();
    }
    let of = |group: &str| FindingFilter {
        groups: vec![group.to_owned()],
        ..FindingFilter::everything()
    };
    assert_eq!(rules(&folder, &of("gold")).len(), 3);
    assert_eq!(rules(&folder, &of("goldsmiths")), ["rule.mfa-all-users"]);
    assert!(rules(&folder, &of("smiths")).is_empty());
}

#[test]
fn since_asks_to_what_something_happened() {
    let since =
        FindingFilter { since: Some(time("2026-11-02T00:00:00Z")), ..FindingFilter::everything() };
    assert_eq!(rules(&fleet(), &since), ["rule.mfa-all-users", "exclusion.creep"]);
}

#[test]
fn words_are_looked_for_in_title_rule_subject_and_tenant_whatever_their_case() {
    let of = |query: &str| FindingFilter {
        query: Some(query.to_owned()),
        ..FindingFilter::everything()
    };
    let folder = fleet();
    assert_eq!(rules(&folder, &of("FABRIKAM hold")), ["rule.mfa-all-users"]);
    assert_eq!(rules(&folder, &of("policy P2")), ["exclusion.creep"]);
    assert!(rules(&folder, &of("100%_")).is_empty(), "no character is a wildcard");
}

#[test]
fn a_slice_knows_how_many_there_are_in_all() {
    let slice = FindingFilter {
        limit: Some(1),
        offset: 1,
        sort: FindingSort::Tenant,
        ..FindingFilter::everything()
    };
    let page = fleet().store.findings(&slice, time(NOW)).unwrap();
    assert_eq!((page.findings.len(), page.total), (1, 4));
    assert_eq!(page.findings[0].finding.rule, "exclusion.creep");
}

#[test]
fn an_id_is_found_by_any_beginning_that_is_its_own() {
    let folder = fleet();
    let fingerprint = admins(facts()).fingerprint;
    for id in [&fingerprint[..8], &fingerprint.to_uppercase(), &fingerprint[..]] {
        let FoundById::One(found) = folder.store.finding_by_id(id, time(NOW)).unwrap() else {
            panic!("{id} is one finding's");
        };
        assert_eq!(found.finding.fingerprint, fingerprint);
    }
    for id in ["", "zz", "%"] {
        let found = folder.store.finding_by_id(id, time(NOW)).unwrap();
        assert!(matches!(found, FoundById::Nothing), "{id:?}");
    }
}

#[test]
fn an_id_that_several_begin_with_gives_the_candidates() {
    let folder = store();
    let alike = ["0123456789aa", "0123456789bb"]
        .map(|fingerprint| Finding { fingerprint: fingerprint.into(), ..admins(facts()) });
    folder.store.merge_run(run("2026-11-01T02:00:00Z", alike.to_vec())).unwrap();
    let FoundById::Several(found, ids) = folder.store.finding_by_id("01234567", time(NOW)).unwrap()
    else {
        panic!("two begin with it");
    };
    let shown: Vec<_> = found.iter().map(|one| ids.of(&one.finding.fingerprint)).collect();
    assert_eq!(shown, ["0123456789a", "0123456789b"]);
}

#[test]
fn findings_are_counted_by_tenant_severity_and_the_state_they_are_in_by_now() {
    let folder = fleet();
    let counted = |at: &str| {
        let counts = folder.store.tally_findings(&FindingFilter::default(), time(at)).unwrap();
        let told = counts
            .into_iter()
            .map(|c| format!("{} {} {} {}", c.tenant, c.severity, c.state, c.count));
        told.collect::<Vec<_>>()
    };
    let others = ["contoso critical open 1", "fabrikam high open 1"];
    assert_eq!(
        counted(NOW),
        ["contoso low open 1", "contoso medium snoozed 1", others[0], others[1]]
    );
    assert_eq!(
        counted("2026-11-10T00:00:00Z"),
        ["contoso low open 1", "contoso medium open 1", others[0], others[1]]
    );
}

#[test]
fn names_with_quotes_and_escapes_come_back_as_they_went_in() {
    let folder = store();
    let odd = Finding {
        title: "'; DROP TABLE finding; -- \u{1b}[31m \u{202e}".into(),
        subject_label: "O'Brien \"Ops\" 山田".into(),
        ..admins(facts())
    };
    let id = folder.with("2026-11-01T02:00:00Z", odd.clone());
    assert_eq!(folder.one(&id, NOW).finding, odd);
}

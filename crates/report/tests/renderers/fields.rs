//! Data as tenants give it, with the names that an attacker would choose among them.

use model::Timestamp;
use model::coverage::{CoverageCell, CoverageMatrix, Segment};
use model::evidence::Evidence;
use model::finding::{Finding, FindingAction, FindingEvent, FindingState, TrackedFinding};
use model::guarantee::Rung;
use model::rule::{
    LicenceNeed, NearMiss, PrincipalLabel, RuleMeta, RuleResult, RuleStatus, Severity, SubjectKind,
    Witness,
};
use model::run::AuditReport;
use model::tenant::TenantSlug;
use serde_json::json;

/// Clears the screen, sets the title, turns the text around and hides characters.
pub const ESCAPES: &str = "Eve\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}nimda\u{200b}\u{9b}31m";
/// Markup and table syntax.
pub const MARKUP: &str = "<img src=x onerror=alert(1)> | `rm -rf` *bold* [x](javascript:1)";
/// What a spreadsheet would run.
pub const FORMULA: &str = "=HYPERLINK(\"https://evil.example\",\"ok\")";
/// Wide characters.
pub const CJK: &str = "山田太郎（経理部）";

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn slug(text: &str) -> TenantSlug {
    TenantSlug::new(text).unwrap()
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

pub fn long_name() -> String {
    "Conditional Access policy of the finance department for contractors ".repeat(4)
}

pub fn person(id: &str, label: &str) -> PrincipalLabel {
    PrincipalLabel { id: id.to_owned(), label: label.to_owned() }
}

pub fn witness() -> Witness {
    Witness {
        principals: vec![
            person("u-1", "j.ryan@contoso.example"),
            person("u-2", ESCAPES),
            person("u-3", CJK),
            person("u-4", FORMULA),
            person("u-5", ""),
            person("u-6", MARKUP),
        ],
        total: 42,
        path: "any browser or modern client, any place, any device".to_owned(),
        enough: "a password alone".to_owned(),
        near_misses: vec![
            NearMiss {
                policy_id: "p-1".to_owned(),
                display_name: "CA-001 Require MFA for all users".to_owned(),
                misses: "excludes group 'MFA exceptions'".to_owned(),
            },
            NearMiss {
                policy_id: "p-2".to_owned(),
                display_name: MARKUP.to_owned(),
                misses: "report-only".to_owned(),
            },
        ],
        ..Witness::default()
    }
}

fn result(rule: &str, status: RuleStatus, severity: Severity, reason: &str) -> RuleResult {
    RuleResult {
        rule: rule.to_owned(),
        title: format!("What {rule} promises holds"),
        status,
        severity,
        references: texts(&["scuba:MS.AAD.3.2v2", "mitre:T1078.004"]),
        reason: reason.to_owned(),
        subject: texts(&["tenant"]),
        subject_label: "Contoso".to_owned(),
        witnesses: Vec::new(),
        declared: false,
    }
}

pub fn finding(rule: &str, severity: Severity, subject: &str, label: &str) -> Finding {
    Finding::new(
        &slug("contoso"),
        rule,
        "conditional-access",
        format!("{label} is not covered by {rule}"),
        severity,
        texts(&[subject]),
        label.to_owned(),
        Evidence::new(&json!({"total": 42, "who": ["j.ryan", ESCAPES], "paths": [{"client": "browser", "apps": []}]}))
            .unwrap(),
    )
}

pub fn audit() -> AuditReport {
    let mut admins = result(
        "rule.mfa-admins",
        RuleStatus::Fail,
        Severity::Critical,
        "42 of 50 administrators reach the admin portals with a password alone, because the \
         policy that asks for MFA excludes a group that they are members of.",
    );
    admins.witnesses.push(witness());
    let mut stale = result(
        "rule.disabled-policies-old",
        RuleStatus::Fail,
        Severity::Info,
        "Disabled since 2025-01-01.",
    );
    stale.subject = texts(&["p-9"]);
    stale.subject_label = long_name();
    AuditReport {
        tenant: slug("contoso"),
        as_of: time("2026-11-01T12:00:00Z"),
        snapshot_id: "snapshot-1".to_owned(),
        results: vec![
            result("rule.block-legacy-auth", RuleStatus::Pass, Severity::High, "Blocked for all."),
            stale,
            result(
                "rule.risk-based-signin",
                RuleStatus::NotApplicable,
                Severity::High,
                "needs Entra ID P2",
            ),
            result("rule.mfa-all-users", RuleStatus::Unknown, Severity::High, MARKUP),
            admins,
        ],
        coverage: coverage(),
        findings: vec![
            finding("rule.mfa-admins", Severity::Critical, "tenant", "Contoso"),
            finding("rule.disabled-policies-old", Severity::Info, "p-9", ESCAPES),
        ],
        notes: vec![format!("policy {MARKUP} has a condition that this build does not know")],
    }
}

pub fn nothing_audited() -> AuditReport {
    AuditReport {
        tenant: slug("empty"),
        as_of: time("2026-11-01T12:00:00Z"),
        snapshot_id: String::new(),
        results: Vec::new(),
        coverage: CoverageMatrix {
            user_segments: Vec::new(),
            app_segments: Vec::new(),
            cells: Vec::new(),
            score: None,
            hypothetical: false,
        },
        findings: Vec::new(),
        notes: Vec::new(),
    }
}

fn segment(id: &str, title: &str) -> Segment {
    Segment { id: id.to_owned(), title: title.to_owned() }
}

fn cell(users: &str, apps: &str, distribution: &[(Rung, usize)]) -> CoverageCell {
    let weakest = distribution.first().map(|(rung, _)| *rung);
    CoverageCell {
        users: users.to_owned(),
        apps: apps.to_owned(),
        members: distribution.iter().map(|(_, members)| members).sum(),
        excepted: 0,
        undecided: 0,
        weakest,
        distribution: distribution.to_vec(),
        severity: (weakest == Some(Rung::None)).then_some(Severity::High),
        expected: Rung::Mfa,
        witnesses: Vec::new(),
        policies: texts(&["CA-001 Require MFA for all users"]),
        note: None,
    }
}

pub fn coverage() -> CoverageMatrix {
    let mut cells = Vec::new();
    for apps in ["all-apps", "m365-core", "admin-portals", "legacy", "high-risk"] {
        cells.push(cell("all-users", apps, &[(Rung::Conditional, 18), (Rung::Mfa, 230)]));
        cells.push(cell("tier-0", apps, &[(Rung::PhishingResistant, 2)]));
        cells.push(cell("service", apps, &[]));
        let mut unknown = cell("hostile", apps, &[]);
        unknown.members = 7;
        unknown.undecided = 7;
        unknown.note = Some("the members of a group are not known".to_owned());
        cells.push(unknown);
    }
    let mut weak =
        cell("any-admin", "all-apps", &[(Rung::None, 2), (Rung::Mfa, 1), (Rung::Blocked, 1)]);
    weak.witnesses.push(witness());
    weak.policies.push(MARKUP.to_owned());
    cells.push(weak);
    cells.push(cell("any-admin", "legacy", &[(Rung::Blocked, 4)]));
    CoverageMatrix {
        user_segments: vec![
            segment("all-users", "All users"),
            segment("any-admin", "Any admin"),
            segment("tier-0", CJK),
            segment("service", "Service accounts of every kind and age"),
            segment("hostile", ESCAPES),
        ],
        app_segments: vec![
            segment("all-apps", "All apps"),
            segment("m365-core", "Microsoft 365 core"),
            segment("admin-portals", "Admin portals"),
            segment("legacy", "Legacy authentication"),
            segment("high-risk", "High-risk apps"),
        ],
        cells,
        score: Some(61),
        hypothetical: false,
    }
}

pub fn tracked() -> Vec<TrackedFinding> {
    let life = |finding, state, until: Option<&str>, note: &str| TrackedFinding {
        finding,
        state,
        until: until.map(time),
        assignee: (!note.is_empty()).then(|| "ada".to_owned()),
        note: note.to_owned(),
        first_seen: time("2026-10-20T02:14:00Z"),
        last_seen: time("2026-11-01T02:14:00Z"),
    };
    vec![
        life(
            finding("rule.mfa-admins", Severity::Critical, "tenant", "Contoso"),
            FindingState::Open,
            None,
            "",
        ),
        life(
            finding("exclusion.admin-mfa-bypass", Severity::High, "u-2", ESCAPES),
            FindingState::Accepted,
            Some("2026-12-31T00:00:00Z"),
            FORMULA,
        ),
        life(
            finding("coverage.guests-on-m365-core", Severity::Medium, "u-3", MARKUP),
            FindingState::Acknowledged,
            None,
            "looking",
        ),
        life(
            finding("exclusion.stale-user", Severity::Low, "u-4", &format!("{CJK}{CJK}{CJK}")),
            FindingState::FalsePositive,
            None,
            "",
        ),
    ]
}

pub fn history() -> Vec<FindingEvent> {
    use FindingState::{Accepted, Open};
    let event = |id: &str, actor: &str, action, from, to, note: &str| FindingEvent {
        id: id.to_owned(),
        fingerprint: "f".repeat(64),
        batch: format!("batch-{id}"),
        actor: actor.to_owned(),
        occurred_at: time("2026-10-21T09:30:00Z"),
        action,
        from,
        to,
        until: None,
        assignee: None,
        note: note.to_owned(),
        of_batch: None,
    };
    let mut accepted = event("2", ESCAPES, FindingAction::Accept, Open, Accepted, MARKUP);
    accepted.until = Some(time("2026-12-31T00:00:00Z"));
    let mut assigned = event("3", "ada", FindingAction::Assign, Accepted, Accepted, "");
    assigned.assignee = Some("grace".to_owned());
    vec![event("1", "run", FindingAction::Opened, Open, Open, ""), accepted, assigned]
}

pub fn rules() -> Vec<RuleMeta> {
    let rule = |id: &str, category: &str, severity, licence| RuleMeta {
        id: id.to_owned(),
        title: format!("What {id} promises holds"),
        severity,
        category: category.to_owned(),
        subject: SubjectKind::Tenant,
        licence,
        rationale: "Passwords alone are guessed, sprayed and phished.".to_owned(),
        false_positives: String::new(),
        references: texts(&["scuba:MS.AAD.3.2v2", "https://learn.microsoft.com/entra"]),
        equivalents: texts(&["maester:MT.1006"]),
        remediation: texts(&["Create a policy.", "Watch it in report-only for a week."]),
        snippet: Some("Connect-MgGraph\nGet-MgUser -UserId '{{user}}'".to_owned()),
        content_hash: "0".repeat(64),
    };
    let mut own = rule("own.hostile_rule", "own", Severity::Low, LicenceNeed::None);
    MARKUP.clone_into(&mut own.title);
    ESCAPES.clone_into(&mut own.rationale);
    own.false_positives = long_name();
    own.references = texts(&["javascript:alert(1)", "a`b|c"]);
    own.remediation = texts(&[FORMULA]);
    own.snippet = Some("```\nWrite-Host 'out of the block'\u{1b}[2J\n```".to_owned());
    vec![
        own,
        rule("exclusion.stale-user", "exclusion", Severity::Medium, LicenceNeed::EntraIdP1),
        rule(
            "rule.block-legacy-auth",
            "conditional-access",
            Severity::High,
            LicenceNeed::EntraIdP1,
        ),
        rule("rule.mfa-admins", "conditional-access", Severity::Critical, LicenceNeed::EntraIdP1),
    ]
}

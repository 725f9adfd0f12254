//! A database with two tenants: users that were imported, and findings that a run left.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::evidence::Evidence;
use model::finding::Finding;
use model::object::{ExportedObject, ObjectKind};
use model::rule::Severity;
use model::tenant::{Tenant, TenantSlug, TenantSource};
use serde_json::json;
use store::{MergeRun, Registration, SnapshotImport, Store, StoreSettings};

use crate::machine::Machine;

/// The folder of the database on each machine.
pub(crate) const DATA: &str = "data";

/// A machine with the fleet, findings seen at `2026-11-01T02:00:00Z`.
pub(crate) fn fleet() -> Machine {
    let machine = Machine::new();
    let store = store_of(&machine);
    for (slug, name, groups) in
        [("contoso", "Contoso Legal", vec!["gold"]), ("fabrikam", "Fabrikam", vec![])]
    {
        let groups = groups.into_iter().map(str::to_owned).collect();
        store.add_tenant(&tenant(slug, name, groups)).unwrap();
    }
    store.import_snapshot(users()).unwrap();
    store.merge_run(run("contoso", contoso())).unwrap();
    store.merge_run(run("fabrikam", fabrikam())).unwrap();
    machine
}

pub(crate) fn store_of(machine: &Machine) -> Store {
    Store::new(StoreSettings::in_folder(&machine.path(DATA)))
}

/// A run at `2026-11-01T02:00:00Z`.
pub(crate) fn run(tenant: &str, findings: Vec<Finding>) -> MergeRun {
    MergeRun {
        tenant: TenantSlug::new(tenant).unwrap(),
        run_id: format!("run-{tenant}"),
        as_of: time("2026-11-01T02:00:00Z"),
        findings,
        passed: Vec::new(),
        retired_subjects: BTreeSet::new(),
    }
}

pub(crate) fn contoso() -> Vec<Finding> {
    let of = "contoso";
    vec![
        finding(
            of,
            "rule.mfa-admins",
            Severity::Critical,
            "2 of 4 administrators need no MFA",
            "tenant",
        ),
        finding(
            of,
            "exclusion.creep",
            Severity::Medium,
            "40 principals are excluded",
            "Require MFA",
        ),
        finding(
            of,
            "exclusion.stale-user",
            Severity::Medium,
            "An excluded user is stale",
            "e.lindt",
        ),
        finding(
            of,
            "rule.report-only-graduated",
            Severity::Low,
            "A pilot never ended",
            "Pilot MFA",
        ),
    ]
}

fn fabrikam() -> Vec<Finding> {
    vec![finding("fabrikam", "rule.mfa-all-users", Severity::High, "9 users need no MFA", "tenant")]
}

fn finding(tenant: &str, rule: &str, severity: Severity, title: &str, subject: &str) -> Finding {
    let category = if rule.starts_with("exclusion") { "exclusion" } else { "conditional-access" };
    Finding::new(
        &TenantSlug::new(tenant).unwrap(),
        rule,
        category,
        title.to_owned(),
        severity,
        vec![subject.to_owned()],
        subject.to_owned(),
        Evidence::new(
            &json!({"uncovered": ["j.ryan", "e.lindt"], "path": "browser, any location"}),
        )
        .unwrap(),
    )
}

fn tenant(slug: &str, name: &str, groups: Vec<String>) -> Tenant {
    Tenant {
        slug: TenantSlug::new(slug).unwrap(),
        display_name: name.to_owned(),
        tenant_id: None,
        groups,
        licence_tier: None,
        source: TenantSource::Files,
        added_at: time("2026-01-01T00:00:00Z"),
        as_of: None,
    }
}

fn users() -> SnapshotImport {
    let user = |id: &str, upn: &str, name: &str| ExportedObject {
        kind: ObjectKind::User,
        id: id.to_owned(),
        display_name: name.to_owned(),
        body: json!({"id": id, "userPrincipalName": upn, "displayName": name}),
    };
    SnapshotImport {
        tenant: TenantSlug::new("contoso").unwrap(),
        registration: Registration::Kept,
        taken_at: time("2026-10-31T00:00:00Z"),
        origin: "users.json".to_owned(),
        partial: false,
        complete_kinds: BTreeSet::from([ObjectKind::User]),
        objects: vec![
            user(
                "11111111-0000-4000-8000-000000000001",
                "breakglass1@contoso.example",
                "Emergency 1",
            ),
            user("11111111-0000-4000-8000-000000000002", "j.ryan@contoso.example", "J. Ryan"),
            user("11111111-0000-4000-8000-000000000003", "scanner@contoso.example", "Scanner"),
        ],
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Machine {
    /// Arguments with the data folder.
    fn on_data<'a>(data: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
        let mut all = arguments.to_vec();
        all.extend(["--data-dir", data]);
        all
    }

    /// Standard output of a command on the fleet that succeeds, said by `dana`.
    pub(crate) fn told(&self, arguments: &[&str]) -> String {
        let output = self
            .cstack(&Self::on_data(DATA, arguments))
            .env("CSTACK_ACTOR", "dana")
            .assert()
            .success()
            .get_output()
            .clone();
        self.neutral(&output.stdout)
    }

    /// Standard error of a command on the fleet that succeeds.
    pub(crate) fn remarked(&self, arguments: &[&str]) -> String {
        let output = self
            .cstack(&Self::on_data(DATA, arguments))
            .env("CSTACK_ACTOR", "dana")
            .assert()
            .success()
            .get_output()
            .clone();
        self.neutral(&output.stderr)
    }

    /// Standard error of a command on the fleet that fails with this code.
    pub(crate) fn refused(&self, code: i32, arguments: &[&str]) -> String {
        self.failure(code, &Self::on_data(DATA, arguments))
    }
}

//! The audit of each demonstration tenant finds what its `tenant.toml` says, rule by rule.
//!
//! The data goes all the way that a user's goes: export reader, store, audit. With `CSTACK_BLESS=1`
//! the `[expect]` part of the files is written anew from what the audit finds; read the difference
//! before it is committed.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use audit::{AuditOptions, Catalogue, audit_tenant};
use cstack_ops::progress::Silent;
use cstack_ops::{Cancellation, catalogue, demonstration};
use fixtures::demonstration::{DemonstrationTenant, Expected};
use model::Timestamp;
use model::rule::Severity;
use store::{Store, StoreSettings};

/// Begins what is written anew.
const MARK: &str = "[expect.results]";

/// One line a rule, and where there are several one a subject, so that differences read well.
fn written(expected: &Expected) -> String {
    let mut out = format!("{MARK}\n");
    for (rule, status) in &expected.results {
        let _ = writeln!(out, "{rule:?} = {:?}", status.as_str());
    }
    out.push_str("\n[expect.findings]\n");
    for (rule, subjects) in &expected.findings {
        let listed: Vec<String> = subjects.iter().map(|subject| format!("{subject:?}")).collect();
        let _ = match listed.as_slice() {
            [one] => writeln!(out, "{rule:?} = [{one}]"),
            several => writeln!(out, "{rule:?} = [\n  {},\n]", several.join(",\n  ")),
        };
    }
    out
}

fn bless(tenant: &DemonstrationTenant, found: &Expected) -> std::io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(tenant.slug.as_str())
        .join("tenant.toml");
    let text = std::fs::read_to_string(&path)?;
    let head = text.split(MARK).next().unwrap_or_default();
    std::fs::write(path, format!("{head}{}", written(found)))
}

/// How what is found differs from what is expected, a line each.
fn differences(
    rules: &Catalogue,
    store: &Store,
    tenant: &DemonstrationTenant,
) -> Result<Vec<String>, Box<dyn Error>> {
    let snapshot = store.load_snapshot(&tenant.slug)?.ok_or("nothing was stored")?;
    let report = audit_tenant(&snapshot, rules, &AuditOptions::at(tenant.as_of))?;
    if std::env::var_os("CSTACK_BLESS").is_some() {
        bless(tenant, &Expected::of(&report))?;
        return Ok(Vec::new());
    }
    let lines = tenant.expected.differences(&report);
    Ok(lines.into_iter().map(|line| format!("{}: {line}", tenant.slug)).collect())
}

#[test]
fn each_tenant_is_found_as_its_metadata_says() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(StoreSettings::in_folder(folder.path()));
    demonstration::load(&store, Timestamp::UNIX_EPOCH, &Silent, &Cancellation::new()).unwrap();
    let rules = catalogue::built_in().unwrap();
    let found: Vec<String> = fixtures::demonstration::demonstration()
        .unwrap()
        .iter()
        .flat_map(|tenant| differences(&rules, &store, tenant).unwrap())
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_well_run_tenant_has_nothing_worse_than_low_and_the_neglected_one_is_critical() {
    let rules = catalogue::built_in().unwrap();
    let worst: Vec<_> = fixtures::demonstration::demonstration()
        .unwrap()
        .iter()
        .map(|tenant| {
            let options = AuditOptions::at(tenant.as_of);
            audit_tenant(&tenant.snapshot().unwrap(), &rules, &options).unwrap().worst()
        })
        .collect();
    assert_eq!(worst, [Some(Severity::Low), Some(Severity::Critical), Some(Severity::Critical)]);
}

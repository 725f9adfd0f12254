use std::fs;

use model::tenant::TenantSource;
use store::StoreSettings;

use super::*;
use crate::Cancelled;
use crate::progress::Silent;
use crate::tenants::{self, TenantDetails};

/// A store and a folder to export into, that vanish with the test.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("export")).unwrap();
        Self { folder }
    }

    fn store(&self) -> Store {
        Store::new(StoreSettings::in_folder(&self.folder.path().join("data")))
    }

    fn export(&self) -> PathBuf {
        self.folder.path().join("export")
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.export().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn request(&self) -> ImportRequest {
        ImportRequest {
            tenant: slug(),
            paths: vec![self.export()],
            completeness: Completeness::Judged,
            keep_going: false,
            dry_run: false,
            taken_at: now(),
            limits: ReadLimits::default(),
        }
    }

    fn import(&self, request: &ImportRequest) -> Result<ImportOutcome, ImportError> {
        import(&self.store(), request, now(), &Silent, &Cancellation::new())
    }

    fn imported(&self) -> ImportOutcome {
        self.import(&self.request()).unwrap()
    }

    fn policies(&self) -> Vec<String> {
        let snapshot = self.store().load_snapshot(&slug()).unwrap().unwrap();
        snapshot.policies.into_iter().map(|policy| policy.id).collect()
    }
}

fn slug() -> TenantSlug {
    TenantSlug::new("contoso").unwrap()
}

fn now() -> Timestamp {
    "2026-03-01T08:00:00Z".parse().unwrap()
}

fn policy(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","displayName":"Policy {id}","state":"enabled","conditions":{{"users":{{"includeUsers":["All"]}}}}}}"#
    )
}

fn counts(outcome: &ImportOutcome) -> (usize, usize, usize, usize) {
    let counts = outcome.kinds[&ObjectKind::Policy].counts.unwrap();
    (counts.added, counts.changed, counts.retired, counts.unchanged)
}

#[test]
fn importing_the_same_again_changes_nothing() {
    let desk = Desk::new();
    desk.write("policies.json", &format!("[{},{}]", policy("a"), policy("b")));
    let first = desk.imported();
    assert!(first.registered && first.snapshot_id.is_some());
    assert_eq!(counts(&first), (2, 0, 0, 0));
    let again = desk.imported();
    assert!(!again.registered && again.snapshot_id.is_none());
    assert_eq!(counts(&again), (0, 0, 0, 2));
}

#[test]
fn what_a_whole_listing_lacks_is_retired_and_partial_keeps_it() {
    let desk = Desk::new();
    desk.write("policies.json", &format!("[{},{}]", policy("a"), policy("b")));
    desk.imported();
    desk.write("policies.json", &format!("[{}]", policy("a")));
    let partial = ImportRequest { completeness: Completeness::Partial, ..desk.request() };
    assert_eq!(counts(&desk.import(&partial).unwrap()), (0, 0, 0, 1));
    assert_eq!(counts(&desk.imported()), (0, 0, 1, 1));
    assert_eq!(desk.policies(), ["a"]);
}

#[test]
fn one_policy_named_by_itself_retires_no_other_unless_it_is_called_complete() {
    let desk = Desk::new();
    desk.write("policies.json", &format!("[{},{}]", policy("a"), policy("b")));
    desk.imported();
    let alone = desk.write("one.json", &policy("b"));
    let named = ImportRequest { paths: vec![alone], ..desk.request() };
    let outcome = desk.import(&named).unwrap();
    assert_eq!(counts(&outcome), (0, 0, 0, 1));
    assert!(outcome.notes.iter().any(|note| note.contains("--complete")), "{outcome:?}");
    let complete = ImportRequest { completeness: Completeness::Complete, ..named };
    assert_eq!(counts(&desk.import(&complete).unwrap()), (0, 0, 1, 1));
}

#[test]
fn a_bad_file_stops_the_import_and_not_even_the_tenant_is_registered() {
    let desk = Desk::new();
    desk.write("a.json", &policy("a"));
    desk.write("b.json", "{\"id\":\"b\",\n\"displayName\":\"B\",\"state\":5,\"conditions\":{}}");
    let refused = desk.import(&desk.request()).unwrap_err().to_string();
    assert!(refused.contains("b.json:2"), "{refused}");
    assert!(refused.contains("state") && refused.contains("nothing was imported"), "{refused}");
    assert!(desk.store().tenants().unwrap().is_empty());
}

#[test]
fn keeping_going_imports_the_rest_and_retires_nothing() {
    let desk = Desk::new();
    desk.write("a.json", &policy("a"));
    desk.write("b.json", &policy("b"));
    desk.imported();
    desk.write("b.json", "{");
    desk.write("c.json", &policy("c"));
    let request = ImportRequest { keep_going: true, ..desk.request() };
    let outcome = desk.import(&request).unwrap();
    assert_eq!(outcome.refused.len(), 1);
    assert_eq!(counts(&outcome), (1, 0, 0, 1));
    assert_eq!(desk.policies().len(), 3);
    let complete = ImportRequest { completeness: Completeness::Complete, ..request };
    assert_eq!(counts(&desk.import(&complete).unwrap()).2, 0, "what was refused is still there");
}

#[test]
fn a_dry_run_reads_and_checks_and_makes_no_database() {
    let desk = Desk::new();
    desk.write("a.json", &policy("a"));
    let outcome = desk.import(&ImportRequest { dry_run: true, ..desk.request() }).unwrap();
    let policies = outcome.kinds[&ObjectKind::Policy];
    assert_eq!((policies.read, policies.complete, policies.counts), (1, true, None));
    assert!(!outcome.registered && !desk.store().exists());
}

#[test]
fn work_that_was_stopped_leaves_no_trace() {
    let desk = Desk::new();
    desk.write("a.json", &policy("a"));
    let cancellation = Cancellation::new();
    cancellation.cancel();
    let stopped = import(&desk.store(), &desk.request(), now(), &Silent, &cancellation);
    assert!(matches!(stopped, Err(ImportError::Stopped(Cancelled::Requested))));
    assert!(!desk.store().exists());
}

#[test]
fn the_export_tells_the_tenants_name_id_and_licences() {
    let desk = Desk::new();
    desk.write(
        "organization.json",
        r#"{"value":[{"id":"11111111-2222-3333-4444-555555555555","displayName":"Contoso Ltd","verifiedDomains":[]}]}"#,
    );
    desk.write(
        "skus.json",
        r#"{"value":[{"id":"s","skuPartNumber":"SPE_E5","capabilityStatus":"Enabled","servicePlans":[{"servicePlanName":"AAD_PREMIUM_P2","provisioningStatus":"Success"}]}]}"#,
    );
    desk.imported();
    let tenant = desk.store().tenant(&slug()).unwrap();
    assert_eq!(tenant.display_name, "Contoso Ltd");
    assert_eq!(tenant.tenant_id.as_deref(), Some("11111111-2222-3333-4444-555555555555"));
    assert_eq!(tenant.licence_tier.as_deref(), Some("P2"));
    assert_eq!(tenant.source, TenantSource::Files);
}

#[test]
fn an_export_of_another_tenant_is_refused() {
    let desk = Desk::new();
    let details = TenantDetails { tenant_id: Some("one".into()), ..TenantDetails::default() };
    tenants::add(&desk.store(), &slug(), details, &[], now()).unwrap();
    desk.write("organization.json", r#"[{"id":"two","displayName":"X","verifiedDomains":[]}]"#);
    let refused = desk.import(&desk.request()).unwrap_err();
    assert!(matches!(refused, ImportError::OtherTenant { .. }), "{refused}");
    assert!(desk.store().load_snapshot(&slug()).unwrap().is_none());
}

#[test]
fn a_database_with_the_demonstration_takes_no_other_tenant() {
    let desk = Desk::new();
    crate::demonstration::load(&desk.store(), now(), &Silent, &Cancellation::new()).unwrap();
    desk.write("a.json", &policy("a"));
    let refused = desk.import(&desk.request()).unwrap_err();
    assert!(matches!(refused, ImportError::Demonstration(_)), "{refused}");
}

#[test]
fn keeping_going_with_nothing_readable_registers_nobody() {
    let desk = Desk::new();
    desk.write("a.json", "{");
    let outcome = desk.import(&ImportRequest { keep_going: true, ..desk.request() }).unwrap();
    assert!(!outcome.registered && outcome.snapshot_id.is_none());
    assert!(outcome.notes.iter().any(|note| note.contains("no object")), "{outcome:?}");
    assert!(desk.store().tenants().unwrap().is_empty());
}

#[test]
fn an_import_that_is_stopped_while_it_writes_leaves_neither_snapshot_nor_tenant() {
    let desk = Desk::new();
    desk.write("a.json", &policy("a"));
    let cancellation = Cancellation::new();
    let stopped = import(
        &desk.store(),
        &desk.request(),
        now(),
        &CancelsOn("writing", cancellation.clone()),
        &cancellation,
    );
    assert!(matches!(stopped, Err(ImportError::Stopped(Cancelled::Requested))), "{stopped:?}");
    assert!(desk.store().tenants().unwrap().is_empty());
    assert!(desk.imported().registered, "and the next one works");
}

/// Asks for a stop as soon as a task of that name begins.
struct CancelsOn(&'static str, Cancellation);

impl Progress for CancelsOn {
    fn begin(&self, name: &str, total: Option<u64>) -> Box<dyn crate::progress::Task> {
        if name == self.0 {
            self.1.cancel();
        }
        Silent.begin(name, total)
    }
}

#[test]
fn nor_is_one_registered_by_hand_beside_the_demonstration() {
    let desk = Desk::new();
    crate::demonstration::load(&desk.store(), now(), &Silent, &Cancellation::new()).unwrap();
    let refused = tenants::add(&desk.store(), &slug(), TenantDetails::default(), &[], now());
    assert!(refused.unwrap_err().to_string().contains("cstack demo --remove"));
}

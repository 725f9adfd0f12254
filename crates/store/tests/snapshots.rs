//! Snapshots in the store: whole or not at all, and nothing for what does not change.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

use std::collections::BTreeSet;

use cstack_store::{Registration, SnapshotImport, Store, StoreError, StoreSettings};
use model::Timestamp;
use model::object::{ExportedObject, ObjectKind};
use model::tenant::{Tenant, TenantSlug};
use serde_json::json;

fn slug() -> TenantSlug {
    TenantSlug::new("contoso").unwrap()
}

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(StoreSettings::in_folder(folder.path()));
    store.add_tenant(&entry()).unwrap();
    (folder, store)
}

fn entry() -> Tenant {
    Tenant {
        display_name: "Contoso".into(),
        groups: vec!["gold".into()],
        ..Tenant::of_files(&slug(), Timestamp::UNIX_EPOCH)
    }
}

fn user(id: &str, name: &str) -> ExportedObject {
    ExportedObject {
        kind: ObjectKind::User,
        id: id.into(),
        display_name: name.into(),
        body: json!({"id": id, "displayName": name, "userPrincipalName": format!("{id}@contoso.example")}),
    }
}

fn import(objects: Vec<ExportedObject>) -> SnapshotImport {
    SnapshotImport {
        tenant: slug(),
        registration: Registration::Kept,
        taken_at: Timestamp::UNIX_EPOCH,
        origin: "test".into(),
        partial: false,
        complete_kinds: BTreeSet::from([ObjectKind::User]),
        objects,
    }
}

fn names(store: &Store) -> Vec<String> {
    let snapshot = store.load_snapshot(&slug()).unwrap().unwrap();
    snapshot.users.into_iter().map(|user| user.display_name).collect()
}

#[test]
fn what_was_imported_comes_back() {
    let (_folder, store) = store();
    store.import_snapshot(import(vec![user("a", "Ann"), user("b", "Bo")])).unwrap();
    assert_eq!(names(&store), ["Ann", "Bo"]);
    assert!(store.load_snapshot(&slug()).unwrap().unwrap().has_all(ObjectKind::User));
}

#[test]
fn importing_the_same_again_changes_nothing() {
    let (_folder, store) = store();
    store.import_snapshot(import(vec![user("a", "Ann")])).unwrap();
    let outcome = store.import_snapshot(import(vec![user("a", "Ann")])).unwrap();
    assert!(!outcome.changed_anything());
    assert_eq!(outcome.total().unchanged, 1);
    assert_eq!(store.snapshots(&slug()).unwrap().len(), 1);
}

#[test]
fn objects_absent_from_a_complete_snapshot_are_retired_and_remain_in_history() {
    let (_folder, store) = store();
    store.import_snapshot(import(vec![user("a", "Ann"), user("b", "Bo")])).unwrap();
    let outcome = store.import_snapshot(import(vec![user("a", "Anna")])).unwrap();
    assert_eq!((outcome.total().changed, outcome.total().retired), (1, 1));
    assert_eq!(names(&store), ["Anna"]);
    let history = store.snapshots(&slug()).unwrap();
    let before = store.load_snapshot_at(&slug(), &history[1]).unwrap();
    assert_eq!(
        before.users.iter().map(|u| u.display_name.as_str()).collect::<Vec<_>>(),
        ["Ann", "Bo"]
    );
}

#[test]
fn a_partial_snapshot_retires_nothing() {
    let (_folder, store) = store();
    store.import_snapshot(import(vec![user("a", "Ann"), user("b", "Bo")])).unwrap();
    store
        .import_snapshot(SnapshotImport { partial: true, ..import(vec![user("c", "Cy")]) })
        .unwrap();
    assert_eq!(names(&store), ["Ann", "Bo", "Cy"]);
}

#[test]
fn a_kind_that_is_not_listed_whole_keeps_what_it_had() {
    let (_folder, store) = store();
    store.import_snapshot(import(vec![user("a", "Ann")])).unwrap();
    let other = SnapshotImport { complete_kinds: BTreeSet::new(), ..import(vec![user("b", "Bo")]) };
    store.import_snapshot(other).unwrap();
    assert_eq!(names(&store), ["Ann", "Bo"]);
}

#[test]
fn a_large_import_arrives_in_chunks_and_becomes_visible_at_once() {
    let (_folder, store) = store();
    let users: Vec<ExportedObject> = (0..12_000).map(|n| user(&format!("u{n:05}"), "U")).collect();
    let outcome = store.import_snapshot(import(users)).unwrap();
    assert_eq!(outcome.total().added, 12_000);
    assert_eq!(names(&store).len(), 12_000);
}

#[test]
fn renaming_a_tenant_takes_everything_along_and_removing_it_leaves_nothing() {
    let (_folder, store) = store();
    store.import_snapshot(import(vec![user("a", "Ann")])).unwrap();
    let to = TenantSlug::new("fabrikam").unwrap();
    store.rename_tenant(&slug(), &to).unwrap();
    assert_eq!(store.load_snapshot(&to).unwrap().unwrap().users.len(), 1);
    assert!(matches!(store.tenant(&slug()), Err(StoreError::UnknownTenant(_))));
    store.remove_tenant(&to).unwrap();
    assert!(store.load_snapshot(&to).unwrap().is_none());
    assert!(store.check().unwrap().troubles.is_empty());
}

#[test]
fn reading_where_there_is_no_database_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(StoreSettings::in_folder(folder.path()));
    let error = store.load_snapshot(&slug()).unwrap_err();
    assert!(error.to_string().contains("cstack import"), "{error}");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "a reader makes no file");
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let settings = StoreSettings::in_folder(folder.path());
    let text =
        "not a database, but somebody's notes that are long enough to have a header ".repeat(100);
    std::fs::write(settings.path(), &text).unwrap();
    let error = Store::new(settings.clone()).tenants().unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(settings.path()).unwrap(), text);
}

#[test]
fn folder_and_file_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = Store::new(StoreSettings::in_folder(&data));
    store.start_run(&slug(), "import", Timestamp::UNIX_EPOCH).unwrap();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(&store.settings().path())), (0o700, 0o600));
}

#[test]
fn a_backup_opens_and_vacuum_keeps_what_is_there() {
    let (folder, store) = store();
    store.import_snapshot(import(vec![user("a", "Ann")])).unwrap();
    let copy = folder.path().join("elsewhere");
    std::fs::create_dir(&copy).unwrap();
    store.backup(&copy.join("cstack.duckdb")).unwrap();
    assert_eq!(names(&Store::new(StoreSettings::in_folder(&copy))), ["Ann"]);
    assert!(store.backup(&copy.join("cstack.duckdb")).is_err(), "a backup never overwrites");
    store.vacuum().unwrap();
    assert_eq!(names(&store), ["Ann"]);
}

#[test]
fn every_write_moves_the_revision_on_and_reading_does_not() {
    let (_folder, store) = store();
    let before = store.revision().unwrap();
    store.tenants().unwrap();
    assert_eq!(store.revision().unwrap(), before);
    store.start_run(&slug(), "audit", Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(store.revision().unwrap(), before + 1);
}

#[test]
fn tables_are_exported_as_parquet_and_csv() {
    let (folder, store) = store();
    store.import_snapshot(import(vec![user("a", "Ann")])).unwrap();
    for format in [cstack_store::ExportFormat::Csv, cstack_store::ExportFormat::Parquet] {
        let files = store.export(format, &folder.path().join("out")).unwrap();
        assert!(files.iter().all(|file| file.exists()));
        assert!(files.iter().any(|file| file.to_string_lossy().contains("object_version")));
    }
}

#[test]
fn a_csv_export_gives_no_orders_to_terminals_and_spreadsheets() {
    let (folder, store) = store();
    let names =
        ["=cmd|'/c calc'!A1", "+1+1", "@SUM(A1)", " -2", "Eve\u{1b}[2J\u{202e}\u{9b}31m", "Ann"];
    let users = (0..).zip(names).map(|(at, name)| user(&format!("u{at}"), name));
    store.import_snapshot(import(users.collect())).unwrap();
    store.export(cstack_store::ExportFormat::Csv, &folder.path().join("out")).unwrap();
    let text = std::fs::read_to_string(folder.path().join("out/object_version.csv")).unwrap();
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{text}");
    for name in ["'=cmd|", "'+1+1", "'@SUM", "' -2", "Eve[2J31m", ",Ann,"] {
        assert!(text.contains(name), "{name} in {text}");
    }
}

#[test]
fn the_tenant_is_registered_by_the_commit_of_its_first_snapshot_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(StoreSettings::in_folder(folder.path()));
    let first = || SnapshotImport {
        registration: Registration::New(Box::new(entry())),
        ..import((0..6_000).map(|at| user(&format!("u{at}"), "Ann")).collect())
    };
    let writes = std::cell::Cell::new(0);
    let once = || {
        writes.set(writes.get() + 1);
        writes.get() == 1
    };
    let stopped = store.import_snapshot_while(first(), &once).unwrap_err();
    assert!(matches!(stopped, StoreError::Stopped), "{stopped}");
    assert!(store.tenants().unwrap().is_empty());
    store.import_snapshot(first()).unwrap();
    assert_eq!(store.tenants().unwrap().len(), 1);
    assert_eq!(store.load_snapshot(&slug()).unwrap().unwrap().users.len(), 6_000);
    let again = store.import_snapshot(first()).unwrap_err();
    assert!(matches!(again, StoreError::TenantExists(_)), "{again}");
}

//! What may befall a database: other processes, death half-way, damage, no room.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use cstack_store::{Registration, RunFilter, SnapshotImport, Store, StoreError, StoreSettings};
use duckdb::Connection;
use model::Timestamp;
use model::object::{ExportedObject, ObjectKind};
use model::tenant::{Tenant, TenantSlug};
use serde_json::json;

/// What the child process is to do, and where.
const PART: &str = "CSTACK_TEST_PART";
const FOLDER: &str = "CSTACK_TEST_FOLDER";

fn slug() -> TenantSlug {
    TenantSlug::new("contoso").unwrap()
}

fn at(folder: &Path) -> Store {
    Store::new(StoreSettings::in_folder(folder))
}

/// One that waits for nobody.
fn impatient(folder: &Path) -> Store {
    let settings = StoreSettings::in_folder(folder);
    Store::new(StoreSettings { lock_wait: Duration::ZERO, ..settings })
}

fn registered(folder: &Path) -> Store {
    let store = at(folder);
    store
        .add_tenant(&Tenant {
            display_name: "Contoso".into(),
            ..Tenant::of_files(&slug(), Timestamp::UNIX_EPOCH)
        })
        .unwrap();
    store
}

fn import(users: usize) -> SnapshotImport {
    let user = |n: usize| {
        let id = format!("u{n:05}");
        let body = json!({"id": id, "displayName": format!("User {n}"), "userPrincipalName": format!("{id}@contoso.example")});
        ExportedObject { kind: ObjectKind::User, id, display_name: format!("User {n}"), body }
    };
    SnapshotImport {
        tenant: slug(),
        registration: Registration::Kept,
        taken_at: Timestamp::UNIX_EPOCH,
        origin: "test".into(),
        partial: false,
        complete_kinds: BTreeSet::from([ObjectKind::User]),
        objects: (0..users).map(user).collect(),
    }
}

fn users(store: &Store) -> Option<usize> {
    store.load_snapshot(&slug()).unwrap().map(|snapshot| snapshot.users.len())
}

/// Another process, which is this test program playing a part. It says "ready" and then waits to
/// be told to go on.
struct Other {
    child: Child,
    input: Option<ChildStdin>,
    /// Kept open: a process whose output nobody takes any longer dies of it.
    said: BufReader<ChildStdout>,
}

impl Other {
    fn plays(part: &str, folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "part_of_another_process", "--ignored", "--nocapture"])
            .env(PART, part)
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let ready = said.by_ref().lines().map_while(Result::ok).any(|line| line.contains("ready"));
        assert!(ready, "the other process did not get ready");
        let input = child.stdin.take();
        Self { child, input, said }
    }

    fn goes_on(mut self) {
        drop(self.input.take());
        self.said.read_to_end(&mut Vec::new()).unwrap();
        assert!(self.child.wait().unwrap().success());
    }

    fn dies(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Says "ready" and waits for the end of input.
fn hold() {
    println!("ready");
    std::io::stdout().flush().unwrap();
    std::io::stdin().lines().for_each(drop);
}

fn raw(folder: &Path, read_only: bool) -> Connection {
    let mode = if read_only { duckdb::AccessMode::ReadOnly } else { duckdb::AccessMode::ReadWrite };
    let config = duckdb::Config::default().access_mode(mode).unwrap();
    let path = StoreSettings::in_folder(folder).path();
    Connection::open_with_flags(path, config).unwrap()
}

#[test]
#[ignore = "a part that other tests have another process play"]
fn part_of_another_process() {
    let folder = std::env::var_os(FOLDER).unwrap();
    let folder = Path::new(&folder);
    match std::env::var(PART).unwrap().as_str() {
        "reader" => {
            let conn = raw(folder, true);
            conn.execute_batch("SELECT * FROM tenant").unwrap();
            hold();
        }
        "writer" => {
            let conn = raw(folder, false);
            conn.execute_batch("BEGIN; DELETE FROM tenant").unwrap();
            hold();
            conn.execute_batch("ROLLBACK").unwrap();
        }
        // As an import is between its first chunk and its commit.
        "importer" => {
            let conn = raw(folder, false);
            conn.execute_batch(
                "INSERT INTO object_version
                 SELECT 'contoso', 'user', 'x' || i, 'X', 'hash', '{}', 'never-committed',
                        TIMESTAMP '2026-01-01', NULL
                 FROM range(5000) AS t(i)",
            )
            .unwrap();
            hold();
        }
        "counter" => {
            let store = at(folder);
            println!("ready");
            for n in 0..10 {
                store.start_run(&slug(), "count", Timestamp::from_second(n).unwrap()).unwrap();
            }
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_writer_in_another_process_is_named_to_who_cannot_wait_any_longer() {
    let folder = tempfile::tempdir().unwrap();
    registered(folder.path());
    let other = Other::plays("writer", folder.path());
    let pid = other.child.id().to_string();
    for error in [
        impatient(folder.path()).tenants().unwrap_err(),
        impatient(folder.path()).remove_tenant(&slug()).unwrap_err(),
    ] {
        assert!(error.is_busy());
        assert!(error.to_string().contains(&pid), "{error}");
    }
    other.goes_on();
    assert_eq!(impatient(folder.path()).tenants().unwrap().len(), 1);
}

#[test]
fn who_waits_gets_in_when_the_other_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let store = registered(folder.path());
    let other = Other::plays("writer", folder.path());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| store.tenants().unwrap().len());
        other.goes_on();
        assert_eq!(waiting.join().unwrap(), 1);
    });
}

#[test]
fn readers_of_several_processes_do_not_keep_one_another_out() {
    let folder = tempfile::tempdir().unwrap();
    registered(folder.path());
    let other = Other::plays("reader", folder.path());
    assert_eq!(impatient(folder.path()).tenants().unwrap().len(), 1);
    assert!(impatient(folder.path()).remove_tenant(&slug()).unwrap_err().is_busy());
    other.goes_on();
}

#[test]
fn several_processes_write_at_once_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = registered(folder.path());
    let before = store.revision().unwrap();
    let others = [(); 2].map(|()| Other::plays("counter", folder.path()));
    for n in 0..10 {
        store.start_run(&slug(), "here", Timestamp::from_second(n).unwrap()).unwrap();
    }
    for other in others {
        other.goes_on();
    }
    assert_eq!(store.runs(&RunFilter::default()).unwrap().len(), 30);
    assert_eq!(store.revision().unwrap(), before + 30);
}

#[test]
fn a_writer_that_is_killed_leaves_the_store_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    registered(folder.path());
    Other::plays("writer", folder.path()).dies();
    assert_eq!(impatient(folder.path()).tenants().unwrap().len(), 1);
    impatient(folder.path()).start_run(&slug(), "audit", Timestamp::UNIX_EPOCH).unwrap();
}

#[test]
fn an_import_that_is_killed_is_never_seen_and_the_next_one_removes_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = registered(folder.path());
    store.import_snapshot(import(3)).unwrap();
    Other::plays("importer", folder.path()).dies();

    assert_eq!(users(&store), Some(3));
    assert_eq!(store.tenant_counts().unwrap()["contoso"].users, 3);
    let check = store.check().unwrap();
    assert!(check.troubles.is_empty(), "{check:?}");
    assert!(check.notes[0].starts_with("5000 objects"), "{check:?}");

    store.import_snapshot(import(4)).unwrap();
    assert_eq!(users(&store), Some(4));
    assert!(store.check().unwrap().notes.is_empty());
}

#[test]
fn a_snapshot_of_a_tenant_that_is_not_registered_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = registered(folder.path());
    store.remove_tenant(&slug()).unwrap();
    let error = store.import_snapshot(import(3)).unwrap_err();
    assert!(matches!(error, StoreError::UnknownTenant(_)), "{error}");
    assert_eq!(store.check().unwrap().notes, Vec::<String>::new());
}

fn cut(path: &Path, length: u64) {
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(length).unwrap();
}

#[test]
fn a_file_that_was_cut_short_is_told_as_damaged_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    registered(folder.path()).import_snapshot(import(6_000)).unwrap();
    let path = at(folder.path()).settings().path();
    for length in [4_096, 100, 0] {
        cut(&path, length);
        let store = at(folder.path());
        for error in [
            store.load_snapshot(&slug()).unwrap_err(),
            store.start_run(&slug(), "audit", Timestamp::UNIX_EPOCH).unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::Damaged { .. }), "{length}: {error:?}");
        }
        assert!(!store.check().unwrap().troubles.is_empty());
        assert_eq!(std::fs::metadata(&path).unwrap().len(), length);
    }
}

#[test]
fn a_file_that_lost_its_second_half_is_told_as_damaged_by_who_reads_that_half() {
    let folder = tempfile::tempdir().unwrap();
    registered(folder.path()).import_snapshot(import(6_000)).unwrap();
    let store = at(folder.path());
    let path = store.settings().path();
    cut(&path, std::fs::metadata(&path).unwrap().len() / 2);
    let error = store.load_snapshot(&slug()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    assert!(!store.check().unwrap().troubles.is_empty());
}

#[test]
fn a_folder_that_cannot_be_made_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let error = at(&file.join("data")).start_run(&slug(), "x", Timestamp::UNIX_EPOCH).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("file/data") && text.contains("--data-dir"), "{text}");
}

#[test]
fn a_vacuum_that_was_interrupted_leaves_nothing_for_long() {
    let folder = tempfile::tempdir().unwrap();
    let store = registered(folder.path());
    let making = folder.path().join("making");
    std::fs::create_dir(&making).unwrap();
    std::fs::write(making.join("copy.duckdb"), "half a copy").unwrap();
    store.vacuum().unwrap();
    assert!(!making.exists());
    assert_eq!(store.tenants().unwrap().len(), 1);
}

#[test]
fn a_making_that_was_interrupted_does_not_stop_the_next() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cstack.new"), "half a database").unwrap();
    assert_eq!(registered(folder.path()).tenants().unwrap().len(), 1);
    assert!(!folder.path().join("cstack.new").exists());
}

#[test]
fn a_body_that_was_changed_behind_our_back_is_found_by_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let store = registered(folder.path());
    store.import_snapshot(import(2)).unwrap();
    raw(folder.path(), false)
        .execute_batch("UPDATE object_version SET body = '{}' WHERE object_id = 'u00001'")
        .unwrap();
    let troubles = store.check().unwrap().troubles;
    assert_eq!(troubles.len(), 1);
    assert!(troubles[0].what.contains("user u00001 of tenant contoso"), "{troubles:?}");
}

#[test]
fn a_store_that_others_may_read_is_found_by_the_check() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let store = registered(folder.path());
    let path = store.settings().path();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let troubles = store.check().unwrap().troubles;
    assert!(troubles[0].remedy.starts_with("chmod 600"), "{troubles:?}");
}

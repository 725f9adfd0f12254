//! Several processes on one database, and processes that do not come to their end.

use std::fs::{self, File, OpenOptions};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::exports::mfa_for_everybody;
use crate::fleet::fleet;
use crate::machine::Machine;

const DATABASE: &str = "data/cstack.duckdb";

/// A machine with a tenant, `contoso`, that has one policy.
fn contoso() -> Machine {
    let machine = Machine::new();
    machine.write("policies.json", &json!([mfa_for_everybody()]));
    machine.told(&["import", "--tenant", "contoso", "policies.json"]);
    machine
}

/// A process that works on the data folder.
fn start(machine: &Machine, arguments: &[&str]) -> Child {
    let arguments = [arguments, &["--data-dir", "data"]].concat();
    machine.process(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Writes so many users to `users.jsonl`.
fn many_users(machine: &Machine, count: u32) {
    let user = |number: u32| {
        let id = format!("{number:08x}-0000-4000-8000-000000000000");
        let user = json!({
            "id": id,
            "userPrincipalName": format!("user{number}@contoso.example"),
            "displayName": format!("User {number}"),
            "userType": "Member",
        });
        format!("{user}\n")
    };
    fs::write(machine.path("users.jsonl"), (0..count).map(user).collect::<String>()).unwrap();
}

fn counted(machine: &Machine, what: &str) -> Value {
    machine.json(&["tenant", "list"])["tenants"][0][what].clone()
}

fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// Holds a lock of the store as another process would, and says so.
fn held(machine: &Machine, name: &str) -> File {
    let path = machine.path("data").join(name);
    let lock = OpenOptions::new().create(true).write(true).truncate(true).open(&path).unwrap();
    lock.lock().unwrap();
    fs::write(&path, "cstack (pid 4711)\n").unwrap();
    lock
}

/// A command on a machine where another process holds the lock, with no patience.
fn beside(machine: &Machine, arguments: &[&str]) -> (Option<i32>, String) {
    let arguments = [arguments, &["--data-dir", "data"]].concat();
    let output = machine.process(&arguments).env("CSTACK_STORE_LOCK_WAIT", "0").output().unwrap();
    (output.status.code(), machine.neutral(&output.stderr))
}

#[test]
fn imports_at_once_all_succeed_and_nothing_is_lost() {
    let machine = Machine::new();
    let tenants = ["alpha", "beta", "gamma", "delta"];
    for (number, _) in tenants.iter().enumerate() {
        let policies: Vec<Value> = (0..=number)
            .map(|policy| {
                let mut one = mfa_for_everybody();
                one["id"] = json!(format!("5a0f0000-0000-4000-8000-00000000000{policy}"));
                one
            })
            .collect();
        machine.write(&format!("{number}.json"), &json!(policies));
    }
    // None of them finds a database: one makes it, and the others wait.
    let children: Vec<Child> = tenants
        .iter()
        .enumerate()
        .map(|(number, tenant)| {
            start(&machine, &["import", "--tenant", tenant, &format!("{number}.json")])
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", machine.neutral(&output.stderr));
    }
    let listed = machine.json(&["tenant", "list"]);
    for (number, tenant) in tenants.iter().enumerate() {
        let found = listed["tenants"].as_array().unwrap();
        let found = found.iter().find(|found| found["slug"] == *tenant).unwrap();
        assert_eq!(found["policies"], number + 1, "{found}");
    }
    machine.told(&["db", "check"]);
}

#[test]
fn imports_of_one_tenant_at_once_leave_one_of_them_whole() {
    let machine = contoso();
    let mut second = mfa_for_everybody();
    second["state"] = json!("disabled");
    machine.write("off.json", &json!([second]));
    let children = ["policies.json", "off.json", "policies.json", "off.json"]
        .map(|file| start(&machine, &["import", "--tenant", "contoso", file]));
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", machine.neutral(&output.stderr));
    }
    assert_eq!(counted(&machine, "policies"), 1);
    // The check looks for objects that are current twice.
    machine.told(&["db", "check"]);
}

#[test]
fn audits_at_once_open_each_finding_once() {
    let machine = contoso();
    let audit = ["audit", "--tenant", "contoso", "--format", "json"];
    let children = [(); 3].map(|()| start(&machine, &audit));
    let mut found = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", machine.neutral(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        found = report["findings"].as_array().unwrap().len();
    }
    let listed = machine.json(&["findings", "list"]);
    assert_eq!(listed["findings"].as_array().unwrap().len(), found);
}

#[test]
fn a_busy_database_ends_a_writer_with_code_75_and_the_holder_is_named() {
    let machine = contoso();
    let _lock = held(&machine, "cstack.lock");
    for command in [
        &["audit", "--tenant", "contoso"][..],
        &["tenant", "add", "fabrikam"],
        &["import", "--tenant", "fabrikam", "policies.json"],
        &["db", "vacuum"],
    ] {
        let (code, told) = beside(&machine, command);
        assert_eq!(code, Some(75), "{command:?}: {told}");
        let holder = "~~/data/cstack.duckdb is busy: cstack (pid 4711) has it; try again";
        assert!(told.contains(holder), "{command:?}: {told}");
    }
}

#[test]
fn one_import_waits_for_another_and_gives_up_with_code_75() {
    let machine = contoso();
    let _lock = held(&machine, "import.lock");
    let (code, told) = beside(&machine, &["import", "--tenant", "contoso", "policies.json"]);
    assert_eq!(code, Some(75), "{told}");
    assert!(told.contains("cstack (pid 4711) has it"), "{told}");
    assert_eq!(beside(&machine, &["audit", "--tenant", "contoso"]).0, Some(0));
}

#[test]
fn those_who_only_read_do_not_wait_for_a_writers_turn() {
    let machine = fleet();
    let _lock = held(&machine, "cstack.lock");
    for command in [&["findings", "list"][..], &["tenant", "list"], &["db", "info"]] {
        let (code, told) = beside(&machine, command);
        assert_eq!(code, Some(0), "{command:?}: {told}");
    }
}

#[test]
fn a_writer_that_waits_goes_on_when_the_other_is_done() {
    let machine = contoso();
    let lock = held(&machine, "cstack.lock");
    let waiting = start(&machine, &["tenant", "add", "fabrikam"]);
    std::thread::sleep(Duration::from_millis(300));
    drop(lock);
    let output = waiting.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", machine.neutral(&output.stderr));
    assert_eq!(machine.json(&["tenant", "list"])["tenants"].as_array().unwrap().len(), 2);
}

#[test]
fn an_import_that_is_killed_half_way_leaves_the_store_as_it_was() {
    let import = ["import", "--tenant", "contoso", "--partial", "users.jsonl"];
    // On a busy machine an import may be done before it is killed; one of a few is not.
    let killed = (0..5).find_map(|_| {
        let machine = contoso();
        many_users(&machine, 8_000);
        killed_while_it_writes(&machine, &import).then_some(machine)
    });
    let machine = killed.unwrap();
    assert_eq!((counted(&machine, "users"), counted(&machine, "policies")), (json!(0), json!(1)));
    assert_eq!(machine.json(&["db", "check"])["troubles"], json!([]));
    machine.told(&["audit", "--tenant", "contoso", "--dry-run"]);

    machine.told(&import);
    assert_eq!(counted(&machine, "users"), 8_000);
    let check = machine.json(&["db", "check"]);
    assert_eq!((&check["troubles"], &check["notes"]), (&json!([]), &json!([])));
}

/// Whether it was killed before it was done.
fn killed_while_it_writes(machine: &Machine, import: &[&str]) -> bool {
    let before = written(machine);
    let mut child = start(machine, import);
    let began = Instant::now();
    while written(machine) == before {
        assert!(began.elapsed() < Duration::from_secs(30), "nothing is written");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

/// Bytes of the database and its log.
fn written(machine: &Machine) -> u64 {
    let size = |name: String| fs::metadata(machine.path(&name)).map_or(0, |found| found.len());
    size(DATABASE.to_owned()) + size(format!("{DATABASE}.wal"))
}

#[test]
fn an_import_that_is_told_to_stop_leaves_the_store_as_it_was() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let machine = contoso();
        let pipe = machine.path("users.json");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let child = start(&machine, &["import", "--tenant", "contoso", "users.json"]);
        // Opening waits until the import reads.
        let mut other_end = OpenOptions::new().write(true).open(&pipe).unwrap();
        signal(&child, name);
        let user = json!([{"id": "u1", "userPrincipalName": "a@contoso.example"}]).to_string();
        std::io::Write::write_all(&mut other_end, user.as_bytes()).unwrap();
        drop(other_end);
        let output = child.wait_with_output().unwrap();
        let told = machine.neutral(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(told.starts_with("error: nothing was imported\n"), "{told}");
        assert_eq!(counted(&machine, "users"), 0);
        machine.told(&["db", "check"]);
    }
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named_by_every_writer() {
    let machine = Machine::new();
    machine.write("policies.json", &json!([mfa_for_everybody()]));
    // A file in the place of its parent stops even root.
    fs::write(machine.path("file"), "").unwrap();
    for command in [
        &["import", "--tenant", "contoso", "policies.json"][..],
        &["tenant", "add", "contoso"],
        &["demo", "--no-signins"],
    ] {
        let told = machine.failure(1, &[command, &["--data-dir", "file/data"]].concat());
        assert!(told.contains("file/data"), "{command:?}: {told}");
        assert!(told.contains("name another folder with --data-dir"), "{command:?}: {told}");
    }
}

/// Even root must heed modes without this capability.
const AS_ANYBODY: [&str; 2] = ["--bounding-set", "-dac_override,-dac_read_search"];

#[test]
fn a_read_only_data_folder_can_be_read_and_a_writer_is_told_what_to_do() {
    use std::os::unix::fs::PermissionsExt as _;

    let machine = contoso();
    let mode = |name: &str, mode: u32| {
        fs::set_permissions(machine.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    for lock in ["cstack.lock", "import.lock"] {
        mode(&format!("data/{lock}"), 0o400);
    }
    mode("data", 0o500);
    let run = |arguments: &[&str]| {
        let process = machine.process(&[arguments, &["--data-dir", "data"]].concat());
        let mut command = Command::new("setpriv");
        command.args(AS_ANYBODY).arg(process.get_program()).args(process.get_args());
        command.current_dir(machine.path("")).env_clear();
        command.envs(process.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.output()
    };
    let probe = run(&["--version"]);
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("skipped: `setpriv` is not here, or may not drop capabilities");
        mode("data", 0o700);
        return;
    }
    let told: Vec<(Option<i32>, String)> = [
        &["tenant", "add", "fabrikam"][..],
        &["import", "--tenant", "contoso", "policies.json", "--complete"],
        &["audit", "--tenant", "contoso"],
        &["audit", "--tenant", "contoso", "--dry-run"],
        &["tenant", "list"],
    ]
    .iter()
    .map(|command| run(command).unwrap())
    .map(|output| (output.status.code(), machine.neutral(&output.stderr)))
    .collect();
    mode("data", 0o700);
    for (code, told) in &told[..3] {
        assert_eq!(*code, Some(1), "{told}");
        assert!(told.contains("~~/data/") && told.contains("Permission denied"), "{told}");
        assert!(told.contains("name another folder with --data-dir"), "{told}");
    }
    for (code, told) in &told[3..] {
        assert_eq!(*code, Some(0), "{told}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_of_a_long_result_is_no_failure() {
    let machine = contoso();
    let mut child = start(&machine, &["audit", "--tenant", "contoso", "--format", "json"]);
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", machine.neutral(&output.stderr));
    assert!(output.stderr.is_empty());
    // What the audit found is recorded all the same.
    assert_ne!(counted(&machine, "activeFindings"), 0);
}

//! `cstack signins`: logs in, counts and single records out.

use std::fs;

use crate::machine::Machine;

fn record(id: &str, code: &str) -> String {
    format!(
        r#"{{"id":"{id}","createdDateTime":"2026-11-02T08:00:00Z","userId":"u1","userPrincipalName":"ada@contoso.example","appId":"app","appDisplayName":"Outlook","ipAddress":"203.0.113.7","status":{{"errorCode":{code}}},"isInteractive":true}}"#
    )
}

fn import<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["signins", "import", "--tenant", "contoso", file], more].concat()
}

#[test]
fn records_come_in_once_and_are_counted_and_shown() {
    let machine = Machine::new();
    fs::write(machine.path("a.jsonl"), format!("{}\n{}\n", record("a", "0"), record("b", "50126")))
        .unwrap();
    let told = machine.told(&import("a.jsonl", &[]));
    assert!(told.starts_with("2 sign-ins read, 2 new, 0 known\n"), "{told}");
    let again = machine.told(&import("a.jsonl", &[]));
    assert!(again.starts_with("2 sign-ins read, 0 new, 2 known\n"), "{again}");
    insta::assert_snapshot!(machine.told(&["signins", "stats", "--tenant", "contoso"]));
    let shown = machine.told(&["signins", "show", "b", "--tenant", "contoso"]);
    assert!(shown.contains("wrong user name or password (code 50126)"), "{shown}");
    assert!(shown.contains(&record("b", "50126")), "the original is there: {shown}");
    let json = machine.json(&["signins", "show", "a", "--tenant", "contoso"]);
    assert_eq!(json["signIn"]["account"]["name"], "ada@contoso.example");
    let unknown = machine.refused(1, &["signins", "show", "zzz", "--tenant", "contoso"]);
    assert!(unknown.contains("no sign-in \"zzz\""), "{unknown}");
}

#[test]
fn a_bad_record_stops_all_with_its_place_unless_told_to_go_on() {
    let machine = Machine::new();
    fs::write(machine.path("a.jsonl"), format!("{}\n{}\n", record("a", "0"), record("b", "\"?\"")))
        .unwrap();
    let told = machine.refused(1, &import("a.jsonl", &[]));
    assert!(told.contains("a.jsonl:2 at $.status.errorCode"), "{told}");
    assert_eq!(machine.told(&["tenant", "list", "--format", "csv"]).lines().count(), 1);
    for (more, rest) in [
        (&["--keep-going", "--dry-run"][..], "1 refused; the rest can be imported"),
        (&["--keep-going"][..], "1 refused; the rest is imported"),
    ] {
        let output = machine
            .cstack(&[&import("a.jsonl", more)[..], &["--data-dir", "data"]].concat())
            .assert()
            .code(1)
            .get_output()
            .clone();
        let (told, failed) = (machine.neutral(&output.stdout), machine.neutral(&output.stderr));
        assert!(told.contains("refused: a.jsonl:2 at $.status.errorCode"), "{told}");
        assert!(failed.contains(rest), "{failed}");
    }
    let stats = machine.json(&["signins", "stats", "--tenant", "contoso"]);
    assert_eq!(stats["stats"]["total"], 1);
}

#[test]
fn a_maxmind_file_that_cannot_be_used_is_named_before_anything_is_read() {
    let machine = Machine::configured("[geoip]\nasn-db = \"nothing.mmdb\"\n");
    fs::write(machine.path("a.jsonl"), record("a", "0")).unwrap();
    let told = machine.refused(1, &import("a.jsonl", &[]));
    assert!(told.contains("nothing.mmdb: cannot be read"), "{told}");
}

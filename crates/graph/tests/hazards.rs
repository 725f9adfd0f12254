//! Exports that would say something false if they were read as they look.

#![cfg(test)]

use std::path::PathBuf;

use cstack_graph::export::{ReadLimits, Reading, read_bytes, read_paths};
use model::object::ObjectKind;

fn read(text: &str) -> Reading {
    read_bytes("test.json", text.as_bytes()).unwrap_or_else(|e| panic!("{e}"))
}

fn refused(text: &str) -> String {
    read_bytes("test.json", text.as_bytes()).unwrap_err().to_string()
}

fn of(reading: &Reading, kind: ObjectKind) -> Vec<&str> {
    reading.objects.iter().filter(|o| o.kind == kind).map(|o| o.id.as_str()).collect()
}

/// A folder with these files, read whole.
fn folder(files: &[(&str, &str)]) -> Reading {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let paths: [PathBuf; 1] = [folder.path().to_owned()];
    read_paths(&paths, &ReadLimits::default(), false, |_| true).unwrap_or_else(|e| panic!("{e}"))
}

fn page(of: &str, ids: &[&str], goes_on: bool) -> String {
    let members: Vec<String> = ids
        .iter()
        .map(|id| format!(r##"{{"@odata.type":"#microsoft.graph.user","id":"{id}"}}"##))
        .collect();
    let link = if goes_on { r#""@odata.nextLink":"https://g/next","# } else { "" };
    format!(
        r#"{{"@odata.context":"https://g/v1.0/$metadata#{of}",{link}"value":[{}]}}"#,
        members.join(",")
    )
}

#[test]
fn members_without_their_group_are_not_taken_for_all_users() {
    let error = refused(&page("directoryObjects", &["u1"], false));
    assert!(error.contains("groupId"), "{error}");
}

#[test]
fn members_that_go_on_elsewhere_count_as_unknown_and_not_as_absent() {
    let reading = read(&page("groups('g')/members", &["u1"], true));
    assert!(of(&reading, ObjectKind::GroupMembership).is_empty());
    assert!(reading.notes[0].1.contains("unknown"), "{:?}", reading.notes);
    // Its last page alone is no listing either.
    let both = folder(&[
        ("1.json", &page("groups('g')/members", &["u1"], true)),
        ("2.json", &page("groups('g')/members", &["u2"], false)),
    ]);
    assert!(of(&both, ObjectKind::GroupMembership).is_empty());
}

#[test]
fn exactly_as_many_members_as_expand_gives_may_be_a_part_of_them() {
    let group = |count: usize| {
        let members: Vec<String> = (0..count).map(|at| format!(r#"{{"id":"u{at}"}}"#)).collect();
        format!(r#"[{{"id":"g","groupTypes":[],"members":[{}]}}]"#, members.join(","))
    };
    let cut = read(&group(20));
    assert!(of(&cut, ObjectKind::GroupMembership).is_empty());
    assert!(!cut.complete_kinds.contains(&ObjectKind::GroupMembership));
    assert_eq!(of(&read(&group(19)), ObjectKind::GroupMembership), ["g"]);
}

#[test]
fn memberships_are_whole_only_where_every_group_has_its_listing() {
    let groups = r#"{"value":[{"id":"g","groupTypes":[]},{"id":"h","groupTypes":[]}]}"#;
    let one = r#"[{"groupId":"g","transitive":false,"members":[{"id":"u"}]}]"#;
    let both = r#"[{"groupId":"g","transitive":false,"members":[]},{"groupId":"h","transitive":false,"members":[]}]"#;
    let whole = |members: &str| {
        let reading = folder(&[("groups.json", groups), ("members.json", members)]);
        reading.complete_kinds.contains(&ObjectKind::GroupMembership)
    };
    assert!(!whole(one), "the members of h are not known to be none");
    assert!(whole(both));
}

#[test]
fn a_type_that_is_not_read_does_not_pass_for_another_by_its_looks() {
    let error = refused(
        r##"{"@odata.type":"#microsoft.graph.managedDevice","id":"d","userPrincipalName":"a@b"}"##,
    );
    assert!(error.contains("managedDevice"), "{error}");
}

#[test]
fn what_is_needed_to_mean_anything_must_be_there() {
    for (text, missing) in [
        (r#"{"id":"00000000-0000-0000-0000-000000000005","isEnabled":null}"#, "isEnabled"),
        (r#"{"id":"a","principalId":"","roleDefinitionId":"r"}"#, "principalId"),
        (r#"{"groupId":"g","transitive":false,"members":[{"id":""}]}"#, "id"),
    ] {
        let error = refused(text);
        assert!(error.contains(missing), "{error}");
    }
}

#[test]
fn a_property_that_occurs_twice_is_refused() {
    for text in [
        r#"{"id":"p","state":"enabled","conditions":{"moon":1,"moon":2}}"#,
        r#"{"id":"p","id":"q","state":"enabled","conditions":{}}"#,
    ] {
        let error = refused(text);
        assert!(error.contains("twice") || error.contains("duplicate"), "{error}");
    }
}

#[test]
fn a_schedule_ends_when_its_expiration_says() {
    let reading = read(
        r#"{"id":"e","principalId":"p","roleDefinitionId":"r","memberType":"Direct",
            "scheduleInfo":{"expiration":{"endDateTime":"2026-05-01T00:00:00Z"}}}"#,
    );
    assert_eq!(of(&reading, ObjectKind::RoleEligibility), ["e"]);
    assert_eq!(reading.objects[0].body["endDateTime"], "2026-05-01T00:00:00Z");
}

#[test]
fn unknown_values_are_noted_on_every_level() {
    let reading = read(
        r#"{"id":"p","displayName":"p","state":"enabled",
            "conditions":{"platforms":{"includePlatforms":["fridge"]},
              "signInRiskLevels":["extreme"],"authenticationFlows":{"transferMethods":"pigeon"},
              "devices":{"moons":["one"]}},
            "grantControls":{"operator":"XOR","builtInControls":["mfa"]}}"#,
    );
    let notes = reading.notes.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n");
    for told in ["fridge", "extreme", "pigeon", "moons", "XOR"] {
        assert!(notes.contains(told), "{told} in {notes}");
    }
}

#[test]
fn the_powershell_sdks_spelling_reads_as_graphs() {
    let reading = read(
        r#"[{"Id":"p","DisplayName":"MFA","State":"enabled",
            "Conditions":{"Users":{"IncludeUsers":["All"]},"Devices":{"DeviceFilter":{"Mode":null,"Rule":null}}},
            "GrantControls":{"AuthenticationStrength":{"Id":null},"BuiltInControls":["mfa"],"Operator":"OR"},
            "AdditionalProperties":{}}]"#,
    );
    assert_eq!(of(&reading, ObjectKind::Policy), ["p"]);
    let body = &reading.objects[0].body;
    assert_eq!(body["conditions"]["users"]["includeUsers"][0], "All");
    assert!(body["grantControls"]["authenticationStrength"].is_null());
}

/// One real policy export, where the shared data is at hand.
fn real_policy() -> Option<Vec<u8>> {
    let shared = std::env::var_os("CSTACK_SHARED_DATA").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = shared
        .join("ca/fortigi/Examples_Policy_Temp_CA-01-_All_Apps_-_All_Admins_-_Require_MFA.json");
    let text = std::fs::read(&path);
    if text.is_err() {
        println!("skipped: {} is not here", path.display());
    }
    text.ok()
}

#[test]
fn a_real_policy_cut_anywhere_or_altered_anywhere_is_read_or_refused_with_its_line() {
    let Some(whole) = real_policy() else { return };
    assert_eq!(read_bytes("whole", &whole).unwrap().objects.len(), 1);
    let refused_with_place = |bytes: &[u8]| {
        if let Err(error) = read_bytes("real", bytes) {
            let error = error.to_string();
            let line = error
                .strip_prefix("real:")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == ' '));
            assert!(line, "{error}");
        }
    };
    for cut in 0..whole.len() {
        refused_with_place(&whole[..cut]);
    }
    for (at, byte) in
        (0..whole.len()).flat_map(|at| [0_u8, b'"', b'}', b'[', b'9', 0xff].map(|byte| (at, byte)))
    {
        let mut altered = whole.clone();
        altered[at] = byte;
        refused_with_place(&altered);
    }
}

#[test]
fn lines_beyond_the_first_chunk_are_read_and_told_by_their_number() {
    // Some 2 MB, with characters of several bytes that chunks cut through.
    let line =
        |at: usize| format!(r#"{{"id":"u{at}","userPrincipalName":"zoë-{at}@contoso.example"}}"#);
    let text: Vec<String> = (0..30_000).map(line).collect();
    let reading = read(&text.join("\r\n"));
    assert_eq!(reading.objects.len(), 30_000);
    assert!(reading.complete_kinds.contains(&ObjectKind::User));
    let listed = read(&format!("[{}]", text.join(",\n")));
    assert_eq!(listed.objects.len(), 30_000);
    let mut bad = text.clone();
    bad[26_000] = r#"{"id":7,"userPrincipalName":"x"}"#.to_owned();
    assert!(refused(&bad.join("\n")).starts_with("test.json:26001 "));
    bad[26_000] = "{\"id\":\"u\"".to_owned();
    assert!(refused(&bad.join("\n")).starts_with("test.json:26002: not JSON"));
}

#[test]
fn lists_nested_without_end_are_refused_and_not_followed() {
    let told = refused(&"[".repeat(100_000));
    assert!(told.starts_with("test.json:1"), "{told}");
    let told = refused(&format!("{}{}", "[".repeat(30_000), "]".repeat(30_000)));
    assert!(told.contains("nested more than 32 deep"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_pipe_among_the_files_is_refused_and_nobody_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("users.json");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let folder = [folder.path().to_owned()];
    let read = read_paths(&folder, &ReadLimits::default(), false, |_| true);
    let told = read.err().unwrap().to_string();
    assert!(told.contains("it is a pipe"), "{told}");
}

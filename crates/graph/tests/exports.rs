//! Export files of every kind, good and bad.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]
#![cfg(test)]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use cstack_graph::export::{ReadError, ReadLimits, Reading, read_bytes, read_paths};
use model::object::ObjectKind;
use proptest::prelude::*;

const POLICY: &str = r#"{"id":"p1","displayName":"MFA","state":"enabled","conditions":{"users":{"includeUsers":["All"]}}}"#;

fn read(text: &str) -> Reading {
    read_bytes("test.json", text.as_bytes()).unwrap_or_else(|e| panic!("{e}"))
}

fn refused(text: &str) -> String {
    read_bytes("test.json", text.as_bytes()).unwrap_err().to_string()
}

fn ids(reading: &Reading) -> Vec<&str> {
    reading.objects.iter().map(|object| object.id.as_str()).collect()
}

fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("CSTACK_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    if !folder.is_dir() {
        println!("skipped: {} is not here", folder.display());
        return None;
    }
    Some(folder)
}

#[test]
fn a_single_object_an_array_a_collection_and_lines_hold_the_same() {
    let other = POLICY.replace("p1", "p2");
    for text in [
        format!("[{POLICY},{other}]"),
        format!(r#"{{"@odata.context":"x","value":[{POLICY},{other}]}}"#),
        format!("{POLICY}\r\n{other}\r\n"),
        format!(r#"{{"policies":[{POLICY},{other}]}}"#),
        format!(
            r#"{{"responses":[{{"id":"1","status":200,"body":{{"value":[{POLICY},{other}]}}}}]}}"#
        ),
        format!("\u{feff}[{POLICY},{other}]"),
    ] {
        assert_eq!(ids(&read(&text)), ["p1", "p2"], "{text}");
    }
    assert_eq!(ids(&read(POLICY)), ["p1"]);
}

#[test]
fn gzip_is_known_by_its_first_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policies.bin");
    let mut encoder = flate2::write::GzEncoder::new(
        std::fs::File::create(&path).unwrap(),
        flate2::Compression::fast(),
    );
    encoder.write_all(POLICY.as_bytes()).unwrap();
    encoder.finish().unwrap();
    let reading = read_paths(&[path], &ReadLimits::default(), false, |_| true).unwrap();
    assert_eq!(ids(&reading), ["p1"]);
}

#[test]
fn truncated_gzip_and_bombs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json.gz");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&vec![b' '; 100_000]).unwrap();
    let whole = encoder.finish().unwrap();
    std::fs::write(&path, &whole[..whole.len() - 20]).unwrap();
    assert!(
        read_paths(std::slice::from_ref(&path), &ReadLimits::default(), false, |_| true).is_err()
    );
    std::fs::write(&path, &whole).unwrap();
    let small = ReadLimits { file_bytes: 1000, ..ReadLimits::default() };
    let error = read_paths(&[path], &small, false, |_| true).unwrap_err().to_string();
    assert!(error.contains("larger than 1000"), "{error}");
}

#[test]
fn an_error_names_file_line_and_path() {
    let text = format!(
        "{{\n\"value\": [\n{POLICY},\n{{\"id\":\"p2\",\"displayName\":\"x\",\"state\":\"enabled\",\n \"conditions\":{{\"clientAppTypes\":\"all\"}}}}\n]}}"
    );
    let error = refused(&text);
    assert!(error.starts_with("test.json:5 at $.value[1].conditions.clientAppTypes"), "{error}");
    assert!(error.contains("not a valid policy"), "{error}");
}

#[test]
fn truncated_json_says_where_it_ends() {
    let error = refused(&format!("[\n{POLICY},\n{{\"id\":"));
    assert!(error.contains("test.json:3") && error.contains("not JSON"), "{error}");
}

#[test]
fn what_is_not_known_is_named_by_what_it_has() {
    let error = refused(r#"{"colour":"red","weight":3}"#);
    assert!(error.contains("colour, weight"), "{error}");
    let error = refused(
        r#"{"id":"1","appDisplayName":"x","userPrincipalName":"u","ipAddress":"192.0.2.1"}"#,
    );
    assert!(error.contains("sign-in"), "{error}");
}

#[test]
fn utf_16_empty_files_and_bare_values_are_refused_with_a_reason() {
    assert!(read_bytes("a", &[0xff, 0xfe, 0x7b, 0]).unwrap_err().to_string().contains("UTF-8"));
    assert!(refused(" \n").contains("empty"));
    assert!(refused("42").contains("an object or a list"));
    assert!(read_bytes("a", b"[\n\xff]").unwrap_err().to_string().contains("a:2"));
}

#[test]
fn an_unknown_condition_is_kept_and_noted() {
    let text = POLICY.replace("\"conditions\":{", "\"conditions\":{\"moonPhase\":\"full\",");
    let reading = read(&text);
    assert_eq!(reading.objects[0].body["conditions"]["moonPhase"], "full");
    assert!(reading.notes[0].1.contains("conditions.moonPhase"), "{:?}", reading.notes);
}

#[test]
fn a_listing_that_goes_on_elsewhere_completes_nothing() {
    let text = format!(r#"{{"@odata.nextLink":"https://x","value":[{POLICY}]}}"#);
    let reading = read(&text);
    assert!(reading.complete_kinds.is_empty());
    assert!(reading.notes[0].1.contains("next page"));
}

#[test]
fn an_empty_collection_is_a_complete_listing_of_its_kind() {
    let text = r#"{"@odata.context":"https://g/v1.0/$metadata#identity/conditionalAccess/policies","value":[]}"#;
    assert_eq!(read(text).complete_kinds, BTreeSet::from([ObjectKind::Policy]));
}

#[test]
fn one_object_named_by_itself_says_nothing_of_others_and_a_folder_of_them_does() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.json"), POLICY).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not read").unwrap();
    let limits = ReadLimits::default();
    let alone = read_paths(&[folder.path().join("one.json")], &limits, false, |_| true).unwrap();
    assert!(alone.complete_kinds.is_empty());
    let whole = read_paths(&[folder.path().to_owned()], &limits, false, |_| true).unwrap();
    assert_eq!(whole.complete_kinds, BTreeSet::from([ObjectKind::Policy]));
}

#[test]
fn members_of_a_group_come_with_it_or_as_a_listing() {
    let inline = read(
        r##"[{"id":"g","groupTypes":[],"displayName":"G","members":[{"@odata.type":"#microsoft.graph.user","id":"u","displayName":"U"}]}]"##,
    );
    assert_eq!(inline.objects.len(), 2);
    assert!(inline.complete_kinds.contains(&ObjectKind::GroupMembership));
    let listed = read(
        r#"{"@odata.context":"https://g/v1.0/$metadata#groups('g')/transitiveMembers(id)","value":[{"id":"u"}]}"#,
    );
    assert_eq!(listed.objects[0].body["transitive"], true);
    assert_eq!(listed.objects[0].id, "g");
    assert!(listed.complete_kinds.is_empty(), "one group's members say nothing of others");
}

#[test]
fn templates_without_an_id_are_known_by_name_and_stay_apart() {
    let template = POLICY.replace("\"id\":\"p1\",", "");
    let other = template.replace("enabled", "disabled");
    let reading = read(&format!("[{template},{other},{template}]"));
    assert_eq!(reading.objects.len(), 2);
    assert!(reading.objects[0].id.starts_with("name:"));
}

#[test]
fn two_versions_of_one_object_are_refused_or_the_later_counts() {
    let folder = tempfile::tempdir().unwrap();
    let dated = |at: &str, name: &str| {
        POLICY.replace(
            "\"state\"",
            &format!("\"modifiedDateTime\":\"{at}\",\"description\":\"{name}\",\"state\""),
        )
    };
    std::fs::write(folder.path().join("a.json"), dated("2026-02-01T00:00:00Z", "later")).unwrap();
    std::fs::write(folder.path().join("b.json"), dated("2026-01-01T00:00:00Z", "earlier")).unwrap();
    let paths = [folder.path().to_owned()];
    let error = read_paths(&paths, &ReadLimits::default(), false, |_| true).unwrap_err();
    assert!(matches!(error, ReadError::Conflict { .. }), "{error}");
    let reading = read_paths(&paths, &ReadLimits::default(), true, |_| true).unwrap();
    assert_eq!(reading.objects[0].body["description"], "later");
}

#[test]
fn keeping_going_reports_all_and_completes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.json"), "{").unwrap();
    std::fs::write(folder.path().join("b.json"), POLICY).unwrap();
    std::fs::write(folder.path().join("c.json"), r#"{"x":1}"#).unwrap();
    let reading =
        read_paths(&[folder.path().to_owned()], &ReadLimits::default(), true, |_| true).unwrap();
    assert_eq!((reading.errors.len(), ids(&reading)), (2, vec!["p1"]));
    assert!(reading.complete_kinds.is_empty(), "what was refused may have been any kind");
}

#[test]
fn missing_paths_and_empty_folders_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let limits = ReadLimits::default();
    let missing = read_paths(&[folder.path().join("nowhere")], &limits, false, |_| true);
    assert!(missing.unwrap_err().to_string().contains("nowhere"));
    let empty = read_paths(&[folder.path().to_owned()], &limits, false, |_| true);
    assert!(empty.unwrap_err().to_string().contains("no export files"));
}

#[test]
fn every_real_policy_reads_and_only_new_conditions_are_noted() {
    let Some(shared) = shared() else { return };
    let reading = read_paths(&[shared.join("ca")], &ReadLimits::default(), false, |_| true)
        .unwrap_or_else(|e| panic!("{e}"));
    assert!(reading.objects.len() >= 120, "{}", reading.objects.len());
    for (place, note) in &reading.notes {
        let deserved = ["agents", "agentContext", "agentIdRiskLevels", "compliantNetwork"];
        assert!(deserved.iter().any(|word| note.contains(word)), "{place}: {note}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_bytes("fuzz", &bytes);
    }

    #[test]
    fn a_policy_cut_short_or_altered_is_read_or_refused_with_a_place(cut in 0_usize..110, byte: u8) {
        let mut bytes = POLICY.as_bytes().to_vec();
        let _ = read_bytes("cut", &bytes[..cut.min(bytes.len())]);
        let at = cut % bytes.len();
        bytes[at] = byte;
        if let Err(error) = read_bytes("altered", &bytes) {
            prop_assert!(error.to_string().starts_with("altered"), "{error}");
        }
    }
}

//! Public samples of sign-in logs, as other people's tools wrote them.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::path::{Path, PathBuf};

use cstack_graph::export::{ReadError, ReadLimits};
use cstack_graph::sign_ins::{SignInOptions, read_sign_ins};
use model::sign_in::{SignIn, SignInKind};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sign_ins").join(name)
}

fn read(name: &str) -> Vec<SignIn> {
    let options = SignInOptions { keep_going: false, limits: ReadLimits::default() };
    let mut out = Vec::new();
    let reading = read_sign_ins(
        &[sample(name)],
        &options,
        |_| true,
        |record| {
            out.push(record.sign_in);
            Ok::<_, ReadError>(())
        },
    );
    assert!(reading.unwrap().others.is_empty());
    out
}

#[test]
fn nested_objects_in_json_and_in_pythons_words_say_the_same() {
    let (json, python) = (read("msticpy.jsonl"), read("sentinel-notebooks.jsonl"));
    assert_eq!((json.len(), python.len()), (8, 4));
    for (a, b) in json.iter().zip(&python) {
        assert_eq!((&a.place.city, &a.place.country), (&b.place.city, &b.place.country));
        assert!(a.device == b.device && a.policies == b.policies);
        let (here, there) = (a.place.coordinates.unwrap(), b.place.coordinates.unwrap());
        assert!((here.latitude - there.latitude).abs() < 1e-6);
        assert_eq!((&a.account, &a.app, a.ip), (&b.account, &b.app, b.ip));
        assert!(!a.policies.is_empty());
    }
}

#[test]
fn diagnostic_records_inside_a_tools_own_wrapper_are_found() {
    let found = read("panther.jsonl");
    let of = |kind| found.iter().filter(|sign_in| sign_in.kind == kind).count();
    assert_eq!(
        (
            of(SignInKind::InteractiveUser),
            of(SignInKind::NonInteractiveUser),
            of(SignInKind::ServicePrincipal)
        ),
        (15, 3, 8)
    );
    assert!(found.iter().any(|sign_in| sign_in.protocol.as_deref() == Some("deviceCode")));
}

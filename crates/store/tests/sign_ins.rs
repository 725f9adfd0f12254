//! Sign-ins in the store: each once, whole or not at all, and read back as they came.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

use cstack_store::{
    ArrivingSignIn, Registration, SignInFields, SignInOrigin, SignInSpan, Store, StoreError,
    StoreSettings,
};
use model::Timestamp;
use model::sign_in::{
    AppliedPolicy, AuthenticationStep, Coordinates, RecordShape, Requirement, SignIn, SignInKind,
};
use model::tenant::{Tenant, TenantSlug};

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
    Tenant { display_name: "Contoso".into(), ..Tenant::of_files(&slug(), Timestamp::UNIX_EPOCH) }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn blank(id: &str, time: &str) -> SignIn {
    SignIn::blank(id.into(), at(time), SignInKind::InteractiveUser, RecordShape::Graph)
}

/// A sign-in that has something in every field.
fn full() -> SignIn {
    let some = |text: &str| Some(text.to_owned());
    let mut sign_in = SignIn::blank(
        "3ff3c13e-b87d-40d2-a8c9-fd49e837c830".into(),
        at("2026-11-02T08:15:30.123456Z"),
        SignInKind::NonInteractiveUser,
        RecordShape::Diagnostic,
    );
    sign_in.account.id = some("u1");
    sign_in.account.name = some("ada@contoso.example");
    sign_in.account.display_name = some("Ada");
    sign_in.account.user_type = some("member");
    sign_in.account.home_tenant_id = some("home");
    sign_in.account.cross_tenant_access = some("b2bCollaboration");
    sign_in.app.id = some("app");
    sign_in.app.name = some("Outlook");
    sign_in.resource.id = some("res");
    sign_in.resource.name = some("Exchange");
    sign_in.ip = "2001:db8::1".parse().ok();
    sign_in.network.asn = Some(4_200_000_000);
    sign_in.network.organisation = some("Example Net");
    sign_in.place.country = some("PT");
    sign_in.place.region = some("Lisboa");
    sign_in.place.city = some("Lisboa");
    sign_in.place.coordinates =
        Some(Coordinates { latitude: 38.7, longitude: -9.1, accuracy_km: Some(20) });
    sign_in.client = some("Browser");
    sign_in.user_agent = some("Mozilla/5.0 \u{1b}[2J");
    sign_in.protocol = some("oAuth2");
    sign_in.transfer_method = some("none");
    sign_in.incoming_token = some("primaryRefreshToken");
    sign_in.device.id = some("d1");
    sign_in.device.name = some("LT-0412");
    sign_in.device.operating_system = some("Windows 11");
    sign_in.device.browser = some("Edge 140");
    sign_in.device.is_compliant = Some(false);
    sign_in.device.is_managed = Some(true);
    sign_in.device.trust_type = some("AzureAd");
    sign_in.session_id = some("s");
    sign_in.token_id = some("t");
    sign_in.correlation_id = some("c");
    sign_in.requirement = Some(Requirement::MultiFactor);
    sign_in.steps = vec![AuthenticationStep {
        at: Some(at("2026-11-02T08:15:20Z")),
        method: some("Mobile app notification"),
        succeeded: Some(false),
        result: some("MFA denied; user declined the authentication"),
        ..AuthenticationStep::default()
    }];
    sign_in.outcome.code = 500_121;
    sign_in.outcome.reason = some("Authentication failed during strong authentication request.");
    sign_in.outcome.detail = some("MFA denied");
    sign_in.conditional_access = some("failure");
    sign_in.policies = vec![AppliedPolicy {
        id: "p".into(),
        name: "MFA for all".into(),
        result: some("failure"),
        grant_controls: vec!["Mfa".into()],
        session_controls: Vec::new(),
    }];
    sign_in.risk.during_sign_in = some("low");
    sign_in.risk.aggregated = some("low");
    sign_in.risk.state = some("atRisk");
    sign_in.risk.detail = some("detail");
    sign_in.risk.event_types = vec!["unfamiliarFeatures".into()];
    sign_in
}

fn arriving(sign_in: SignIn) -> ArrivingSignIn {
    let raw = format!("{{\"id\":\"{}\",\n\"x\":1}}", sign_in.id);
    ArrivingSignIn { sign_in, raw: Some(raw.into()) }
}

const ORIGIN: &str = "signins.jsonl";

fn origin<'o>(tenant: &'o TenantSlug, fingerprint: &'o str) -> SignInOrigin<'o> {
    SignInOrigin { tenant, registration: &Registration::Kept, words: ORIGIN, fingerprint }
}

/// Imports; how many were new.
fn import(store: &Store, sign_ins: Vec<SignIn>) -> u64 {
    let tenant = slug();
    let mut arrival = store.begin_sign_ins(origin(&tenant, "files")).unwrap();
    arrival.add(sign_ins.into_iter().map(arriving).collect()).unwrap();
    arrival.finish(Timestamp::UNIX_EPOCH).unwrap().added
}

fn read(store: &Store, fields: SignInFields) -> Vec<SignIn> {
    let mut out = Vec::new();
    store
        .sign_ins(&slug(), SignInSpan::ALWAYS, fields, |some| {
            out.extend(some);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    out
}

fn ids(store: &Store) -> Vec<String> {
    read(store, SignInFields::Detection).into_iter().map(|sign_in| sign_in.id).collect()
}

#[test]
fn what_was_written_is_read_back_whole() {
    let (_folder, store) = store();
    import(&store, vec![full(), blank("empty", "2026-11-01T00:00:00Z")]);
    let read = read(&store, SignInFields::All);
    assert_eq!(read, [blank("empty", "2026-11-01T00:00:00Z"), full()]);
}

#[test]
fn detection_reads_what_it_looks_at_and_nothing_that_is_for_people_only() {
    let (_folder, store) = store();
    import(&store, vec![full()]);
    let [seen] = read(&store, SignInFields::Detection).try_into().unwrap();
    assert_eq!((seen.outcome.reason.as_ref(), seen.account.display_name.as_ref()), (None, None));
    assert_eq!((seen.steps, seen.network, seen.ip), (full().steps, full().network, full().ip));
    assert_eq!((seen.session_id, seen.device.id), (full().session_id, full().device.id));
}

#[test]
fn a_record_counts_once_however_often_it_comes() {
    let (_folder, store) = store();
    let (one, two) = (blank("a", "2026-11-01T10:00:00Z"), blank("b", "2026-11-01T09:00:00Z"));
    assert_eq!(import(&store, vec![one.clone(), one.clone()]), 1);
    assert_eq!(import(&store, vec![one, two]), 1);
    assert_eq!(ids(&store), ["b", "a"], "a late arrival stands where it happened");
}

#[test]
fn an_import_that_is_not_finished_does_not_count_and_the_same_files_go_on_from_it() {
    let (_folder, store) = store();
    let tenant = slug();
    let many = || -> Vec<ArrivingSignIn> {
        (0..17_000).map(|n| arriving(blank(&format!("n{n}"), "2026-11-01T10:00:00Z"))).collect()
    };
    let mut arrival = store.begin_sign_ins(origin(&tenant, "same")).unwrap();
    arrival.add(many()).unwrap();
    drop(arrival);
    assert_eq!(ids(&store).len(), 0);
    let mut arrival = store.begin_sign_ins(origin(&tenant, "same")).unwrap();
    arrival.add(many()).unwrap();
    let outcome = arrival.finish(Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!((outcome.read, outcome.added), (17_000, 17_000));
    assert_eq!(outcome.resumed, 16_384, "what was written before it stopped is not written again");
    assert_eq!(ids(&store).len(), 17_000);
}

#[test]
fn what_an_interrupted_import_left_goes_when_other_files_come() {
    let (_folder, store) = store();
    let tenant = slug();
    let mut arrival = store.begin_sign_ins(origin(&tenant, "first")).unwrap();
    let left = (0..16_384).map(|n| arriving(blank(&format!("n{n}"), "2026-11-01T10:00:00Z")));
    arrival.add(left.collect()).unwrap();
    drop(arrival);
    assert_eq!(import(&store, vec![blank("n1", "2026-11-01T10:00:00Z")]), 1);
    assert_eq!(ids(&store), ["n1"]);
}

#[test]
fn an_original_record_is_found_until_it_is_forgotten() {
    let (_folder, store) = store();
    import(&store, vec![blank("old", "2026-11-01T10:00:00Z")]);
    let tenant = slug();
    let mut arrival = store.begin_sign_ins(origin(&tenant, "later")).unwrap();
    let later = ["a", "b"].map(|id| arriving(blank(id, "2026-01-01T10:00:00Z")));
    arrival.add(later.into()).unwrap();
    arrival.finish(at("2026-11-02T00:00:00Z")).unwrap();
    let found = store.sign_in(&slug(), "b").unwrap().unwrap();
    assert_eq!(found.raw.as_deref(), Some("{\"id\":\"b\", \"x\":1}"));
    assert_eq!(found.origin, ORIGIN);
    assert_eq!(store.forget_raw_sign_ins(at("2026-06-01T00:00:00Z")).unwrap(), 1);
    assert_eq!(store.forget_raw_sign_ins(at("2026-06-01T00:00:00Z")).unwrap(), 0);
    assert_eq!(store.sign_in(&slug(), "old").unwrap().unwrap().raw, None);
    assert!(store.sign_in(&slug(), "b").unwrap().unwrap().raw.is_some());
    assert_eq!(store.sign_in(&slug(), "none").unwrap(), None);
}

#[test]
fn many_sign_ins_come_in_the_order_of_time_some_at_a_time() {
    let (_folder, store) = store();
    let start = at("2026-11-01T00:00:00Z").as_second();
    let count = 120_000;
    let sign_ins = (0..count).map(|n| {
        // Neither in order nor spread evenly: a third happened in one second.
        let second = if n % 3 == 0 { 7 } else { (n * 7_919) % 900_000 };
        let mut sign_in = blank(&format!("n{n:06}"), "2026-11-01T00:00:00Z");
        sign_in.at = Timestamp::from_second(start + second).unwrap();
        sign_in
    });
    assert_eq!(import(&store, sign_ins.collect()), 120_000);
    let (mut last, mut seen, mut calls) = (None, 0, 0);
    store
        .sign_ins(&slug(), SignInSpan::ALWAYS, SignInFields::Detection, |some| {
            calls += 1;
            for sign_in in some {
                let key = (sign_in.at, sign_in.id);
                assert!(last.as_ref().is_none_or(|last| *last < key), "{last:?} then {key:?}");
                last = Some(key);
                seen += 1;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert_eq!(seen, count);
    assert!(calls > 1);
    let span = SignInSpan { from: at("2026-11-01T00:00:07Z"), to: at("2026-11-01T00:00:08Z") };
    let mut within = 0;
    store
        .sign_ins(&slug(), span, SignInFields::Detection, |some| {
            within += some.len();
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert!(within >= 40_000, "{within}");
}

#[test]
fn the_counts_say_what_there_is() {
    let (_folder, store) = store();
    assert_eq!(store.sign_in_stats(&slug()).unwrap().total, 0);
    import(&store, vec![full(), blank("a", "2026-11-01T10:00:00Z")]);
    let stats = store.sign_in_stats(&slug()).unwrap();
    assert_eq!((stats.total, stats.succeeded, stats.accounts, stats.with_asn), (2, 1, 1, 1));
    assert_eq!(stats.by_kind["nonInteractiveUser"], 1);
    assert_eq!(stats.by_shape["graph"], 1);
    assert_eq!(stats.codes, [(0, 1), (500_121, 1)]);
    assert_eq!(stats.first_at, Some(at("2026-11-01T10:00:00Z")));
    assert!(stats.raw_bytes > 0);
}

#[test]
fn sign_ins_of_a_tenant_that_is_not_registered_are_refused() {
    let (_folder, store) = store();
    let other = TenantSlug::new("other").unwrap();
    let refused = store.begin_sign_ins(origin(&other, "files")).err().unwrap();
    assert!(matches!(refused, StoreError::UnknownTenant(_)), "{refused}");
}

#[test]
fn sign_ins_go_with_their_tenant() {
    let (_folder, store) = store();
    import(&store, vec![full()]);
    store.remove_tenant(&slug()).unwrap();
    store.add_tenant(&entry()).unwrap();
    assert_eq!(store.sign_in_stats(&slug()).unwrap().total, 0);
}

#[test]
fn a_new_tenant_is_registered_when_its_sign_ins_count_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(StoreSettings::in_folder(folder.path()));
    let tenant = slug();
    let registration = Registration::New(Box::new(entry()));
    let begin = || {
        let words = SignInOrigin {
            tenant: &tenant,
            registration: &registration,
            words: ORIGIN,
            fingerprint: "files",
        };
        store.begin_sign_ins(words).unwrap()
    };
    let mut arrival = begin();
    arrival.add(vec![arriving(full())]).unwrap();
    drop(arrival);
    assert!(store.tenants().unwrap().is_empty());
    assert!(store.check().unwrap().troubles.is_empty(), "what waits is no trouble");
    let mut arrival = begin();
    arrival.add(vec![arriving(full())]).unwrap();
    assert_eq!(arrival.finish(Timestamp::UNIX_EPOCH).unwrap().added, 1);
    assert_eq!(store.tenants().unwrap(), [entry()]);
}

//! probe
use std::collections::BTreeSet;
use std::time::Instant;
use cstack_store::{SnapshotImport, Store, StoreSettings};
use model::Timestamp;
use model::object::{ExportedObject, ObjectKind};
use model::tenant::{Tenant, TenantSlug, TenantSource};
use serde_json::json;
fn cpu() -> f64 { let s = std::fs::read_to_string("/proc/self/stat").unwrap(); let f: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect(); (f[11].parse::<f64>().unwrap()+f[12].parse::<f64>().unwrap())/100.0 }
fn tenant(store: &Store, slug: &TenantSlug, users: usize) {
    store.add_tenant(&Tenant { slug: slug.clone(), display_name: "C".into(), tenant_id: None, groups: vec![], licence_tier: None, source: TenantSource::Files, added_at: Timestamp::UNIX_EPOCH, as_of: None }).unwrap();
    let objects = (0..users).map(|n| { let id = format!("00000000-0000-4000-8000-{n:012}"); ExportedObject { kind: ObjectKind::User, id: id.clone(), display_name: format!("User {n}"), body: json!({"id": id, "displayName": format!("User {n}"), "userPrincipalName": format!("user{n}@contoso.example"), "accountEnabled": true, "userType": "Member", "mail": format!("user{n}@contoso.example"), "assignedLicenses": [{"skuId":"06ebc4ee-1bb5-47dd-8120-11324bc54e06","disabledPlans":[]}], "signInActivity": {"lastSignInDateTime":"2026-10-01T01:02:03Z","lastNonInteractiveSignInDateTime":"2026-10-02T01:02:03Z"}, "createdDateTime":"2020-01-01T00:00:00Z"}) } }).collect();
    store.import_snapshot(SnapshotImport { tenant: slug.clone(), taken_at: Timestamp::UNIX_EPOCH, origin: "x".into(), partial: false, complete_kinds: BTreeSet::from([ObjectKind::User]), objects }).unwrap();
}
fn main() {
    let d = tempfile::tempdir().unwrap();
    let store = Store::new(StoreSettings::in_folder(d.path()));
    let big = TenantSlug::new("big").unwrap();
    let (t, c) = (Instant::now(), cpu());
    tenant(&store, &big, 10_000);
    println!("import 10k: {:?} cpu {:.2}", t.elapsed(), cpu() - c);
    for _ in 0..3 { let t = Instant::now(); let s = store.load_snapshot(&big).unwrap().unwrap(); println!("load {} users {:?}", s.users.len(), t.elapsed()); }
    let (t, c) = (Instant::now(), cpu());
    let slugs: Vec<TenantSlug> = (0..std::env::var("N").unwrap().parse().unwrap()).map(|n: i32| TenantSlug::new(&format!("t{n:03}")).unwrap()).collect();
    let mut worst = std::time::Duration::ZERO; for s in &slugs { let t = Instant::now(); tenant(&store, s, 500); worst = worst.max(t.elapsed()); } println!("worst {worst:?} size {}", std::fs::metadata(store.settings().path()).unwrap().len());
    println!("import 500x500: {:?} cpu {:.2}", t.elapsed(), cpu() - c);
    let (t, c) = (Instant::now(), cpu());
    let mut n = 0; store.for_each_snapshot(&slugs, |_, s| n += s.unwrap().users.len()).unwrap();
    println!("load fleet {n}: {:?} cpu {:.2}", t.elapsed(), cpu() - c);
    let (t, c) = (Instant::now(), cpu());
    let s = store.check().unwrap(); println!("check {:?}: {:?} cpu {:.2}", s.looked_at, t.elapsed(), cpu() - c);
    let t = Instant::now(); for _ in 0..100 { store.revision().unwrap(); } println!("revision {:?}", t.elapsed()/100);
    let t = Instant::now(); for n in 0..50 { store.start_run(&big, "x", Timestamp::from_second(n).unwrap()).unwrap(); } println!("write {:?}", t.elapsed()/50);
    println!("{}", std::fs::read_to_string("/proc/self/status").unwrap().lines().filter(|l| l.starts_with("VmHWM")).collect::<String>());
}

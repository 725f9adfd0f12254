//! Compiling and auditing one large tenant: 10,000 users, 1,000 nested groups, 60 policies.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use cstack_audit::{AuditOptions, Catalogue, Rule, audit_tenant};
use fixtures::synthetic::{SyntheticShape, tenant};
use policy::PolicySet;

fn catalogue() -> Catalogue {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let mut catalogue = Catalogue::default();
    for kind in ["conditional-access", "exclusion"] {
        for entry in std::fs::read_dir(root.join(kind)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "toml") {
                let text = std::fs::read_to_string(&path).unwrap();
                let snippet =
                    |name: &str| std::fs::read_to_string(root.join("snippets").join(name)).ok();
                catalogue.add(Rule::parse(&path.to_string_lossy(), &text, &snippet).unwrap());
            }
        }
    }
    catalogue
}

fn large_tenant(criterion: &mut Criterion) {
    let catalogue = catalogue();
    let options = AuditOptions::at("2026-11-16T06:00:00Z".parse().unwrap());
    let mut group = criterion.benchmark_group("tenant");
    group.sample_size(10);
    for users in [500, 10_000] {
        let shape = SyntheticShape { users, groups: users / 10, ..SyntheticShape::BENCHMARK };
        let snapshot = tenant(&shape).unwrap();
        group.bench_function(format!("compile {users} users"), |bench| {
            bench.iter(|| PolicySet::compile(&snapshot, &options.compile).unwrap());
        });
        group.bench_function(format!("audit {users} users"), |bench| {
            bench.iter(|| audit_tenant(&snapshot, &catalogue, &options).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, large_tenant);
criterion_main!(benches);

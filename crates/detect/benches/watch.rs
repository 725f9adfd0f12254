//! One pass over sign-ins: features and state, per row.

#![allow(clippy::unwrap_used, reason = "a benchmark says what it expects by failing")]

use std::net::{IpAddr, Ipv4Addr};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use cstack_detect::baseline::Shrinkage;
use cstack_detect::watch::Watch;
use model::Timestamp;
use model::sign_in::{Coordinates, RecordShape, Requirement, SignIn, SignInKind};

const ROWS: u32 = 100_000;
const ACCOUNTS: u32 = 500;

/// Thirty days of people with two devices and phones that change their address.
fn sign_ins() -> Vec<SignIn> {
    let start: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
    (0..ROWS)
        .map(|n| {
            let mixed = n.wrapping_mul(2_654_435_761);
            let account = mixed % ACCOUNTS;
            let at = start.as_second() + i64::from(n) * 26;
            let mut out = SignIn::blank(
                format!("{n}"),
                Timestamp::from_second(at).unwrap(),
                if n % 4 == 0 {
                    SignInKind::InteractiveUser
                } else {
                    SignInKind::NonInteractiveUser
                },
                RecordShape::Graph,
            );
            let phone = mixed % 3 == 0;
            let some = |text: String| Some(text);
            out.account.id = some(format!("account-{account}"));
            out.app.id = some(format!("app-{}", mixed % 12));
            out.resource.id = some(format!("resource-{}", mixed % 8));
            let host = if phone { mixed >> 8 } else { account };
            out.ip = Some(IpAddr::V4(Ipv4Addr::from(0x0a00_0000 | (host & 0x00ff_ffff))));
            out.network.asn = Some(if phone { 2_860 } else { 12_353 });
            out.place.country = some("PT".into());
            out.place.coordinates = Coordinates::new(38.7, -9.1);
            out.user_agent = some(format!(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/{}.0.0.0 Safari/537.36",
                140 + n / 50_000
            ));
            out.client = some("Browser".into());
            out.protocol = some("oAuth2".into());
            out.device.id = (!phone).then(|| format!("device-{account}"));
            out.session_id = some(format!("session-{}-{}", account, n / 20_000));
            out.requirement = Some(Requirement::MultiFactor);
            out.outcome.code = if mixed % 40 == 0 { 50_126 } else { 0 };
            out
        })
        .collect()
}

fn watch(criterion: &mut Criterion) {
    let rows = sign_ins();
    let start = rows.first().map_or(0, |row| row.at.as_second());
    let mut group = criterion.benchmark_group("watch");
    group.sample_size(10);
    group.throughput(Throughput::Elements(u64::from(ROWS)));
    group.bench_function("100,000 sign-ins of 500 accounts", |bench| {
        bench.iter_batched_ref(
            || Watch::new(start, Shrinkage::default()),
            |watch| rows.iter().filter_map(|row| watch.see(row)).count(),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, watch);
criterion_main!(benches);

use super::*;
use crate::verdict::Verdict;

const DAY: i64 = 86_400;

fn seen(account: u32, at: i64) -> Observation {
    Observation {
        at,
        account: Symbol(account),
        who: u64::from(account),
        facets: [Symbol::NONE; Facet::COUNT],
        asn: 0,
        point: None,
        session: 0,
        verdict: Verdict::Success,
        has_device: false,
        interactive: true,
        single_factor: None,
    }
}

fn with(mut seen: Observation, facet: Facet, value: u32) -> Observation {
    seen.facets[facet.index()] = Symbol(value);
    seen
}

fn country(account: u32, at: i64, value: u32) -> Observation {
    with(seen(account, at), Facet::Country, value)
}

/// Account 1 has been in country 10 daily for a month, a hundred others in 10 and some in 20.
fn known() -> Baseline {
    let mut baseline = Baseline::new(0, Shrinkage::default());
    for day in 0..30 {
        baseline.learn(&country(1, day * DAY, 10), 0);
        for other in 2..100 {
            let value = if other % 10 == 0 { 20 } else { 10 };
            baseline.learn(&country(other, day * DAY, value), 0);
        }
    }
    baseline
}

fn surprise(baseline: &Baseline, account: u32, value: u32) -> Surprise {
    baseline.surprise(&country(account, 30 * DAY, value), Facet::Country, 0).unwrap()
}

#[test]
fn what_an_account_always_does_surprises_nobody() {
    let baseline = known();
    assert!(surprise(&baseline, 1, 10).account < 0.05);
    assert!(!surprise(&baseline, 1, 10).new);
}

#[test]
fn what_colleagues_do_is_less_of_a_surprise_than_what_nobody_does() {
    let baseline = known();
    let (colleagues, nobody) = (surprise(&baseline, 1, 20), surprise(&baseline, 1, 99));
    assert!(colleagues.new && nobody.new);
    assert!(nobody.account > colleagues.account + 2.0, "{colleagues:?} {nobody:?}");
}

#[test]
fn a_new_account_is_judged_by_its_peers() {
    let baseline = known();
    let new = surprise(&baseline, 500, 10);
    assert!(new.account < 0.2 && new.new, "{new:?}");
}

#[test]
fn what_was_long_ago_surprises_again() {
    let mut baseline = known();
    baseline.learn(&country(1, 30 * DAY, 20), 0);
    let soon = baseline.surprise(&country(1, 31 * DAY, 20), Facet::Country, 0).unwrap();
    for day in 31..330 {
        baseline.learn(&country(1, day * DAY, 10), 0);
    }
    let late = baseline.surprise(&country(1, 330 * DAY, 20), Facet::Country, 0).unwrap();
    assert!(late.account > soon.account + 1.0, "{soon:?} {late:?}");
}

#[test]
fn a_new_address_in_the_usual_network_is_less_of_a_surprise_than_one_elsewhere() {
    let mut baseline = Baseline::new(0, Shrinkage::default());
    for day in 0..30 {
        let home = with(with(seen(1, day * DAY), Facet::Asn, 5), Facet::Prefix, 50);
        baseline.learn(&home, 0);
    }
    let at = 30 * DAY;
    let near = with(with(seen(1, at), Facet::Asn, 5), Facet::Prefix, 51);
    let far = with(with(seen(1, at), Facet::Asn, 6), Facet::Prefix, 61);
    let of = |seen| baseline.surprise(&seen, Facet::Prefix, 0).unwrap().account;
    assert!(of(near) < of(far), "{} {}", of(near), of(far));
}

#[test]
fn shares_of_all_values_sum_to_at_most_one() {
    let baseline = known();
    let sum: f32 =
        [10, 20, 99].map(|value| (-surprise(&baseline, 1, value).account).exp()).iter().sum();
    assert!(sum <= 1.0 + 1e-4, "{sum}");
}

#[test]
fn night_surprises_who_works_by_day() {
    let mut baseline = Baseline::new(0, Shrinkage::default());
    for day in 0..30 {
        for hour in [9, 11, 14, 16] {
            baseline.learn(&seen(1, day * DAY + hour * 3_600), 0);
        }
    }
    let noon = baseline.hour_surprise(&seen(1, 30 * DAY + 10 * 3_600), 0);
    let night = baseline.hour_surprise(&seen(1, 30 * DAY + 3 * 3_600), 0);
    assert!(night > noon + 2.0, "{noon} {night}");
}

#[test]
fn winding_the_clock_back_changes_no_surprise() {
    let mut old = Baseline::new(0, Shrinkage::default());
    let mut new = Baseline::new(1_200 * DAY, Shrinkage::default());
    for day in 1_000..1_230 {
        for baseline in [&mut old, &mut new] {
            baseline.learn(&country(1, day * DAY, 10 + u32::from(day % 7 == 0)), 0);
        }
    }
    let of = |baseline: &Baseline| {
        baseline.surprise(&country(1, 1_230 * DAY, 11), Facet::Country, 0).unwrap().account
    };
    assert!((of(&old) - of(&new)).abs() < 1e-2, "{} {}", of(&old), of(&new));
}

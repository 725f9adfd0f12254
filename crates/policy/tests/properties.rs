//! What must hold of every tenant.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

mod naive;
mod random;

use std::collections::BTreeMap;

use cstack_policy::{
    ClientKind, CompileOptions, Demand, PolicySet, Population, Scope, Selector, Situation,
};
use model::decision::{ScenarioDevice, ScenarioPrincipal, ScenarioTarget, SignInScenario};
use model::policy::{ClientAppType, Platform, PolicyState, RiskLevel, TransferMethod};
use model::snapshot::TenantSnapshot;
use proptest::prelude::*;
use random::{APPS, Dice};

const DEMANDS: [&str; 5] =
    ["any-control", "mfa", "phishing-resistant-mfa", "managed-device", "blocked"];

fn options() -> CompileOptions {
    CompileOptions { platform_mfa: false, mfa_trusted_ips_empty: true, ..CompileOptions::default() }
}

fn everybody() -> Population {
    Population { who: vec![Selector::AllUsers], except: Vec::new() }
}

/// 0 where a demand fails, 1 where the data cannot tell, 2 where it holds; by user id and demand.
fn guarantees(snapshot: &TenantSnapshot) -> BTreeMap<(String, &'static str), u8> {
    let set = PolicySet::compile(snapshot, &options()).unwrap();
    let members = set.resolve(&everybody());
    let mut out = BTreeMap::new();
    for clients in [&ClientKind::ALL[..2], &ClientKind::ALL[2..]] {
        let situation = Situation { clients: clients.to_vec(), ..Situation::default() };
        let enforcement = set.enforced(&members, &Scope::AllResources, &situation);
        for demand in DEMANDS {
            let judgement = set.judge(&enforcement, &Demand::parse(&[demand.to_owned()]).unwrap());
            let mut ranks: BTreeMap<u32, u8> = BTreeMap::new();
            for breach in &judgement.undecided {
                ranks.extend(breach.members.iter().map(|m| (*m, 1)));
            }
            for breach in &judgement.breaches {
                ranks.extend(breach.members.iter().map(|m| (*m, 0)));
            }
            for at in members.yes.ones() {
                let at = u32::try_from(at).unwrap();
                let (id, _) = set.principals().user(at).unwrap();
                let rank = ranks.get(&at).copied().unwrap_or(2);
                let entry = out.entry((id.to_owned(), demand)).or_insert(2);
                *entry = rank.min(*entry);
            }
        }
    }
    out
}

fn ids(snapshot: &TenantSnapshot) -> (Vec<String>, Vec<String>) {
    (
        snapshot.users.iter().map(|user| user.id.clone()).collect(),
        snapshot.groups.iter().map(|group| group.id.clone()).collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn adding_an_enabled_policy_never_weakens_a_guarantee_for_anybody(seed: u64) {
        let mut snapshot = random::tenant(seed);
        let before = guarantees(&snapshot);
        let (users, groups) = ids(&snapshot);
        let mut added = random::policy(&mut Dice(seed ^ 0xA5), "added", &users, &groups);
        added.state = PolicyState::Enabled;
        snapshot.policies.push(added);
        let after = guarantees(&snapshot);
        for (key, rank) in &before {
            prop_assert!(after[key] >= *rank, "{key:?} fell from {rank} to {}", after[key]);
        }
    }

    #[test]
    fn excluding_a_principal_never_strengthens_a_guarantee(seed: u64) {
        let mut snapshot = random::tenant(seed);
        let before = guarantees(&snapshot);
        let mut dice = Dice(seed ^ 0x5A);
        let (users, groups) = ids(&snapshot);
        let at = dice.below(snapshot.policies.len());
        let chosen = &mut snapshot.policies[at].conditions.users;
        if dice.chance(50) {
            chosen.exclude_users.push(users[dice.below(users.len())].clone());
        } else {
            chosen.exclude_groups.push(groups[dice.below(groups.len())].clone());
        }
        let after = guarantees(&snapshot);
        for (key, rank) in &before {
            prop_assert!(after[key] <= *rank, "{key:?} rose from {rank} to {}", after[key]);
        }
    }

    #[test]
    fn a_report_only_policy_never_changes_a_decision(seed: u64) {
        let mut snapshot = random::tenant(seed);
        let (users, groups) = ids(&snapshot);
        let mut dice = Dice(seed ^ 0x77);
        let scenario = scenario(&mut dice, &users);
        let guarantees_before = guarantees(&snapshot);
        let decide = |snapshot: &TenantSnapshot| {
            let set = PolicySet::compile(snapshot, &options()).unwrap();
            let decision = set.evaluate(&scenario).unwrap();
            (decision.outcome, decision.ways, decision.weakest_ways)
        };
        let before = decide(&snapshot);
        let mut added = random::policy(&mut dice, "added", &users, &groups);
        added.state = PolicyState::ReportOnly;
        snapshot.policies.push(added);
        prop_assert_eq!(decide(&snapshot), before);
        prop_assert_eq!(guarantees(&snapshot), guarantees_before);
    }

    #[test]
    fn the_order_of_policies_does_not_matter(seed: u64) {
        let mut snapshot = random::tenant(seed);
        let before = guarantees(&snapshot);
        let mut dice = Dice(seed ^ 0x33);
        for at in (1..snapshot.policies.len()).rev() {
            let other = dice.below(at + 1);
            snapshot.policies.swap(at, other);
        }
        prop_assert_eq!(guarantees(&snapshot), before);
    }

    #[test]
    fn bitmaps_and_a_naive_evaluator_agree_for_every_user(seed: u64) {
        agree(seed)?;
    }
}

/// Whether both evaluators say the same of everybody in a random tenant.
fn agree(seed: u64) -> Result<(), TestCaseError> {
    let snapshot = random::tenant(seed);
    let ours = guarantees(&snapshot);
    for user in &snapshot.users {
        for demand in ["any-control", "mfa", "managed-device", "blocked"] {
            let naive = naive::holds(&snapshot, &user.id, demand);
            let rank = ours[&(user.id.clone(), demand)];
            prop_assert_eq!(rank, if naive { 2 } else { 0 }, "{} {}", user.id, demand);
        }
    }
    Ok(())
}

/// The tenant of this seed blocks all but managed devices and, by another policy, modern clients:
/// what is left are clients that tell no device.
#[test]
fn a_client_that_tells_no_device_meets_filters_as_an_unregistered_one() {
    agree(6_135_736_463_756_539_352).unwrap();
}

fn scenario(dice: &mut Dice, users: &[String]) -> SignInScenario {
    let pick = |dice: &mut Dice, n: usize| dice.below(n);
    SignInScenario {
        principal: ScenarioPrincipal::User { id: users[pick(dice, users.len())].clone() },
        target: ScenarioTarget::Application(APPS[pick(dice, APPS.len())].to_owned()),
        client: Some(ClientAppType::KNOWN[1 + pick(dice, 3)].clone()),
        platform: Some(Platform::KNOWN[1 + pick(dice, 6)].clone()),
        ip: ["203.0.113.7", "198.51.100.7", "192.0.2.1"][pick(dice, 3)].parse().ok(),
        country: Some("DK".into()),
        compliant_network: Some(false),
        device: [ScenarioDevice::Unspecified, ScenarioDevice::Unregistered][pick(dice, 2)].clone(),
        sign_in_risk: Some(RiskLevel::KNOWN[pick(dice, 4)].clone()),
        user_risk: Some(RiskLevel::KNOWN[pick(dice, 4)].clone()),
        service_principal_risk: Some(RiskLevel::None),
        insider_risk: Some(None),
        flow: Some(TransferMethod::KNOWN[pick(dice, 3)].clone()),
    }
}

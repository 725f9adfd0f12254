//! The plainest evaluator there is: for one user, every situation one by one, every policy by its
//! words, every credential by trial. Slow, and shares no code with the real one but the filters.

use std::collections::HashSet;
use std::net::IpAddr;

use cstack_policy::{Filter, Tri};
use model::decision::DeviceValue;
use model::policy::{
    ClientAppType, ConditionalAccessPolicy, FilterMode, GrantControl, GrantOperator, PolicyState,
    RiskLevel, TransferMethod,
};
use model::principal::User;
use model::snapshot::TenantSnapshot;

use crate::random::APPS;

/// A device: registered or not, compliant or not, and its trust type.
#[derive(Clone, Copy)]
struct Device {
    registered: bool,
    compliant: bool,
    trust: &'static str,
}

/// What somebody can show.
#[derive(Clone, Copy)]
struct Credentials {
    mfa: bool,
    compliant: bool,
    hybrid: bool,
    controls: bool,
}

struct Sign<'a> {
    app: &'a str,
    client: ClientAppType,
    platform: &'a str,
    ip: IpAddr,
    device: Device,
    risk: RiskLevel,
    user_risk: RiskLevel,
    flow: TransferMethod,
}

/// Whether a demand holds for a user in every situation.
pub fn holds(snapshot: &TenantSnapshot, user_id: &str, demand: &str) -> bool {
    let user = snapshot.users.iter().find(|user| user.id == user_id).unwrap();
    let mine: Vec<&ConditionalAccessPolicy> = snapshot
        .policies
        .iter()
        .filter(|policy| policy.state == PolicyState::Enabled && is_for(policy, user, snapshot))
        .collect();
    let mut devices = vec![Device { registered: false, compliant: false, trust: "" }];
    for compliant in [false, true] {
        for trust in ["AzureAD", "ServerAD", "Workplace"] {
            devices.push(Device { registered: true, compliant, trust });
        }
    }
    let clients = [
        ClientAppType::Browser,
        ClientAppType::MobileAppsAndDesktopClients,
        ClientAppType::ExchangeActiveSync,
        ClientAppType::Other,
    ];
    let apps = [
        APPS[0],
        APPS[1],
        APPS[2],
        "99999999-9999-9999-9999-999999999999",
        "00000002-0000-0000-c000-000000000000",
    ];
    let flows = [
        TransferMethod::None,
        TransferMethod::DeviceCodeFlow,
        TransferMethod::AuthenticationTransfer,
    ];
    let risks = [RiskLevel::None, RiskLevel::Low, RiskLevel::Medium, RiskLevel::High];
    for app in apps {
        for client in &clients {
            for platform in ["android", "iOS", "windows", "windowsPhone", "macOS", "linux", "beos"]
            {
                for ip in ["203.0.113.7", "203.0.113.200", "198.51.100.7", "192.0.2.1"] {
                    for device in &devices {
                        for flow in &flows {
                            for (risk, user_risk) in risk_pairs(&mine, &risks) {
                                let sign = Sign {
                                    app,
                                    client: client.clone(),
                                    platform,
                                    ip: ip.parse().unwrap(),
                                    device: *device,
                                    risk,
                                    user_risk,
                                    flow: flow.clone(),
                                };
                                if gets_in_without(demand, &mine, &sign, snapshot) {
                                    return false;
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    true
}

/// Every pair of risks where some policy asks, one otherwise: the rest would only repeat it.
fn risk_pairs(
    mine: &[&ConditionalAccessPolicy],
    risks: &[RiskLevel],
) -> Vec<(RiskLevel, RiskLevel)> {
    let asked = mine.iter().any(|policy| {
        !policy.conditions.sign_in_risk_levels.is_empty()
            || !policy.conditions.user_risk_levels.is_empty()
    });
    if !asked {
        return vec![(RiskLevel::None, RiskLevel::None)];
    }
    risks.iter().flat_map(|a| risks.iter().map(move |b| (a.clone(), b.clone()))).collect()
}

/// Whether somebody gets in with credentials that do not meet the demand.
fn gets_in_without(
    demand: &str,
    mine: &[&ConditionalAccessPolicy],
    sign: &Sign<'_>,
    snapshot: &TenantSnapshot,
) -> bool {
    let applying: Vec<&&ConditionalAccessPolicy> =
        mine.iter().filter(|policy| applies(policy, sign, snapshot)).collect();
    let legacy = matches!(sign.client, ClientAppType::ExchangeActiveSync | ClientAppType::Other);
    let stated = applying.iter().any(|policy| policy.conditions.devices.is_some())
        || mine.iter().any(|policy| policy.conditions.devices.is_some());
    let tells_device = !legacy && sign.flow != TransferMethod::DeviceCodeFlow;
    // What a client does not tell, filters do not see either: it would be another sign-in.
    if !tells_device && sign.device.registered {
        return false;
    }
    for mfa in [false, true] {
        for (compliant, hybrid) in [(false, false), (true, false), (false, true), (true, true)] {
            for controls in [false, true] {
                let managed = compliant || hybrid;
                // The device shown must be the device that filters saw.
                let possible = !stated
                    || compliant == (sign.device.registered && sign.device.compliant)
                        && hybrid == (sign.device.registered && sign.device.trust == "ServerAD");
                let meets = match demand {
                    "any-control" => mfa || managed || controls,
                    "mfa" => mfa,
                    "managed-device" => managed,
                    _ => false,
                };
                if !possible || meets || (legacy && (mfa || controls)) {
                    continue;
                }
                let shown = managed && tells_device;
                let satisfied = applying.iter().all(|policy| {
                    grant(
                        policy,
                        Credentials {
                            mfa,
                            compliant: shown && compliant,
                            hybrid: shown && hybrid,
                            controls,
                        },
                    )
                });
                if satisfied {
                    return true;
                }
            }
        }
    }
    false
}

fn grant(policy: &ConditionalAccessPolicy, shown: Credentials) -> bool {
    let Credentials { mfa, compliant, hybrid, controls } = shown;
    let Some(grant) = &policy.grant_controls else { return true };
    let mut items: Vec<bool> = Vec::new();
    for control in &grant.built_in_controls {
        items.push(match control {
            GrantControl::Block => return false,
            GrantControl::Mfa => mfa,
            GrantControl::CompliantDevice => compliant,
            GrantControl::DomainJoinedDevice => hybrid,
            // Retired: as if it were not there.
            GrantControl::ApprovedApplication => continue,
            _ => controls,
        });
    }
    if let Some(strength) = &grant.authentication_strength {
        let password = strength.allowed_combinations.iter().any(|c| c == "password");
        items.push(mfa || password);
    }
    if items.is_empty() {
        return true;
    }
    if grant.operator == Some(GrantOperator::And) {
        items.iter().all(|item| *item)
    } else {
        items.iter().any(|item| *item)
    }
}

fn in_group(
    snapshot: &TenantSnapshot,
    user: &str,
    group: &str,
    seen: &mut HashSet<String>,
) -> bool {
    seen.insert(group.to_owned())
        && snapshot.memberships.iter().filter(|m| m.group_id == group).any(|m| {
            m.members.iter().any(|member| member.id == user)
                || m.members.iter().any(|member| in_group(snapshot, user, &member.id, seen))
        })
}

fn is_for(policy: &ConditionalAccessPolicy, user: &User, snapshot: &TenantSnapshot) -> bool {
    let guest = user.is_guest() || user.external_user_state.is_some();
    let listed = |ids: &[String], groups: &[String], roles: &[String]| {
        ids.iter()
            .any(|id| id == "All" || *id == user.id || (id == "GuestsOrExternalUsers" && guest))
            || groups.iter().any(|group| in_group(snapshot, &user.id, group, &mut HashSet::new()))
            || roles.iter().any(|role| {
                snapshot.role_assignments.iter().any(|assignment| {
                    assignment.role_definition_id == *role
                        && assignment.directory_scope_id.as_deref() == Some("/")
                        && (assignment.principal_id == user.id
                            || in_group(
                                snapshot,
                                &user.id,
                                &assignment.principal_id,
                                &mut HashSet::new(),
                            ))
                })
            })
    };
    let users = &policy.conditions.users;
    listed(&users.include_users, &users.include_groups, &users.include_roles)
        && !listed(&users.exclude_users, &users.exclude_groups, &users.exclude_roles)
}

fn applies(policy: &ConditionalAccessPolicy, sign: &Sign<'_>, snapshot: &TenantSnapshot) -> bool {
    let conditions = &policy.conditions;
    let apps = &conditions.applications;
    let app = apps.include_applications.iter().any(|id| id == "All" || id == sign.app)
        && !apps.exclude_applications.iter().any(|id| id == sign.app);
    let client = conditions.client_app_types.is_empty()
        || conditions.client_app_types.contains(&sign.client);
    let platform = conditions.platforms.as_ref().is_none_or(|platforms| {
        let names = |list: &[model::policy::Platform]| {
            list.iter().any(|p| p.as_str() == "all" || p.as_str() == sign.platform)
        };
        (platforms.include_platforms.is_empty() || names(&platforms.include_platforms))
            && !names(&platforms.exclude_platforms)
    });
    let place = conditions.locations.as_ref().is_none_or(|locations| {
        let within = |ids: &[String]| {
            ids.iter().any(|id| {
                id == "All"
                    || snapshot.named_locations.iter().any(|location| {
                        (location.id == *id || (id == "AllTrusted" && location.is_trusted))
                            && location.ip_ranges.iter().any(|r| r.cidr_address.contains(&sign.ip))
                    })
            })
        };
        let nothing =
            locations.include_locations.is_empty() && locations.exclude_locations.is_empty();
        nothing
            || (locations.include_locations.is_empty() || within(&locations.include_locations))
                && !within(&locations.exclude_locations)
    });
    let device =
        conditions.devices.as_ref().and_then(|d| d.device_filter.as_ref()).is_none_or(|filter| {
            let hit = Filter::parse(&filter.rule).unwrap().evaluate(&|name| {
                Some(match name {
                    _ if !sign.device.registered => DeviceValue::Null,
                    "iscompliant" => DeviceValue::Flag(sign.device.compliant),
                    _ => DeviceValue::Text(sign.device.trust.to_owned()),
                })
            }) == Tri::Yes;
            hit == (filter.mode == FilterMode::Include)
        });
    let risk =
        |levels: &[RiskLevel], level: &RiskLevel| levels.is_empty() || levels.contains(level);
    let flow = conditions
        .authentication_flows
        .as_ref()
        .is_none_or(|flows| flows.transfer_methods.has(&sign.flow));
    app && client
        && platform
        && place
        && device
        && risk(&conditions.sign_in_risk_levels, &sign.risk)
        && risk(&conditions.user_risk_levels, &sign.user_risk)
        && flow
}

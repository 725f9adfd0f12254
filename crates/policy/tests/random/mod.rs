//! Small random tenants, fully known, from a seed.

use model::location::{IpRange, NamedLocation};
use model::object::ObjectKind;
use model::policy::ConditionalAccessPolicy;
use model::principal::{DirectoryReference, Group, GroupMembership, User, UserType};
use model::role::RoleAssignment;
use model::snapshot::TenantSnapshot;
use model::tenant::TenantSlug;
use serde_json::{Value, json};

pub const ROLES: [&str; 3] = [
    "62e90394-69f5-4237-9190-012177145e10",
    "729827e3-9c14-49f7-bb1b-9608f156bbb8",
    "194ae4cb-b126-40b2-bd5b-6091b380977d",
];
pub const APPS: [&str; 3] = [
    "11111111-0000-0000-0000-000000000001",
    "11111111-0000-0000-0000-000000000002",
    "00000002-0000-0ff1-ce00-000000000000",
];

/// Sebastiano Vigna's splitmix64: small, and the same on every machine.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.roll() % n as u64).unwrap()
    }
    pub fn chance(&mut self, percent: u64) -> bool {
        self.roll() % 100 < percent
    }
    pub fn some<T: Clone>(&mut self, from: &[T], percent: u64) -> Vec<T> {
        from.iter().filter(|_| self.chance(percent)).cloned().collect()
    }
    fn one<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

fn ids(prefix: &str, n: usize) -> Vec<String> {
    (0..n).map(|i| format!("{prefix}-{i}")).collect()
}

pub fn tenant(seed: u64) -> TenantSnapshot {
    let mut dice = Dice(seed);
    let now = "2026-11-16T06:00:00Z".parse().unwrap();
    let mut out = TenantSnapshot::empty(TenantSlug::new("random").unwrap(), now);
    out.collected.extend(ObjectKind::ALL.iter().copied());
    let users = ids("user", 3 + dice.below(9));
    let groups = ids("group", 1 + dice.below(5));
    for id in &users {
        out.users.push(User {
            id: id.clone(),
            user_principal_name: format!("{id}@example.com"),
            user_type: Some(if dice.chance(25) { UserType::Guest } else { UserType::Member }),
            external_user_state: dice.chance(20).then(|| "Accepted".to_owned()),
            ..User::default()
        });
    }
    for id in &groups {
        out.groups.push(Group { id: id.clone(), display_name: id.clone(), ..Group::default() });
        // Groups may contain one another, in circles too.
        let reference = |kind: &str, id: String| DirectoryReference {
            odata_type: Some(format!("#microsoft.graph.{kind}")),
            id,
        };
        let mut members: Vec<DirectoryReference> =
            dice.some(&users, 30).into_iter().map(|id| reference("user", id)).collect();
        members.extend(dice.some(&groups, 25).into_iter().map(|id| reference("group", id)));
        out.memberships.push(GroupMembership { group_id: id.clone(), transitive: false, members });
    }
    for (at, role) in ROLES.iter().enumerate() {
        for principal in dice.some(&users, 15).into_iter().chain(dice.some(&groups, 15)) {
            out.role_assignments.push(RoleAssignment {
                id: format!("assignment-{at}-{principal}"),
                principal_id: principal,
                role_definition_id: (*role).to_owned(),
                directory_scope_id: Some(
                    if dice.chance(80) { "/" } else { "/administrativeUnits/1" }.into(),
                ),
                app_scope_id: None,
                end_date_time: None,
            });
        }
    }
    for (at, (range, trusted)) in
        [("203.0.113.0/24", true), ("198.51.100.0/24", false), ("203.0.113.128/25", false)]
            .iter()
            .enumerate()
    {
        out.named_locations.push(NamedLocation {
            odata_type: Some("#microsoft.graph.ipNamedLocation".into()),
            id: format!("location-{at}"),
            display_name: format!("location {at}"),
            is_trusted: *trusted,
            ip_ranges: vec![IpRange { cidr_address: range.parse().unwrap() }],
            ..NamedLocation::default()
        });
    }
    for at in 0..=dice.below(6) {
        out.policies.push(policy(&mut dice, &format!("policy-{at}"), &users, &groups));
    }
    out
}

pub fn policy(
    dice: &mut Dice,
    id: &str,
    users: &[String],
    groups: &[String],
) -> ConditionalAccessPolicy {
    let roles: Vec<String> = ROLES.iter().map(|r| (*r).to_owned()).collect();
    let apps: Vec<String> = APPS.iter().map(|a| (*a).to_owned()).collect();
    let locations = ids("location", 3);
    let mut include = if dice.chance(60) { vec!["All".to_owned()] } else { dice.some(users, 30) };
    if dice.chance(10) {
        include.push("GuestsOrExternalUsers".into());
    }
    let mut exclude = dice.some(users, 10);
    if dice.chance(10) {
        exclude.push("GuestsOrExternalUsers".into());
    }
    let mut value = json!({
        "id": id,
        "displayName": id,
        "state": dice.one(&["enabled", "enabled", "enabled", "enabledForReportingButNotEnforced", "disabled"]),
        "conditions": {
            "users": {
                "includeUsers": include, "excludeUsers": exclude,
                "includeGroups": dice.some(groups, 20), "excludeGroups": dice.some(groups, 15),
                "includeRoles": dice.some(&roles, 15), "excludeRoles": dice.some(&roles, 8),
            },
            "applications": {
                "includeApplications": if dice.chance(70) { vec!["All".to_owned()] } else { dice.some(&apps, 40) },
                "excludeApplications": dice.some(&apps, 8),
            },
        },
    });
    let conditions = &mut value["conditions"];
    if dice.chance(30) {
        let kinds = ["browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other"];
        conditions["clientAppTypes"] = json!(dice.some(&kinds, 50));
    }
    if dice.chance(25) {
        let all = ["android", "iOS", "windows", "macOS", "linux"];
        let include = if dice.chance(50) { vec!["all"] } else { dice.some(&all, 50) };
        conditions["platforms"] =
            json!({ "includePlatforms": include, "excludePlatforms": dice.some(&all, 20) });
    }
    if dice.chance(30) {
        let include =
            if dice.chance(70) { vec!["All".to_owned()] } else { dice.some(&locations, 50) };
        let mut exclude = dice.some(&locations, 20);
        if dice.chance(40) {
            exclude.push("AllTrusted".into());
        }
        conditions["locations"] =
            json!({ "includeLocations": include, "excludeLocations": exclude });
    }
    if dice.chance(20) {
        let rule = dice.one(&[
            "device.isCompliant -eq True",
            "device.trustType -ne \"ServerAD\"",
            "device.isCompliant -eq True -or device.trustType -eq \"ServerAD\"",
        ]);
        conditions["devices"] =
            json!({ "deviceFilter": { "mode": dice.one(&["include", "exclude"]), "rule": rule } });
    }
    let risks = ["low", "medium", "high"];
    if dice.chance(15) {
        conditions["signInRiskLevels"] = json!(dice.some(&risks, 60));
    }
    if dice.chance(15) {
        conditions["userRiskLevels"] = json!(dice.some(&risks, 60));
    }
    if dice.chance(10) {
        conditions["authenticationFlows"] = json!({ "transferMethods": "deviceCodeFlow" });
    }
    let controls = ["mfa", "compliantDevice", "domainJoinedDevice", "compliantApplication"];
    value["grantControls"] = match dice.below(10) {
        0..=1 => json!({ "operator": "OR", "builtInControls": ["block"] }),
        2 => Value::Null,
        3 => json!({ "operator": "OR", "builtInControls": [],
                     "authenticationStrength": { "id": "00000000-0000-0000-0000-000000000004" } }),
        4 => json!({ "operator": "OR", "builtInControls": dice.some(&controls, 30),
                     "authenticationStrength": { "id": "00000000-0000-0000-0000-0000000000aa",
                         "allowedCombinations": ["password", "fido2"] } }),
        _ => {
            json!({ "operator": dice.one(&["AND", "OR"]), "builtInControls": dice.some(&controls, 50) })
        }
    };
    serde_json::from_value(value).unwrap()
}

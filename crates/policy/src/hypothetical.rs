//! A directory made up for policies that come without one.
//!
//! Policy files alone do not say who is in a group or role. What they name counts as not empty: an
//! inclusion by it does not cover everyone, and an exclusion by it leaves somebody out. So a
//! directory is made up with one user of each kind that policies can tell apart: an ordinary
//! member, guests of each kind, a holder of each role; and each of them once more as a member of
//! each group, role or list that some policy leaves out.

use std::collections::BTreeSet;

use model::known::roles;
use model::object::ObjectKind;
use model::policy::{ConditionalAccessPolicy, GuestType, PolicyState};
use model::principal::{DirectoryReference, Group, GroupMembership, ObjectIdentity, User};
use model::role::RoleAssignment;
use model::snapshot::TenantSnapshot;

/// Whether a snapshot has users, or is known to have none.
pub fn has_directory(snapshot: &TenantSnapshot) -> bool {
    !snapshot.users.is_empty() || snapshot.has_all(ObjectKind::User)
}

/// The snapshot with a made-up directory, where it has none of its own.
#[must_use]
pub fn with_hypothetical_directory(mut snapshot: TenantSnapshot) -> TenantSnapshot {
    if has_directory(&snapshot) {
        return snapshot;
    }
    let active: Vec<ConditionalAccessPolicy> =
        snapshot.policies.iter().filter(|p| p.state != PolicyState::Disabled).cloned().collect();
    let named = Named::of(&active);
    let mut made = Made::default();
    for base in bases(&named) {
        made.user(&base, None);
        for exclusion in &named.left_out {
            // Nobody synchronises a directory and is a person too.
            let machine =
                base.role.as_deref().is_some_and(|role| roles::DIRECTORY_SYNC.contains(&role));
            if machine && matches!(exclusion, LeftOut::User(_)) {
                continue;
            }
            made.user(&base, Some(exclusion));
        }
    }
    made.lists(&named, &mut snapshot);
    snapshot.users = made.users;
    snapshot.role_assignments = made.roles;
    snapshot.role_eligibilities.clear();
    snapshot.directory_roles.clear();
    for kind in [
        ObjectKind::User,
        ObjectKind::Group,
        ObjectKind::GroupMembership,
        ObjectKind::RoleAssignment,
        ObjectKind::RoleEligibility,
    ] {
        snapshot.collected.insert(kind);
    }
    snapshot
}

/// A group, role or user that some policy leaves out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum LeftOut {
    Group(String),
    Role(String),
    User(String),
}

#[derive(Default)]
struct Named {
    left_out: BTreeSet<LeftOut>,
    groups: BTreeSet<String>,
    users: BTreeSet<String>,
    roles: BTreeSet<String>,
    guests: Vec<GuestType>,
    tenants: BTreeSet<String>,
}

impl Named {
    fn of(policies: &[ConditionalAccessPolicy]) -> Self {
        let mut out = Self {
            guests: vec![
                GuestType::InternalGuest,
                GuestType::B2bCollaborationGuest,
                GuestType::B2bCollaborationMember,
            ],
            ..Self::default()
        };
        let is_list = |id: &str| {
            ["all", "none", "guestsorexternalusers"].contains(&id.to_ascii_lowercase().as_str())
        };
        for policy in policies {
            let users = &policy.conditions.users;
            let plain = |ids: &[String]| -> Vec<String> {
                ids.iter().filter(|id| !is_list(id)).cloned().collect()
            };
            out.left_out.extend(plain(&users.exclude_users).into_iter().map(LeftOut::User));
            out.left_out.extend(users.exclude_groups.iter().cloned().map(LeftOut::Group));
            out.left_out.extend(users.exclude_roles.iter().cloned().map(LeftOut::Role));
            out.users.extend(plain(&users.include_users));
            out.groups.extend(users.include_groups.iter().chain(&users.exclude_groups).cloned());
            out.roles.extend(users.include_roles.iter().chain(&users.exclude_roles).cloned());
            let typed =
                [&users.include_guests_or_external_users, &users.exclude_guests_or_external_users];
            for guests in typed.into_iter().flatten() {
                for kind in &guests.guest_or_external_user_types.0 {
                    let counts = kind.is_known() && *kind != GuestType::None;
                    if counts && !out.guests.contains(kind) {
                        out.guests.push(kind.clone());
                    }
                }
                if let Some(tenants) = &guests.external_tenants {
                    out.tenants.extend(tenants.members.iter().map(|id| id.to_ascii_lowercase()));
                }
            }
        }
        out
    }
}

/// A kind of user.
#[derive(Clone)]
struct Base {
    label: String,
    guest: Option<GuestType>,
    home: Option<String>,
    role: Option<String>,
}

fn bases(named: &Named) -> Vec<Base> {
    let plain = |label: &str| Base { label: label.to_owned(), guest: None, home: None, role: None };
    let mut out = vec![plain("any member")];
    for kind in &named.guests {
        // A home tenant that no policy names.
        let other = "00000000-0000-0000-0000-0000000000ff".to_owned();
        out.push(Base {
            label: format!("any {kind}"),
            guest: Some(kind.clone()),
            home: Some(other),
            role: None,
        });
        for tenant in &named.tenants {
            out.push(Base {
                label: format!("any {kind} from {tenant}"),
                guest: Some(kind.clone()),
                home: Some(tenant.clone()),
                role: None,
            });
        }
    }
    let known: BTreeSet<String> = roles::ROLES
        .iter()
        .map(|role| role.template_id.to_owned())
        // The newer synchronisation role is in few tenants: only where a policy names it.
        .filter(|id| !roles::DIRECTORY_SYNC.iter().skip(1).any(|newer| newer == id))
        .chain(named.roles.iter().map(|id| id.to_ascii_lowercase()))
        .collect();
    for role in known {
        let name = roles::role_name(&role).unwrap_or(&role);
        out.push(Base {
            label: format!("any {name}"),
            guest: None,
            home: None,
            role: Some(role.clone()),
        });
    }
    out
}

/// The group or role because of which a made-up principal is one of its own, in words.
pub fn unresolved_of(id: &str) -> Option<String> {
    let made = id.strip_prefix("hypothetical:")?;
    if let Some((_, group)) = made.split_once(":in-group:") {
        return Some(format!("group {group}"));
    }
    let (_, role) = made.split_once(":in-role:")?;
    Some(format!("role {}", roles::role_name(role).unwrap_or(role)))
}

#[derive(Default)]
struct Made {
    users: Vec<User>,
    roles: Vec<RoleAssignment>,
    members: std::collections::BTreeMap<String, Vec<DirectoryReference>>,
}

impl Made {
    fn user(&mut self, base: &Base, left_out: Option<&LeftOut>) {
        let (id, label) = match left_out {
            None => (format!("hypothetical:{}", base.label), base.label.clone()),
            Some(LeftOut::Group(group)) => (
                format!("hypothetical:{}:in-group:{group}", base.label),
                format!("{} in group {group}", base.label),
            ),
            Some(LeftOut::Role(role)) => (
                format!("hypothetical:{}:in-role:{role}", base.label),
                format!("{} who is also {}", base.label, roles::role_name(role).unwrap_or(role)),
            ),
            // One user, whatever kind they are.
            Some(LeftOut::User(user)) => (user.clone(), format!("user {user}")),
        };
        let reference =
            DirectoryReference { odata_type: Some("#microsoft.graph.user".into()), id: id.clone() };
        match left_out {
            Some(LeftOut::Group(group)) => {
                self.members.entry(group.clone()).or_default().push(reference);
            }
            Some(LeftOut::Role(role)) => self.assign(&id, role),
            _ => {}
        }
        if let Some(role) = &base.role {
            self.assign(&id, role);
        }
        self.users.push(User {
            id,
            display_name: label,
            creation_type: base.guest.as_ref().map(|kind| kind.as_str().to_owned()),
            user_type: Some(match base.guest {
                None | Some(GuestType::B2bCollaborationMember) => {
                    model::principal::UserType::Member
                }
                Some(_) => model::principal::UserType::Guest,
            }),
            identities: base
                .home
                .iter()
                .map(|home| ObjectIdentity {
                    sign_in_type: "federated".into(),
                    issuer: home.clone(),
                })
                .collect(),
            ..User::default()
        });
    }

    fn assign(&mut self, user: &str, role: &str) {
        self.roles.push(RoleAssignment {
            id: format!("{user}:{role}"),
            principal_id: user.to_owned(),
            role_definition_id: role.to_owned(),
            directory_scope_id: Some("/".into()),
            app_scope_id: None,
            end_date_time: None,
        });
    }

    /// Groups and users that policies name, so that they exist and are not empty.
    fn lists(&mut self, named: &Named, snapshot: &mut TenantSnapshot) {
        let groups_known = snapshot.has_all(ObjectKind::Group);
        for group in named.groups.iter().filter(|_| !groups_known) {
            if !snapshot.groups.iter().any(|known| known.id.eq_ignore_ascii_case(group)) {
                snapshot.groups.push(Group {
                    id: group.clone(),
                    display_name: group.clone(),
                    ..Group::default()
                });
            }
        }
        for user in &named.users {
            if !self.users.iter().any(|known| known.id.eq_ignore_ascii_case(user)) {
                self.users.push(User {
                    id: user.clone(),
                    display_name: user.clone(),
                    ..User::default()
                });
            }
        }
        for (group, members) in &self.members {
            snapshot.memberships.push(GroupMembership {
                group_id: group.clone(),
                transitive: true,
                members: members.clone(),
            });
        }
    }
}

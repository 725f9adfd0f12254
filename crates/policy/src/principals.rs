//! The tenant's principals by index, with groups and roles resolved to bitmaps.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use fixedbitset::FixedBitSet;
use model::known::roles;
use model::object::ObjectKind;
use model::policy::{GuestType, GuestsOrExternalUsers};
use model::principal::{DirectoryReference, ServicePrincipal, User, UserType};
use model::role::RoleAssignment;
use model::snapshot::TenantSnapshot;

use crate::Tri;
use crate::applications::MICROSOFT_TENANT;
use crate::compile::external_matches;

/// Users and service principals of a snapshot, and who is in which group and role.
#[derive(Debug, Clone)]
pub struct PrincipalIndex {
    pub(crate) users: Vec<UserEntry>,
    pub(crate) workloads: Vec<WorkloadEntry>,
    users_by_id: HashMap<String, Vec<u32>>,
    workloads_by_id: HashMap<String, u32>,
    groups: HashMap<String, GroupEntry>,
    groups_complete: bool,
    memberships_complete: bool,
    roles: HashMap<String, Members>,
    scoped_roles: HashMap<String, Members>,
    custom_roles: HashSet<String>,
    privileged_custom_roles: Vec<String>,
    /// Whether a whole listing tells who holds which role.
    pub(crate) roles_known: bool,
    pub(crate) users_complete: bool,
    /// Accounts named as directory synchronisation names its own.
    pub(crate) sync_named: FixedBitSet,
    /// Users that can sign in: neither disabled nor deleted.
    pub(crate) able: FixedBitSet,
}

#[derive(Debug, Clone)]
pub(crate) struct UserEntry {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) guest: Option<GuestType>,
    /// The other kind of guest that it may be, where the export leaves `userType` out.
    pub(crate) or_guest: Option<GuestType>,
    pub(crate) home_tenant: Option<String>,
}

impl UserEntry {
    /// Whether something holds of the kind of guest it is, whichever it may be.
    pub(crate) fn guest_is(&self, holds: impl Fn(Option<&GuestType>) -> bool) -> Tri {
        let told = Tri::from(holds(self.guest.as_ref()));
        match &self.or_guest {
            Some(other) if Tri::from(holds(Some(other))) != told => Tri::Unknown,
            _ => told,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct WorkloadEntry {
    pub(crate) id: String,
    pub(crate) label: String,
    /// Registered in this tenant alone and not a managed identity: Conditional Access can act on it.
    pub(crate) addressable: Tri,
}

#[derive(Debug, Clone, Default)]
struct GroupEntry {
    name: String,
    users: Vec<u32>,
    nested: Vec<String>,
    /// Whether any listing of its members was collected.
    listed: bool,
}

/// The users of a group or role: those surely in it, and whether others may be.
#[derive(Debug, Clone)]
pub(crate) struct Members {
    pub(crate) yes: FixedBitSet,
    pub(crate) open: bool,
}

impl Members {
    fn add(&mut self, other: &Self) {
        self.yes.union_with(&other.yes);
        self.open |= other.open;
    }
}

/// Whether Conditional Access can act on a service principal.
fn is_addressable(principal: &ServicePrincipal, snapshot: &TenantSnapshot) -> Tri {
    let kind = principal.service_principal_type.as_deref();
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("Application")) {
        return Tri::No;
    }
    let audience = principal.sign_in_audience.as_deref();
    if audience.is_some_and(|audience| !audience.eq_ignore_ascii_case("AzureADMyOrg")) {
        return Tri::No;
    }
    match (&principal.app_owner_organization_id, &snapshot.organization) {
        (Some(owner), Some(organization)) => owner.eq_ignore_ascii_case(&organization.id).into(),
        (Some(owner), None) if owner.eq_ignore_ascii_case(MICROSOFT_TENANT) => Tri::No,
        _ => Tri::Unknown,
    }
}

fn key(id: &str) -> String {
    id.to_ascii_lowercase()
}

impl PrincipalIndex {
    /// Resolves a snapshot's principals.
    pub fn new(snapshot: &TenantSnapshot) -> Self {
        let mut index = Self {
            users: Vec::with_capacity(snapshot.users.len()),
            workloads: Vec::new(),
            users_by_id: HashMap::with_capacity(snapshot.users.len()),
            workloads_by_id: HashMap::new(),
            groups: HashMap::with_capacity(snapshot.groups.len()),
            groups_complete: snapshot.has_all(ObjectKind::Group),
            memberships_complete: snapshot.has_all(ObjectKind::GroupMembership),
            roles: HashMap::new(),
            scoped_roles: HashMap::new(),
            custom_roles: HashSet::new(),
            privileged_custom_roles: Vec::new(),
            roles_known: snapshot.has_all(ObjectKind::RoleAssignment)
                || snapshot.has_all(ObjectKind::DirectoryRole),
            users_complete: snapshot.has_all(ObjectKind::User),
            sync_named: FixedBitSet::with_capacity(snapshot.users.len()),
            able: FixedBitSet::with_capacity(snapshot.users.len()),
        };
        for user in &snapshot.users {
            index.add_user(user);
        }
        for (at, principal) in (0_u32..).zip(&snapshot.service_principals) {
            index.workloads_by_id.insert(key(&principal.id), at);
            index.workloads.push(WorkloadEntry {
                id: principal.id.clone(),
                label: if principal.display_name.is_empty() {
                    principal.id.clone()
                } else {
                    principal.display_name.clone()
                },
                addressable: is_addressable(principal, snapshot),
            });
        }
        index.add_groups(snapshot);
        index.add_roles(snapshot);
        index
    }

    fn add_user(&mut self, user: &User) {
        let at = u32::try_from(self.users.len()).unwrap_or(u32::MAX);
        self.users_by_id.entry(key(&user.id)).or_default().push(at);
        self.able.grow(self.users.len() + 1);
        if user.account_enabled != Some(false) && user.deleted_date_time.is_none() {
            self.able.insert(self.users.len());
        }
        let label = user.label();
        let (guest, or_guest) = guest_types(user);
        if guest.is_none()
            && label.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("sync_"))
        {
            self.sync_named.grow(self.users.len() + 1);
            self.sync_named.insert(self.users.len());
        }
        self.users.push(UserEntry {
            id: user.id.clone(),
            label: label.to_owned(),
            guest,
            or_guest,
            home_tenant: user
                .identities
                .iter()
                .map(|identity| identity.issuer.as_str())
                .find(|issuer| issuer.len() == 36 && issuer.matches('-').count() == 4)
                .map(key),
        });
    }

    fn add_groups(&mut self, snapshot: &TenantSnapshot) {
        for group in &snapshot.groups {
            let entry = self.groups.entry(key(&group.id)).or_default();
            entry.name.clone_from(&group.display_name);
        }
        let inline = snapshot.groups.iter().flat_map(|group| {
            [&group.members, &group.transitive_members]
                .into_iter()
                .flatten()
                .map(|members| (group.id.as_str(), members.as_slice()))
        });
        let listed =
            snapshot.memberships.iter().map(|m| (m.group_id.as_str(), m.members.as_slice()));
        for (group, members) in inline.chain(listed) {
            self.add_members(group, members);
        }
    }

    fn add_members(&mut self, group: &str, members: &[DirectoryReference]) {
        let mut users = Vec::new();
        let mut nested = Vec::new();
        for member in members {
            let id = key(&member.id);
            if let Some(found) = self.users_by_id.get(&id) {
                users.extend_from_slice(found);
            } else if member.is("group") || self.groups.contains_key(&id) {
                nested.push(id);
            }
        }
        let entry = self.groups.entry(key(group)).or_default();
        entry.listed = true;
        entry.users.extend(users);
        entry.nested.extend(nested);
    }

    fn add_roles(&mut self, snapshot: &TenantSnapshot) {
        let mut templates: HashMap<String, String> = HashMap::new();
        for definition in &snapshot.role_definitions {
            templates.insert(key(&definition.id), key(definition.template()));
            let built_in = definition
                .is_built_in
                .unwrap_or_else(|| roles::role_name(definition.template()).is_some());
            if !built_in {
                self.custom_roles.insert(key(definition.template()));
                if definition.is_privileged == Some(true) {
                    self.privileged_custom_roles.push(key(definition.template()));
                }
            }
        }
        let assignments = snapshot.role_assignments.iter().chain(&snapshot.role_eligibilities);
        let mut holders: Vec<(String, bool, Members)> =
            assignments.map(|assignment| self.resolve_assignment(assignment, &templates)).collect();
        let told_by_assignments = snapshot.has_all(ObjectKind::RoleAssignment);
        for role in &snapshot.directory_roles {
            let mut found = self.nobody();
            // A listing of roles need not bring their members.
            found.open = role.members.is_none() && !told_by_assignments;
            for member in role.members.iter().flatten() {
                let holder = if member.is("user") || member.is("servicePrincipal") {
                    Members { open: false, ..self.holder(&member.id) }
                } else {
                    self.holder(&member.id)
                };
                found.add(&holder);
            }
            holders.push((key(&role.role_template_id), true, found));
        }
        for (role, tenant_wide, found) in holders {
            let table = if tenant_wide { &mut self.roles } else { &mut self.scoped_roles };
            match table.entry(role) {
                Entry::Occupied(mut known) => known.get_mut().add(&found),
                Entry::Vacant(free) => {
                    free.insert(found);
                }
            }
        }
    }

    fn nobody(&self) -> Members {
        Members { yes: FixedBitSet::with_capacity(self.users.len()), open: false }
    }

    fn resolve_assignment(
        &self,
        assignment: &RoleAssignment,
        templates: &HashMap<String, String>,
    ) -> (String, bool, Members) {
        let definition = key(&assignment.role_definition_id);
        let role = templates.get(&definition).cloned().unwrap_or(definition);
        (role, assignment.is_tenant_wide(), self.holder(&assignment.principal_id))
    }

    /// The users that an id stands for: the user, or the members of the group, as far as known.
    pub fn principal(&self, id: &str) -> FixedBitSet {
        self.holder(id).yes
    }

    /// The same, and whether there may be others: an id that is nobody's may be that of a group
    /// that was not collected.
    fn holder(&self, id: &str) -> Members {
        if let Some(found) = self.users_by_id.get(&key(id)) {
            return Members { yes: self.bits(found), open: false };
        }
        if self.workloads_by_id.contains_key(&key(id)) { self.nobody() } else { self.group(id) }
    }

    fn bits(&self, users: &[u32]) -> FixedBitSet {
        let mut bits = FixedBitSet::with_capacity(self.users.len());
        bits.extend(users.iter().map(|at| *at as usize));
        bits
    }

    /// The users with an id; none where it is not a user's.
    pub(crate) fn users_with_id(&self, id: &str) -> Option<FixedBitSet> {
        self.users_by_id.get(&key(id)).map(|found| self.bits(found))
    }

    /// The index of a user.
    pub(crate) fn user_position(&self, id: &str) -> Option<u32> {
        self.users_by_id.get(&key(id)).and_then(|found| found.first()).copied()
    }

    /// The index of a service principal, by object id.
    pub(crate) fn workload_position(&self, id: &str) -> Option<u32> {
        self.workloads_by_id.get(&key(id)).copied()
    }

    /// The members of a group through all nesting. Cycles are walked once. A group that a complete
    /// listing does not have is deleted, and so empty; one whose members were not collected is open.
    pub(crate) fn group(&self, id: &str) -> Members {
        let mut yes = FixedBitSet::with_capacity(self.users.len());
        let mut open = false;
        let mut seen: HashSet<String> = HashSet::new();
        let mut queue = vec![key(id)];
        while let Some(next) = queue.pop() {
            if !seen.insert(next.clone()) {
                continue;
            }
            match self.groups.get(&next) {
                Some(entry) => {
                    open |= !entry.listed && !self.memberships_complete;
                    yes.extend(entry.users.iter().map(|at| *at as usize));
                    queue.extend(entry.nested.iter().cloned());
                }
                None => open |= !self.groups_complete,
            }
        }
        Members { yes, open }
    }

    /// Whether a complete listing of groups lacks this one.
    pub fn group_is_deleted(&self, id: &str) -> bool {
        self.groups_complete && !self.groups.contains_key(&key(id))
    }

    /// Whether a complete listing of users lacks this one.
    pub fn user_is_deleted(&self, id: &str) -> bool {
        self.users_complete && !self.users_by_id.contains_key(&key(id))
    }

    /// The name of a group, where known.
    pub fn group_name(&self, id: &str) -> Option<&str> {
        self.groups.get(&key(id)).map(|entry| entry.name.as_str()).filter(|name| !name.is_empty())
    }

    /// How many users a group has through all nesting, and whether there may be more.
    pub fn group_size(&self, id: &str) -> (usize, bool) {
        let members = self.group(id);
        (members.yes.count_ones(..), members.open)
    }

    /// The groups inside a group through all nesting, itself apart: ids in lower case, sorted.
    pub fn nested_groups(&self, id: &str) -> Vec<String> {
        let outer = key(id);
        let mut seen: HashSet<String> = HashSet::from([outer.clone()]);
        let mut queue = vec![outer.clone()];
        while let Some(next) = queue.pop() {
            let nested = self.groups.get(&next).map_or(&[][..], |entry| &entry.nested);
            for inner in nested {
                if seen.insert(inner.clone()) {
                    queue.push(inner.clone());
                }
            }
        }
        seen.remove(&outer);
        let mut out: Vec<String> = seen.into_iter().collect();
        out.sort();
        out
    }

    /// The holders of a role for the whole tenant, eligible and disabled ones included, and whether
    /// there may be more. Whoever holds it for a part of the tenant is none: Conditional Access
    /// does not see them.
    pub fn role_holders(&self, template: &str) -> (FixedBitSet, bool) {
        let members = self.role(template);
        (members.yes, members.open)
    }

    /// Guests and external users: of every kind, or surely of the kinds and home tenants meant.
    pub fn guests(&self, meant: Option<&GuestsOrExternalUsers>) -> FixedBitSet {
        let mut bits = FixedBitSet::with_capacity(self.users.len());
        bits.extend(self.users.iter().enumerate().filter_map(|(at, user)| {
            let kind = user.guest.as_ref()?;
            let home = user.home_tenant.as_deref();
            meant.is_none_or(|meant| external_matches(meant, kind, home) == Tri::Yes).then_some(at)
        }));
        bits
    }

    /// The holders of a built-in role for the whole tenant, eligible ones included. Conditional
    /// Access does not see roles of the tenant's own (checked.md 1.1).
    pub(crate) fn role(&self, template: &str) -> Members {
        if self.custom_roles.contains(&key(template)) {
            return self.nobody();
        }
        self.holders_in(&self.roles, template)
    }

    fn holders_in(&self, table: &HashMap<String, Members>, template: &str) -> Members {
        let mut found = table.get(&key(template)).cloned().unwrap_or_else(|| self.nobody());
        found.open |= !self.roles_known;
        found
    }

    /// The holders of a role for the whole tenant or a part of it. Conditional Access does not see
    /// the latter, and they are administrators all the same.
    pub(crate) fn role_in_any_scope(&self, template: &str) -> Members {
        let mut members = self.holders_in(&self.roles, template);
        members.add(&self.holders_in(&self.scoped_roles, template));
        members
    }

    /// The tenant's own roles that Microsoft calls privileged.
    pub(crate) fn privileged_custom_roles(&self) -> &[String] {
        &self.privileged_custom_roles
    }

    /// How many users there are.
    pub fn user_count(&self) -> usize {
        self.users.len()
    }

    /// Object id and name of a user.
    pub fn user(&self, at: u32) -> Option<(&str, &str)> {
        self.users.get(at as usize).map(|user| (user.id.as_str(), user.label.as_str()))
    }

    /// Object id and name of a service principal.
    pub fn workload(&self, at: u32) -> Option<(&str, &str)> {
        self.workloads.get(at as usize).map(|w| (w.id.as_str(), w.label.as_str()))
    }
}

/// The kind of guest an account is, none for a member at home here; and the kind that it may be
/// instead, where the export leaves out whether it is a guest.
pub(crate) fn guest_types(user: &User) -> (Option<GuestType>, Option<GuestType>) {
    // A marker that only the hypothetical directory sets.
    if let Some(kind) = user.creation_type.as_deref().map(GuestType::from)
        && kind.is_known()
    {
        return (Some(kind), None);
    }
    let external = user.user_principal_name.to_ascii_uppercase().contains("#EXT#")
        || user.external_user_state.is_some()
        || user.creation_type.as_deref().is_some_and(|t| t.eq_ignore_ascii_case("Invitation"));
    match (&user.user_type, external) {
        (None, true) => {
            (Some(GuestType::B2bCollaborationGuest), Some(GuestType::B2bCollaborationMember))
        }
        (None, false) => (None, Some(GuestType::InternalGuest)),
        (Some(UserType::Guest), true) => (Some(GuestType::B2bCollaborationGuest), None),
        (Some(UserType::Guest), false) => (Some(GuestType::InternalGuest), None),
        (Some(_), true) => (Some(GuestType::B2bCollaborationMember), None),
        (Some(_), false) => (None, None),
    }
}

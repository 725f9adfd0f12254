//! Everything known of one tenant at one time.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::exception::{BreakGlassAccount, ExceptionEntry};
use crate::location::NamedLocation;
use crate::object::ObjectKind;
use crate::policy::ConditionalAccessPolicy;
use crate::principal::{Group, GroupMembership, ServicePrincipal, User};
use crate::role::{DirectoryRole, RoleAssignment, RoleDefinition};
use crate::strength::AuthenticationStrengthPolicy;
use crate::tenant::{Licences, TenantSlug};
use crate::tenant_settings::{
    AuthenticationContext, CrossTenantAccess, Organization, SecurityDefaults, SubscribedSku,
};

/// Everything known of one tenant at one time: what the audit reads.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantSnapshot {
    /// The tenant.
    pub tenant: TenantSlug,
    /// Identity of the snapshot in the store; empty for files audited without a store.
    pub snapshot_id: String,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Kinds of which the whole listing was collected. A kind outside this set may have objects,
    /// but nothing follows from the absence of one.
    pub collected: BTreeSet<ObjectKind>,
    /// Conditional Access policies.
    pub policies: Vec<ConditionalAccessPolicy>,
    /// Named locations.
    pub named_locations: Vec<NamedLocation>,
    /// Users.
    pub users: Vec<User>,
    /// Groups.
    pub groups: Vec<Group>,
    /// Listings of groups' members.
    pub memberships: Vec<GroupMembership>,
    /// Role definitions.
    pub role_definitions: Vec<RoleDefinition>,
    /// Activated roles with members.
    pub directory_roles: Vec<DirectoryRole>,
    /// Active role assignments.
    pub role_assignments: Vec<RoleAssignment>,
    /// Eligible role assignments.
    pub role_eligibilities: Vec<RoleAssignment>,
    /// Service principals.
    pub service_principals: Vec<ServicePrincipal>,
    /// Authentication strengths.
    pub authentication_strengths: Vec<AuthenticationStrengthPolicy>,
    /// Authentication contexts.
    pub authentication_contexts: Vec<AuthenticationContext>,
    /// Security defaults; absent where not collected.
    pub security_defaults: Option<SecurityDefaults>,
    /// Subscribed products.
    pub subscribed_skus: Vec<SubscribedSku>,
    /// Cross-tenant access settings.
    pub cross_tenant_access: Vec<CrossTenantAccess>,
    /// The organisation.
    pub organization: Option<Organization>,
    /// Declared emergency accounts.
    pub break_glass: Vec<BreakGlassAccount>,
    /// The exception register's entries for this tenant, expired ones included.
    pub exceptions: Vec<ExceptionEntry>,
}

impl TenantSnapshot {
    /// An empty snapshot.
    pub fn empty(tenant: TenantSlug, taken_at: Timestamp) -> Self {
        Self {
            tenant,
            snapshot_id: String::new(),
            taken_at,
            collected: BTreeSet::new(),
            policies: Vec::new(),
            named_locations: Vec::new(),
            users: Vec::new(),
            groups: Vec::new(),
            memberships: Vec::new(),
            role_definitions: Vec::new(),
            directory_roles: Vec::new(),
            role_assignments: Vec::new(),
            role_eligibilities: Vec::new(),
            service_principals: Vec::new(),
            authentication_strengths: Vec::new(),
            authentication_contexts: Vec::new(),
            security_defaults: None,
            subscribed_skus: Vec::new(),
            cross_tenant_access: Vec::new(),
            organization: None,
            break_glass: Vec::new(),
            exceptions: Vec::new(),
        }
    }

    /// The licences that follow from the subscribed products.
    pub fn licences(&self) -> Licences {
        Licences::from_skus(&self.subscribed_skus)
    }

    /// Whether the whole listing of a kind was collected.
    pub fn has_all(&self, kind: ObjectKind) -> bool {
        self.collected.contains(&kind)
    }

    /// Adds an object by its kind. The body's shape must fit; see [`crate::object::ExportedObject`].
    ///
    /// # Errors
    /// `serde_json`'s error where the body does not have the kind's shape.
    pub fn add(&mut self, kind: ObjectKind, body: &str) -> Result<(), serde_json::Error> {
        match kind {
            ObjectKind::Policy => self.policies.push(serde_json::from_str(body)?),
            ObjectKind::NamedLocation => self.named_locations.push(serde_json::from_str(body)?),
            ObjectKind::User => self.users.push(serde_json::from_str(body)?),
            ObjectKind::Group => self.groups.push(serde_json::from_str(body)?),
            ObjectKind::GroupMembership => self.memberships.push(serde_json::from_str(body)?),
            ObjectKind::RoleDefinition => self.role_definitions.push(serde_json::from_str(body)?),
            ObjectKind::DirectoryRole => self.directory_roles.push(serde_json::from_str(body)?),
            ObjectKind::RoleAssignment => self.role_assignments.push(serde_json::from_str(body)?),
            ObjectKind::RoleEligibility => {
                self.role_eligibilities.push(serde_json::from_str(body)?);
            }
            ObjectKind::ServicePrincipal => {
                self.service_principals.push(serde_json::from_str(body)?);
            }
            ObjectKind::AuthenticationStrength => {
                self.authentication_strengths.push(serde_json::from_str(body)?);
            }
            ObjectKind::AuthenticationContext => {
                self.authentication_contexts.push(serde_json::from_str(body)?);
            }
            ObjectKind::SecurityDefaults => {
                self.security_defaults = Some(serde_json::from_str(body)?);
            }
            ObjectKind::SubscribedSku => self.subscribed_skus.push(serde_json::from_str(body)?),
            ObjectKind::CrossTenantAccess => {
                self.cross_tenant_access.push(serde_json::from_str(body)?);
            }
            ObjectKind::Organization => self.organization = Some(serde_json::from_str(body)?),
        }
        Ok(())
    }
}

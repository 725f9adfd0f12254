//! What people type, as the ids that Entra knows.

use model::known::roles::ROLES;
use model::snapshot::TenantSnapshot;

use super::RegisterError;

/// A directory object that was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    /// Object id.
    pub id: String,
    /// Name to show.
    pub label: String,
}

impl Meant {
    fn new(id: &str, label: &str) -> Self {
        let label = if label.is_empty() { id } else { label };
        Self { id: id.to_owned(), label: label.to_owned() }
    }
}

/// The user with this object id or sign-in name.
///
/// # Errors
/// [`RegisterError`] where the stored users have none, or several.
pub fn user(snapshot: &TenantSnapshot, text: &str) -> Result<Meant, RegisterError> {
    let users = snapshot.users.iter().filter(|user| {
        user.id.eq_ignore_ascii_case(text) || user.user_principal_name.eq_ignore_ascii_case(text)
    });
    one("user", snapshot, text, users.map(|user| Meant::new(&user.id, user.label())))
}

/// The user, group, role or service principal with this id or name.
///
/// # Errors
/// [`RegisterError`] where there is none, or several.
pub fn principal(snapshot: &TenantSnapshot, text: &str) -> Result<Meant, RegisterError> {
    let is = |value: &str| value.eq_ignore_ascii_case(text);
    let users = snapshot
        .users
        .iter()
        .filter(|user| is(&user.id) || is(&user.user_principal_name) || is(&user.display_name));
    let groups = snapshot.groups.iter().filter(|group| is(&group.id) || is(&group.display_name));
    let services = snapshot
        .service_principals
        .iter()
        .filter(|service| is(&service.id) || is(&service.app_id) || is(&service.display_name));
    let roles = snapshot
        .role_definitions
        .iter()
        .filter(|role| is(&role.id) || is(role.template()) || is(&role.display_name));
    // Microsoft's own roles are there whether or not an export names them.
    let known_roles = ROLES.iter().filter(|role| is(role.template_id) || is(role.name));
    let found = users
        .map(|user| Meant::new(&user.id, user.label()))
        .chain(groups.map(|group| Meant::new(&group.id, &group.display_name)))
        .chain(services.map(|service| Meant::new(&service.id, &service.display_name)))
        .chain(roles.map(|role| Meant::new(role.template(), &role.display_name)))
        .chain(known_roles.map(|role| Meant::new(role.template_id, role.name)));
    one("user, group, role or service principal", snapshot, text, found)
}

/// The policy with this id or name.
///
/// # Errors
/// [`RegisterError`] where there is none, or several.
pub fn policy(snapshot: &TenantSnapshot, text: &str) -> Result<Meant, RegisterError> {
    let policies = snapshot.policies.iter().filter(|policy| {
        policy.id.eq_ignore_ascii_case(text) || policy.display_name.eq_ignore_ascii_case(text)
    });
    let found = policies.map(|policy| Meant::new(&policy.id, &policy.display_name));
    one("policy", snapshot, text, found)
}

fn one(
    what: &'static str,
    snapshot: &TenantSnapshot,
    text: &str,
    found: impl Iterator<Item = Meant>,
) -> Result<Meant, RegisterError> {
    let mut found: Vec<_> = found.collect();
    found.sort_by(|one, other| one.id.cmp(&other.id));
    found.dedup_by(|one, other| one.id == other.id);
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(RegisterError::NotInTenant {
            what,
            text: text.to_owned(),
            tenant: snapshot.tenant.clone(),
        }),
        (Some(last), false) => {
            found.push(last);
            let named = |meant: &Meant| format!("{} ({})", meant.id, meant.label);
            Err(RegisterError::Ambiguous {
                what,
                text: text.to_owned(),
                tenant: snapshot.tenant.clone(),
                candidates: found.iter().map(named).collect(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use model::principal::{Group, ServicePrincipal, User};
    use model::tenant::TenantSlug;

    use super::*;

    fn snapshot() -> TenantSnapshot {
        let tenant = TenantSlug::new("contoso").unwrap();
        let mut snapshot = TenantSnapshot::empty(tenant, Timestamp::UNIX_EPOCH);
        snapshot.users = vec![User {
            id: "u1".into(),
            user_principal_name: "j.ryan@contoso.example".into(),
            display_name: "Ops".into(),
            ..User::default()
        }];
        snapshot.groups =
            vec![Group { id: "g1".into(), display_name: "Ops".into(), ..Group::default() }];
        snapshot.service_principals = vec![ServicePrincipal {
            id: "s1".into(),
            app_id: "app-1".into(),
            display_name: "Backup".into(),
            ..ServicePrincipal::default()
        }];
        snapshot
    }

    #[test]
    fn a_user_is_found_by_sign_in_name_or_id_whatever_the_case() {
        for text in ["J.Ryan@Contoso.example", "U1"] {
            assert_eq!(user(&snapshot(), text).unwrap().id, "u1");
        }
    }

    #[test]
    fn a_name_that_several_have_is_refused_with_their_ids() {
        let refused = principal(&snapshot(), "ops").unwrap_err().to_string();
        assert!(refused.contains("g1 (Ops)"), "{refused}");
        assert!(refused.contains("u1 (j.ryan@contoso.example)"), "{refused}");
    }

    #[test]
    fn a_role_of_microsofts_is_known_without_an_export_of_roles() {
        let found = principal(&snapshot(), "global administrator").unwrap();
        assert_eq!(found.id, "62e90394-69f5-4237-9190-012177145e10");
    }

    #[test]
    fn an_application_is_meant_by_its_service_principal() {
        assert_eq!(principal(&snapshot(), "app-1").unwrap().id, "s1");
    }

    #[test]
    fn somebody_the_tenant_does_not_have_is_refused_with_what_to_do() {
        let refused = user(&snapshot(), "nobody@contoso.example").unwrap_err().to_string();
        assert!(refused.contains("tenant contoso has no user"), "{refused}");
        assert!(refused.contains("--force"), "{refused}");
    }
}

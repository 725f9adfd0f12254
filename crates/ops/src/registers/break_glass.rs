//! Emergency accounts: declared by people, only ever suggested by their names.

use jiff::Timestamp;
use model::exception::BreakGlassAccount;
use model::principal::User;
use model::snapshot::TenantSnapshot;
use model::tenant::TenantSlug;
use store::Declared;
use store::Store;

use super::resolve::Meant;
use super::{RegisterError, resolve, snapshot_of};

/// A declaration.
#[derive(Debug, Clone)]
pub struct Declaration<'d> {
    /// The tenant.
    pub tenant: &'d TenantSlug,
    /// Object id or sign-in name.
    pub who: &'d str,
    /// Whether sign-ins of the account raise an alarm, as the operator attests.
    pub monitored: Option<bool>,
    /// Declare it although the stored users do not have it.
    pub force: bool,
    /// Who declares it, as claimed.
    pub actor: &'d str,
    /// When.
    pub at: Timestamp,
}

/// Declares an emergency account.
///
/// # Errors
/// [`RegisterError`] where the tenant is not registered, the stored users do not have the account
/// and it is not forced, or the database cannot be written.
pub fn declare(
    store: &Store,
    declaration: &Declaration<'_>,
) -> Result<(BreakGlassAccount, Declared), RegisterError> {
    let tenant = declaration.tenant;
    let found = match snapshot_of(store, tenant)? {
        Some(snapshot) => resolve::user(&snapshot, declaration.who),
        None => Err(RegisterError::NoData { tenant: tenant.clone() }),
    };
    let who = match found {
        Err(RegisterError::NotInTenant { .. } | RegisterError::NoData { .. })
            if declaration.force =>
        {
            Meant { id: declaration.who.to_owned(), label: declaration.who.to_owned() }
        }
        found => found?,
    };
    let account = BreakGlassAccount {
        user_id: who.id,
        label: who.label,
        declared_by: declaration.actor.to_owned(),
        declared_at: declaration.at,
        monitored: declaration.monitored,
    };
    let declared =
        store.declare_break_glass(tenant, &account, declaration.actor, declaration.at)?;
    Ok((account, declared))
}

/// Takes an account out of the register, by object id or the name it was declared under.
///
/// # Errors
/// [`RegisterError`] where it is not declared or the database cannot be written.
pub fn remove(
    store: &Store,
    tenant: &TenantSlug,
    who: &str,
    actor: &str,
    at: Timestamp,
) -> Result<BreakGlassAccount, RegisterError> {
    store.tenant(tenant)?;
    let declared = store.break_glass_accounts(tenant)?;
    let not_declared =
        || RegisterError::NotDeclared { who: who.to_owned(), tenant: tenant.clone() };
    let is_meant = |account: &&BreakGlassAccount| {
        account.user_id.eq_ignore_ascii_case(who) || account.label.eq_ignore_ascii_case(who)
    };
    let account = declared.iter().find(is_meant).ok_or_else(not_declared)?;
    store.remove_break_glass(tenant, &account.user_id, actor, at)?.ok_or_else(not_declared)
}

/// A tenant's declared accounts, by label.
///
/// # Errors
/// [`RegisterError`] where the tenant is not registered or the database cannot be read.
pub fn list(store: &Store, tenant: &TenantSlug) -> Result<Vec<BreakGlassAccount>, RegisterError> {
    store.tenant(tenant)?;
    Ok(store.break_glass_accounts(tenant)?)
}

/// Accounts of a tenant whose names look like emergency accounts and that are not declared.
///
/// # Errors
/// [`RegisterError`] where the tenant is not registered, has no data, or the database cannot be
/// read.
pub fn suggest(store: &Store, tenant: &TenantSlug) -> Result<Vec<Meant>, RegisterError> {
    let snapshot = snapshot_of(store, tenant)?
        .ok_or_else(|| RegisterError::NoData { tenant: tenant.clone() })?;
    Ok(suggestions(&snapshot))
}

/// The same from a snapshot with its registers.
pub fn suggestions(snapshot: &TenantSnapshot) -> Vec<Meant> {
    let is_declared =
        |user: &User| snapshot.break_glass.iter().any(|account| account.user_id == user.id);
    let mut found: Vec<_> = snapshot
        .users
        .iter()
        .filter(|user| !user.is_guest() && user.deleted_date_time.is_none() && !is_declared(user))
        .filter(|user| {
            let local = user.user_principal_name.split('@').next().unwrap_or_default();
            looks_like_emergency(local) || looks_like_emergency(&user.display_name)
        })
        .map(|user| Meant { id: user.id.clone(), label: user.label().to_owned() })
        .collect();
    found.sort_by(|one, other| one.label.cmp(&other.label));
    found
}

/// Whether a name is one that administrators give to emergency accounts.
fn looks_like_emergency(name: &str) -> bool {
    let lowered = name.to_lowercase();
    let joined: String = lowered.chars().filter(|c| c.is_alphanumeric()).collect();
    let mut words = lowered.split(|c: char| !c.is_alphabetic());
    ["breakglass", "emergency", "breaktheglass", "notfall", "firecall", "lastresort"]
        .iter()
        .any(|sign| joined.contains(sign))
        || words.any(|word| matches!(word, "bg" | "btg" | "bga"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str, upn: &str, display_name: &str) -> User {
        User {
            id: id.into(),
            user_principal_name: upn.into(),
            display_name: display_name.into(),
            ..User::default()
        }
    }

    #[test]
    fn names_of_emergency_accounts_are_suggested_and_others_are_not() {
        for (name, is_one) in [
            ("Break-Glass 01", true),
            ("breakglass2", true),
            ("Emergency Access", true),
            ("bg-admin-1", true),
            ("svc.btg", true),
            ("Notfallkonto", true),
            ("Bgood Marketing", false),
            ("Glass Repairs", false),
            ("j.ryan", false),
            ("", false),
        ] {
            assert_eq!(looks_like_emergency(name), is_one, "{name}");
        }
    }

    #[test]
    fn guests_deleted_and_declared_accounts_are_not_suggested() {
        let tenant = TenantSlug::new("contoso").unwrap();
        let mut snapshot = TenantSnapshot::empty(tenant, Timestamp::UNIX_EPOCH);
        let guest = User {
            user_type: Some(model::principal::UserType::Guest),
            ..user("1", "breakglass@other.example", "")
        };
        let deleted = User {
            deleted_date_time: Some(Timestamp::UNIX_EPOCH),
            ..user("2", "breakglass-old@contoso.example", "")
        };
        let declared = user("3", "breakglass1@contoso.example", "");
        let open = user("4", "breakglass2@contoso.example", "");
        snapshot.users = vec![guest, deleted, declared, open];
        snapshot.break_glass = vec![BreakGlassAccount {
            user_id: "3".into(),
            label: String::new(),
            declared_by: String::new(),
            declared_at: Timestamp::UNIX_EPOCH,
            monitored: None,
        }];
        let found: Vec<_> = suggestions(&snapshot).into_iter().map(|meant| meant.id).collect();
        assert_eq!(found, ["4"]);
    }
}

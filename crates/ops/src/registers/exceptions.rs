//! The exception register: what is meant to be as it is, why, who answers for it, until when.

use jiff::Timestamp;
use model::exception::{ExceptionEntry, ExceptionSubject};
use model::snapshot::TenantSnapshot;
use model::tenant::TenantSlug;
use store::AddedException;
use store::Store;

use super::resolve::Meant;
use super::{RegisterError, resolve, snapshot_of};

/// What an exception is for, as people type it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExceptionFor<'e> {
    /// A user, group, role or service principal by id or name; for one rule or for all.
    Principal(&'e str, Option<&'e str>),
    /// A policy by id or name.
    Policy(&'e str),
    /// A rule by id.
    Rule(&'e str),
}

/// An exception to add.
#[derive(Debug, Clone)]
pub struct NewException<'e> {
    /// The tenant.
    pub tenant: &'e TenantSlug,
    /// What for.
    pub subject: ExceptionFor<'e>,
    /// Why; not empty.
    pub reason: &'e str,
    /// Who answers for it; not empty.
    pub owner: &'e str,
    /// When it ends; after `at`.
    pub expires_at: Timestamp,
    /// Take the id as it is, although the stored data does not have it.
    pub force: bool,
    /// Who adds it, as claimed.
    pub actor: &'e str,
    /// When.
    pub at: Timestamp,
}

/// Adds an exception, and gives it with the name of what it is for.
///
/// # Errors
/// [`RegisterError`] where the tenant is not registered, its subject is not known and it is not
/// forced, reason or owner are missing, it would end before it begins, or one for the same is in
/// force.
pub fn add(
    store: &Store,
    new: &NewException<'_>,
) -> Result<(ExceptionEntry, String), RegisterError> {
    for (what, text) in [("a reason", new.reason), ("an owner", new.owner)] {
        if text.trim().is_empty() {
            return Err(RegisterError::Missing { what });
        }
    }
    if new.expires_at <= new.at {
        return Err(RegisterError::EndsBeforeItBegins { end: new.expires_at, at: new.at });
    }
    let (subject, rule, label) = subject(store, new)?;
    let entry = ExceptionEntry {
        id: uuid::Uuid::now_v7().to_string(),
        subject,
        rule,
        reason: new.reason.trim().to_owned(),
        owner: new.owner.trim().to_owned(),
        added_by: new.actor.to_owned(),
        added_at: new.at,
        expires_at: new.expires_at,
    };
    match store.add_exception(new.tenant, &entry)? {
        AddedException::Added(entry) => Ok((entry, label)),
        AddedException::InForce(held) => Err(RegisterError::InForce {
            id: held.id,
            until: held.expires_at,
            tenant: new.tenant.clone(),
        }),
    }
}

fn subject(
    store: &Store,
    new: &NewException<'_>,
) -> Result<(ExceptionSubject, Option<String>, String), RegisterError> {
    if let ExceptionFor::Rule(rule) = new.subject {
        store.tenant(new.tenant)?;
        return Ok((ExceptionSubject::Rule(rule.to_owned()), None, rule.to_owned()));
    }
    let snapshot = snapshot_of(store, new.tenant)?;
    let snapshot = snapshot.ok_or_else(|| RegisterError::NoData { tenant: new.tenant.clone() });
    let lookup = |find: fn(&_, &str) -> Result<Meant, RegisterError>, text: &str| match snapshot
        .and_then(|snapshot| find(&snapshot, text))
    {
        Err(RegisterError::NotInTenant { .. } | RegisterError::NoData { .. }) if new.force => {
            Ok(Meant { id: text.to_owned(), label: text.to_owned() })
        }
        found => found,
    };
    Ok(match new.subject {
        ExceptionFor::Principal(text, rule) => {
            let found = lookup(resolve::principal, text)?;
            (ExceptionSubject::Principal(found.id), rule.map(str::to_owned), found.label)
        }
        ExceptionFor::Policy(text) => {
            let found = lookup(resolve::policy, text)?;
            (ExceptionSubject::Policy(found.id), None, found.label)
        }
        ExceptionFor::Rule(rule) => {
            (ExceptionSubject::Rule(rule.to_owned()), None, rule.to_owned())
        }
    })
}

/// A tenant's exceptions, ended ones included, those that end first first.
///
/// # Errors
/// [`RegisterError`] where the tenant is not registered or the database cannot be read.
pub fn list(store: &Store, tenant: &TenantSlug) -> Result<Vec<ExceptionEntry>, RegisterError> {
    store.tenant(tenant)?;
    Ok(store.exceptions(tenant)?)
}

/// What an exception is for, as people call it: its id where the stored data has no name for it.
pub fn label(entry: &ExceptionEntry, snapshot: Option<&TenantSnapshot>) -> String {
    let id = entry.subject.id();
    let named = snapshot.and_then(|snapshot| match &entry.subject {
        ExceptionSubject::Principal(id) => resolve::principal(snapshot, id).ok(),
        ExceptionSubject::Policy(id) => resolve::policy(snapshot, id).ok(),
        ExceptionSubject::Rule(_) => None,
    });
    named.map_or_else(|| id.to_owned(), |meant| meant.label)
}

/// Gives an exception another end, and where told another reason.
///
/// # Errors
/// [`RegisterError`] where there is none whose id begins so, or it would end before it begins.
pub fn renew(
    store: &Store,
    tenant: &TenantSlug,
    id: &str,
    expires_at: Timestamp,
    reason: Option<&str>,
    actor: &str,
    at: Timestamp,
) -> Result<ExceptionEntry, RegisterError> {
    if expires_at <= at {
        return Err(RegisterError::EndsBeforeItBegins { end: expires_at, at });
    }
    let held = find(store, tenant, id)?;
    store
        .renew_exception(tenant, &held.id, expires_at, reason, actor, at)?
        .ok_or_else(|| no_such(tenant, id))
}

/// Takes an exception out of the register.
///
/// # Errors
/// [`RegisterError`] where there is none whose id begins so.
pub fn remove(
    store: &Store,
    tenant: &TenantSlug,
    id: &str,
    actor: &str,
    at: Timestamp,
) -> Result<ExceptionEntry, RegisterError> {
    let held = find(store, tenant, id)?;
    store.remove_exception(tenant, &held.id, actor, at)?.ok_or_else(|| no_such(tenant, id))
}

/// The exception whose id ends or begins so: UUIDv7s made together begin alike.
fn find(store: &Store, tenant: &TenantSlug, id: &str) -> Result<ExceptionEntry, RegisterError> {
    let id = id.trim().to_ascii_lowercase();
    let mut found = list(store, tenant)?;
    found.retain(|entry| !id.is_empty() && (entry.id.starts_with(&id) || entry.id.ends_with(&id)));
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(no_such(tenant, &id)),
        (Some(last), false) => {
            found.push(last);
            Err(RegisterError::Ambiguous {
                what: "exception",
                text: id,
                tenant: tenant.clone(),
                candidates: found.into_iter().map(|entry| entry.id).collect(),
            })
        }
    }
}

fn no_such(tenant: &TenantSlug, id: &str) -> RegisterError {
    RegisterError::NoSuchException { id: id.to_owned(), tenant: tenant.clone() }
}

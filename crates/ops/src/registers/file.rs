//! The registers as a TOML file, to carry them from machine to machine and to review them.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use model::exception::{BreakGlassAccount, ExceptionEntry, ExceptionSubject};
use model::tenant::{Tenant, TenantSlug, TenantSource};
use serde::{Deserialize, Serialize};
use store::Declared;
use store::Store;

use super::RegisterError;

/// The layout of the file that this build writes and reads.
const VERSION: u32 = 1;

/// Why a register file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegisterFileError {
    /// It is not what it should be.
    #[error("{}:{line}: {reason}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// It says something that does not fit together.
    #[error("{}: {reason}", path.display())]
    Inconsistent {
        /// The file.
        path: PathBuf,
        /// What is wrong, and of which tenant.
        reason: String,
    },
    /// The registers cannot be put into TOML.
    #[error("the registers cannot be written as TOML")]
    Unwritable(#[source] toml::ser::Error),
    /// The database is busy or broken.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// An entry was refused.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RegisterFile {
    version: u32,
    #[serde(default, rename = "tenant", skip_serializing_if = "Vec::is_empty")]
    tenants: Vec<TenantEntry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct TenantEntry {
    name: TenantSlug,
    display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    licence_tier: Option<String>,
    source: TenantSource,
    added_at: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    break_glass: Vec<AccountEntry>,
    #[serde(default, rename = "exception", skip_serializing_if = "Vec::is_empty")]
    exceptions: Vec<Exception>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct AccountEntry {
    user_id: String,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    monitored: Option<bool>,
    declared_by: String,
    declared_at: Timestamp,
}

/// With `principal`, `rule` limits it; alone, `rule` is what it is for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Exception {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    reason: String,
    owner: String,
    added_by: String,
    added_at: Timestamp,
    expires_at: Timestamp,
}

impl Exception {
    fn of(entry: ExceptionEntry) -> Self {
        let (mut principal, mut policy, mut rule) = (None, None, entry.rule);
        match entry.subject {
            ExceptionSubject::Principal(id) => principal = Some(id),
            ExceptionSubject::Policy(id) => policy = Some(id),
            ExceptionSubject::Rule(id) => rule = Some(id),
        }
        Self {
            id: entry.id,
            principal,
            policy,
            rule,
            reason: entry.reason,
            owner: entry.owner,
            added_by: entry.added_by,
            added_at: entry.added_at,
            expires_at: entry.expires_at,
        }
    }

    fn into_entry(self) -> Result<ExceptionEntry, String> {
        let (subject, rule) = match (self.principal, self.policy, self.rule) {
            (Some(id), None, rule) => (ExceptionSubject::Principal(id), rule),
            (None, Some(id), None) => (ExceptionSubject::Policy(id), None),
            (None, None, Some(id)) => (ExceptionSubject::Rule(id), None),
            _ => {
                return Err(format!(
                    "exception {:?} must be for a principal, a policy or a rule (a principal's may \
                     be limited to a rule)",
                    self.id
                ));
            }
        };
        for (what, text) in [("id", &self.id), ("reason", &self.reason), ("owner", &self.owner)] {
            if text.trim().is_empty() {
                return Err(format!("exception {:?} has no {what}", self.id));
            }
        }
        Ok(ExceptionEntry {
            id: self.id,
            subject,
            rule,
            reason: self.reason,
            owner: self.owner,
            added_by: self.added_by,
            added_at: self.added_at,
            expires_at: self.expires_at,
        })
    }
}

/// What an import changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// Tenants and entries that are new.
    pub added: usize,
    /// Those that say something else now.
    pub changed: usize,
    /// Those that said the same already.
    pub unchanged: usize,
}

impl Imported {
    fn count(&mut self, declared: Declared) {
        match declared {
            Declared::Added => self.added += 1,
            Declared::Changed => self.changed += 1,
            Declared::Unchanged => self.unchanged += 1,
        }
    }
}

/// The registers of all tenants but the demonstration's, as TOML.
///
/// # Errors
/// [`RegisterFileError`] where the database cannot be read.
pub fn export(store: &Store) -> Result<String, RegisterFileError> {
    let mut tenants = Vec::new();
    for tenant in store.tenants()? {
        if tenant.source == TenantSource::Demonstration {
            continue;
        }
        let accounts = store.break_glass_accounts(&tenant.slug)?;
        let exceptions = store.exceptions(&tenant.slug)?;
        tenants.push(TenantEntry {
            name: tenant.slug,
            display_name: tenant.display_name,
            tenant_id: tenant.tenant_id,
            groups: tenant.groups,
            licence_tier: tenant.licence_tier,
            source: tenant.source,
            added_at: tenant.added_at,
            break_glass: accounts
                .into_iter()
                .map(|account| AccountEntry {
                    user_id: account.user_id,
                    label: account.label,
                    monitored: account.monitored,
                    declared_by: account.declared_by,
                    declared_at: account.declared_at,
                })
                .collect(),
            exceptions: exceptions.into_iter().map(Exception::of).collect(),
        });
    }
    toml::to_string_pretty(&RegisterFile { version: VERSION, tenants })
        .map_err(RegisterFileError::Unwritable)
}

/// A file that was read and checked, and not yet taken in.
#[derive(Debug)]
pub struct CheckedFile {
    tenants: Vec<(Tenant, Vec<BreakGlassAccount>, Vec<ExceptionEntry>)>,
}

/// Reads and checks a file's text; `path` is for messages.
///
/// # Errors
/// [`RegisterFileError`] with file and line for what is not as it should be.
pub fn check(path: &Path, text: &str) -> Result<CheckedFile, RegisterFileError> {
    let file: RegisterFile = toml::from_str(text).map_err(|error| RegisterFileError::Invalid {
        path: path.to_owned(),
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        reason: error.message().to_owned(),
    })?;
    let inconsistent =
        |reason: String| RegisterFileError::Inconsistent { path: path.to_owned(), reason };
    if file.version != VERSION {
        return Err(inconsistent(format!(
            "version {} is not known to this build, which reads {VERSION}",
            file.version
        )));
    }
    let mut tenants: Vec<(Tenant, _, _)> = Vec::new();
    for entry in file.tenants {
        if tenants.iter().any(|(tenant, ..)| tenant.slug == entry.name) {
            return Err(inconsistent(format!("tenant {} is there twice", entry.name)));
        }
        let accounts = entry.break_glass.into_iter().map(|account| BreakGlassAccount {
            user_id: account.user_id,
            label: account.label,
            declared_by: account.declared_by,
            declared_at: account.declared_at,
            monitored: account.monitored,
        });
        let exceptions: Result<Vec<_>, _> = entry
            .exceptions
            .into_iter()
            .map(|exception| {
                exception
                    .into_entry()
                    .map_err(|reason| inconsistent(format!("tenant {}: {reason}", entry.name)))
            })
            .collect();
        let tenant = Tenant {
            slug: entry.name.clone(),
            display_name: entry.display_name,
            tenant_id: entry.tenant_id,
            groups: entry.groups,
            licence_tier: entry.licence_tier,
            source: entry.source,
            added_at: entry.added_at,
            as_of: None,
        };
        tenants.push((tenant, accounts.collect(), exceptions?));
    }
    Ok(CheckedFile { tenants })
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Takes a checked file in: adds and changes what it has, removes nothing. The same file again
/// changes nothing.
///
/// # Errors
/// [`RegisterFileError`] where the database cannot be written.
pub fn import(
    store: &Store,
    file: &CheckedFile,
    actor: &str,
    at: Timestamp,
) -> Result<Imported, RegisterFileError> {
    let mut imported = Imported::default();
    for (tenant, accounts, exceptions) in &file.tenants {
        imported.count(crate::tenants::put(store, tenant)?);
        for account in accounts {
            imported.count(store.declare_break_glass(&tenant.slug, account, actor, at)?);
        }
        for exception in exceptions {
            imported.count(store.put_exception(&tenant.slug, exception, actor, at)?);
        }
    }
    Ok(imported)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        check(Path::new("registers.toml"), text).unwrap_err().to_string()
    }

    const TENANT: &str = "version = 1\n\n[[tenant]]\nname = \"contoso\"\n\
        display-name = \"Contoso\"\nsource = \"files\"\nadded-at = \"2026-01-01T00:00:00Z\"\n";

    #[test]
    fn an_unknown_key_is_refused_with_file_and_line() {
        let refused = refusal(&format!("{TENANT}licence = \"P1\"\n"));
        assert!(refused.starts_with("registers.toml:8: unknown field `licence`"), "{refused}");
    }

    #[test]
    fn a_bad_tenant_name_is_refused_where_it_stands() {
        let refused = refusal("version = 1\n[[tenant]]\nname = \"../x\"\n");
        assert!(refused.starts_with("registers.toml:3: "), "{refused}");
    }

    #[test]
    fn a_layout_of_tomorrow_is_refused() {
        assert_eq!(
            refusal("version = 2\n"),
            "registers.toml: version 2 is not known to this build, which reads 1"
        );
    }

    #[test]
    fn an_exception_for_two_things_is_refused() {
        let exception = "[[tenant.exception]]\nid = \"e1\"\npolicy = \"p\"\nrule = \"r\"\n\
            reason = \"x\"\nowner = \"y\"\nadded-by = \"dana\"\n\
            added-at = \"2026-01-01T00:00:00Z\"\nexpires-at = \"2027-01-01T00:00:00Z\"\n";
        let refused = refusal(&format!("{TENANT}{exception}"));
        assert!(refused.contains("tenant contoso: exception \"e1\" must be for"), "{refused}");
    }

    #[test]
    fn a_tenant_that_is_there_twice_is_refused() {
        let again = TENANT.trim_start_matches("version = 1\n");
        assert_eq!(
            refusal(&format!("{TENANT}{again}")),
            "registers.toml: tenant contoso is there twice"
        );
    }
}

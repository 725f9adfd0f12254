//! One sign-in, judged (What-If).

use model::Timestamp;
use model::decision::{Decision, SignInScenario};
use model::known::applications;
use model::snapshot::TenantSnapshot;
use model::tenant::{Tenant, TenantSlug};
use policy::{PolicyError, PolicySet, ScenarioError};
use store::{Store, StoreError};

use crate::auditing::options_for;
use crate::config::AuditConfig;

/// Why a sign-in cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum WhatIfError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The policies.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The sign-in.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// Nothing was imported.
    #[error("nothing was imported for tenant {0} yet: `cstack import --tenant {0} PATH`")]
    Empty(TenantSlug),
    /// A display name that several users have.
    #[error("tenant {tenant} has {count} users called {name:?}, {labels}: give a sign-in name")]
    SeveralUsers {
        /// The tenant.
        tenant: TenantSlug,
        /// The display name.
        name: String,
        /// How many have it.
        count: usize,
        /// Sign-in names of the first few.
        labels: String,
    },
    /// No such user.
    #[error(
        "tenant {tenant} has no user {name:?}: give a sign-in name or an object id of the last import"
    )]
    UnknownUser {
        /// The tenant.
        tenant: TenantSlug,
        /// What was asked for.
        name: String,
    },
    /// No such application.
    #[error("{name:?} is no application id and no known name{}", advice(.like))]
    UnknownApplication {
        /// What was asked for.
        name: String,
        /// Names that are like it.
        like: Vec<String>,
    },
    /// A suite that policies name, and no application.
    #[error(
        "{0} is a suite and not one application: ask for one of it, `--app \"Office 365 Exchange Online\"` or \
         `--app \"Azure Portal\"`"
    )]
    Suite(&'static str),
    /// No such service principal.
    #[error("tenant {tenant} has no service principal {name:?}: give its name or object id")]
    UnknownWorkload {
        /// The tenant.
        tenant: TenantSlug,
        /// What was asked for.
        name: String,
    },
}

/// Names to choose from, a few of them.
fn advice(like: &[String]) -> String {
    const SHOWN: usize = 6;
    let quoted: Vec<_> = like.iter().take(SHOWN).map(|name| format!("{name:?}")).collect();
    match like.len() {
        0 => ": give the id, or a name such as \"Azure DevOps\"".to_owned(),
        all if all > SHOWN => format!(": it may be {} or {} more", quoted.join(", "), all - SHOWN),
        _ => format!(": it may be {}", quoted.join(" or ")),
    }
}

/// A tenant, loaded for questions.
#[derive(Debug)]
pub struct Subject {
    /// The tenant.
    pub tenant: Tenant,
    /// As it is.
    pub snapshot: TenantSnapshot,
    set: PolicySet,
}

impl Subject {
    /// Loads a tenant.
    ///
    /// # Errors
    /// [`WhatIfError`] where it is unknown or empty, or the store cannot be read.
    pub fn load(
        store: &Store,
        slug: &TenantSlug,
        config: &AuditConfig,
        now: Timestamp,
    ) -> Result<Self, WhatIfError> {
        let tenant = store.tenant(slug)?;
        let snapshot =
            store.load_snapshot(slug)?.ok_or_else(|| WhatIfError::Empty(slug.clone()))?;
        let catalogue = audit::Catalogue::default();
        let options = options_for(config, &catalogue, Some(&tenant), tenant.as_of.unwrap_or(now));
        let set = PolicySet::compile(&snapshot, &options.compile)?;
        Ok(Self { tenant, snapshot, set })
    }

    /// Judges a sign-in.
    ///
    /// # Errors
    /// [`WhatIfError::Scenario`] where the principal is not in the tenant.
    pub fn judge(&self, scenario: &SignInScenario) -> Result<Decision, WhatIfError> {
        Ok(self.set.evaluate(scenario)?)
    }

    /// Id and name of a user by sign-in name, display name or object id.
    ///
    /// # Errors
    /// [`WhatIfError::UnknownUser`].
    pub fn user(&self, name: &str) -> Result<(String, String), WhatIfError> {
        let users = &self.snapshot.users;
        let by_id = users.iter().find(|user| {
            user.id.eq_ignore_ascii_case(name)
                || user.user_principal_name.eq_ignore_ascii_case(name)
        });
        let by_name = || -> Vec<_> {
            users.iter().filter(|user| user.display_name.eq_ignore_ascii_case(name)).collect()
        };
        let found = by_id.map_or_else(by_name, |user| vec![user]);
        let (tenant, name) = (self.tenant.slug.clone(), name.to_owned());
        match found.as_slice() {
            [user] => Ok((user.id.clone(), user.label().to_owned())),
            [] => Err(WhatIfError::UnknownUser { tenant, name }),
            several => {
                let labels: Vec<_> = several.iter().take(5).map(|user| user.label()).collect();
                Err(WhatIfError::SeveralUsers {
                    tenant,
                    name,
                    count: several.len(),
                    labels: labels.join(", "),
                })
            }
        }
    }

    /// Id and name of a service principal by name, object id or application id.
    ///
    /// # Errors
    /// [`WhatIfError::UnknownWorkload`].
    pub fn workload(&self, name: &str) -> Result<(String, String), WhatIfError> {
        self.snapshot
            .service_principals
            .iter()
            .find(|principal| {
                [&principal.id, &principal.app_id, &principal.display_name]
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(name))
            })
            .map(|principal| (principal.id.clone(), principal.display_name.clone()))
            .ok_or_else(|| WhatIfError::UnknownWorkload {
                tenant: self.tenant.slug.clone(),
                name: name.to_owned(),
            })
    }

    /// Id and name of an application by id, the tenant's name for it, its well-known name, or words
    /// that only one well-known name has.
    ///
    /// # Errors
    /// [`WhatIfError::UnknownApplication`]; [`WhatIfError::Suite`] where many are meant.
    pub fn application(&self, name: &str) -> Result<(String, String), WhatIfError> {
        let local = self.snapshot.service_principals.iter().find(|principal| {
            principal.app_id.eq_ignore_ascii_case(name)
                || principal.display_name.eq_ignore_ascii_case(name)
        });
        if let Some(principal) = local {
            return Ok((principal.app_id.clone(), principal.display_name.clone()));
        }
        if let Some(id) = applications::application_id(name) {
            return Ok((
                id.to_owned(),
                applications::application_name(id).unwrap_or(name).to_owned(),
            ));
        }
        let is_id = name.len() == 36 && name.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        if is_id {
            let known = applications::application_name(name).unwrap_or(name);
            return Ok((name.to_owned(), known.to_owned()));
        }
        let suites = [applications::OFFICE_365, applications::ADMIN_PORTALS];
        if let Some(suite) = suites.into_iter().find(|suite| suite.eq_ignore_ascii_case(name)) {
            return Err(WhatIfError::Suite(suite));
        }
        let mut like: Vec<(&str, &str)> = applications::applications_like(name).collect();
        like.dedup_by_key(|(_, name)| *name);
        match like.as_slice() {
            [(id, name)] => Ok(((*id).to_owned(), (*name).to_owned())),
            _ => Err(WhatIfError::UnknownApplication {
                name: name.to_owned(),
                like: like.iter().map(|(_, name)| (*name).to_owned()).collect(),
            }),
        }
    }
}

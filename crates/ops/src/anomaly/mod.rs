//! Anomalous sign-ins: models trained and judged, sign-ins scored, incidents told.

pub mod evaluation;
mod extraction;
mod incidents;
mod keeping;
mod mirror;
mod promotion;
mod scoring;
mod story;
mod suite;
mod training;

use detect::detector::DetectorError;
use detect::inquiry::{StateError, Surroundings};
use detect::pattern::Pattern;
use fixtures::demonstration::DemonstrationError;
use fixtures::sign_ins::ScenarioError;
use model::tenant::TenantSlug;
use store::{Store, StoreError};

pub use detect::features::Column;
pub use extraction::{Extraction, extract};
pub use incidents::{AlertFilter, alerts, incident};
pub use keeping::{Kept, keep_watch};
pub use mirror::{Mirrored, MirroringError, mirror};
pub use promotion::{
    GateCheck, Models, Promotion, Verdict, evaluate_promotion, models, promote, roll_back,
};
pub use registry::Credentials;
pub use scoring::{DriftReport, ScoreOutcome, ScoreRequest, monitor, score};
pub use training::{TrainOutcome, TrainRequest, train};

use crate::catalogue::{CatalogueError, built_in_patterns};
use crate::config::MlConfig;
use crate::{Cancelled, tenants::TenantError};

/// Why detection could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum AnomalyError {
    /// The database is busy or broken, or there is no such tenant.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A model cannot be trained, read or asked.
    #[error("tenant {tenant}: {source}")]
    Detector {
        /// The tenant.
        tenant: TenantSlug,
        /// Why.
        source: DetectorError,
    },
    /// The stored state cannot be used.
    #[error("tenant {tenant}: {source}; `cstack anomaly score --again` computes it anew")]
    State {
        /// The tenant.
        tenant: TenantSlug,
        /// Why.
        source: StateError,
    },
    /// A built-in pattern is broken.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// No sign-ins.
    #[error(
        "tenant {0} has no sign-ins: `cstack signins import --tenant {0} PATH...` brings some in"
    )]
    NoSignIns(TenantSlug),
    /// No champion.
    #[error(
        "tenant {0} has no champion: `cstack anomaly train --tenant {0}` and then `cstack anomaly \
         promote --tenant {0}`"
    )]
    NoChampion(TenantSlug),
    /// No such version.
    #[error("tenant {tenant} has no model version {version}; `cstack anomaly models` lists them")]
    NoVersion {
        /// The tenant.
        tenant: TenantSlug,
        /// The version.
        version: i32,
    },
    /// Nothing to promote.
    #[error("tenant {0} has no challenger: `cstack anomaly train --tenant {0}` trains one")]
    NoChallenger(TenantSlug),
    /// Nothing to go back to.
    #[error("tenant {0} never had another champion to go back to")]
    NoEarlierChampion(TenantSlug),
    /// No such incident.
    #[error("tenant {tenant} has no incident {id:?}; `cstack anomaly alerts` lists them")]
    NoIncident {
        /// The tenant.
        tenant: TenantSlug,
        /// What was asked for.
        id: String,
    },
    /// Several incidents' ids begin so.
    #[error("several incidents' ids begin with {id:?}: {}", .candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        id: String,
        /// Whole ids.
        candidates: Vec<String>,
    },
    /// No such scenario, or a broken one.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A scenario for a real tenant.
    #[error(
        "scenarios are drawn for the demonstration's tenants, and {0} is none: synthetic sign-ins \
         do not mix with real ones"
    )]
    NotDemonstration(TenantSlug),
    /// The demonstration of this build is broken.
    #[error("the demonstration of this build is broken")]
    Embedded(#[from] DemonstrationError),
    /// Tenants.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// What is stored is not what was written.
    #[error("what is stored of {what} cannot be read: {source}")]
    Stored {
        /// Of what.
        what: String,
        /// Why.
        source: serde_json::Error,
    },
    /// A name that is none: a fault of the program.
    #[error("a synthetic tenant has no name")]
    Unnamed,
    /// Somebody asked for a stop.
    #[error("stopped; nothing of it was kept")]
    Stopped(#[from] Cancelled),
}

/// The patterns that apply.
fn patterns(config: &MlConfig) -> Result<Vec<Pattern>, CatalogueError> {
    let mut all = built_in_patterns()?;
    if !config.off_hours_admin_enabled {
        all.retain(|pattern| pattern.kind != "off-hours-admin");
    }
    Ok(all)
}

/// What the directory says of a tenant's accounts; nothing where it was never imported.
fn surroundings(store: &Store, tenant: &TenantSlug) -> Result<Surroundings, StoreError> {
    let Some(snapshot) = store.load_snapshot(tenant)? else { return Ok(Surroundings::default()) };
    let held = snapshot.role_assignments.iter().chain(&snapshot.role_eligibilities);
    let mut privileged: rustc_hash::FxHashSet<String> =
        held.map(|held| held.principal_id.clone()).collect();
    for listing in &snapshot.memberships {
        if privileged.contains(&listing.group_id) {
            privileged.extend(listing.members.iter().map(|member| member.id.clone()));
        }
    }
    let made = snapshot.users.iter();
    let created = made
        .filter_map(|user| Some((user.id.clone(), user.created_date_time?.as_second())))
        .collect();
    let people = snapshot.users.into_iter().map(|user| (user.id, user.user_principal_name));
    let workloads = snapshot.service_principals.into_iter().map(|of| (of.id, of.display_name));
    let names = people.chain(workloads).collect();
    Ok(Surroundings { privileged, created, names, ..Surroundings::default() })
}

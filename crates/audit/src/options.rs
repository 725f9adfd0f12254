//! Settings of an audit.

use std::collections::{BTreeMap, BTreeSet};

use model::Timestamp;
use model::guarantee::Rung;
use model::rule::Severity;
use model::tenant::Licences;
use policy::CompileOptions;

/// A row of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSegment {
    /// Identity.
    pub id: String,
    /// Name.
    pub title: String,
    /// Population, in the words of rules.
    pub who: Vec<String>,
    /// Left out, in the words of rules.
    pub except: Vec<String>,
    /// Severity of a weak cell.
    pub severity: Severity,
}

/// A column of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSegment {
    /// Identity.
    pub id: String,
    /// Name.
    pub title: String,
    /// What is reached, in the words of rules.
    pub reaching: Vec<String>,
    /// Clients, in the words of rules; empty for browsers and modern clients.
    pub by: Vec<String>,
    /// The least that a cell should hold.
    pub expected: Rung,
}

/// Settings of an audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditOptions {
    /// The time that is taken as now.
    pub as_of: Timestamp,
    /// Licences as declared, for a tenant whose products were not collected.
    pub declared_licences: Licences,
    /// Settings of the evaluation.
    pub compile: CompileOptions,
    /// Rules that are switched off.
    pub disabled: BTreeSet<String>,
    /// Severities that differ from the rules' own.
    pub severities: BTreeMap<String, Severity>,
    /// Numbers that differ from those in the rules' own checks, by rule and parameter
    /// (`exclusion.stale-user` and `days`).
    pub thresholds: BTreeMap<(String, String), u32>,
    /// Rows of the matrix.
    pub user_segments: Vec<UserSegment>,
    /// Columns of the matrix.
    pub app_segments: Vec<AppSegment>,
    /// Principals excluded by each policy in the snapshot before, by policy id.
    pub excluded_before: BTreeMap<String, usize>,
    /// How many principals a witness names at most.
    pub witness_bound: usize,
}

impl AuditOptions {
    /// The defaults, at a time.
    pub fn at(as_of: Timestamp) -> Self {
        Self {
            as_of,
            declared_licences: Licences::default(),
            compile: CompileOptions::default(),
            disabled: BTreeSet::new(),
            severities: BTreeMap::new(),
            thresholds: BTreeMap::new(),
            user_segments: default_user_segments(),
            app_segments: default_app_segments(),
            excluded_before: BTreeMap::new(),
            witness_bound: 50,
        }
    }
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

fn default_user_segments() -> Vec<UserSegment> {
    let segment = |id: &str, title: &str, who: &[&str], except: &[&str], severity| UserSegment {
        id: id.into(),
        title: title.into(),
        who: texts(who),
        except: texts(except),
        severity,
    };
    // A service account and a sync account are judged in rows of their own or by their own rules.
    let machines = ["service-accounts", "directory-sync"];
    vec![
        segment("all-users", "All users", &["all-users"], &machines, Severity::High),
        segment(
            "any-admin",
            "Any admin",
            &["role-set:mission-any-admin"],
            &["directory-sync"],
            Severity::Critical,
        ),
        segment("guests", "Guests", &["guests"], &[], Severity::Medium),
        segment(
            "service-accounts",
            "Service accounts",
            &["service-accounts"],
            &[],
            Severity::Medium,
        ),
        segment(
            "tier-0",
            "Privileged tier-0",
            &["role-set:mission-tier-0"],
            &["directory-sync"],
            Severity::Critical,
        ),
    ]
}

fn default_app_segments() -> Vec<AppSegment> {
    let segment = |id: &str, title: &str, reaching: &[&str], by: &[&str], expected| AppSegment {
        id: id.into(),
        title: title.into(),
        reaching: texts(reaching),
        by: texts(by),
        expected,
    };
    vec![
        segment("all-apps", "All apps", &["all-resources"], &[], Rung::Mfa),
        segment("microsoft-365", "Microsoft 365 core", &["office365"], &[], Rung::Mfa),
        segment("admin-portals", "Admin portals", &["admin-portals"], &[], Rung::Mfa),
        segment(
            "legacy-authentication",
            "Legacy authentication",
            &["all-resources"],
            &["exchange-activesync", "other"],
            Rung::Blocked,
        ),
        segment(
            "high-risk-apps",
            "High-risk apps",
            // Azure management, Azure DevOps, Intune and its enrolment.
            &[
                "azure-management",
                "app:499b84ac-1321-427f-aa17-267ca6975798",
                "app:0000000a-0000-0000-c000-000000000000",
                "app:d4ebce55-015a-49b5-a083-c84d1797ae8c",
            ],
            &[],
            Rung::Mfa,
        ),
    ]
}

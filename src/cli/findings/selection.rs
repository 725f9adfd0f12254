//! Which findings are meant.

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use model::finding::FindingState;
use model::rule::Severity;
use model::tenant::TenantSlug;
use ops::Store;
use ops::config::nearest;
use ops::triage::{self, FindingFilter, FindingSort};

use crate::cli::{CliError, Context};

/// Rows of a table unless `--limit` says otherwise; other formats hold all.
const TABLE_ROWS: usize = 200;

/// Filters; all that are given must hold.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Filters")]
pub(super) struct Selection {
    /// Of this tenant; may be repeated
    #[arg(short, long, value_name = "NAME")]
    tenant: Vec<TenantSlug>,

    /// Of tenants in this group; may be repeated
    #[arg(long, value_name = "NAME")]
    group: Vec<String>,

    /// Of these severities, such as `critical,high`; `medium+` means medium and worse
    #[arg(short, long, value_name = "LEVELS", value_delimiter = ',', value_parser = severity)]
    severity: Vec<SeverityRange>,

    /// Of these rules: a whole id, a beginning that ends with `.` or `-`, or a glob (`*.creep`)
    #[arg(short, long, value_name = "RULES", value_delimiter = ',')]
    rule: Vec<String>,

    /// Of these categories: conditional-access, exclusion, coverage, own, sign-in
    #[arg(long, value_name = "CATEGORIES", value_delimiter = ',')]
    category: Vec<String>,

    /// In these states, such as `open,snoozed`; or `active` or `all`
    #[arg(long, value_name = "STATES", value_delimiter = ',', value_parser = states)]
    state: Vec<States>,

    /// To which something happened since this time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// With all of these words in title, rule, subject or tenant
    #[arg(long, value_name = "WORDS")]
    query: Option<String>,

    /// Assigned to this person
    #[arg(long, value_name = "WHO")]
    assignee: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum SeverityRange {
    Exactly(Severity),
    From(Severity),
}

fn severity(text: &str) -> Result<SeverityRange, String> {
    match text.strip_suffix('+') {
        Some(least) => Ok(SeverityRange::From(least.parse()?)),
        None => Ok(SeverityRange::Exactly(text.parse()?)),
    }
}

#[derive(Debug, Clone, PartialEq)]
struct States(Vec<FindingState>);

fn states(text: &str) -> Result<States, String> {
    match text {
        "all" => Ok(States(FindingState::ALL.to_vec())),
        "active" => Ok(States(active())),
        one => match one.parse() {
            Ok(state) => Ok(States(vec![state])),
            Err(reason) => Err(format!("{reason}, active, all")),
        },
    }
}

fn active() -> Vec<FindingState> {
    FindingState::ALL.into_iter().filter(|state| state.is_active()).collect()
}

impl Selection {
    /// Whether nothing limits it.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// As a filter; times count from `now`. What names nothing that there is, is refused: an empty
    /// listing would read as good news.
    pub(super) fn filter(
        &self,
        context: &Context,
        store: &Store,
        now: Timestamp,
    ) -> Result<FindingFilter, CliError> {
        self.check(context, store)?;
        let since = self.since.as_deref().map(|text| triage::before(text, now)).transpose();
        let mut severities: Vec<_> = self
            .severity
            .iter()
            .flat_map(|range| {
                Severity::ALL.into_iter().filter(move |severity| match range {
                    SeverityRange::Exactly(one) => severity == one,
                    SeverityRange::From(least) => severity >= least,
                })
            })
            .collect();
        severities.sort_unstable();
        severities.dedup();
        Ok(FindingFilter {
            tenants: self.tenant.clone(),
            groups: self.group.clone(),
            severities,
            rules: self.rule.clone(),
            categories: self.category.clone(),
            states: self.state.iter().flat_map(|states| states.0.clone()).collect(),
            since: since.map_err(|invalid| CliError::usage(format!("--since: {invalid}")))?,
            query: self.query.clone(),
            assignee: self.assignee.clone(),
            ..FindingFilter::default()
        })
    }
}

impl Selection {
    fn check(&self, context: &Context, store: &Store) -> Result<(), CliError> {
        let unknown = |option: &str, name: &str, known: &mut dyn Iterator<Item = &str>| {
            let near = nearest(name, known);
            let hint = near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
            Err(CliError::usage(format!("{option}: there is no {name:?}{hint}")))
        };
        if !self.tenant.is_empty() || !self.group.is_empty() {
            let tenants = ops::auditing::select(store, &[], &[])?;
            let slugs: Vec<&str> = tenants.iter().map(|tenant| tenant.slug.as_str()).collect();
            for name in self.tenant.iter().map(TenantSlug::as_str) {
                if !slugs.contains(&name) {
                    return unknown("--tenant", name, &mut slugs.iter().copied());
                }
            }
            let groups: Vec<&str> =
                tenants.iter().flat_map(|tenant| &tenant.groups).map(String::as_str).collect();
            for name in self.group.iter().map(String::as_str) {
                if !groups.contains(&name) {
                    return unknown("--group", name, &mut groups.iter().copied());
                }
            }
        }
        for name in self.category.iter().map(String::as_str) {
            if !CATEGORIES.contains(&name) {
                return unknown("--category", name, &mut CATEGORIES.into_iter());
            }
        }
        // Cells are named by the segments of the time; patterns may mean rules of another time.
        let whole = |id: &&str| {
            !id.contains('*') && !id.ends_with(['.', '-']) && !id.starts_with("coverage.")
        };
        let named: Vec<&str> = self.rule.iter().map(String::as_str).filter(whole).collect();
        if !named.is_empty() {
            let catalogue = crate::cli::rules::catalogue(context)?;
            let ids: Vec<&str> =
                catalogue.rules().iter().map(|rule| rule.meta.id.as_str()).collect();
            for id in named {
                if !ids.contains(&id) {
                    return unknown("--rule", id, &mut ids.iter().copied());
                }
            }
        }
        Ok(())
    }
}

/// What a finding can be about.
const CATEGORIES: [&str; 5] = ["conditional-access", "exclusion", "coverage", "own", "sign-in"];

/// Which slice of a listing, and in which order.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Page {
    /// In this order
    #[arg(long, value_name = "ORDER", default_value = "severity")]
    sort: Order,

    /// At most this many; 0 for all. By default 200 in a table, and all in other formats
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,

    /// Leave out this many first
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    offset: usize,
}

/// The order of a listing.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Order {
    /// Worst first
    Severity,
    /// What happened last first
    Changed,
    /// Oldest first
    FirstSeen,
    /// By tenant, then worst first
    Tenant,
    /// By rule, then worst first
    Rule,
}

impl Page {
    pub(super) fn put_into(self, filter: &mut FindingFilter, is_table: bool) {
        filter.sort = match self.sort {
            Order::Severity => FindingSort::Severity,
            Order::Changed => FindingSort::Changed,
            Order::FirstSeen => FindingSort::FirstSeen,
            Order::Tenant => FindingSort::Tenant,
            Order::Rule => FindingSort::Rule,
        };
        filter.limit = match self.limit {
            Some(0) => None,
            None if is_table => Some(TABLE_ROWS),
            limit => limit,
        };
        filter.offset = self.offset;
    }
}

//! Compiling a tenant's policies.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use fixedbitset::FixedBitSet;
use model::known::{applications as known, roles};
use model::policy::{
    ConditionalAccessPolicy, GrantControl, GrantControls, GuestType, GuestsOrExternalUsers,
    PolicyState, Users,
};
use model::snapshot::TenantSnapshot;
use rustc_hash::FxHashMap;

use crate::Tri;
use crate::applications::{ApplicationFacts, Target, TargetMatcher};
use crate::conditions::ConditionSet;
use crate::grant::{Controls, Grant, Tables};
use crate::mask::{CAPACITY, Mask, TriMask};
use crate::methods::Methods;
use crate::place::Locations;
use crate::principals::{PrincipalIndex, UserEntry};
use crate::situation::{Ability, Dimensions};
use crate::ways::Ways;

/// Settings of an evaluation that the tenant's data does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileOptions {
    /// Whether sign-ins for baseline scopes are judged against policies with excluded resources,
    /// as Entra does since 2026.
    pub baseline_scopes_enforced: bool,
    /// Whether the tenant is known to have no MFA trusted addresses beyond its named locations.
    pub mfa_trusted_ips_empty: bool,
    /// Whether Microsoft's own MFA for its portals counts (public cloud).
    pub platform_mfa: bool,
    /// Beginnings of service accounts' sign-in names, lower case.
    pub service_account_prefixes: Vec<String>,
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self {
            baseline_scopes_enforced: true,
            mfa_trusted_ips_empty: false,
            platform_mfa: true,
            service_account_prefixes: ["svc", "service", "sa-", "sa_"].map(str::to_owned).to_vec(),
        }
    }
}

/// Why policies cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// More policies than a mask holds.
    #[error(
        "{count} policies that are not disabled are more than {max}; Entra allows 195 in a tenant: audit fewer files at a time"
    )]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many fit.
        max: usize,
    },
}

/// Where a policy comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The tenant.
    Tenant,
    /// Security defaults.
    SecurityDefaults,
    /// Microsoft's mandatory MFA.
    Platform,
}

/// A policy, compiled.
#[derive(Debug, Clone)]
pub(crate) struct CompiledPolicy {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: PolicyState,
    pub(crate) origin: Origin,
    /// Whether it is for service principals.
    pub(crate) workload: bool,
    /// Principals it is for, surely and possibly.
    pub(crate) yes: FixedBitSet,
    pub(crate) maybe: FixedBitSet,
    /// Principals that it includes and then leaves out.
    pub(crate) left_out: FixedBitSet,
    pub(crate) users: Users,
    pub(crate) target: TargetMatcher,
    pub(crate) conditions: ConditionSet,
    pub(crate) grant: Grant,
}

impl CompiledPolicy {
    /// Whether it reaches a target; report-only policies never see user actions.
    pub(crate) fn reaches(
        &self,
        target: &Target,
        facts: &ApplicationFacts,
        all_covers: Tri,
        options: &CompileOptions,
    ) -> Tri {
        if self.state == PolicyState::ReportOnly && matches!(target, Target::UserAction(_)) {
            return Tri::No;
        }
        let reached = self.target.matches(target, facts, all_covers);
        let reached =
            if self.target.unknown.is_empty() { reached } else { reached.and(Tri::Unknown) };
        if *target == Target::BaselineScopes
            && self.target.includes_all()
            && self.target.has_exclusions()
        {
            if !options.baseline_scopes_enforced {
                return Tri::No;
            }
            // The tenant may have mapped baseline scopes to the application that is left out.
            if self.target.may_exclude_own(facts) {
                return reached.and(Tri::Unknown);
            }
        }
        reached
    }

    /// Whether every condition can be evaluated.
    pub(crate) fn readable(&self) -> Tri {
        if self.conditions.unknown.is_empty() { Tri::Yes } else { Tri::Unknown }
    }
}

/// Principals grouped by the policies that are for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClassTable {
    /// Per principal, its class.
    pub(crate) of: Vec<u32>,
    /// Per class, the policies.
    pub(crate) masks: Vec<TriMask>,
}

/// Ways in by policies, whether the upper bound is meant, and ability.
pub(crate) type Memo = FxHashMap<(Mask, bool, Ability), Arc<Ways>>;

/// A tenant's policies, compiled against its principals.
#[derive(Debug)]
pub struct PolicySet {
    pub(crate) policies: Vec<CompiledPolicy>,
    /// Every policy of the tenant in its order: compiled index, or none where disabled.
    pub(crate) order: Vec<(Option<usize>, String, String)>,
    pub(crate) principals: PrincipalIndex,
    pub(crate) facts: ApplicationFacts,
    pub(crate) locations: Locations,
    pub(crate) methods: Methods,
    pub(crate) controls: Controls,
    pub(crate) enabled: Mask,
    pub(crate) with_report_only: Mask,
    pub(crate) readable: TriMask,
    pub(crate) user_classes: ClassTable,
    pub(crate) workload_classes: ClassTable,
    pub(crate) dimensions: Dimensions,
    pub(crate) all_resources: Vec<(Target, TriMask)>,
    pub(crate) options: CompileOptions,
    /// Ways in that were worked out before, by policies, bound and ability.
    pub(crate) memo: Mutex<Memo>,
}

impl PolicySet {
    /// Compiles a snapshot's policies.
    ///
    /// # Errors
    /// [`PolicyError::TooMany`] for more than 256 policies that are not disabled.
    pub fn compile(
        snapshot: &TenantSnapshot,
        options: &CompileOptions,
    ) -> Result<Self, PolicyError> {
        let principals = PrincipalIndex::new(snapshot);
        let facts = ApplicationFacts::new(snapshot);
        let mut locations =
            Locations::new(&snapshot.named_locations, options.mfa_trusted_ips_empty);
        let mut methods = Methods::new();
        let mut controls = Controls::new();
        let mut policies = Vec::new();
        let mut order = Vec::new();
        let synthetic = synthetic(snapshot, options);
        let sources = snapshot.policies.iter().map(|policy| (policy, Origin::Tenant, false)).chain(
            synthetic.iter().map(|(policy, origin, undecided)| (policy, *origin, *undecided)),
        );
        for (policy, origin, undecided) in sources {
            if origin == Origin::Tenant {
                let compiled = (policy.state != PolicyState::Disabled).then_some(policies.len());
                order.push((compiled, policy.id.clone(), policy.display_name.clone()));
            }
            if policy.state == PolicyState::Disabled {
                continue;
            }
            let mut tables = Tables {
                methods: &mut methods,
                controls: &mut controls,
                strengths: &snapshot.authentication_strengths,
            };
            let grant = Grant::compile(policy, &mut tables);
            let mut conditions = ConditionSet::compile(&policy.conditions, &mut locations);
            if !policy.state.is_known() {
                conditions.unknown.push(format!("state {}", policy.state));
            }
            if undecided {
                conditions.unknown.push("when Microsoft judges it needed".to_owned());
            }
            let (yes, maybe, left_out, workload) = principals_of(policy, &principals);
            policies.push(CompiledPolicy {
                id: policy.id.clone(),
                name: if policy.display_name.is_empty() {
                    policy.id.clone()
                } else {
                    policy.display_name.clone()
                },
                state: policy.state.clone(),
                origin,
                workload,
                yes,
                maybe,
                left_out,
                users: policy.conditions.users.clone(),
                target: TargetMatcher::compile(&policy.conditions.applications),
                conditions,
                grant,
            });
        }
        if policies.len() > CAPACITY {
            return Err(PolicyError::TooMany { count: policies.len(), max: CAPACITY });
        }
        let (mut enabled, mut with_report_only, mut readable) =
            (Mask::EMPTY, Mask::EMPTY, TriMask::default());
        for (at, policy) in policies.iter().enumerate() {
            if policy.state != PolicyState::ReportOnly {
                enabled.set(at);
            }
            with_report_only.set(at);
            readable.put(at, policy.readable());
        }
        let user_classes = classes(&policies, principals.users.len(), false);
        let workload_classes = classes(&policies, principals.workloads.len(), true);
        let dimensions = Dimensions::new(&policies, &locations);
        let mut set = Self {
            policies,
            order,
            principals,
            facts,
            locations,
            methods,
            controls,
            enabled,
            with_report_only,
            readable,
            user_classes,
            workload_classes,
            dimensions,
            all_resources: Vec::new(),
            options: options.clone(),
            memo: Mutex::default(),
        };
        set.all_resources = set.resources();
        Ok(set)
    }

    /// The tenant's principals.
    pub fn principals(&self) -> &PrincipalIndex {
        &self.principals
    }

    /// Conditions and controls that this build cannot evaluate: policy id, policy name, what.
    pub fn unknowns(&self) -> Vec<(String, String, Vec<String>)> {
        self.policies
            .iter()
            .filter(|policy| policy.origin == Origin::Tenant)
            .filter_map(|policy| {
                let mut all = policy.conditions.unknown.clone();
                all.extend(policy.target.unknown.iter().cloned());
                all.extend(policy.grant.unknown.iter().cloned());
                (!all.is_empty()).then(|| (policy.id.clone(), policy.name.clone(), all))
            })
            .collect()
    }

    /// Who is in a population.
    pub fn resolve(&self, population: &crate::Population) -> crate::PrincipalSet {
        self.principals.resolve(population, &self.options.service_account_prefixes)
    }

    /// The words for a target.
    pub fn target_words(&self, target: &Target) -> String {
        self.facts.words.of(target)
    }

    pub(crate) fn target_mask(&self, target: &Target) -> TriMask {
        let mut mask = TriMask::default();
        for (at, policy) in self.policies.iter().enumerate() {
            mask.put(at, policy.reaches(target, &self.facts, Tri::Unknown, &self.options));
        }
        mask
    }

    /// Every resource that the policies may tell apart, one for each set of policies.
    fn resources(&self) -> Vec<(Target, TriMask)> {
        let mut ids: BTreeSet<String> = BTreeSet::new();
        let (mut office, mut portals, mut filtered) = (false, false, false);
        for policy in &self.policies {
            let (named, has_office, has_portals) = policy.target.named();
            ids.extend(named.cloned());
            office |= has_office;
            portals |= has_portals;
            filtered |= policy.target.has_filter();
        }
        if ids.contains(known::AZURE_MANAGEMENT) {
            ids.extend(known::AZURE_MANAGEMENT_MEMBERS.iter().map(|id| (*id).to_owned()));
        }
        if office {
            ids.extend(known::OFFICE_365_MEMBERS.iter().map(|(id, _)| (*id).to_owned()));
        }
        if portals {
            ids.extend(known::ADMIN_PORTAL_MEMBERS.iter().map(|id| (*id).to_owned()));
        }
        if filtered {
            ids.extend(self.facts.ids().cloned());
        }
        let mut seen: HashSet<TriMask> = HashSet::new();
        let targets = [Target::AnyOtherApplication, Target::BaselineScopes]
            .into_iter()
            .chain(ids.into_iter().map(Target::Application));
        targets
            .filter_map(|target| {
                let mask = self.target_mask(&target);
                seen.insert(mask).then_some((target, mask))
            })
            .collect()
    }
}

fn classes(policies: &[CompiledPolicy], count: usize, workload: bool) -> ClassTable {
    let mut masks = vec![TriMask::default(); count];
    for (at, policy) in policies.iter().enumerate().filter(|(_, p)| p.workload == workload) {
        for principal in policy.yes.ones() {
            if let Some(mask) = masks.get_mut(principal) {
                mask.yes.set(at);
            }
        }
        for principal in policy.maybe.ones() {
            if let Some(mask) = masks.get_mut(principal) {
                mask.maybe.set(at);
            }
        }
    }
    let mut table = ClassTable { of: Vec::with_capacity(count), masks: Vec::new() };
    let mut known: HashMap<TriMask, u32> = HashMap::new();
    for mask in masks {
        let next = u32::try_from(table.masks.len()).unwrap_or(u32::MAX);
        let class = *known.entry(mask).or_insert_with(|| {
            table.masks.push(mask);
            next
        });
        table.of.push(class);
    }
    table
}

/// Principals that a policy is for: surely, possibly, and whether they are service principals.
fn principals_of(
    policy: &ConditionalAccessPolicy,
    index: &PrincipalIndex,
) -> (FixedBitSet, FixedBitSet, FixedBitSet, bool) {
    if let Some(clients) = &policy.conditions.client_applications
        && !(clients.include_service_principals.is_empty()
            && clients.service_principal_filter.is_none()
            && clients.include_agent_id_service_principals.is_empty())
    {
        let count = index.workloads.len();
        let (surely, possibly) = index.addressable();
        let named = |ids: &[String]| {
            let mut bits = FixedBitSet::with_capacity(count);
            for id in ids {
                if id.eq_ignore_ascii_case("ServicePrincipalsInMyTenant") {
                    bits.insert_range(..);
                } else if let Some(at) = index.workload_position(id) {
                    bits.insert(at as usize);
                }
            }
            bits
        };
        let mut included = named(&clients.include_service_principals);
        let filtered = clients.service_principal_filter.is_some();
        if filtered && clients.include_service_principals.is_empty() {
            included.insert_range(..);
        }
        let excluded = named(&clients.exclude_service_principals);
        let mut left_out = included.clone();
        left_out.intersect_with(&excluded);
        included.difference_with(&excluded);
        let mut yes = included.clone();
        yes.intersect_with(&surely);
        let mut maybe = included;
        maybe.intersect_with(&possibly);
        if filtered {
            // Their security attributes decide, which no export tells.
            maybe.union_with(&yes);
            yes.clear();
        }
        return (yes, maybe, left_out, true);
    }
    let users = &policy.conditions.users;
    let (mut yes, mut maybe) = users_of(
        index,
        &users.include_users,
        &users.include_groups,
        &users.include_roles,
        users.include_guests_or_external_users.as_ref(),
    );
    let (mut left_out, maybe_left_out) = users_of(
        index,
        &users.exclude_users,
        &users.exclude_groups,
        &users.exclude_roles,
        users.exclude_guests_or_external_users.as_ref(),
    );
    let included = yes.clone();
    yes.difference_with(&left_out);
    maybe.difference_with(&left_out);
    let mut moved = yes.clone();
    moved.intersect_with(&maybe_left_out);
    yes.difference_with(&moved);
    maybe.union_with(&moved);
    maybe.difference_with(&yes);
    left_out.intersect_with(&included);
    (yes, maybe, left_out, false)
}

fn users_of(
    index: &PrincipalIndex,
    ids: &[String],
    groups: &[String],
    role_ids: &[String],
    guests: Option<&GuestsOrExternalUsers>,
) -> (FixedBitSet, FixedBitSet) {
    let count = index.users.len();
    let mut yes = FixedBitSet::with_capacity(count);
    let mut maybe = FixedBitSet::with_capacity(count);
    let mut open = false;
    for id in ids {
        if id.eq_ignore_ascii_case("All") {
            yes.insert_range(..);
        } else if id.eq_ignore_ascii_case("GuestsOrExternalUsers") {
            for (at, user) in index.users.iter().enumerate() {
                match user.guest_is(|kind| kind.is_some()) {
                    Tri::Yes => yes.insert(at),
                    Tri::Unknown => maybe.insert(at),
                    Tri::No => {}
                }
            }
        } else if let Some(found) = index.users_with_id(id) {
            yes.union_with(&found);
        }
    }
    for members in
        groups.iter().map(|id| index.group(id)).chain(role_ids.iter().map(|id| index.role(id)))
    {
        yes.union_with(&members.yes);
        open |= members.open;
    }
    if let Some(guests) = guests {
        for (at, user) in index.users.iter().enumerate() {
            match guest_matches(guests, user) {
                Tri::Yes => yes.insert(at),
                Tri::Unknown => maybe.insert(at),
                Tri::No => {}
            }
        }
    }
    if open {
        maybe.insert_range(..);
    }
    maybe.difference_with(&yes);
    (yes, maybe)
}

fn guest_matches(guests: &GuestsOrExternalUsers, user: &UserEntry) -> Tri {
    let of = |kind: Option<&GuestType>| {
        kind.map_or(Tri::No, |kind| external_matches(guests, kind, user.home_tenant.as_deref()))
    };
    let told = of(user.guest.as_ref());
    match &user.or_guest {
        Some(other) if of(Some(other)) != told => Tri::Unknown,
        _ => told,
    }
}

/// Whether a typed guest condition matches a kind of guest from a home tenant.
pub(crate) fn external_matches(
    guests: &GuestsOrExternalUsers,
    kind: &GuestType,
    home_tenant: Option<&str>,
) -> Tri {
    if !guests.guest_or_external_user_types.has(kind) {
        let unknown = guests.guest_or_external_user_types.0.iter().any(|k| !k.is_known());
        return if unknown { Tri::Unknown } else { Tri::No };
    }
    match &guests.external_tenants {
        Some(tenants) if tenants.membership_kind.eq_ignore_ascii_case("enumerated") => {
            // Internal guests are at home here; a list of other tenants does not name them.
            match home_tenant {
                Some(home) => tenants.members.iter().any(|id| id.eq_ignore_ascii_case(home)).into(),
                None => Tri::Unknown,
            }
        }
        _ => Tri::Yes,
    }
}

/// Security defaults and Microsoft's mandatory MFA, as the policies that they amount to. The last
/// part says whether Microsoft alone decides when it acts.
fn synthetic(
    snapshot: &TenantSnapshot,
    options: &CompileOptions,
) -> Vec<(ConditionalAccessPolicy, Origin, bool)> {
    let mut out = Vec::new();
    let policy = |id: &str, name: &str, control: GrantControl| {
        let mut policy = ConditionalAccessPolicy {
            id: id.to_owned(),
            display_name: name.to_owned(),
            description: None,
            state: PolicyState::Enabled,
            created_date_time: None,
            modified_date_time: None,
            template_id: None,
            conditions: model::policy::Conditions::default(),
            grant_controls: Some(GrantControls {
                built_in_controls: vec![control],
                ..GrantControls::default()
            }),
            session_controls: None,
            extra: model::open::Extra::default(),
        };
        policy.conditions.users.include_users = vec!["All".into()];
        policy.conditions.applications.include_applications = vec!["All".into()];
        policy
    };
    if snapshot.security_defaults.as_ref().is_some_and(|defaults| defaults.is_enabled) {
        let sync: Vec<String> = roles::DIRECTORY_SYNC.iter().map(|id| (*id).to_owned()).collect();
        let origin = Origin::SecurityDefaults;
        let mut legacy = policy(
            "security-defaults:legacy",
            "Security defaults: legacy authentication",
            GrantControl::Block,
        );
        legacy.conditions.client_app_types = vec![
            model::policy::ClientAppType::ExchangeActiveSync,
            model::policy::ClientAppType::Other,
        ];
        let mut admins = policy(
            "security-defaults:admins",
            "Security defaults: administrators",
            GrantControl::Mfa,
        );
        admins.conditions.users.include_users.clear();
        admins.conditions.users.include_roles =
            roles::SECURITY_DEFAULTS_ADMINS.iter().map(|id| (*id).to_owned()).collect();
        let mut azure = policy(
            "security-defaults:azure",
            "Security defaults: Azure management",
            GrantControl::Mfa,
        );
        azure.conditions.applications.include_applications = vec![known::AZURE_MANAGEMENT.into()];
        let users =
            policy("security-defaults:users", "Security defaults: all users", GrantControl::Mfa);
        for (mut policy, undecided) in
            [(legacy, false), (admins, false), (azure, false), (users, true)]
        {
            policy.conditions.users.exclude_roles.clone_from(&sync);
            out.push((policy, origin, undecided));
        }
    }
    if options.platform_mfa {
        let mut portal = policy(
            "platform:mandatory-mfa",
            "Microsoft's mandatory MFA for its portals",
            GrantControl::Mfa,
        );
        portal.conditions.applications.include_applications = vec![known::AZURE_PORTAL.into()];
        portal.conditions.client_app_types = vec![
            model::policy::ClientAppType::Browser,
            model::policy::ClientAppType::MobileAppsAndDesktopClients,
        ];
        out.push((portal, Origin::Platform, false));
    }
    out
}

//! What a policy is about: applications, user actions, authentication contexts.

use std::collections::{BTreeSet, HashMap};

use model::decision::DeviceValue;
use model::known::applications as known;
use model::object::ObjectKind;
use model::policy::{Applications, FilterMode, UserAction};
use model::snapshot::TenantSnapshot;
use serde_json::Value;

use crate::Tri;
use crate::filter::Filter;

/// Microsoft's own tenant: owner of first-party applications.
pub(crate) const MICROSOFT_TENANT: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

/// What a sign-in reaches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// An application by id, lower case.
    Application(String),
    /// An application that no policy names and that belongs to no suite.
    AnyOtherApplication,
    /// A sign-in that asks for baseline scopes only. Since 2026 it is judged as one to Windows
    /// Azure Active Directory; before, policies with excluded resources did not see it.
    BaselineScopes,
    /// A user action.
    UserAction(UserAction),
    /// An authentication context, lower case.
    AuthenticationContext(String),
}

/// Names of applications, for words.
#[derive(Debug, Clone, Default)]
pub struct TargetWords(pub(crate) HashMap<String, String>);

impl TargetWords {
    /// The words for a target.
    pub fn of(&self, target: &Target) -> String {
        match target {
            Target::Application(id) => self
                .0
                .get(id)
                .map(String::as_str)
                .or_else(|| known::application_name(id))
                .map_or_else(|| format!("application {id}"), str::to_owned),
            Target::AnyOtherApplication => "any application that no policy names".into(),
            Target::BaselineScopes => "a sign-in for baseline scopes only".into(),
            Target::UserAction(UserAction::RegisterSecurityInfo) => {
                "registering security information".into()
            }
            Target::UserAction(UserAction::RegisterDevice) => "registering a device".into(),
            Target::UserAction(UserAction::Unknown(name)) => format!("user action {name}"),
            Target::AuthenticationContext(id) => format!("authentication context {id}"),
        }
    }
}

/// What is known of the tenant's applications.
#[derive(Debug, Clone, Default)]
pub(crate) struct ApplicationFacts {
    /// Application id to owner and attributes.
    by_id: HashMap<String, Facts>,
    pub(crate) words: TargetWords,
    pub(crate) tenant_id: Option<String>,
    /// Whether every service principal was collected.
    complete: bool,
}

#[derive(Debug, Clone, Default)]
struct Facts {
    first_party: Option<bool>,
    owner: Option<String>,
    attributes: Option<Value>,
}

impl ApplicationFacts {
    pub(crate) fn new(snapshot: &TenantSnapshot) -> Self {
        let mut out = Self {
            tenant_id: snapshot.organization.as_ref().map(|o| o.id.to_ascii_lowercase()),
            complete: snapshot.has_all(ObjectKind::ServicePrincipal),
            ..Self::default()
        };
        for principal in &snapshot.service_principals {
            let id = principal.app_id.to_ascii_lowercase();
            if id.is_empty() {
                continue;
            }
            if !principal.display_name.is_empty() {
                out.words.0.insert(id.clone(), principal.display_name.clone());
            }
            let owner = principal.app_owner_organization_id.as_deref().map(str::to_ascii_lowercase);
            out.by_id.insert(
                id,
                Facts {
                    first_party: owner.as_deref().map(|owner| owner == MICROSOFT_TENANT),
                    owner,
                    attributes: principal.custom_security_attributes.clone(),
                },
            );
        }
        out
    }

    /// Whether an application is known to be in no suite of Microsoft's.
    fn is_outside_suites(&self, id: &str) -> bool {
        self.by_id.get(id).and_then(|facts| facts.first_party) == Some(false)
            || known::APPLICATIONS.iter().any(|(app, _)| *app == id)
    }

    /// Whether an application may be registered in this tenant: it is, or nothing tells whose it is.
    pub(crate) fn may_be_own(&self, id: &str) -> bool {
        match (self.by_id.get(id), &self.tenant_id) {
            (Some(Facts { owner: Some(owner), .. }), Some(tenant)) => owner == tenant,
            (Some(Facts { first_party: Some(true), .. }), _) => false,
            (Some(_), _) => true,
            (None, _) => !self.complete && !known::APPLICATIONS.iter().any(|(app, _)| *app == id),
        }
    }

    /// Applications with collected attributes.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &String> {
        self.by_id.keys()
    }

    /// Value of `CustomSecurityAttribute.Set_Attribute`; none where not collected.
    fn attribute(&self, id: &str, property: &str) -> Option<DeviceValue> {
        let attributes = self.by_id.get(id)?.attributes.as_ref()?;
        let path = property.strip_prefix("customsecurityattribute.")?;
        let (set, name) = path.split_once('_')?;
        let child = |value: &Value, wanted: &str| -> Option<Value> {
            value
                .as_object()?
                .iter()
                .find(|(k, _)| k.eq_ignore_ascii_case(wanted))
                .map(|(_, v)| v.clone())
        };
        Some(match child(attributes, set).and_then(|inner| child(&inner, name)) {
            Some(Value::String(text)) => DeviceValue::Text(text),
            Some(Value::Bool(flag)) => DeviceValue::Flag(flag),
            Some(Value::Number(number)) => DeviceValue::Text(number.to_string()),
            Some(Value::Array(items)) => DeviceValue::List(
                items
                    .iter()
                    .map(|i| i.as_str().map_or_else(|| i.to_string(), str::to_owned))
                    .collect(),
            ),
            _ => DeviceValue::Null,
        })
    }
}

/// A policy's applications, compiled.
#[derive(Debug, Clone)]
pub(crate) struct TargetMatcher {
    include: TargetSet,
    exclude: TargetSet,
    actions: Vec<UserAction>,
    contexts: BTreeSet<String>,
    filter: Option<(Result<Filter, String>, FilterMode)>,
    /// Properties that this build does not know and that may widen or narrow the policy.
    pub(crate) unknown: Vec<String>,
}

#[derive(Debug, Clone, Default)]
struct TargetSet {
    all: bool,
    office_365: bool,
    portals: bool,
    ids: BTreeSet<String>,
}

impl TargetSet {
    fn new(ids: &[String]) -> Self {
        let mut out = Self::default();
        for id in ids {
            match id.to_ascii_lowercase().as_str() {
                "all" => out.all = true,
                "none" => {}
                "office365" => out.office_365 = true,
                "microsoftadminportals" => out.portals = true,
                other => {
                    out.ids.insert(other.to_owned());
                }
            }
        }
        out
    }

    fn contains(&self, target: &Target, facts: &ApplicationFacts) -> Tri {
        if self.all {
            return Tri::Yes;
        }
        let id = match target {
            Target::Application(id) => id.as_str(),
            Target::BaselineScopes => known::WINDOWS_AZURE_ACTIVE_DIRECTORY,
            _ => return Tri::No,
        };
        if self.ids.contains(id)
            || (self.ids.contains(known::AZURE_MANAGEMENT)
                && known::AZURE_MANAGEMENT_MEMBERS.contains(&id))
        {
            return Tri::Yes;
        }
        if !self.office_365 && !self.portals {
            return Tri::No;
        }
        let outside = facts.is_outside_suites(id);
        let office_member = known::OFFICE_365_MEMBERS.iter().any(|(member, _)| *member == id);
        let office = match (self.office_365, office_member) {
            (false, _) => Tri::No,
            (true, true) => Tri::Yes,
            (true, false) if outside => Tri::No,
            (true, false) => Tri::Unknown,
        };
        let portals = if !self.portals {
            Tri::No
        } else if known::ADMIN_PORTAL_MEMBERS.contains(&id) {
            Tri::Yes
        } else if known::ADMIN_PORTAL_CANDIDATES.contains(&id) {
            Tri::Unknown
        } else if outside || office_member {
            Tri::No
        } else {
            Tri::Unknown
        };
        office.or(portals)
    }

    fn is_empty(&self) -> bool {
        !self.all && !self.office_365 && !self.portals && self.ids.is_empty()
    }
}

impl TargetMatcher {
    pub(crate) fn compile(applications: &Applications) -> Self {
        // Traffic profiles are a kind of target of their own, and not applications.
        let traffic = |name: &str| {
            matches!(name, "networkAccess" | "globalSecureAccess" | "includeTrafficProfiles")
        };
        Self {
            include: TargetSet::new(&applications.include_applications),
            exclude: TargetSet::new(&applications.exclude_applications),
            actions: applications.include_user_actions.clone(),
            contexts: applications
                .include_authentication_context_class_references
                .iter()
                .map(|id| id.to_ascii_lowercase())
                .collect(),
            filter: applications.application_filter.as_ref().map(|filter| {
                (Filter::parse(&filter.rule).map_err(|e| e.to_string()), filter.mode.clone())
            }),
            unknown: applications
                .extra
                .meaningful()
                .filter(|(name, _)| !traffic(name))
                .map(|(name, _)| format!("applications.{name}"))
                .collect(),
        }
    }

    pub(crate) fn matches(
        &self,
        target: &Target,
        facts: &ApplicationFacts,
        all_covers_actions: Tri,
    ) -> Tri {
        match target {
            Target::UserAction(action) if self.actions.contains(action) => Tri::Yes,
            Target::AuthenticationContext(id) if self.contexts.contains(id) => Tri::Yes,
            // Whether "all resources" reaches these is not settled by Microsoft's documentation.
            Target::UserAction(_) | Target::AuthenticationContext(_) if self.include.all => {
                all_covers_actions
            }
            Target::UserAction(_) | Target::AuthenticationContext(_) => Tri::No,
            _ => {
                let filtered = self.filter.as_ref().map(|(filter, mode)| {
                    let hit = match (filter, target) {
                        (Ok(filter), Target::Application(id)) => {
                            filter.evaluate(&|property| facts.attribute(id, property))
                        }
                        _ => Tri::Unknown,
                    };
                    (hit, mode)
                });
                let mut include = self.include.contains(target, facts);
                let mut exclude = self.exclude.contains(target, facts);
                match filtered {
                    Some((hit, FilterMode::Include)) => include = include.or(hit),
                    Some((hit, FilterMode::Exclude)) => exclude = exclude.or(hit),
                    Some((_, FilterMode::Unknown(_))) => include = include.and(Tri::Unknown),
                    None => {}
                }
                include.and(!exclude)
            }
        }
    }

    /// Whether it names applications to leave out.
    pub(crate) fn has_exclusions(&self) -> bool {
        !self.exclude.is_empty() || matches!(&self.filter, Some((_, FilterMode::Exclude)))
    }

    /// Whether it leaves out an application of the tenant's own.
    pub(crate) fn may_exclude_own(&self, facts: &ApplicationFacts) -> bool {
        self.exclude.ids.iter().any(|id| facts.may_be_own(id))
    }

    pub(crate) fn includes_all(&self) -> bool {
        self.include.all
    }

    pub(crate) fn has_filter(&self) -> bool {
        self.filter.is_some()
    }

    /// Whether it names anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.include.is_empty()
            && self.actions.is_empty()
            && self.contexts.is_empty()
            && self.filter.is_none()
    }

    /// Application ids that it names, and whether it names the suites.
    pub(crate) fn named(&self) -> (impl Iterator<Item = &String>, bool, bool) {
        (
            self.include.ids.iter().chain(&self.exclude.ids),
            self.include.office_365 || self.exclude.office_365,
            self.include.portals || self.exclude.portals,
        )
    }
}

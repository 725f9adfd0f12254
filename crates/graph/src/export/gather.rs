//! Objects gathered over files: each once, with what follows from the absence of others.

use std::collections::{BTreeSet, HashMap};

use model::canonical::{canonical_json, sha256_hex};
use model::object::{ExportedObject, ObjectKind};
use serde_json::Value;

use super::members::{self, Doubts, Listing};
use super::{Place, ReadError};

/// What an object's surroundings say of the listing it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// An object by itself, in a file that was named: nothing follows for others.
    Single,
    /// An object by itself, in a folder that was named: the folder is the listing.
    Folder,
    /// Part of a whole listing.
    Listing,
    /// Part of a listing that goes on elsewhere.
    Truncated,
}

/// What was read.
#[derive(Debug, Default)]
pub struct Reading {
    /// Objects, each kind and id once.
    pub objects: Vec<ExportedObject>,
    /// Kinds of which the whole listing was read.
    pub complete_kinds: BTreeSet<ObjectKind>,
    /// What is worth telling, with the place.
    pub notes: Vec<(Place, String)>,
    /// What was refused; empty unless the reading was to keep going.
    pub errors: Vec<ReadError>,
}

/// Gathers objects over files.
#[derive(Debug)]
pub struct Gatherer {
    keep_going: bool,
    reading: Reading,
    /// Kind and id, to position and place.
    known: HashMap<(ObjectKind, String), (usize, Place)>,
    whole: BTreeSet<ObjectKind>,
    truncated: BTreeSet<ObjectKind>,
    doubts: Doubts,
}

impl Gatherer {
    pub(super) fn new(keep_going: bool) -> Self {
        Self {
            keep_going,
            reading: Reading::default(),
            known: HashMap::new(),
            whole: BTreeSet::new(),
            truncated: BTreeSet::new(),
            doubts: Doubts::default(),
        }
    }

    /// Keeps an error and goes on, or ends the reading with it.
    pub(super) fn refuse(&mut self, error: ReadError) -> Result<(), ReadError> {
        if self.keep_going {
            self.reading.errors.push(error);
            Ok(())
        } else {
            Err(error)
        }
    }

    pub(super) fn note(&mut self, place: &Place, text: String) {
        self.reading.notes.push((place.clone(), text));
    }

    /// Notes that a listing of a kind was seen, empty or not.
    pub(super) fn seen(&mut self, kind: ObjectKind, extent: Extent, truncated: bool) {
        if matches!(extent, Extent::Listing | Extent::Folder) {
            self.whole.insert(kind);
        }
        if truncated || extent == Extent::Truncated {
            self.truncated.insert(kind);
        }
    }

    /// Takes an object of the tenant's own making: gives it an identity and parts members off.
    pub(super) fn take_object(
        &mut self,
        kind: ObjectKind,
        mut body: Value,
        place: Place,
        extent: Extent,
    ) -> Result<(), ReadError> {
        if kind == ObjectKind::Group {
            for (listing, doubt) in members::parted(&mut body) {
                self.take_members(listing, place.clone(), extent, doubt)?;
            }
        }
        if kind == ObjectKind::GroupMembership {
            return self.take_listing(body, place, extent);
        }
        if matches!(kind, ObjectKind::RoleAssignment | ObjectKind::RoleEligibility) {
            end_of_schedule(&mut body);
        }
        if let Some(property) = needed(kind, &body) {
            let reason = format!("`{property}` is missing or empty");
            return self.refuse(ReadError::Shape { place, kind: kind.as_str(), reason });
        }
        let field = |name: &str| {
            body.get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let display_name = field("displayName").unwrap_or_default();
        let id = match kind {
            ObjectKind::SecurityDefaults => Some("security-defaults".to_owned()),
            ObjectKind::CrossTenantAccess => {
                Some(field("tenantId").unwrap_or_else(|| "default".to_owned()))
            }
            // Templates have no id; their name is what they are known by.
            ObjectKind::Policy => field("id")
                .or_else(|| (!display_name.is_empty()).then(|| derived_id(&display_name))),
            ObjectKind::SubscribedSku => field("id").or_else(|| field("skuId")),
            _ => field("id"),
        };
        let Some(id) = id else {
            return self.refuse(ReadError::Shape {
                place,
                kind: kind.as_str(),
                reason: "it has no id".into(),
            });
        };
        if kind == ObjectKind::Policy
            && let Value::Object(fields) = &mut body
        {
            fields.insert("id".into(), Value::String(id.clone()));
        }
        self.take(ExportedObject { kind, id, display_name, body }, place, extent, false)
    }

    fn take_listing(
        &mut self,
        mut body: Value,
        place: Place,
        extent: Extent,
    ) -> Result<(), ReadError> {
        let group = body.get("groupId").and_then(Value::as_str).unwrap_or_default().to_owned();
        let transitive = body.get("transitive").and_then(Value::as_bool).unwrap_or_default();
        let members = body.get_mut("members").map(Value::take).unwrap_or_default();
        self.take_members(Listing { group, transitive, members }, place, extent, None)
    }

    /// Takes a page of a group's members; pages of one group become one listing.
    pub(super) fn take_members(
        &mut self,
        listing: Listing,
        place: Place,
        extent: Extent,
        doubt: Option<&'static str>,
    ) -> Result<(), ReadError> {
        let kind = ObjectKind::GroupMembership;
        let Listing { group, transitive, members } = listing;
        let reduced = if group.is_empty() {
            Err("`groupId` is missing or empty")
        } else {
            members::reduced(members)
        };
        let members = match reduced {
            Ok(members) => members,
            Err(reason) => {
                let reason = reason.to_owned();
                return self.refuse(ReadError::Shape { place, kind: kind.as_str(), reason });
            }
        };
        if let Some(why) = doubt {
            self.doubts.add(&group, &place, why);
        }
        let mut body = members::body(&group, transitive, &members);
        if let Some((at, _)) = self.known.get(&(kind, group.clone()))
            && let Some(first) = self.reading.objects.get_mut(*at)
        {
            body = members::merged(&group, &first.body, &body);
            first.body.clone_from(&body);
        }
        let object = ExportedObject { kind, id: group, display_name: String::new(), body };
        self.take(object, place, extent, doubt.is_some())
    }

    pub(super) fn take(
        &mut self,
        mut object: ExportedObject,
        place: Place,
        extent: Extent,
        truncated: bool,
    ) -> Result<(), ReadError> {
        self.seen(object.kind, extent, truncated);
        let key = (object.kind, object.id.clone());
        let Some((at, other)) = self.known.get(&key).cloned() else {
            self.known.insert(key, (self.reading.objects.len(), place));
            self.reading.objects.push(object);
            return Ok(());
        };
        let Some(first) = self.reading.objects.get(at) else { return Ok(()) };
        if first.body == object.body {
            return Ok(());
        }
        if object.id.starts_with(DERIVED) && !object.id.contains('+') {
            // Two templates of one name are two policies.
            let body = canonical_json(&object.body).unwrap_or_default();
            let hash = sha256_hex(&[body.as_bytes()]);
            object.id = format!("{}+{}", object.id, hash.get(..8).unwrap_or_default());
            if let Value::Object(fields) = &mut object.body {
                fields.insert("id".into(), Value::String(object.id.clone()));
            }
            return self.take(object, place, extent, truncated);
        }
        if !self.keep_going {
            return Err(ReadError::Conflict {
                place,
                kind: object.kind.as_str(),
                id: object.id,
                other: Box::new(other),
            });
        }
        let changed =
            |body: &Value| body.get("modifiedDateTime").and_then(Value::as_str).map(str::to_owned);
        let later = changed(&object.body) >= changed(&first.body);
        let (winner, loser) = if later { (&place, &other) } else { (&other, &place) };
        let text = format!(
            "two versions of {} {}: the one in {winner} counts, the one in {loser} does not",
            object.kind, object.id
        );
        self.note(&place, text);
        if later && let Some(slot) = self.reading.objects.get_mut(at) {
            *slot = object;
            self.known.insert(key, (at, place));
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Reading {
        let doubts = std::mem::take(&mut self.doubts);
        self.reading.objects.retain(|object| {
            object.kind != ObjectKind::GroupMembership || !doubts.about(&object.id)
        });
        self.reading.notes.extend(doubts.notes());
        // A refused object may have been any: then no listing is whole.
        if self.reading.errors.is_empty() {
            self.reading.complete_kinds = self.complete_kinds();
        }
        self.reading
    }

    fn complete_kinds(&self) -> BTreeSet<ObjectKind> {
        let whole = self.whole.iter().filter(|kind| !self.truncated.contains(kind));
        let mut whole: BTreeSet<ObjectKind> = whole.copied().collect();
        let objects =
            || self.reading.objects.iter().map(|object| (object.kind, object.id.as_str()));
        let members = ObjectKind::GroupMembership;
        let said = whole.remove(&members);
        let listed = objects().any(|(kind, _)| kind == members);
        if !self.truncated.contains(&members)
            && (said || listed)
            && members::are_whole(objects(), whole.contains(&ObjectKind::Group), said)
        {
            whole.insert(members);
        }
        // Partners and the default are two listings.
        let access = ObjectKind::CrossTenantAccess;
        if !objects().any(|(kind, id)| kind == access && id == "default") {
            whole.remove(&access);
        }
        whole
    }
}

/// A property without which an object means nothing, where it is missing.
fn needed(kind: ObjectKind, body: &Value) -> Option<&'static str> {
    let given = |name: &str| body.get(name).and_then(Value::as_str).is_some_and(|t| !t.is_empty());
    match kind {
        ObjectKind::RoleAssignment | ObjectKind::RoleEligibility => {
            ["principalId", "roleDefinitionId"].into_iter().find(|name| !given(name))
        }
        ObjectKind::DirectoryRole => (!given("roleTemplateId")).then_some("roleTemplateId"),
        // Absent is not the same as off.
        ObjectKind::SecurityDefaults => {
            (!body.get("isEnabled").is_some_and(Value::is_boolean)).then_some("isEnabled")
        }
        _ => None,
    }
}

/// A schedule tells its end further down than an instance does.
fn end_of_schedule(body: &mut Value) {
    let end =
        body.pointer("/scheduleInfo/expiration/endDateTime").filter(|end| end.is_string()).cloned();
    if let (Some(end), Value::Object(fields)) = (end, body)
        && fields.get("endDateTime").is_none_or(Value::is_null)
    {
        fields.insert("endDateTime".to_owned(), end);
    }
}

/// Beginning of an id made from a name.
const DERIVED: &str = "name:";

fn derived_id(name: &str) -> String {
    let hash = sha256_hex(&[name.as_bytes()]);
    format!("{DERIVED}{}", hash.get(..16).unwrap_or(&hash))
}

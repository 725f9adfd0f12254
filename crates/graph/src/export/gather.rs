//! Objects gathered over files: each once, with what follows from the absence of others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::canonical::{canonical_json, sha256_hex};
use model::object::{ExportedObject, ObjectKind};
use serde_json::{Value, json};

use super::walk::reduced;
use super::{Place, ReadError};

/// How many members `$expand` gives at most; exactly as many may be a part of them.
const EXPANDED_MEMBERS: usize = 20;

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
    /// Groups whose members came along, may be cut short, or did not come.
    expanded: BTreeMap<bool, usize>,
}

impl Gatherer {
    pub(super) fn new(keep_going: bool) -> Self {
        Self {
            keep_going,
            reading: Reading::default(),
            known: HashMap::new(),
            whole: BTreeSet::new(),
            truncated: BTreeSet::new(),
            expanded: BTreeMap::new(),
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
            self.part_members(&mut body, &place)?;
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
            ObjectKind::GroupMembership => field("groupId"),
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

    /// Members that came along with a group become a listing of their own.
    fn part_members(&mut self, body: &mut Value, place: &Place) -> Result<(), ReadError> {
        let Value::Object(fields) = body else { return Ok(()) };
        let transitive = fields.remove("transitiveMembers").filter(Value::is_array);
        let direct = fields.remove("members").filter(Value::is_array);
        let group = fields.get("id").and_then(Value::as_str).map(str::to_owned);
        let (members, is_transitive) = match (transitive, direct) {
            (Some(members), _) => (members, true),
            (None, Some(members)) => (members, false),
            (None, None) => {
                *self.expanded.entry(false).or_default() += 1;
                return Ok(());
            }
        };
        let Some(group) = group else { return Ok(()) };
        let count = members.as_array().map_or(0, Vec::len);
        if count == EXPANDED_MEMBERS {
            self.note(
                place,
                format!("group {group} came with exactly {count} members, as many as $expand gives: there may be more"),
            );
        }
        *self.expanded.entry(count != EXPANDED_MEMBERS).or_default() += 1;
        let body =
            json!({ "groupId": group, "transitive": is_transitive, "members": reduced(members) });
        let object = ExportedObject {
            kind: ObjectKind::GroupMembership,
            id: group,
            display_name: String::new(),
            body,
        };
        self.take(object, place.clone(), Extent::Single, false)
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
                other,
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
        // A refused object may have been any: then no listing is whole.
        if self.reading.errors.is_empty() {
            let whole = self.whole.iter().filter(|kind| !self.truncated.contains(kind));
            self.reading.complete_kinds = whole.copied().collect();
            let listed = self.reading.complete_kinds.contains(&ObjectKind::Group);
            let cut = self.expanded.get(&false).copied().unwrap_or(0);
            let came = self.expanded.get(&true).copied().unwrap_or(0);
            if listed && came > 0 && cut == 0 {
                self.reading.complete_kinds.insert(ObjectKind::GroupMembership);
            }
        }
        self.reading
    }
}

/// Beginning of an id made from a name.
const DERIVED: &str = "name:";

fn derived_id(name: &str) -> String {
    let hash = sha256_hex(&[name.as_bytes()]);
    format!("{DERIVED}{}", hash.get(..16).unwrap_or(&hash))
}

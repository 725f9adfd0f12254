//! Members of groups: listings in pages, and members that came along with their group.
//!
//! A listing says of everybody else that they are not in the group. One that may lack members is
//! therefore left out, and the group's members count as unknown.

use std::collections::{BTreeMap, BTreeSet};

use model::object::ObjectKind;
use serde_json::{Map, Value, json};

use super::Place;

/// How many members `$expand` gives at most: exactly as many may be a part of them.
const EXPANDED: usize = 20;

/// Why a listing may lack members: it has another page.
pub(super) const GOES_ON: &str = "go on on a next page";
const CUT: &str = "are exactly 20, as many as $expand gives, and may be more";

/// A page of the members of a group.
pub(super) struct Listing {
    pub(super) group: String,
    /// Whether nesting is resolved.
    pub(super) transitive: bool,
    /// The list as it came.
    pub(super) members: Value,
}

/// Members as they are stored: type and id, in order of their ids, each once.
pub(super) fn reduced(members: Value) -> Result<Vec<Value>, &'static str> {
    let Value::Array(items) = members else { return Err("`members` is not a list") };
    let mut by_id: BTreeMap<String, Value> = BTreeMap::new();
    for item in items {
        let mut out = Map::new();
        match item {
            Value::Object(mut fields) => {
                for name in ["@odata.type", "id"] {
                    if let Some(value) = fields.remove(name) {
                        out.insert(name.to_owned(), value);
                    }
                }
            }
            // Some tools list ids alone.
            Value::String(id) => {
                out.insert("id".to_owned(), Value::String(id));
            }
            _ => return Err("a member is neither an object nor an id"),
        }
        let id = out.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        if id.is_empty() {
            return Err("a member has no `id`");
        }
        by_id.insert(id, Value::Object(out));
    }
    Ok(by_id.into_values().collect())
}

/// The body of a listing.
pub(super) fn body(group: &str, transitive: bool, members: &[Value]) -> Value {
    json!({ "groupId": group, "transitive": transitive, "members": members })
}

/// Two listings of one group as one: pages add up, and one with nesting resolved says all that
/// the direct one does.
pub(super) fn merged(group: &str, one: &Value, other: &Value) -> Value {
    let transitive = |body: &Value| body.get("transitive") == Some(&Value::Bool(true));
    match (transitive(one), transitive(other)) {
        (true, false) => return one.clone(),
        (false, true) => return other.clone(),
        _ => {}
    }
    let of = |body: &Value| body.get("members").and_then(Value::as_array).cloned();
    let all = [of(one), of(other)].into_iter().flatten().flatten().collect();
    // Both were reduced before.
    body(group, transitive(one), &reduced(Value::Array(all)).unwrap_or_default())
}

/// Parts members from the group that they came with, and says why they may not be all.
pub(super) fn parted(body: &mut Value) -> Vec<(Listing, Option<&'static str>)> {
    let Value::Object(fields) = body else { return Vec::new() };
    let group = fields.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut out = Vec::new();
    for (name, transitive) in [("members", false), ("transitiveMembers", true)] {
        let Some(members @ Value::Array(_)) = fields.remove(name) else { continue };
        let cut = members.as_array().is_some_and(|members| members.len() == EXPANDED);
        let listing = Listing { group: group.clone(), transitive, members };
        out.push((listing, cut.then_some(CUT)));
    }
    out
}

/// Groups whose members may not all be there: where, and why.
#[derive(Debug, Default)]
pub(super) struct Doubts(BTreeMap<String, (Place, &'static str)>);

impl Doubts {
    pub(super) fn add(&mut self, group: &str, place: &Place, why: &'static str) {
        self.0.entry(group.to_owned()).or_insert_with(|| (place.clone(), why));
    }

    pub(super) fn about(&self, group: &str) -> bool {
        self.0.contains_key(group)
    }

    pub(super) fn notes(self) -> impl Iterator<Item = (Place, String)> {
        self.0.into_iter().map(|(group, (place, why))| {
            (place, format!("the members of group {group} {why}: they count as unknown"))
        })
    }
}

/// Whether the members of every group are there. Members are listed group by group, so that a
/// whole listing of groups is needed to tell; without any group, the listing's own word counts.
pub(super) fn are_whole<'o>(
    objects: impl Iterator<Item = (ObjectKind, &'o str)>,
    groups_whole: bool,
    said: bool,
) -> bool {
    let (mut groups, mut listed) = (BTreeSet::new(), BTreeSet::new());
    for (kind, id) in objects {
        match kind {
            ObjectKind::Group => groups.insert(id),
            ObjectKind::GroupMembership => listed.insert(id),
            _ => continue,
        };
    }
    if groups.is_empty() { said } else { groups_whole && groups.is_subset(&listed) }
}

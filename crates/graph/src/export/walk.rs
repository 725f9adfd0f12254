//! From documents to objects: collections, arrays, batches, objects keyed by kind.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::canonical::without_annotations;
use model::object::{ExportedObject, ObjectKind};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::gather::{Extent, Gatherer};
use super::recognise::{self, Context, Recognised};
use super::source::ReadLimits;
use super::text::{Lines, Origin, without_position};
use super::{Place, ReadError, notes};

/// An object's own properties, values unread.
pub(super) type Fields<'t> = BTreeMap<Cow<'t, str>, &'t RawValue>;

pub(super) struct Walk<'g, 't> {
    pub(super) gatherer: &'g mut Gatherer,
    pub(super) file: &'t str,
    pub(super) lines: &'t Lines<'t>,
    pub(super) origin: Origin,
    pub(super) limits: &'t ReadLimits,
    /// Whether the file has several documents, one an object: JSON Lines.
    pub(super) several: bool,
}

impl Walk<'_, '_> {
    pub(super) fn document(&mut self, raw: &RawValue) -> Result<(), ReadError> {
        let extent = match (self.several, self.origin) {
            (true, _) => Extent::Listing,
            (false, Origin::Folder) => Extent::Folder,
            (false, Origin::Explicit) => Extent::Single,
        };
        self.value(raw, "$", None, extent)
    }

    fn place(&self, raw: &RawValue, path: &str) -> Place {
        Place { file: self.file.to_owned(), line: self.lines.of(raw.get()), path: path.to_owned() }
    }

    fn unrecognised(&self, raw: &RawValue, path: &str, reason: String) -> ReadError {
        ReadError::Unrecognised { place: self.place(raw, path), reason }
    }

    fn value(
        &mut self,
        raw: &RawValue,
        path: &str,
        context: Option<&Context>,
        extent: Extent,
    ) -> Result<(), ReadError> {
        match raw.get().bytes().next() {
            Some(b'[') => {
                let items = self.items(raw, path)?;
                for (at, item) in items.into_iter().enumerate() {
                    self.value(item, &format!("{path}[{at}]"), context, Extent::Listing)?;
                }
                Ok(())
            }
            Some(b'{') => {
                let fields = self.fields(raw, path)?;
                self.object(raw, &fields, path, context, extent)
            }
            _ => Err(self.unrecognised(raw, path, "an object or a list is expected here".into())),
        }
    }

    fn items<'t>(&self, raw: &'t RawValue, path: &str) -> Result<Vec<&'t RawValue>, ReadError> {
        serde_json::from_str(raw.get()).map_err(|e| self.syntax(raw, path, &e))
    }

    fn fields<'t>(&self, raw: &'t RawValue, path: &str) -> Result<Fields<'t>, ReadError> {
        #[derive(Deserialize)]
        struct Borrowed<'t>(#[serde(borrow)] BTreeMap<Cow<'t, str>, &'t RawValue>);
        serde_json::from_str::<Borrowed<'t>>(raw.get())
            .map(|fields| fields.0)
            .map_err(|e| self.syntax(raw, path, &e))
    }

    fn syntax(&self, raw: &RawValue, path: &str, error: &serde_json::Error) -> ReadError {
        let mut place = self.place(raw, path);
        place.line += error.line().saturating_sub(1);
        ReadError::Syntax { place, reason: without_position(error) }
    }

    fn object(
        &mut self,
        raw: &RawValue,
        fields: &Fields<'_>,
        path: &str,
        outer: Option<&Context>,
        extent: Extent,
    ) -> Result<(), ReadError> {
        let own = text(fields, "@odata.context").map(|text| Context::parse(&text));
        let context = own.as_ref().or(outer);
        let list = |name: &str| fields.get(name).filter(|value| value.get().starts_with('['));
        if let Some(items) = list("value") {
            return self.collection(items, fields, path, context);
        }
        if let Some(responses) = list("responses") {
            for (at, response) in self.items(responses, path)?.into_iter().enumerate() {
                let path = format!("{path}.responses[{at}]");
                let parts = self.fields(response, &path)?;
                if let Some(body) = parts.get("body") {
                    self.value(body, &format!("{path}.body"), None, Extent::Listing)?;
                }
            }
            return Ok(());
        }
        let keyed: Vec<(&Cow<'_, str>, &&RawValue, ObjectKind)> = fields
            .iter()
            .filter_map(|(name, value)| Some((name, value, recognise::list_name(name)?)))
            .filter(|(_, value, _)| matches!(value.get().bytes().next(), Some(b'[' | b'{')))
            .collect();
        if !keyed.is_empty() && !fields.contains_key("id") && !fields.contains_key("conditions") {
            for (name, value, kind) in keyed {
                self.gatherer.seen(kind, Extent::Listing, false);
                self.value(
                    value,
                    &format!("{path}.{name}"),
                    Some(&Context::Kind(kind)),
                    Extent::Listing,
                )?;
            }
            return Ok(());
        }
        self.single(raw, fields, path, context, extent)
    }

    fn collection(
        &mut self,
        items: &RawValue,
        fields: &Fields<'_>,
        path: &str,
        context: Option<&Context>,
    ) -> Result<(), ReadError> {
        let truncated = fields.get("@odata.nextLink").is_some_and(|link| link.get() != "null");
        if let Some(Context::Members { group, transitive }) = context {
            let members: Value =
                serde_json::from_str(items.get()).map_err(|e| self.syntax(items, path, &e))?;
            let body = serde_json::json!({ "groupId": group, "transitive": transitive, "members": reduced(members) });
            let place = self.place(items, path);
            if truncated {
                self.gatherer.note(&place, format!("the members of group {group} go on on a next page; what is missing counts as not in the group"));
            }
            return self.gatherer.take(
                ExportedObject {
                    kind: ObjectKind::GroupMembership,
                    id: group.clone(),
                    display_name: String::new(),
                    body,
                },
                place,
                // The members of one group say nothing of other groups.
                Extent::Single,
                truncated,
            );
        }
        if let Some(Context::Kind(kind)) = context {
            self.gatherer.seen(*kind, Extent::Listing, truncated);
        }
        if truncated {
            let place = self.place(items, path);
            self.gatherer.note(
                &place,
                "the listing goes on on a next page, which is not here: nothing is retired by it"
                    .to_owned(),
            );
        }
        for (at, item) in self.items(items, path)?.into_iter().enumerate() {
            let extent = if truncated { Extent::Truncated } else { Extent::Listing };
            self.value(item, &format!("{path}.value[{at}]"), context, extent)?;
        }
        Ok(())
    }

    fn single(
        &mut self,
        raw: &RawValue,
        fields: &Fields<'_>,
        path: &str,
        context: Option<&Context>,
        extent: Extent,
    ) -> Result<(), ReadError> {
        if raw.get().len() > self.limits.object_bytes {
            let reason = format!("an object larger than {} bytes", self.limits.object_bytes);
            return Err(self.unrecognised(raw, path, reason));
        }
        let kind = match recognise::recognise(fields, context) {
            Recognised::Kind(kind) => kind,
            Recognised::Unknown(reason) => {
                let error = self.unrecognised(raw, path, reason);
                return self.gatherer.refuse(error);
            }
        };
        let noted = match notes::check(kind, raw.get()) {
            Ok(noted) => noted,
            Err((inner, error)) => {
                let mut place = self.place(raw, &format!("{path}{inner}"));
                place.line += error.line().saturating_sub(1);
                return self.gatherer.refuse(ReadError::Shape {
                    place,
                    kind: kind.as_str(),
                    reason: without_position(&error),
                });
            }
        };
        let body: Value =
            serde_json::from_str(raw.get()).map_err(|e| self.syntax(raw, path, &e))?;
        let place = self.place(raw, path);
        for note in noted {
            self.gatherer.note(&place, note);
        }
        self.gatherer.take_object(kind, without_annotations(body), place, extent)
    }
}

/// Members with what is needed of them: type and id.
pub(super) fn reduced(members: Value) -> Value {
    let Value::Array(items) = members else { return Value::Array(Vec::new()) };
    let one = |item: Value| match item {
        Value::Object(mut fields) => {
            let mut out = serde_json::Map::new();
            for name in ["@odata.type", "id"] {
                if let Some(value) = fields.remove(name) {
                    out.insert(name.to_owned(), value);
                }
            }
            Value::Object(out)
        }
        // Some tools list ids alone.
        Value::String(id) => serde_json::json!({ "id": id }),
        other => other,
    };
    Value::Array(items.into_iter().map(one).collect())
}

/// A property's text.
pub(super) fn text(fields: &Fields<'_>, name: &str) -> Option<String> {
    serde_json::from_str::<Option<String>>(fields.get(name)?.get()).ok().flatten()
}

//! From documents to objects: collections, arrays, batches, objects keyed by kind.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::canonical::without_annotations;
use model::object::ObjectKind;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::gather::{Extent, Gatherer};
use super::members::{GOES_ON, Listing};
use super::recognise::{self, Context, Recognised};
use super::source::ReadLimits;
use super::text::{Lines, Origin, without_position};
use super::{Place, ReadError, json, notes, spelling};

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
    /// How many lists and objects are open.
    pub(super) depth: usize,
}

/// Collections in collections: a batch of responses has five levels, and no export has many more.
const DEEPEST: usize = 32;

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
        if self.depth >= DEEPEST {
            let reason = format!("lists and objects are nested more than {DEEPEST} deep");
            return Err(self.unrecognised(raw, path, reason));
        }
        self.depth += 1;
        let done = self.opened(raw, path, context, extent);
        self.depth -= 1;
        done
    }

    fn opened(
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
        if spelling::is_powershell(fields.keys().map(AsRef::as_ref)) {
            let respelled = self.respelled(raw, path)?;
            let fields = self.fields(&respelled, path)?;
            return self.single(raw, &respelled, &fields, path, context, extent);
        }
        self.single(raw, raw, fields, path, context, extent)
    }

    fn body(&self, raw: &RawValue, path: &str) -> Result<Value, ReadError> {
        json::parse(raw.get().as_bytes()).map_err(|e| self.syntax(raw, path, &e))
    }

    fn respelled(&self, raw: &RawValue, path: &str) -> Result<Box<RawValue>, ReadError> {
        let graph = spelling::as_graph(self.body(raw, path)?);
        serde_json::value::to_raw_value(&graph).map_err(|e| self.syntax(raw, path, &e))
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
            let listing = Listing { group: group.clone(), transitive: *transitive, members };
            let place = self.place(items, path);
            // The members of one group say nothing of other groups.
            let doubt = truncated.then_some(GOES_ON);
            return self.gatherer.take_members(listing, place, Extent::Single, doubt);
        }
        if context == Some(&Context::DirectoryObjects) {
            return Err(self.unrecognised(
                items,
                path,
                "a listing of directory objects does not say whose members they are: wrap it as \
                 {\"groupId\": \"...\", \"transitive\": false, \"members\": [...]}"
                    .to_owned(),
            ));
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

    /// Takes an object whose text is `raw`, and which stands at `at` in the file.
    fn single(
        &mut self,
        at: &RawValue,
        raw: &RawValue,
        fields: &Fields<'_>,
        path: &str,
        context: Option<&Context>,
        extent: Extent,
    ) -> Result<(), ReadError> {
        if raw.get().len() > self.limits.object_bytes {
            let reason = format!("an object larger than {} bytes", self.limits.object_bytes);
            return Err(self.unrecognised(at, path, reason));
        }
        let kind = match recognise::recognise(fields, context) {
            Recognised::Kind(kind) => kind,
            Recognised::Unknown(reason) => {
                let error = self.unrecognised(at, path, reason);
                return self.gatherer.refuse(error);
            }
        };
        let noted = match notes::check(kind, raw.get()) {
            Ok(noted) => noted,
            Err((inner, error)) => {
                let mut place = self.place(at, &format!("{path}{inner}"));
                // Lines of a text that was spelled anew are not the file's.
                if std::ptr::eq(at, raw) {
                    place.line += error.line().saturating_sub(1);
                }
                return self.gatherer.refuse(ReadError::Shape {
                    place,
                    kind: kind.as_str(),
                    reason: without_position(&error),
                });
            }
        };
        let body = self.body(raw, path)?;
        let place = self.place(at, path);
        for note in noted {
            self.gatherer.note(&place, note);
        }
        self.gatherer.take_object(kind, without_annotations(body), place, extent)
    }
}

/// A property's text.
pub(super) fn text(fields: &Fields<'_>, name: &str) -> Option<String> {
    serde_json::from_str::<Option<String>>(fields.get(name)?.get()).ok().flatten()
}

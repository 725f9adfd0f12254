//! The columns of `sign_in`: one table that says how each is written and read.

use std::net::IpAddr;
use std::sync::Arc;

use duckdb::arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt16Array, UInt32Array,
};
use duckdb::arrow::datatypes::{Field, Schema};
use model::sign_in::{Coordinates, RecordShape, Requirement, SignIn, SignInKind};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::times::from_micros;

/// A text column: its name, what it holds, and how it is put back.
type Text = (&'static str, fn(&SignIn) -> Option<&str>, fn(&mut SignIn, String));

/// Declares a text column of the field at that path.
macro_rules! text {
    ($name:literal, $($field:ident).+) => {
        ($name, |s| s.$($field).+.as_deref(), |s, text| s.$($field).+ = Some(text))
    };
}

/// Columns that hold a text as it is.
pub(super) const TEXTS: &[Text] = &[
    text!("account_id", account.id),
    text!("account_name", account.name),
    text!("account_display_name", account.display_name),
    text!("user_type", account.user_type),
    text!("home_tenant_id", account.home_tenant_id),
    text!("cross_tenant_access", account.cross_tenant_access),
    text!("app_id", app.id),
    text!("app_name", app.name),
    text!("resource_id", resource.id),
    text!("resource_name", resource.name),
    text!("organisation", network.organisation),
    text!("country", place.country),
    text!("region", place.region),
    text!("city", place.city),
    text!("client", client),
    text!("user_agent", user_agent),
    text!("protocol", protocol),
    text!("transfer_method", transfer_method),
    text!("incoming_token", incoming_token),
    text!("device_id", device.id),
    text!("device_name", device.name),
    text!("operating_system", device.operating_system),
    text!("browser", device.browser),
    text!("trust_type", device.trust_type),
    text!("session_id", session_id),
    text!("token_id", token_id),
    text!("correlation_id", correlation_id),
    text!("reason", outcome.reason),
    text!("detail", outcome.detail),
    text!("conditional_access", conditional_access),
    text!("risk_during_sign_in", risk.during_sign_in),
    text!("risk_aggregated", risk.aggregated),
    text!("risk_state", risk.state),
    text!("risk_detail", risk.detail),
];

/// Text columns that detection does without: names for people, and what only a whole record tells.
const TOLD_ONLY: &[&str] = &[
    "account_display_name",
    "resource_name",
    "region",
    "device_name",
    "token_id",
    "correlation_id",
    "reason",
    "detail",
    "risk_aggregated",
    "risk_state",
    "risk_detail",
];

/// Which columns a reading needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInFields {
    /// All of them.
    All,
    /// Those that detection looks at; the others are absent in what is read.
    Detection,
}

impl SignInFields {
    fn has(self, column: &str) -> bool {
        self == Self::All || !TOLD_ONLY.contains(&column)
    }

    /// The columns, for a statement.
    pub(super) fn select(self) -> String {
        let fixed = [
            "id",
            "happened_at",
            "kind",
            "shape",
            "ip",
            "asn",
            "latitude",
            "longitude",
            "accuracy_km",
            "is_compliant",
            "is_managed",
            "requirement",
            "steps",
            "code",
        ];
        let told = ["policies", "risk_event_types"];
        let texts = TEXTS.iter().map(|(name, ..)| *name).filter(|name| self.has(name));
        let told = told.into_iter().filter(|_| self == Self::All);
        fixed.into_iter().chain(texts).chain(told).collect::<Vec<_>>().join(", ")
    }
}

/// A sign-in with the place of its original record.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) sign_in: SignIn,
    /// Block and line in it; absent where the original is not kept.
    pub(super) raw: Option<(i64, u32)>,
}

/// Rows as one batch of columns, in the order of the table.
pub(super) fn batch(
    tenant: &str,
    import_id: &str,
    rows: &[Row],
) -> Result<RecordBatch, StoreError> {
    let all = || rows.iter().map(|row| &row.sign_in);
    let texts = |of: fn(&SignIn) -> Option<&str>| array(all().map(of).collect::<StringArray>());
    let owned = |of: fn(&SignIn) -> Option<String>| array(all().map(of).collect::<StringArray>());
    let same = |text: &str| array(rows.iter().map(|_| Some(text)).collect::<StringArray>());
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("tenant", same(tenant)),
        ("import_id", same(import_id)),
        ("id", texts(|s| Some(&s.id))),
        (
            "happened_at",
            array(TimestampMicrosecondArray::from_iter_values(
                all().map(|s| s.at.as_microsecond()),
            )),
        ),
        ("kind", texts(|s| Some(s.kind.as_str()))),
        ("shape", texts(|s| Some(s.shape.as_str()))),
        ("ip", owned(|s| s.ip.map(|ip| ip.to_string()))),
        ("asn", array(all().map(|s| s.network.asn).collect::<UInt32Array>())),
        (
            "latitude",
            array(all().map(|s| s.place.coordinates.map(|c| c.latitude)).collect::<Float64Array>()),
        ),
        (
            "longitude",
            array(
                all().map(|s| s.place.coordinates.map(|c| c.longitude)).collect::<Float64Array>(),
            ),
        ),
        (
            "accuracy_km",
            array(
                all()
                    .map(|s| s.place.coordinates.and_then(|c| c.accuracy_km))
                    .collect::<UInt16Array>(),
            ),
        ),
        ("is_compliant", array(all().map(|s| s.device.is_compliant).collect::<BooleanArray>())),
        ("is_managed", array(all().map(|s| s.device.is_managed).collect::<BooleanArray>())),
        ("requirement", texts(|s| s.requirement.map(Requirement::as_str))),
        ("code", array(Int64Array::from_iter_values(all().map(|s| s.outcome.code)))),
        (
            "raw_block",
            array(rows.iter().map(|row| row.raw.map(|(block, _)| block)).collect::<Int64Array>()),
        ),
        (
            "raw_line",
            array(rows.iter().map(|row| row.raw.map(|(_, line)| line)).collect::<UInt32Array>()),
        ),
    ];
    columns.extend(TEXTS.iter().map(|(name, of, _)| (*name, texts(*of))));
    columns.push(("steps", lists(all().map(|s| s.steps.as_slice()))?));
    columns.push(("policies", lists(all().map(|s| s.policies.as_slice()))?));
    columns.push(("risk_event_types", lists(all().map(|s| s.risk.event_types.as_slice()))?));
    in_order(columns)
}

fn array(column: impl Array + 'static) -> ArrayRef {
    Arc::new(column)
}

/// A column of JSON lists; absent where empty.
fn lists<'s, T: Serialize + 's>(
    all: impl Iterator<Item = &'s [T]>,
) -> Result<ArrayRef, StoreError> {
    let texts: Result<Vec<Option<String>>, serde_json::Error> = all
        .map(|list| if list.is_empty() { Ok(None) } else { serde_json::to_string(list).map(Some) })
        .collect();
    Ok(array(texts?.into_iter().collect::<StringArray>()))
}

/// The table's columns in the order in which it has them.
const ORDER: &[&str] = &[
    "tenant",
    "import_id",
    "id",
    "happened_at",
    "kind",
    "shape",
    "account_id",
    "account_name",
    "account_display_name",
    "user_type",
    "home_tenant_id",
    "cross_tenant_access",
    "app_id",
    "app_name",
    "resource_id",
    "resource_name",
    "ip",
    "asn",
    "organisation",
    "country",
    "region",
    "city",
    "latitude",
    "longitude",
    "accuracy_km",
    "client",
    "user_agent",
    "protocol",
    "transfer_method",
    "incoming_token",
    "device_id",
    "device_name",
    "operating_system",
    "browser",
    "is_compliant",
    "is_managed",
    "trust_type",
    "session_id",
    "token_id",
    "correlation_id",
    "requirement",
    "steps",
    "code",
    "reason",
    "detail",
    "conditional_access",
    "policies",
    "risk_during_sign_in",
    "risk_aggregated",
    "risk_state",
    "risk_detail",
    "risk_event_types",
    "raw_block",
    "raw_line",
];

fn in_order(mut columns: Vec<(&str, ArrayRef)>) -> Result<RecordBatch, StoreError> {
    columns.sort_by_key(|(name, _)| ORDER.iter().position(|column| column == name));
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, column)| Field::new(*name, column.data_type().clone(), true))
        .collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .map_err(|error| StoreError::Columns(error.to_string()))
}

/// The sign-ins of a batch that a statement with [`SignInFields::select`] gave.
pub(super) fn sign_ins(batch: &RecordBatch, out: &mut Vec<SignIn>) -> Result<(), StoreError> {
    let reader = Reader { batch };
    let start = out.len();
    let (ids, kinds, shapes) = (reader.texts("id")?, reader.texts("kind")?, reader.texts("shape")?);
    let times = reader.of::<TimestampMicrosecondArray>("happened_at")?;
    let codes = reader.of::<Int64Array>("code")?;
    for row in 0..batch.num_rows() {
        let mut sign_in = SignIn::blank(
            ids.value(row).to_owned(),
            from_micros(times.value(row)),
            SignInKind::from_name(kinds.value(row)).unwrap_or(SignInKind::InteractiveUser),
            RecordShape::from_name(shapes.value(row)).unwrap_or(RecordShape::Graph),
        );
        sign_in.outcome.code = codes.value(row);
        out.push(sign_in);
    }
    let new = out.get_mut(start..).unwrap_or_default();
    for (name, _, put) in TEXTS {
        let Some(column) = reader.optional::<StringArray>(name)? else { continue };
        for (sign_in, text) in new.iter_mut().zip(column) {
            if let Some(text) = text {
                put(sign_in, text.to_owned());
            }
        }
    }
    for (sign_in, ip) in new.iter_mut().zip(reader.texts("ip")?) {
        sign_in.ip = ip.and_then(|ip| ip.parse::<IpAddr>().ok());
    }
    for (sign_in, asn) in new.iter_mut().zip(reader.of::<UInt32Array>("asn")?) {
        sign_in.network.asn = asn;
    }
    let points = reader
        .of::<Float64Array>("latitude")?
        .iter()
        .zip(reader.of::<Float64Array>("longitude")?)
        .zip(reader.of::<UInt16Array>("accuracy_km")?);
    for (sign_in, ((latitude, longitude), accuracy_km)) in new.iter_mut().zip(points) {
        sign_in.place.coordinates = latitude
            .zip(longitude)
            .and_then(|(latitude, longitude)| Coordinates::new(latitude, longitude))
            .map(|point| Coordinates { accuracy_km, ..point });
    }
    for (sign_in, flag) in new.iter_mut().zip(reader.of::<BooleanArray>("is_compliant")?) {
        sign_in.device.is_compliant = flag;
    }
    for (sign_in, flag) in new.iter_mut().zip(reader.of::<BooleanArray>("is_managed")?) {
        sign_in.device.is_managed = flag;
    }
    for (sign_in, text) in new.iter_mut().zip(reader.texts("requirement")?) {
        sign_in.requirement = text.and_then(Requirement::from_name);
    }
    for (sign_in, text) in new.iter_mut().zip(reader.texts("steps")?) {
        sign_in.steps = list(text)?;
    }
    if let Some(policies) = reader.optional::<StringArray>("policies")? {
        for (sign_in, text) in new.iter_mut().zip(policies) {
            sign_in.policies = list(text)?;
        }
    }
    if let Some(events) = reader.optional::<StringArray>("risk_event_types")? {
        for (sign_in, text) in new.iter_mut().zip(events) {
            sign_in.risk.event_types = list(text)?;
        }
    }
    Ok(())
}

fn list<T: DeserializeOwned>(text: Option<&str>) -> Result<Vec<T>, StoreError> {
    Ok(text.map(serde_json::from_str).transpose()?.unwrap_or_default())
}

struct Reader<'b> {
    batch: &'b RecordBatch,
}

impl<'b> Reader<'b> {
    /// A column that the statement may have left out.
    fn optional<A: Array + 'static>(&self, name: &str) -> Result<Option<&'b A>, StoreError> {
        let Some(column) = self.batch.column_by_name(name) else { return Ok(None) };
        column.as_any().downcast_ref().map(Some).ok_or_else(|| {
            StoreError::Columns(format!("column {name} has the type {}", column.data_type()))
        })
    }

    fn of<A: Array + 'static>(&self, name: &str) -> Result<&'b A, StoreError> {
        self.optional(name)?.ok_or_else(|| StoreError::Columns(format!("column {name} is missing")))
    }

    fn texts(&self, name: &str) -> Result<&'b StringArray, StoreError> {
        self.of(name)
    }
}

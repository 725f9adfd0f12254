use std::fs;
use std::io::Write as _;

use model::sign_in::{RecordShape, Requirement, SignInKind};

use super::*;

/// A folder of files that vanishes with the test.
struct Desk(tempfile::TempDir);

impl Desk {
    fn with(name: &str, bytes: impl AsRef<[u8]>) -> (Self, PathBuf) {
        let desk = Self(tempfile::tempdir().unwrap());
        let path = desk.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        (desk, path)
    }
}

fn read(path: &Path, keep_going: bool) -> Result<(Vec<SignIn>, SignInReading), ReadError> {
    let options = SignInOptions { keep_going, limits: ReadLimits::default() };
    let mut out = Vec::new();
    let reading = read_sign_ins(
        &[path.to_owned()],
        &options,
        |_| true,
        |record| {
            out.push(record.sign_in);
            Ok::<_, ReadError>(())
        },
    )?;
    Ok((out, reading))
}

fn texts(name: &str, text: impl AsRef<[u8]>) -> Vec<SignIn> {
    let (_desk, path) = Desk::with(name, text);
    read(&path, false).unwrap().0
}

fn one(text: &str) -> SignIn {
    let [one] = texts("one.json", text).try_into().unwrap();
    one
}

fn refused(text: impl AsRef<[u8]>) -> String {
    let (_desk, path) = Desk::with("bad.jsonl", text);
    let told = read(&path, false).unwrap_err().to_string();
    told.rsplit_once("bad.jsonl").unwrap().1.to_owned()
}

fn graph(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","createdDateTime":"2026-11-02T08:00:00.1234567Z","userId":"u1","userPrincipalName":"ada@contoso.example","appId":"app","ipAddress":"203.0.113.7","clientAppUsed":"Browser","status":{{"errorCode":50126,"failureReason":"Invalid username or password.","additionalDetails":null}},"location":{{"city":"Lisboa","state":"Lisboa","countryOrRegion":"pt","geoCoordinates":{{"altitude":null,"latitude":38.7,"longitude":-9.1}}}},"deviceDetail":{{"deviceId":"","operatingSystem":"Windows10","browser":"Edge 142","isCompliant":null,"isManaged":false}},"isInteractive":true,"riskLevelDuringSignIn":"none","autonomousSystemNumber":2860,"sessionId":"s1","authenticationRequirement":"multiFactorAuthentication","appliedConditionalAccessPolicies":[{{"id":"p","displayName":"MFA","result":"success","enforcedGrantControls":["Mfa"],"enforcedSessionControls":[]}}],"authenticationDetails":[{{"authenticationStepDateTime":"2026-11-02T08:00:00Z","authenticationMethod":"Password","succeeded":false,"authenticationStepResultDetail":"Invalid"}}]}}"#
    )
}

#[test]
fn a_graph_record_is_read_whole() {
    let seen = one(&graph("1"));
    assert_eq!((seen.shape, seen.kind), (RecordShape::Graph, SignInKind::InteractiveUser));
    assert_eq!(seen.at.to_string(), "2026-11-02T08:00:00.1234567Z");
    assert_eq!(seen.outcome.code, 50_126);
    assert_eq!(seen.network.asn, Some(2_860));
    assert_eq!(seen.place.country.as_deref(), Some("PT"));
    assert!(seen.place.coordinates.is_some());
    assert_eq!(seen.device.id, None, "an empty device id is none");
    assert_eq!(seen.device.is_managed, Some(false));
    assert_eq!(seen.risk.during_sign_in, None, "`none` is no opinion");
    assert_eq!(seen.requirement, Some(Requirement::MultiFactor));
    assert_eq!(seen.policies[0].grant_controls, ["Mfa"]);
    assert_eq!(seen.steps[0].succeeded, Some(false));
}

#[test]
fn lines_lists_collections_gzip_and_marks_give_the_same() {
    let (a, b) = (graph("a"), graph("b"));
    let collection = format!("{{\"@odata.context\":\"x\",\"value\":[{a},{b}]}}");
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zipped.write_all(format!("{a}\n{b}\n").as_bytes()).unwrap();
    let zipped = zipped.finish().unwrap();
    for (name, bytes) in [
        ("a.jsonl", format!("{a}\n{b}\n").into_bytes()),
        ("a.jsonl", format!("\u{feff}{a}\r\n\r\n{b}").into_bytes()),
        ("a.json", format!("[{a},\n{b}]").into_bytes()),
        ("a.json", collection.clone().into_bytes()),
        ("a.json", collection.replace("\"value\":[", "\n\"value\" : [\n").into_bytes()),
        ("a.json.gz", zipped),
    ] {
        let ids: Vec<String> = texts(name, &bytes).into_iter().map(|seen| seen.id).collect();
        assert_eq!(ids, ["a", "b"], "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn a_diagnostic_record_tells_kind_result_and_address_in_its_envelope() {
    let text = r#"{"time":"2025-01-15 09:30:45.123","category":"NonInteractiveUserSignInLogs","resultType":"50126","resultDescription":"bad","callerIpAddress":"::ffff:2.2.2.2","properties":{"userId":"u","appId":"a","isInteractive":true}}"#;
    let seen = one(text);
    assert_eq!((seen.shape, seen.kind), (RecordShape::Diagnostic, SignInKind::NonInteractiveUser));
    assert_eq!((seen.outcome.code, seen.outcome.reason.as_deref()), (50_126, Some("bad")));
    assert_eq!(seen.ip.unwrap().to_string(), "2.2.2.2");
    assert!(seen.id.starts_with("derived-"));
    assert_eq!(one(text).id, seen.id, "the same record is the same sign-in");
}

#[test]
fn a_workload_is_known_by_its_service_principal() {
    let text = r#"{"time":"2025-01-15T09:30:45Z","category":"ServicePrincipalSignInLogs","resultType":"0","properties":{"id":"x","servicePrincipalId":"sp","servicePrincipalName":"Backup","appId":"app","userId":"00000000-0000-0000-0000-000000000000"}}"#;
    let seen = one(text);
    assert_eq!(seen.kind, SignInKind::ServicePrincipal);
    assert_eq!(
        (seen.account.id.as_deref(), seen.account.name.as_deref()),
        (Some("sp"), Some("Backup"))
    );
}

#[test]
fn log_analytics_holds_objects_in_texts_of_json_and_python() {
    for details in [
        r#""LocationDetails":{"city":"Lisboa","countryOrRegion":"PT"}"#,
        r#""LocationDetails":"{\"city\":\"Lisboa\",\"countryOrRegion\":\"PT\"}""#,
        r#""LocationDetails":"{'city': 'Lisboa', 'countryOrRegion': 'PT', 'state': None}""#,
    ] {
        let text = format!(
            r#"{{"TimeGenerated":"2020-05-20T18:19:04.423","Category":"SignInLogs","ResultType":"50057","ResultDescription":"disabled","Id":"x","UserId":"u","UserPrincipalName":"ada@contoso.example","AppId":"a","IPAddress":"203.0.113.7","Location":"US","IsInteractive":true,"ConditionalAccessPolicies":"[]",{details}}}"#
        );
        let seen = one(&text);
        assert_eq!((seen.shape, seen.outcome.code), (RecordShape::LogAnalytics, 50_057));
        assert_eq!(seen.place.country.as_deref(), Some("PT"), "{details}");
        assert_eq!(seen.at.to_string(), "2020-05-20T18:19:04.423Z");
    }
}

#[test]
fn a_query_result_gives_its_rows() {
    let text = r#"{"tables":[{"name":"PrimaryResult","columns":[{"name":"TimeGenerated","type":"datetime"},{"name":"ResultType"},{"name":"Id"},{"name":"UserPrincipalName"}],"rows":[["2026-11-02T08:00:00Z","0","a","x@y.example"],["2026-11-02T08:00:01Z",50126,"b",null]]}]}"#;
    let seen = texts("result.json", text);
    assert_eq!(seen.iter().map(|s| s.outcome.code).collect::<Vec<_>>(), [0, 50_126]);
}

#[test]
fn csv_has_pairs_of_columns_american_dates_and_marks() {
    let text = "\u{feff}TenantId,ResultType,Id,CreatedDateTime [UTC],UserPrincipalName,IPAddress,DeviceDetail_dynamic,DeviceDetail_string,IsInteractive\r\n\
        t,50126,x,\"4/28/2021, 7:45:24.719 AM\",ada@contoso.example,203.0.113.7,,\"{\"\"operatingSystem\"\":\"\"Windows 10\"\"}\",TRUE\r\n";
    let [seen] = texts("x.csv", text).try_into().unwrap();
    assert_eq!(seen.at.to_string(), "2021-04-28T07:45:24.719Z");
    assert_eq!(seen.device.operating_system.as_deref(), Some("Windows 10"));
}

#[test]
fn the_unified_audit_log_tells_sign_ins_and_other_things() {
    let record = |operation: &str| {
        format!(
            r#"{{"CreationTime":"2026-11-02T08:00:00","Id":"i","Operation":"{operation}","RecordType":15,"UserKey":"11111111-0000-4000-8000-000000000001","UserId":"ada@contoso.example","ClientIP":"203.0.113.7:4711","ErrorNumber":"50126","ApplicationId":"app","ExtendedProperties":[{{"Name":"UserAgent","Value":"axios/1.7"}},{{"Name":"RequestType","Value":"OAuth2:Authorize"}}],"DeviceProperties":[{{"Name":"OS","Value":"Windows 10"}},{{"Name":"SessionId","Value":"s"}}],"Target":[{{"ID":"res","Type":0}}]}}"#
        )
    };
    let seen = one(&record("UserLoginFailed"));
    assert_eq!((seen.shape, seen.outcome.code), (RecordShape::UnifiedAudit, 50_126));
    assert_eq!(seen.user_agent.as_deref(), Some("axios/1.7"));
    assert_eq!((seen.session_id.as_deref(), seen.resource.id.as_deref()), (Some("s"), Some("res")));
    let (_desk, path) =
        Desk::with("a.json", format!("{}\n{}", record("Add member."), record("UserLoggedIn")));
    let (seen, reading) = read(&path, false).unwrap();
    assert_eq!((seen.len(), reading.others["Add member."]), (1, 1));
    let csv =
        format!("RecordId,AuditData\nx,\"{}\"\n", record("UserLoggedIn").replace('"', "\"\""));
    assert_eq!(texts("purview.csv", csv).len(), 1);
}

#[test]
fn a_failure_without_a_code_is_no_success() {
    let seen =
        one(r#"{"CreationTime":"2026-11-02T08:00:00","Operation":"UserLoginFailed","UserId":"x"}"#);
    assert!(!seen.outcome.succeeded());
}

#[test]
fn what_cannot_be_read_is_told_with_its_line_and_path() {
    let good = graph("a");
    assert_eq!(
        refused(format!(
            "{good}\n{}\n",
            good.replace("\"errorCode\":50126", "\"errorCode\":\"many\"")
        )),
        ":2 at $.status.errorCode: not a valid sign-in: \"many\" is no whole number"
    );
    let told = refused(format!("{good}\n{}\n", &good[..100]));
    assert!(told.starts_with(":2 at $"), "{told}");
    let told = refused(good.replace("2026-11-02T08:00:00.1234567Z", "yesterday"));
    assert_eq!(told, ":1 at $.createdDateTime: not a valid sign-in: \"yesterday\" is no time");
    assert!(refused("").contains("empty"));
    assert!(refused([0xff, 0xfe, 0x7b, 0]).contains("UTF-16"));
    assert!(refused(b"[{\"createdDateTime\":\"\xff\"}]").contains("UTF-8"));
    assert!(refused(format!("[{good}")).contains("ends before it is closed"));
    assert!(refused("just words").contains("neither JSON nor CSV"));
}

#[test]
fn keeping_going_counts_what_is_refused_and_reads_the_rest() {
    let (_desk, path) =
        Desk::with("a.jsonl", format!("{}\n{{\"createdDateTime\":1\n{}\n", graph("a"), graph("b")));
    let (seen, reading) = read(&path, true).unwrap();
    assert_eq!((seen.len(), reading.refusals), (2, 1));
    assert!(reading.refused[0].contains("a.jsonl:2"), "{:?}", reading.refused);
}

#[test]
fn places_off_the_globe_and_addresses_that_are_none_are_left_out() {
    let seen = one(&graph("1").replace("38.7", "138.7").replace("203.0.113.7", "not told"));
    assert_eq!((seen.place.coordinates, seen.ip), (None, None));
    let seen = one(
        r#"{"id":"x","createdDateTime":"2026-11-02T08:00:00Z","location":{},"deviceDetail":null,"status":{}}"#,
    );
    assert_eq!((seen.place.country, seen.outcome.code), (None, 0));
}

#[test]
fn the_reading_stops_when_it_is_told_to() {
    let many: Vec<String> = (0..5_000).map(|n| graph(&n.to_string())).collect();
    let (_desk, path) = Desk::with("a.jsonl", many.join("\n"));
    let options = SignInOptions { keep_going: false, limits: ReadLimits::default() };
    let mut bytes = Vec::new();
    let each = |step: Step<'_>| {
        bytes.push(step.bytes);
        bytes.len() < 3
    };
    let reading = read_sign_ins(&[path], &options, each, |_| Ok::<_, ReadError>(())).unwrap();
    assert!(reading.read < 3_000, "{}", reading.read);
    assert!(bytes[1] > 0 && bytes[2] > bytes[1]);
}

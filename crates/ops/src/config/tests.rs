//! Who has the last word, and what is said about mistakes.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// A machine with a system folder and a user folder of its own.
struct Machine {
    root: TempDir,
}

impl Machine {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.root.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn with(self, name: &str, text: &str) -> Self {
        fs::write(self.folder(name).join("config.toml"), text).unwrap();
        self
    }

    fn request(&self) -> LoadRequest {
        LoadRequest {
            file: None,
            profile: None,
            overrides: Vec::new(),
            environment: Environment::default(),
            places: Places {
                config: self.folder("user"),
                system_config: self.folder("system"),
                data: self.folder("data"),
                state: self.folder("state"),
                cache: self.folder("cache"),
                logs: self.folder("logs"),
            },
        }
    }

    /// What goes wrong, with this machine's folder left out.
    fn complaint(&self) -> String {
        let text = load(&self.request()).unwrap_err().to_string();
        text.replace(&self.root.path().display().to_string(), "")
    }
}

fn origin(loaded: &Loaded, name: &str) -> String {
    let settings = loaded.settings();
    let setting = settings.iter().find(|setting| setting.place.join(".") == name);
    setting.unwrap().origin.to_string()
}

#[test]
fn without_any_file_the_defaults_hold() {
    let machine = Machine::new();
    let loaded = load(&machine.request()).unwrap();
    assert_eq!(loaded.config.audit, AuditConfig::default());
    assert_eq!(loaded.paths.database, machine.folder("data").join("cstack.duckdb"));
    assert_eq!(origin(&loaded, "log.level"), "default");
    assert!(loaded.files.is_empty());
}

#[test]
fn each_layer_overrules_the_one_below_it() {
    let machine = Machine::new()
        .with(
            "system",
            "[store]\nthreads = 3\nlock-wait = 1\n[log]\nlevel = \"error\"\nformat = \"json\"\n",
        )
        .with(
            "user",
            "[store]\nlock-wait = 2\n[log]\nlevel = \"info\"\n[audit]\nstale-user-days = 30\n\
             [profile.night.audit]\nstale-user-days = 31\n[profile.night.log]\nlevel = \"debug\"\n",
        );
    let mut request = machine.request();
    request.profile = Some("night".into());
    request.environment = [("CSTACK_LOG_LEVEL", "trace"), ("CSTACK_AUDIT_DISABLE", "a, b")].into();
    request.overrides =
        vec![Override { place: ["log", "level"], value: "off".into(), flag: "--log-level" }];
    let loaded = load(&request).unwrap();

    let config = &loaded.config;
    assert_eq!(config.store.threads.get(), 3, "the system's file");
    assert_eq!(config.store.lock_wait, 2, "the user's file");
    assert_eq!(config.audit.stale_user_days, 31, "the profile");
    assert_eq!(config.audit.disable, ["a", "b"], "the environment");
    assert_eq!(config.log.level, LogLevel::Off, "the flag");
    assert_eq!(config.log.format, LogFormat::Json, "what nobody overrules stays");

    let root = machine.root.path().display();
    assert_eq!(origin(&loaded, "store.threads"), format!("{root}/system/config.toml:2"));
    assert_eq!(origin(&loaded, "store.lock-wait"), format!("{root}/user/config.toml:2"));
    assert_eq!(
        origin(&loaded, "audit.stale-user-days"),
        format!("{root}/user/config.toml:8 (profile night)")
    );
    assert_eq!(origin(&loaded, "audit.disable"), "CSTACK_AUDIT_DISABLE");
    assert_eq!(origin(&loaded, "log.level"), "--log-level");
}

#[test]
fn a_named_file_takes_the_place_of_the_users_and_must_exist() {
    let machine = Machine::new()
        .with("user", "[store]\nthreads = 5\n")
        .with("elsewhere", "[store]\nlock-wait = 7\n");
    let mut request = machine.request();
    request.file = Some(machine.folder("elsewhere").join("config.toml"));
    let loaded = load(&request).unwrap();
    assert_eq!((loaded.config.store.threads.get(), loaded.config.store.lock_wait), (2, 7));

    request.file = Some(machine.folder("elsewhere").join("missing.toml"));
    assert!(matches!(load(&request), Err(ConfigError::Unreadable { .. })));
}

#[test]
fn mistakes_are_told_with_file_line_and_the_nearest_name() {
    for (text, complaint) in [
        (
            "[store]\nmemroy-limit = \"1GiB\"\n",
            "/user/config.toml:2: unknown key `store.memroy-limit`, did you mean `memory-limit`?",
        ),
        ("[strore]\n", "/user/config.toml:1: unknown key `strore`, did you mean `store`?"),
        (
            "[store]\n\nthreads = \"many\"\n",
            "/user/config.toml:3: `store.threads`: this is the text \"many\", but should be a whole \
             number from 1 on",
        ),
        (
            "[store]\nlock-wait = -1\n",
            "/user/config.toml:2: `store.lock-wait`: -1 is negative, which makes no sense here",
        ),
        (
            "[store]\nmemory-limit = \"lots\"\n",
            "/user/config.toml:2: `store.memory-limit`: `lots` is not an amount of memory; write \
             for example `512MiB` or `2GiB`",
        ),
        (
            "[output]\ncolor = \"alway\"\n",
            "/user/config.toml:2: `output.color` cannot be `alway`, did you mean `always`?; it is \
             one of auto, always, never",
        ),
        (
            "[audit]\ndisable = [\n  \"a\",\n  1,\n]\n",
            "/user/config.toml:4: `audit.disable`: this is the number 1, but should be text in \
             quotes",
        ),
        (
            "[audit.severity]\nrule.mfa-admins = \"hihg\"\n",
            "/user/config.toml:2: `audit.severity.rule.mfa-admins` cannot be `hihg`, did you mean \
             `high`?; it is one of info, low, medium, high, critical",
        ),
        (
            "[[audit.user-segments]]\nid = \"x\"\ntitle = \"X\"\nwho = \"all\"\n",
            "/user/config.toml:1: `audit.user-segments`: `severity` is missing",
        ),
        (
            "[profile.night.log]\nlevle = \"info\"\n",
            "/user/config.toml:2 (profile night): unknown key `profile.night.log.levle`, did you \
             mean `level`?",
        ),
        (
            "store = 3\n",
            "/user/config.toml:1: `store`: this is the number 3, but should be a table",
        ),
    ] {
        assert_eq!(Machine::new().with("user", text).complaint(), complaint, "{text}");
    }
    let broken = Machine::new().with("user", "[store]\nthreads =\n");
    assert!(broken.complaint().starts_with("/user/config.toml:2: not valid TOML:"));
}

#[test]
fn a_profile_that_is_not_there_is_refused_with_those_that_are() {
    let machine = Machine::new().with("user", "[profile.night.log]\nlevel = \"info\"\n");
    let mut request = machine.request();
    request.profile = Some("nihgt".into());
    assert_eq!(
        load(&request).unwrap_err().to_string(),
        "there is no profile `nihgt`, did you mean `night`?; the configuration files have night"
    );
}

#[test]
fn a_mistaken_variable_is_reported_and_those_of_other_parts_are_not() {
    let machine = Machine::new();
    let mut request = machine.request();
    request.environment = [
        ("CSTACK_STORE_MEMORYLIMIT", "1GiB"),
        ("CSTACK_ACTOR", "ada"),
        ("CSTACK_LLM_PROVIDER", "ollama"),
        ("CSTACK_GEOIP_CITY_DB", "/tmp/city.mmdb"),
        ("CSTACK_MLFLOW_TRACKING_URI", "http://127.0.0.1"),
        ("CSTACK_LOG_FORMAT", ""),
    ]
    .into();
    let loaded = load(&request).unwrap();
    assert_eq!(
        loaded.warnings,
        ["the variable CSTACK_STORE_MEMORYLIMIT is no setting and has no effect; did you mean \
             CSTACK_STORE_MEMORY_LIMIT?"]
    );
    assert_eq!(origin(&loaded, "log.format"), "default", "an empty variable says nothing");
}

#[test]
fn a_wrong_value_in_a_variable_names_the_variable() {
    let machine = Machine::new();
    let mut request = machine.request();
    request.environment = [("CSTACK_AUDIT_MFA_TRUSTED_IPS_EMPTY", "maybe")].into();
    assert_eq!(
        load(&request).unwrap_err().to_string(),
        "CSTACK_AUDIT_MFA_TRUSTED_IPS_EMPTY: `audit.mfa-trusted-ips-empty`: this is the text \
         \"maybe\", but should be true or false"
    );
}

#[test]
fn relative_paths_in_a_file_are_taken_from_its_folder() {
    let machine = Machine::new().with(
        "user",
        "[sources.contoso]\npaths = [\"exports\", \"/srv/all\"]\n\
         [audit]\nrules-dir = \"own-rules\"\n[profile.p.store]\npath = \"p.duckdb\"\n",
    );
    let mut request = machine.request();
    request.profile = Some("p".into());
    let loaded = load(&request).unwrap();
    let folder = machine.folder("user");
    let contoso = loaded.config.sources.get("contoso").unwrap();
    assert_eq!(contoso.paths, [folder.join("exports"), PathBuf::from("/srv/all")]);
    assert_eq!(loaded.paths.rules_dir, folder.join("own-rules"));
    assert_eq!(loaded.paths.database, folder.join("p.duckdb"));
    assert_eq!(loaded.paths.data_dir, folder);
}

#[test]
fn severities_are_found_whether_or_not_the_rule_id_is_quoted() {
    let machine = Machine::new().with(
        "user",
        "[audit.severity]\nrule.mfa-admins = \"high\"\n\"rule.mfa-all-users\" = \"low\"\n\
         [audit.tenants.contoso]\nseverity = { rule.mfa-admins = \"info\" }\n",
    );
    let audit = load(&machine.request()).unwrap().config.audit;
    let named = |tenant| audit.severity_for("rule.mfa-admins", tenant, &[]);
    assert_eq!(
        (named("fabrikam"), named("contoso")),
        (Some(model::rule::Severity::High), Some(model::rule::Severity::Info))
    );
    assert_eq!(
        audit.severity_for("rule.mfa-all-users", "x", &[]),
        Some(model::rule::Severity::Low)
    );
}

#[test]
fn the_template_changes_nothing_and_is_valid_when_uncommented() {
    let machine = Machine::new().with("user", &template());
    assert_eq!(
        load(&machine.request()).unwrap().config,
        load(&Machine::new().request())
            .map(|mut loaded| {
                loaded.config.store.path = Some(machine.folder("data").join("cstack.duckdb"));
                loaded.config
            })
            .unwrap()
    );

    let is_setting = |line: &str| line.contains(" = ") || line.starts_with('[');
    let uncommented: String = template()
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line))
        .filter(|line| is_setting(line))
        // A setting without a default stands there as an empty text, which is a name too few.
        .filter(|line| !line.ends_with("= \"\""))
        .flat_map(|line| [line, "\n"])
        .collect();
    let machine = Machine::new().with("user", &uncommented);
    check_file(&machine.folder("user").join("config.toml")).unwrap();
}

#[test]
fn what_show_prints_is_a_configuration_that_says_the_same() {
    let machine = Machine::new().with(
        "user",
        "[audit]\ndisable = [\"a\"]\n[audit.groups.\"x y\".severity]\nr.s = \"low\"\n\
         [[audit.app-segments]]\nid = \"a\"\ntitle = \"A \\\"quoted\\\"\"\nreaching = \"all\"\n",
    );
    let loaded = load(&machine.request()).unwrap();
    let mut lines: Vec<_> = loaded
        .settings()
        .iter()
        .map(|setting| {
            let place = setting.section();
            format!("[{place}]\n{}\n", setting.line())
        })
        .collect();
    lines.sort();
    // One header a section, as TOML wants it.
    let mut text = String::new();
    let mut current = String::new();
    for line in lines {
        let (header, setting) = line.split_once('\n').unwrap();
        if header != current {
            text.push_str(header);
            text.push('\n');
            current = header.to_owned();
        }
        text.push_str(setting);
    }
    let again = Machine::new().with("user", &text);
    let again = load(&again.request()).unwrap();
    assert_eq!(again.config, loaded.config);
}

//! Each shipped pattern sees what it is for, and not what looks like it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

use std::path::Path;

use cstack_detect::baseline::Shrinkage;
use cstack_detect::pattern::{Circumstance, Hit, Matcher, Pattern};
use cstack_detect::watch::Watch;
use model::Timestamp;
use model::rule::Severity;
use model::sign_in::{
    AuthenticationStep, Coordinates, RecordShape, Requirement, SignIn, SignInKind,
};

const BROKER: &str = "29d9ed98-a469-4536-ade2-f981bc1d605e";
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
const EDGE: &str = "Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537.36 Edg/142.0";
const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0 Safari/537.36";

fn patterns() -> Vec<Pattern> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/sign-in");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let parse = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        Pattern::parse(&path.display().to_string(), &text).unwrap()
    };
    files.iter().map(parse).collect()
}

/// A tenant with a history, and what its patterns see.
struct Desk {
    patterns: Vec<Pattern>,
    watch: Watch,
    matcher: Matcher,
    next: u32,
    hits: Vec<Hit>,
}

fn account(sign_in: &SignIn) -> &str {
    sign_in.account.id.as_deref().unwrap_or_default()
}

/// The first second after the history.
fn now() -> i64 {
    "2026-11-02T09:00:00Z".parse::<Timestamp>().unwrap().as_second()
}

impl Desk {
    /// Thirty people who work in Lisbon, each on a laptop that the tenant knows, for five weeks.
    fn new() -> Self {
        let start = now() - 35 * 86_400;
        let mut desk = Self {
            patterns: patterns(),
            watch: Watch::new(start, Shrinkage::default()),
            matcher: Matcher::default(),
            next: 0,
            hits: Vec::new(),
        };
        for day in 0..35 {
            for person in 0..30 {
                let at = start + day * 86_400 + person * 60 + (day % 5) * 3_600;
                let sign_in = desk.usual(&format!("person-{person}"), at);
                desk.see(&sign_in);
            }
        }
        assert!(desk.hits.is_empty(), "quiet weeks are quiet: {:?}", desk.hits);
        desk
    }

    fn usual(&mut self, account: &str, at: i64) -> SignIn {
        self.next += 1;
        let mut out = SignIn::blank(
            format!("sign-in-{}", self.next),
            Timestamp::from_second(at).unwrap(),
            SignInKind::InteractiveUser,
            RecordShape::Graph,
        );
        out.account.id = Some(account.into());
        out.account.user_type = Some("member".into());
        out.app.id = Some("00000002-0000-0ff1-ce00-000000000000".into());
        out.resource.id = Some(GRAPH.into());
        out.ip = "198.51.100.7".parse().ok();
        out.network.asn = Some(2_860);
        out.place.country = Some("PT".into());
        out.place.coordinates = Coordinates::new(38.72, -9.14);
        out.client = Some("Browser".into());
        out.user_agent = Some(EDGE.into());
        out.device.id = Some(format!("laptop of {account}"));
        out.requirement = Some(Requirement::MultiFactor);
        out.session_id = Some(format!("session of {account} {}", at / 86_400));
        out
    }

    /// Somebody elsewhere, with another program and no device, from a network that rents machines.
    fn stranger(&mut self, account: &str, at: i64) -> SignIn {
        let mut out = self.usual(account, at);
        out.ip = "203.0.113.9".parse().ok();
        out.network.asn = Some(14_061);
        out.place.country = Some("NL".into());
        out.place.coordinates = Coordinates::new(52.37, 4.9);
        out.user_agent = Some(CHROME.into());
        out.device.id = None;
        out.session_id = Some(format!("another session {}", self.next));
        out
    }

    fn guess(&mut self, account: &str, at: i64) -> SignIn {
        let mut out = self.stranger(account, at);
        out.outcome.code = 50_126;
        out
    }

    fn see(&mut self, sign_in: &SignIn) {
        let sighting = self.watch.see(sign_in).unwrap();
        let program = cstack_detect::agent::Agent::of(sign_in.user_agent.as_deref().unwrap_or(""));
        let circumstance = Circumstance {
            sign_in,
            sighting: &sighting,
            program: program.program,
            privileged: sign_in.account.id.as_deref() == Some("person-0"),
            // The directory has known everybody for a year, but for who joined today.
            created: Some(now() - if account(sign_in) == "joiner" { 3_600 } else { 365 * 86_400 }),
        };
        self.hits.extend(self.matcher.see(&self.patterns, &circumstance));
    }

    fn hits(&self, pattern: &str) -> Vec<&Hit> {
        self.hits.iter().filter(|hit| hit.pattern == format!("sign-in.{pattern}")).collect()
    }

    fn has(&self, pattern: &str) -> bool {
        !self.hits(pattern).is_empty()
    }
}

#[test]
fn a_spray_is_one_story_that_grows_and_a_right_guess_makes_it_worse() {
    let mut desk = Desk::new();
    for person in 0..12 {
        let guess = desk.guess(&format!("person-{person}"), now() + person * 30);
        desk.see(&guess);
    }
    let hits = desk.hits("password-spray");
    assert_eq!(hits.len(), 8, "from the fifth account on");
    assert_eq!(hits[0].sign_ins.len(), 5);
    assert!(!hits[0].continues && hits[1..].iter().all(|hit| hit.continues));
    assert!(hits[1..].iter().all(|hit| hit.sign_ins.len() == 1));
    let right = desk.stranger("person-3", now() + 600);
    desk.see(&right);
    let last = *desk.hits("password-spray").last().unwrap();
    assert!(last.followed && last.severity == Severity::High, "{last:?}");
    assert_eq!(last.sign_ins.len(), 2, "the account's own guess and its success");
}

#[test]
fn an_office_whose_people_mistype_is_no_spray() {
    let mut desk = Desk::new();
    for person in 0..6 {
        let mut wrong = desk.usual(&format!("person-{person}"), now() + person * 100);
        wrong.outcome.code = 50_126;
        desk.see(&wrong);
        for other in 0..3 {
            let right =
                desk.usual(&format!("person-{}", person * 3 + other), now() + person * 100 + 9);
            desk.see(&right);
        }
    }
    assert!(!desk.has("password-spray"), "{:?}", desk.hits);
}

#[test]
fn a_spray_through_neighbouring_addresses_is_seen_by_its_prefix() {
    let mut desk = Desk::new();
    for person in 0..6 {
        let mut guess = desk.guess(&format!("person-{person}"), now() + person * 60);
        guess.ip = format!("203.0.113.{}", 10 + person).parse().ok();
        guess.network.asn = None;
        desk.see(&guess);
    }
    assert!(desk.has("password-spray"));
}

#[test]
fn a_slow_spray_shows_by_its_network_and_program() {
    let mut desk = Desk::new();
    for person in 0..16 {
        let mut guess = desk.guess(&format!("person-{person}"), now() + person * 4_000);
        guess.ip = format!("203.0.{person}.9").parse().ok();
        desk.see(&guess);
    }
    assert!(desk.has("slow-spray"));
    assert!(!desk.has("password-spray"));
}

#[test]
fn the_order_in_which_records_arrive_does_not_matter() {
    let seen = |order: &[i64]| {
        let mut desk = Desk::new();
        for step in order {
            let guess = desk.guess(&format!("person-{step}"), now() + step * 60);
            desk.see(&guess);
        }
        desk.has("password-spray")
    };
    assert!(seen(&[0, 1, 2, 3, 4]));
    assert!(seen(&[4, 0, 3, 1, 2]));
    assert!(seen(&[4, 3, 2, 1, 0]));
    assert!(!seen(&[0, 1, 2, 3]));
}

#[test]
fn a_record_that_comes_twice_counts_once() {
    let mut desk = Desk::new();
    for _ in 0..2 {
        for person in 0..4 {
            let mut guess = desk.guess(&format!("person-{person}"), now() + person * 30);
            guess.id = format!("the same {person}");
            desk.see(&guess);
        }
    }
    assert!(!desk.has("password-spray"));
}

#[test]
fn guessing_until_it_is_right_is_a_brute_force() {
    let mut desk = Desk::new();
    for step in 0..12 {
        let guess = desk.guess("person-5", now() + step * 20);
        desk.see(&guess);
    }
    assert!(!desk.hits("brute-force-success").iter().any(|hit| hit.followed));
    let mut stopped = desk.stranger("person-5", now() + 300);
    stopped.outcome.code = 50_076;
    desk.see(&stopped);
    assert!(desk.hits("brute-force-success").iter().any(|hit| hit.followed));
}

#[test]
fn a_user_who_mistypes_and_gets_in_as_always_is_no_brute_force() {
    let mut desk = Desk::new();
    for step in 0..12 {
        let mut wrong = desk.usual("person-5", now() + step * 20);
        wrong.outcome.code = 50_126;
        desk.see(&wrong);
    }
    let right = desk.usual("person-5", now() + 300);
    desk.see(&right);
    assert!(!desk.hits("brute-force-success").iter().any(|hit| hit.followed));
}

#[test]
fn an_approval_after_denials_is_a_takeover() {
    let mut desk = Desk::new();
    for step in 0..5 {
        let mut denied = desk.stranger("person-7", now() + step * 60);
        denied.outcome.code = 500_121;
        desk.see(&denied);
    }
    assert_eq!(desk.hits("mfa-fatigue").len(), 1);
    let approved = desk.stranger("person-7", now() + 400);
    desk.see(&approved);
    let last = *desk.hits("mfa-fatigue").last().unwrap();
    assert!(last.followed && last.sign_ins.len() == 6, "{last:?}");
}

#[test]
fn denials_over_a_day_are_fatigue_too_and_two_of_them_are_not() {
    let mut desk = Desk::new();
    for (account, times) in [("person-7", 4), ("person-8", 2)] {
        for step in 0..times {
            let mut denied = desk.stranger(account, now() + step * 2 * 3_600);
            denied.outcome.code = 500_121;
            desk.see(&denied);
        }
    }
    assert_eq!(desk.hits("mfa-fatigue-slow").len(), 1);
    assert!(!desk.has("mfa-fatigue"), "nobody was hurried");
}

#[test]
fn an_account_that_nobody_used_wakes_up_and_a_joiner_begins() {
    let mut desk = Desk::new();
    for account in ["forgotten", "joiner", "person-7"] {
        let entry = desk.stranger(account, now());
        desk.see(&entry);
    }
    let hits = desk.hits("dormant-account");
    assert_eq!(hits.len(), 1, "one of three was idle for weeks");
    let again = desk.stranger("forgotten", now() + 3_600);
    desk.see(&again);
    assert_eq!(desk.hits("dormant-account").len(), 1, "it is awake now");
}

#[test]
fn a_guess_every_half_an_hour_is_guessing_too() {
    let mut desk = Desk::new();
    for step in 0..16 {
        let guess = desk.guess("person-7", now() + step * 1_800);
        desk.see(&guess);
        let mut own = desk.usual("person-8", now() + step * 1_800 + 1);
        own.outcome.code = 50_126;
        desk.see(&own);
    }
    let hits = desk.hits("password-guessing-slow");
    assert!(!hits.is_empty(), "a stranger guesses");
    assert!(hits.windows(2).all(|pair| pair[0].account == pair[1].account), "nobody else does");
}

#[test]
fn a_guest_on_a_new_network_and_program_is_told_and_a_member_is_not() {
    let mut desk = Desk::new();
    for day in 0..6 {
        let mut visit = desk.usual("guest-1", now() + day * 86_400);
        visit.account.user_type = Some("guest".into());
        desk.see(&visit);
    }
    let mut moved = desk.stranger("guest-1", now() + 9 * 86_400);
    moved.account.user_type = Some("guest".into());
    let member = desk.stranger("person-7", now() + 9 * 86_400 + 1);
    desk.see(&moved);
    desk.see(&member);
    assert_eq!(desk.hits("guest-new-network").len(), 1);
}

#[test]
fn a_report_of_fraud_is_read_from_the_factors() {
    let mut desk = Desk::new();
    let mut denied = desk.usual("person-7", now());
    denied.outcome.code = 500_121;
    denied.steps.push(AuthenticationStep {
        result: Some("MFA denied; Phone App Reported Fraud".into()),
        ..AuthenticationStep::default()
    });
    desk.see(&denied);
    assert!(desk.has("mfa-fraud-reported"));
}

#[test]
fn a_device_code_through_the_broker_to_graph_is_phishing() {
    let mut desk = Desk::new();
    let mut code = desk.stranger("person-7", now());
    code.app.id = Some(BROKER.into());
    code.protocol = Some("deviceCode".into());
    desk.see(&code);
    assert!(desk.has("device-code-broker") && desk.has("device-code-phishing"));
    let mut registration = desk.stranger("person-7", now() + 60);
    registration.app.id = Some(BROKER.into());
    registration.resource.id = Some("01cb2876-7ebd-4aa4-9cc9-d28bd4d359a9".into());
    desk.see(&registration);
    assert!(desk.has("device-registration-theft"));
}

#[test]
fn a_kit_in_the_middle_shows_by_its_library() {
    let mut desk = Desk::new();
    let mut kit = desk.stranger("person-7", now());
    kit.app.id = Some("4765445b-32c6-49b0-83e6-1d93765276ca".into());
    kit.user_agent = Some("axios/1.7.9".into());
    desk.see(&kit);
    assert!(desk.has("adversary-in-the-middle"));
}

#[test]
fn a_session_elsewhere_with_another_program_is_a_replay_and_a_phone_that_leaves_the_office_is_none()
{
    let mut desk = Desk::new();
    let first = desk.usual("person-7", now());
    desk.see(&first);
    let mut walks = desk.usual("person-7", now() + 60);
    walks.network.asn = Some(12_353);
    walks.ip = "192.0.2.4".parse().ok();
    desk.see(&walks);
    assert!(!desk.has("session-replay"), "the device is known");
    let mut replay = desk.stranger("person-7", now() + 660);
    replay.session_id.clone_from(&first.session_id);
    desk.see(&replay);
    assert!(desk.has("session-replay") && desk.has("session-replay-hosting"));
}

#[test]
fn old_mail_protocols_and_password_grants_are_new_for_most() {
    let mut desk = Desk::new();
    let mut mail = desk.stranger("person-7", now());
    mail.client = Some("IMAP4".into());
    mail.user_agent = Some("BAV2ROPC".into());
    mail.requirement = Some(Requirement::SingleFactor);
    desk.see(&mail);
    assert!(desk.has("legacy-client") && desk.has("password-grant-agent"));
    let mut grant = desk.stranger("person-8", now());
    grant.protocol = Some("ropc".into());
    grant.requirement = Some(Requirement::SingleFactor);
    desk.see(&grant);
    assert!(desk.has("password-grant"));
}

#[test]
fn azure_cli_reading_graph_for_a_bookkeeper_is_seen() {
    let mut desk = Desk::new();
    let mut tool = desk.stranger("person-9", now());
    tool.app.id = Some("04b07795-8ddb-461a-bbee-02f9e1bf7b46".into());
    desk.see(&tool);
    assert!(desk.has("first-party-phishing"));
}

#[test]
fn nobody_is_in_two_places_but_a_known_laptop_behind_a_vpn_may_seem_so() {
    let mut desk = Desk::new();
    let home = desk.usual("person-9", now());
    desk.see(&home);
    let mut vpn = desk.usual("person-9", now() + 600);
    vpn.place.coordinates = Coordinates::new(40.7, -74.0);
    desk.see(&vpn);
    assert!(!desk.has("impossible-travel"));
    let home = desk.usual("person-9", now() + 700);
    desk.see(&home);
    let mut far = desk.stranger("person-9", now() + 1_200);
    far.place.coordinates = Coordinates::new(-33.9, 151.2);
    desk.see(&far);
    assert!(desk.has("impossible-travel"));
}

#[test]
fn the_missions_rules_see_new_places_stopped_takeovers_and_administrators_at_night() {
    let mut desk = Desk::new();
    let new = desk.stranger("person-11", now());
    desk.see(&new);
    assert!(desk.has("new-country-and-network"));
    let mut stopped = desk.stranger("person-12", now());
    stopped.outcome.code = 53_003;
    desk.see(&stopped);
    assert!(desk.has("failure-from-new-network"));
    let night = desk.stranger("person-0", now() + 17 * 3_600);
    desk.see(&night);
    assert!(desk.has("off-hours-admin"));
    let other = desk.stranger("person-1", now() + 17 * 3_600);
    desk.see(&other);
    assert_eq!(desk.hits("off-hours-admin").len(), 1, "who is no administrator may work at night");
}

#[test]
fn an_administrator_from_a_new_network_without_a_known_device_is_told_and_nobody_else() {
    let mut desk = Desk::new();
    let admin = desk.stranger("person-0", now());
    desk.see(&admin);
    assert_eq!(desk.hits("admin-new-network").len(), 1);
    let other = desk.stranger("person-1", now() + 60);
    desk.see(&other);
    let mut known = desk.stranger("person-0", now() + 120);
    known.device.id = Some("laptop-0".into());
    desk.see(&known);
    assert_eq!(desk.hits("admin-new-network").len(), 1);
}

#[test]
fn guesses_from_everywhere_are_seen_by_their_number_and_a_few_are_not() {
    let scattered = |accounts: u32| {
        let mut desk = Desk::new();
        for step in 0..accounts {
            let at = now() + i64::from(step) * 3_000;
            let mut guess = desk.guess(&format!("person-{step}"), at);
            guess.ip = format!("198.{step}.0.9").parse().ok();
            guess.network.asn = Some(61_000 + step);
            desk.see(&guess);
        }
        desk.has("scattered-guessing")
    };
    assert!(scattered(14));
    assert!(!scattered(8));
}

#[test]
fn lockouts_disabled_accounts_guessing_and_stuffing_have_their_windows() {
    let mut desk = Desk::new();
    for person in 0..25 {
        let mut locked = desk.guess(&format!("person-{person}"), now() + person);
        locked.outcome.code = 50_053;
        desk.see(&locked);
    }
    assert!(desk.has("lockout-wave"));

    let mut desk = Desk::new();
    for gone in 0..2 {
        let mut disabled = desk.guess(&format!("gone-{gone}"), now() + gone);
        disabled.outcome.code = 50_057;
        desk.see(&disabled);
    }
    let right = desk.stranger("person-3", now() + 100);
    desk.see(&right);
    assert!(desk.hits("disabled-account-probing").iter().any(|hit| hit.followed));

    let mut desk = Desk::new();
    for step in 0..30 {
        let guess = desk.guess("person-4", now() + step * 9);
        desk.see(&guess);
    }
    assert!(desk.has("password-guessing"));

    let mut desk = Desk::new();
    for step in 0..30 {
        let mut guess = desk.guess(&format!("person-{step}"), now() + step * 20);
        guess.ip = format!("203.0.{}.9", step % 6).parse().ok();
        guess.network.asn = Some(60_000 + u32::try_from(step % 6).unwrap());
        desk.see(&guess);
    }
    assert!(desk.has("credential-stuffing"));

    let mut desk = Desk::new();
    for step in 0..30 {
        let mut guess = desk.guess("person-4", now() + step * 1_800);
        guess.place.country = Some(["BR", "VN", "TR"][usize::try_from(step % 3).unwrap()].into());
        desk.see(&guess);
    }
    assert!(desk.has("distributed-guessing"));
}

#[test]
fn a_workload_from_a_rented_machine_is_seen_and_tools_name_themselves() {
    let mut desk = Desk::new();
    for day in 0..30 {
        let mut workload = desk.usual("app-1", now() + day * 86_400);
        workload.kind = SignInKind::ServicePrincipal;
        desk.see(&workload);
    }
    let mut stolen = desk.stranger("app-1", now() + 31 * 86_400);
    stolen.kind = SignInKind::ServicePrincipal;
    desk.see(&stolen);
    assert!(desk.has("workload-new-network"));
    let mut tool = desk.stranger("person-2", now() + 31 * 86_400);
    tool.user_agent = Some("azurehound/v2.1.0".into());
    desk.see(&tool);
    assert!(desk.has("tool-agent"));
}

#[test]
fn a_device_code_session_that_moves_is_seen() {
    let mut desk = Desk::new();
    let mut code = desk.usual("person-2", now());
    code.protocol = Some("deviceCode".into());
    code.session_id = Some("by code".into());
    desk.see(&code);
    let mut moved = desk.stranger("person-2", now() + 300);
    moved.transfer_method = Some("deviceCodeFlow".into());
    moved.session_id = Some("by code".into());
    desk.see(&moved);
    assert!(desk.has("device-code-moved"));
}

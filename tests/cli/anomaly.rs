//! `cstack anomaly`: from sign-ins to a model, to incidents, to a verdict and back.

use serde_json::Value;

use crate::machine::Machine;

const TENANT: [&str; 2] = ["--tenant", "tenant-a"];

/// The demonstration with four weeks of sign-ins and a champion that was trained on them.
fn trained() -> Machine {
    let machine = Machine::new();
    machine.cstack(&["demo", "--no-signins", "--data-dir", "data"]).assert().success();
    let told = machine.told(&with(&["signins", "extract", "--scenario", "baseline"]));
    assert!(told.contains("0 attacks among them"), "{told}");
    let told = machine.told(&with(&["anomaly", "train", "--trees", "50"]));
    assert!(told.starts_with("version 1 trained on "), "{told}");
    let told = machine.told(&with(&["anomaly", "promote", "--force"]));
    assert!(told.contains("version 1 is champion"), "{told}");
    machine
}

fn with<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &TENANT[..]].concat()
}

fn alerts(machine: &Machine) -> Vec<Value> {
    let found = machine.json(&with(&["anomaly", "alerts", "--n", "100", "--all"]));
    found["incidents"].as_array().unwrap().clone()
}

#[test]
fn the_missions_sequence_ends_with_incidents_that_explain_themselves() {
    let machine = trained();
    assert_eq!(machine.told(&with(&["anomaly", "score"])), "nothing new to judge\n");
    let told = machine.told(&with(&["signins", "import", "--scenario", "replay-attacks"]));
    assert!(told.contains("attacks among them"), "{told}");
    let scored = machine.json(&with(&["anomaly", "score"]));
    assert!(scored["scoring"]["judged"].as_u64().unwrap() > 4_000);
    let found = alerts(&machine);
    assert!(!found.is_empty() && found.len() < 20, "{} incidents", found.len());
    for incident in &found {
        assert!(!incident["signin_ids"].as_array().unwrap().is_empty());
        assert!(!incident["layers"].as_array().unwrap().is_empty());
        assert!(incident["contributions"].as_array().unwrap().len() <= 3);
        let score = incident["score"].as_f64().unwrap();
        assert!((0.5..=1.0).contains(&score), "{score}");
    }
    let id = found[0]["id"].as_str().unwrap();
    let shown = machine.told(&with(&["anomaly", "show", &id[..8]]));
    assert!(shown.contains("What made it strange"), "{shown}");
    assert!(shown.contains("The strangest sign-in"), "{shown}");
    // What was judged is not judged again, and the findings are there.
    assert_eq!(machine.told(&with(&["anomaly", "score"])), "nothing new to judge\n");
    let findings = machine.json(&with(&["findings", "list", "--rule", "anomaly."]));
    assert_eq!(findings["findings"].as_array().unwrap().len(), found.len());
    let drift = machine.json(&with(&["anomaly", "monitor"]));
    assert!(drift["drift"]["judged"].as_u64().unwrap() > 4_000);
}

#[test]
fn scoring_in_two_parts_finds_what_scoring_at_once_finds() {
    let machine = trained();
    machine.told(&with(&["signins", "extract", "--scenario", "replay-attacks"]));
    machine.told(&with(&["anomaly", "score"]));
    let at_once = alerts(&machine);
    machine.told(&with(&["anomaly", "score", "--again"]));
    let again = alerts(&machine);
    let ids = |all: &[Value]| -> Vec<String> {
        all.iter().map(|of| of["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&at_once), ids(&again));
}

#[test]
fn what_was_called_harmless_is_not_told_again() {
    let machine = trained();
    machine.told(&with(&["signins", "extract", "--scenario", "replay-attacks"]));
    machine.told(&with(&["anomaly", "score"]));
    let single = |all: &[Value]| {
        let mut ids: Vec<String> = Vec::new();
        for of in all {
            if of["accountCount"] == 1 {
                ids.push(of["id"].as_str().unwrap().to_owned());
            }
        }
        ids
    };
    let before = single(&alerts(&machine));
    let Some(id) = before.first() else { panic!("no incident of one account") };
    let findings = machine.json(&with(&["findings", "list", "--rule", "anomaly."]));
    let finding = findings["findings"].as_array().unwrap().iter();
    let finding = finding.clone().find(|of| of["subject"][0] == id.as_str()).unwrap();
    let fingerprint = finding["fingerprint"].as_str().unwrap();
    machine.told(&["findings", "fp", fingerprint, "--reason", "the user is on a journey", "--yes"]);
    machine.told(&with(&["anomaly", "score", "--again"]));
    assert!(!single(&alerts(&machine)).contains(id), "{id} is told again");
}

#[test]
fn the_gate_says_why_it_refuses_and_force_is_recorded() {
    let machine = Machine::new();
    machine.cstack(&["demo", "--no-signins", "--data-dir", "data"]).assert().success();
    let told = machine.refused(1, &with(&["anomaly", "train"]));
    assert!(told.contains("tenant-a has no sign-ins"), "{told}");
    let told = machine.refused(1, &with(&["anomaly", "score"]));
    assert!(told.contains("has no champion"), "{told}");
    let told = machine.refused(1, &with(&["anomaly", "promote"]));
    assert!(told.contains("has no challenger"), "{told}");
    machine.told(&with(&["signins", "extract", "--scenario", "baseline"]));
    machine.told(&with(&["anomaly", "train", "--days", "4", "--trees", "20"]));
    let output =
        machine.cstack(&[&with(&["anomaly", "promote"])[..], &["--data-dir", "data"]].concat());
    let output = {
        let mut output = output;
        output.assert().code(1).get_output().clone()
    };
    let told = machine.neutral(&output.stdout);
    assert!(told.contains("REFUSED enough sign-ins"), "{told}");
    let told = machine.told(&with(&["anomaly", "promote", "--force"]));
    assert!(told.contains("is champion, by force"), "{told}");
    let models = machine.told(&with(&["anomaly", "models"]));
    assert!(
        models.contains("refused version 1") && models.contains("promoted version 1"),
        "{models}"
    );
}

#[test]
fn a_roll_back_goes_to_the_champion_before() {
    let machine = trained();
    let told = machine.refused(1, &with(&["anomaly", "rollback"]));
    assert!(told.contains("never had another champion"), "{told}");
    machine.told(&with(&["anomaly", "train", "--seed", "9", "--trees", "50"]));
    machine.told(&with(&["anomaly", "promote", "--force"]));
    let told = machine.told(&with(&["anomaly", "rollback"]));
    assert_eq!(told, "version 1 is champion again, version 2 no more\n");
}

#[test]
fn scenarios_are_for_the_demonstration_and_models_are_mirrored_where_a_server_is_set() {
    let machine = Machine::new();
    machine.cstack(&["demo", "--no-signins", "--data-dir", "data"]).assert().success();
    let told = machine.refused(1, &with(&["signins", "extract", "--scenario", "nosuch"]));
    assert!(told.contains("there is no scenario \"nosuch\"") && told.contains("noisy"), "{told}");
    let told = machine.refused(2, &with(&["anomaly", "mirror"]));
    assert!(told.contains("CSTACK_MLFLOW_TRACKING_URI"), "{told}");
    let told = machine.refused(1, &with(&["anomaly", "show", "abc"]));
    assert!(told.contains("no incident \"abc\""), "{told}");
}

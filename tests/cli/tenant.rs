//! `cstack tenant`

use crate::fleet::fleet;
use crate::machine::Machine;

#[test]
fn the_registry_lists_what_there_is_of_each_tenant() {
    insta::assert_snapshot!(fleet().told(&["tenant", "list"]));
}

#[test]
fn a_tenant_is_added_changed_renamed_and_shown() {
    let machine = Machine::new();
    machine.told(&[
        "tenant",
        "add",
        "Northwind",
        "--display-name",
        "Northwind Dental",
        "--group",
        "gold",
    ]);
    machine.told(&["tenant", "set", "northwind", "--licence", "p2"]);
    machine.told(&["tenant", "group", "add", "northwind", "dental", "gold"]);
    machine.told(&["tenant", "rename", "northwind", "nw"]);
    let shown: serde_json::Value =
        serde_json::from_str(&machine.told(&["tenant", "show", "nw", "--format", "json"])).unwrap();
    let tenant = &shown["tenant"];
    assert_eq!(tenant["displayName"], "Northwind Dental");
    assert_eq!(tenant["licenceTier"], "P2");
    assert_eq!(tenant["groups"], serde_json::json!(["dental", "gold"]));
    machine.told(&["tenant", "group", "remove", "nw", "gold"]);
    assert!(!machine.told(&["tenant", "list", "--group", "gold"]).contains("nw"));
}

#[test]
fn a_name_that_is_taken_or_bad_is_refused() {
    let machine = fleet();
    let taken = machine.refused(1, &["tenant", "add", "contoso"]);
    assert!(taken.contains("there is a tenant \"contoso\" already"), "{taken}");
    let bad = machine.refused(2, &["tenant", "add", "../x"]);
    assert!(bad.contains("is not a tenant name"), "{bad}");
    let group = machine.refused(1, &["tenant", "group", "add", "contoso", "a b"]);
    assert!(group.contains("is not a name for a group"), "{group}");
}

#[test]
fn removing_names_what_goes_and_refuses_where_nobody_can_answer() {
    let machine = fleet();
    let refused = machine.refused(2, &["tenant", "remove", "contoso"]);
    assert!(refused.contains("--yes"), "{refused}");
    assert!(machine.told(&["tenant", "list"]).contains("contoso"));

    let gone = machine.remarked(&["tenant", "remove", "contoso", "--yes"]);
    assert_eq!(
        gone,
        "tenant contoso is gone, with 1 snapshot, 3 versions of objects, 4 findings, \
         4 entries of findings' histories\n"
    );
    assert!(!machine.told(&["tenant", "list"]).contains("contoso"));
    let again = machine.refused(1, &["tenant", "remove", "contoso", "--yes"]);
    assert!(again.contains("there is no tenant \"contoso\""), "{again}");
}

#[test]
fn a_renamed_tenants_findings_keep_their_history() {
    let machine = fleet();
    machine.told(&["findings", "ack", "--rule", "exclusion.creep", "--yes"]);
    machine.told(&["tenant", "rename", "contoso", "northwind"]);
    let listed = machine.told(&["findings", "list", "--tenant", "northwind", "--format", "csv"]);
    assert!(listed.lines().any(|line| line.contains("creep") && line.contains("acknowledged")));
}

#[test]
fn emergency_accounts_are_declared_by_name_and_only_where_they_exist() {
    let machine = fleet();
    let suggested = machine.told(&["tenant", "break-glass", "suggest", "contoso"]);
    assert_eq!(suggested, "breakglass1@contoso.example  11111111-0000-4000-8000-000000000001\n");
    let told = machine.remarked(&[
        "tenant",
        "break-glass",
        "add",
        "contoso",
        "BreakGlass1@contoso.example",
        "--monitored",
        "yes",
    ]);
    assert_eq!(told, "breakglass1@contoso.example is declared\n");
    let listed = machine.told(&["tenant", "break-glass", "list", "contoso"]);
    assert!(
        listed.contains("  monitored  declared ") && listed.ends_with(" by dana\n"),
        "{listed}"
    );
    let none_left = machine.told(&["tenant", "break-glass", "suggest", "contoso"]);
    assert_eq!(none_left, "No name looks like an emergency account's.\n");

    let missing = ["tenant", "break-glass", "add", "contoso", "nobody@contoso.example"];
    let refused = machine.refused(1, &missing);
    assert!(refused.contains("has no user \"nobody@contoso.example\""), "{refused}");
    machine.told(&[&missing[..], &["--force"]].concat());

    machine.told(&["tenant", "break-glass", "remove", "contoso", "breakglass1@contoso.example"]);
    let refused = machine
        .refused(1, &["tenant", "break-glass", "remove", "contoso", "breakglass1@contoso.example"]);
    assert!(refused.contains("is no declared emergency account"), "{refused}");
}

#[test]
fn accounts_of_a_tenant_without_data_need_to_be_forced() {
    let machine = fleet();
    let refused =
        machine.refused(1, &["tenant", "break-glass", "add", "fabrikam", "x@fabrikam.example"]);
    assert!(refused.contains("has no data"), "{refused}");
}

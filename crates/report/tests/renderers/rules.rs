//! Rules.

use report::{Format, rule, rules, rules_markdown};

use crate::{NARROW, envelope, fields, snapshots};

#[test]
fn a_list_of_rules_reads_well_in_every_format() {
    let list = fields::rules();
    snapshots!("rules", [Table, Json, Ndjson, Csv, Markdown], |format, style| rules(
        &list,
        &envelope(),
        format,
        style
    )
    .unwrap());
}

#[test]
fn a_rule_is_shown_in_full() {
    let list = fields::rules();
    snapshots!("rule", [Table, Json, Markdown], |format, style| {
        rule(&list[3], &envelope(), format, style).unwrap()
    });
}

#[test]
fn a_hostile_rule_does_no_harm() {
    let list = fields::rules();
    snapshots!("rule_hostile", [Table, Json, Markdown], |format, style| {
        rule(&list[0], &envelope(), format, style).unwrap()
    });
}

#[test]
fn the_catalogue_groups_rules_by_category_worst_first() {
    insta::assert_snapshot!("catalogue", rules_markdown(&fields::rules()));
}

#[test]
fn the_catalogue_does_not_depend_on_the_order_of_rules() {
    let mut turned = fields::rules();
    turned.reverse();
    assert_eq!(rules_markdown(&turned), rules_markdown(&fields::rules()));
}

#[test]
fn no_rules_is_said_in_words() {
    let text = rules(&[], &envelope(), Format::Table, &NARROW).unwrap();
    assert_eq!(text, "No rules.\n");
}

use jiff::Timestamp;
use model::exception::{BreakGlassAccount, ExceptionEntry, ExceptionSubject};
use model::snapshot::TenantSnapshot;
use model::tenant::TenantSlug;

use super::{AddedException, Declared, RegisterAction, load_into};
use crate::Store;
use crate::findings::tests::{Folder, store, tenant, time};

const NOON: &str = "2026-11-23T12:00:00Z";

fn account(monitored: Option<bool>) -> BreakGlassAccount {
    BreakGlassAccount {
        user_id: "8f1c0c5e-2a34-4c5b-9a3e-0d5a8f4f1b11".into(),
        label: "emergency1@contoso.example".into(),
        declared_by: "dana".into(),
        declared_at: time(NOON),
        monitored,
    }
}

fn exception(id: &str, expires: &str) -> ExceptionEntry {
    ExceptionEntry {
        id: id.into(),
        subject: ExceptionSubject::Principal("scanner".into()),
        rule: None,
        reason: "the scanner cannot do MFA".into(),
        owner: "Facilities".into(),
        added_by: "dana".into(),
        added_at: time(NOON),
        expires_at: time(expires),
    }
}

fn declare(folder: &Folder, account: &BreakGlassAccount, actor: &str) -> Declared {
    folder.store.declare_break_glass(&contoso(), account, actor, time(NOON)).unwrap()
}

fn contoso() -> TenantSlug {
    tenant("contoso")
}

fn history(store: &Store) -> Vec<(String, RegisterAction)> {
    let events = store.register_history(&contoso()).unwrap();
    events.into_iter().map(|event| (event.actor, event.action)).collect()
}

#[test]
fn an_account_is_declared_once_and_keeps_who_declared_it() {
    let folder = store();
    assert_eq!(declare(&folder, &account(None), "dana"), Declared::Added);
    assert_eq!(declare(&folder, &account(None), "dana"), Declared::Unchanged);
    let by_eli = BreakGlassAccount { declared_by: "eli".into(), ..account(Some(true)) };
    assert_eq!(declare(&folder, &by_eli, "eli"), Declared::Changed);
    assert_eq!(
        declare(&folder, &account(None), "dana"),
        Declared::Unchanged,
        "silence says nothing"
    );

    assert_eq!(folder.store.break_glass_accounts(&contoso()).unwrap(), [account(Some(true))]);
    assert_eq!(
        history(&folder.store),
        [("dana".into(), RegisterAction::Added), ("eli".into(), RegisterAction::Changed)]
    );
}

#[test]
fn what_is_removed_stays_in_the_history_as_it_was() {
    let folder = store();
    declare(&folder, &account(Some(true)), "dana");
    let removed =
        folder.store.remove_break_glass(&contoso(), &account(None).user_id, "eli", time(NOON));
    assert_eq!(removed.unwrap(), Some(account(Some(true))));
    let again =
        folder.store.remove_break_glass(&contoso(), &account(None).user_id, "eli", time(NOON));
    assert_eq!(again.unwrap(), None);

    let last = folder.store.register_history(&contoso()).unwrap().pop().unwrap();
    assert_eq!(last.action, RegisterAction::Removed);
    assert_eq!(last.detail, serde_json::to_value(account(Some(true))).unwrap());
}

#[test]
fn a_second_exception_for_the_same_is_refused_while_the_first_is_in_force() {
    let folder = store();
    let first = exception("e1", "2026-12-01T00:00:00Z");
    let add = |entry: &ExceptionEntry| folder.store.add_exception(&contoso(), entry).unwrap();
    assert_eq!(add(&first), AddedException::Added(first.clone()));
    assert_eq!(add(&exception("e2", "2027-01-01T00:00:00Z")), AddedException::InForce(first));

    let narrower = ExceptionEntry {
        rule: Some("rule.mfa-all-users".into()),
        ..exception("e3", "2027-01-01T00:00:00Z")
    };
    assert!(matches!(add(&narrower), AddedException::Added(_)));
    let after_the_end = ExceptionEntry {
        added_at: time("2026-12-01T00:00:00Z"),
        ..exception("e4", "2027-01-01T00:00:00Z")
    };
    assert!(matches!(add(&after_the_end), AddedException::Added(_)));
}

#[test]
fn a_renewal_moves_the_end_and_keeps_what_was_before_in_the_history() {
    let folder = store();
    folder.store.add_exception(&contoso(), &exception("e1", "2026-12-01T00:00:00Z")).unwrap();
    let later = time("2027-06-01T00:00:00Z");
    let renew = |id: &str| {
        folder
            .store
            .renew_exception(&contoso(), id, later, Some("still in use"), "eli", time(NOON))
            .unwrap()
    };
    let renewed = renew("e1").unwrap();
    assert_eq!((renewed.expires_at, renewed.reason.as_str()), (later, "still in use"));
    assert_eq!(renew("no such"), None);
    let events = folder.store.register_history(&contoso()).unwrap();
    assert_eq!(events[0].detail["expiresAt"], "2026-12-01T00:00:00Z");
    assert_eq!(events[1].action, RegisterAction::Changed);
}

#[test]
fn an_imported_exception_takes_the_place_of_the_one_with_its_id() {
    let folder = store();
    let put = |entry: &ExceptionEntry| {
        folder.store.put_exception(&contoso(), entry, "dana", time(NOON)).unwrap()
    };
    assert_eq!(put(&exception("e1", "2026-12-01T00:00:00Z")), Declared::Added);
    assert_eq!(put(&exception("e1", "2026-12-01T00:00:00Z")), Declared::Unchanged);
    assert_eq!(put(&exception("e1", "2027-12-01T00:00:00Z")), Declared::Changed);
    assert_eq!(
        folder.store.exceptions(&contoso()).unwrap(),
        [exception("e1", "2027-12-01T00:00:00Z")]
    );
}

#[test]
fn a_snapshot_is_given_its_own_tenants_entries_ended_ones_included() {
    let folder = store();
    declare(&folder, &account(None), "dana");
    let ended = exception("e1", "2020-01-01T00:00:00Z");
    folder.store.add_exception(&contoso(), &ended).unwrap();
    folder
        .store
        .add_exception(&tenant("fabrikam"), &exception("e2", "2027-01-01T00:00:00Z"))
        .unwrap();

    let mut snapshot = TenantSnapshot::empty(contoso(), Timestamp::UNIX_EPOCH);
    folder.store.read(|conn| load_into(conn, &mut snapshot)).unwrap();
    assert_eq!(snapshot.break_glass, [account(None)]);
    assert_eq!(snapshot.exceptions, [ended]);
}

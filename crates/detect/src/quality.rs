//! How well incidents tell attacks, where the truth is known.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::Serialize;

use crate::incident::{Incident, latest};

/// An attack that really happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrueAttack {
    /// Its kind.
    pub kind: String,
    /// Whether it was low and slow.
    pub slow: bool,
}

/// A row with its score and the attack that it is part of.
#[derive(Debug, Clone)]
pub struct TrueRow {
    /// The record's id.
    pub id: Arc<str>,
    /// When, in seconds since 1970.
    pub at: i64,
    /// What the layers say of it, in nats.
    pub nats: f32,
    /// Which attack.
    pub attack: Option<usize>,
}

/// How one kind of attack fared.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindQuality {
    /// How many there were.
    pub attacks: usize,
    /// How many were told.
    pub found: usize,
    /// Seconds from the first record to the alert, of those that were told.
    pub seconds: Vec<i64>,
}

/// How well a stretch of days was judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// Incidents that were told.
    pub alerts: usize,
    /// Those of them that are mostly an attack.
    pub true_alerts: usize,
    /// Attacks.
    pub attacks: usize,
    /// Attacks that some alert has a record of.
    pub found: usize,
    /// Share of the alerts' records that are an attack's.
    pub row_precision: f64,
    /// Share of the attacks' records that an alert has.
    pub row_recall: f64,
    /// Precision of the best records at which nine of ten records of attacks are among them.
    pub row_precision_at_90: f64,
    /// Accounts times days.
    pub user_days: f64,
    /// By kind of attack; slow ones by themselves.
    pub kinds: BTreeMap<String, KindQuality>,
}

impl Quality {
    /// Share of the alerts that are right; 1 where there are none.
    pub fn precision(&self) -> f64 {
        share(self.true_alerts, self.alerts)
    }

    /// Share of the attacks that were told; 1 where there are none.
    pub fn recall(&self) -> f64 {
        share(self.found, self.attacks)
    }

    /// Alerts that are wrong, per thousand users and day.
    #[expect(clippy::cast_precision_loss, reason = "counts of alerts")]
    pub fn false_rate(&self) -> f64 {
        let wrong = self.alerts.saturating_sub(self.true_alerts) as f64;
        if self.user_days > 0.0 { wrong / self.user_days * 1_000.0 } else { 0.0 }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Holds incidents against the truth.
pub fn quality(
    rows: &[TrueRow],
    attacks: &[TrueAttack],
    incidents: &[Incident],
    user_days: f64,
) -> Quality {
    let truth: HashMap<&str, &TrueRow> = rows.iter().map(|row| (&*row.id, row)).collect();
    let mut out = Quality { user_days, ..Quality::default() };
    let mut first: BTreeMap<usize, i64> = BTreeMap::new();
    for row in rows {
        if let Some(attack) = row.attack {
            let held = first.entry(attack).or_insert(row.at);
            *held = (*held).min(row.at);
        }
    }
    let mut told: HashMap<&str, f32> = HashMap::new();
    let mut found: BTreeMap<usize, i64> = BTreeMap::new();
    for incident in latest(incidents) {
        let Some(told_at) = incident.told_at else { continue };
        let of: Vec<&&TrueRow> =
            incident.sign_ins.iter().filter_map(|id| truth.get(&**id)).collect();
        let bad = of.iter().filter(|row| row.attack.is_some()).count();
        out.alerts += 1;
        out.true_alerts += usize::from(bad * 2 >= of.len().max(1));
        for row in of {
            let held = told.entry(&row.id).or_insert(0.0);
            *held = held.max(incident.nats());
            if let Some(attack) = row.attack {
                let at = found.entry(attack).or_insert(told_at);
                *at = (*at).min(told_at);
            }
        }
    }
    let wanted: BTreeSet<usize> = first.keys().copied().collect();
    out.attacks = wanted.len();
    out.found = found.len();
    for (number, attack) in attacks.iter().enumerate() {
        let Some(began) = first.get(&number) else { continue };
        let name =
            if attack.slow { format!("{} (slow)", attack.kind) } else { attack.kind.clone() };
        let kind = out.kinds.entry(name).or_default();
        kind.attacks += 1;
        if let Some(at) = found.get(&number) {
            kind.found += 1;
            kind.seconds.push((at - began).max(0));
        }
    }
    let bad_rows = rows.iter().filter(|row| row.attack.is_some()).count();
    let told_bad = rows.iter().filter(|r| r.attack.is_some() && told.contains_key(&*r.id)).count();
    out.row_precision = share(told_bad, told.len());
    out.row_recall = share(told_bad, bad_rows);
    let ranked = rows.iter().map(|row| {
        let incident = told.get(&*row.id).copied().unwrap_or(f32::MIN);
        (f64::from(row.nats.max(incident)), row.attack.is_some())
    });
    out.row_precision_at_90 = precision_at_90(ranked.collect());
    out
}

/// Precision of the highest scores that hold nine of ten of the bad rows; equal scores count whole.
#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
pub fn precision_at_90(mut ranked: Vec<(f64, bool)>) -> f64 {
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let bad = ranked.iter().filter(|(_, is_bad)| *is_bad).count() as f64;
    let (mut seen, mut hit) = (0_usize, 0_usize);
    for equal in ranked.chunk_by(|a, b| a.0.to_bits() == b.0.to_bits()) {
        seen += equal.len();
        hit += equal.iter().filter(|(_, is_bad)| *is_bad).count();
        if hit as f64 >= 0.9 * bad {
            break;
        }
    }
    share(hit, seen)
}

//! How well detection does on synthetic tenants, where the truth is known.
//!
//! The protocol: the models are trained on a clean history; what follows is judged as it comes;
//! Microsoft's risk fields are absent throughout.

use std::convert::Infallible;

use detect::baseline::Shrinkage;
use detect::detector::DetectorError;
use detect::inquiry::{Inquiry, Seen, Surroundings};
use detect::model::{Model, Plan, user_days};
use detect::pattern::Pattern;
use detect::quality::{Quality, TrueAttack, TrueRow, quality};
use fixtures::sign_ins::{Company, Made, Scenario, draw};
use jiff::Timestamp;

/// What is evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'t> {
    /// Whose sign-ins.
    pub company: &'t Company,
    /// The days that are learnt from.
    pub history: &'t Scenario,
    /// The days that are judged.
    pub scenario: &'t Scenario,
    /// Whether the scenario's attacks happen.
    pub attacked: bool,
    /// What chance is drawn from.
    pub seed: u64,
    /// When the story ends.
    pub as_of: Timestamp,
}

/// Trains on the history, judges the scenario, and holds the incidents against the truth.
///
/// # Errors
/// [`DetectorError`] where there is too little history.
pub fn evaluate(
    trial: &Trial<'_>,
    patterns: &[Pattern],
    plan: &Plan,
) -> Result<Quality, DetectorError> {
    let surroundings =
        Surroundings { privileged: trial.company.privileged().map(str::to_owned).collect() };
    let start = trial.as_of.as_second() - trial.history.from_days_ago * 86_400;
    let mut inquiry = Inquiry::new(start, Shrinkage::default());
    let mut history: Vec<Seen> = Vec::new();
    let Ok(_) =
        draw::<Infallible>(trial.company, trial.history, trial.as_of, trial.seed, false, |made| {
            let seen =
                made.iter().filter_map(|of| inquiry.see(&of.sign_in, patterns, &surroundings));
            history.extend(seen);
            Ok(())
        });
    let model = Model::train(&history, plan)?;
    drop(history);
    inquiry.forget_incidents();
    let mut all: Vec<Seen> = Vec::new();
    let mut rows: Vec<TrueRow> = Vec::new();
    let mut incidents = Vec::new();
    let drawn = draw(
        trial.company,
        trial.scenario,
        trial.as_of,
        trial.seed,
        trial.attacked,
        |made: Vec<Made>| {
            let seen: Vec<(Seen, Option<usize>)> = made
                .iter()
                .filter_map(|of| {
                    Some((inquiry.see(&of.sign_in, patterns, &surroundings)?, of.attack))
                })
                .collect();
            let (seen, truth): (Vec<Seen>, Vec<Option<usize>>) = seen.into_iter().unzip();
            let opinions = inquiry.judge(&seen, &model.detector, &model.standards)?;
            incidents.extend(inquiry.take_closed());
            for ((seen, attack), opinion) in seen.iter().zip(truth).zip(&opinions) {
                let worth = seen.hits.iter().map(|hit| model.standards.weights.of(hit));
                rows.push(TrueRow {
                    id: seen.id.clone(),
                    at: seen.sighting.observation.at,
                    nats: opinion.nats() + worth.fold(0.0, f32::max),
                    attack,
                });
            }
            if let Some(path) = std::env::var_os("CSTACK_DUMP").filter(|_| trial.attacked) {
                use std::io::Write as _;
                let mut f = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
                let n = rows.len() - seen.len();
                for (s, r) in seen.iter().zip(&rows[n..]) {
                    let o = &s.sighting.observation;
                    let mut line = format!("{:?},{},{},{},{},{},{},{},{}", o.account, o.at, trial.seed, r.attack.map_or(-1, |a| a as i64), o.interactive as u8, o.has_device as u8, s.sighting.session_networks, s.hits.len(), s.sighting.evidence);
                    for v in s.sighting.features { line += &format!(",{v}"); }
                    for fct in detect::facet::Facet::ALL { line += &format!(",{}", s.sighting.new.has(fct) as u8); }
                    line += &format!(",{:?},{},{}", o.verdict, s.sighting.sightings, r.nats);
                    writeln!(f, "{line}").unwrap();
                }
            }
            all.extend(seen);
            Ok::<_, DetectorError>(())
        },
    )?;
    incidents.extend(inquiry.docket().open().into_iter().cloned());
    let attacks: Vec<TrueAttack> = drawn
        .attacks
        .iter()
        .map(|attack| TrueAttack { kind: attack.kind.as_str().to_owned(), slow: attack.slow })
        .collect();
    if let Some(path) = std::env::var_os("CSTACK_DUMP") {
        let text: String = attacks.iter().enumerate().map(|(n, a)| format!("{},{n},{},{}\n", trial.seed, a.kind, a.slow)).collect();
        use std::io::Write as _;
        std::fs::OpenOptions::new().append(true).create(true).open(format!("{}.attacks", path.display())).unwrap().write_all(text.as_bytes()).unwrap();
    }
    if std::env::var_os("CSTACK_DEBUG_INCIDENTS").is_some() {
        debug(&incidents, &rows, &attacks, &model, &inquiry);
    }
    Ok(quality(&rows, &attacks, &incidents, f64::from(user_days(&all))))
}

fn debug(
    incidents: &[detect::incident::Incident],
    rows: &[TrueRow],
    attacks: &[TrueAttack],
    model: &Model,
    inquiry: &Inquiry,
) {
    let by: std::collections::HashMap<&str, &TrueRow> = rows.iter().map(|r| (&*r.id, r)).collect();
    eprintln!("bar {:.2}", model.standards.bar.nats);
    let mut found = std::collections::BTreeSet::new();
    let mut order: Vec<_> = incidents.iter().collect();
    order.sort_by(|a, b| b.nats().total_cmp(&a.nats()));
    for i in &order {
        let bad: std::collections::BTreeSet<usize> =
            i.sign_ins.iter().filter_map(|id| by.get(&**id)?.attack).collect();
        if i.told_at.is_some() {
            found.extend(bad.iter().copied());
        }
        if i.told_at.is_none() && bad.is_empty() {
            continue;
        }
        let names: Vec<String> = bad
            .iter()
            .map(|b| {
                format!("{}#{b}{}", attacks[*b].kind, if attacks[*b].slow { "-slow" } else { "" })
            })
            .collect();
        let nbad = i
            .sign_ins
            .iter()
            .filter(|id| by.get(&***id).is_some_and(|r| r.attack.is_some()))
            .count();
        let s = &i.strangest[0];
        eprintln!(
            "{} {:5.1} rows {:3} bad {:3} acc {:2} {:?} {:?} new {:?} {:?} asn {} prog {} {:?}",
            if i.told_at.is_some() { "TOLD" } else { "----" },
            i.nats(),
            i.count,
            nbad,
            i.accounts.len(),
            names,
            i.patterns,
            i.strangest.iter().map(|s| format!("{:.1}", s.nats)).collect::<Vec<_>>(),
            detect::facet::Facet::ALL.iter().filter(|f| s.new.has(**f)).collect::<Vec<_>>(),
            s.asn,
            inquiry.watch().lexicon().symbols().text(s.program),
            s.verdict
        );
    }
    for (n, a) in attacks.iter().enumerate() {
        if !found.contains(&n) {
            let of: Vec<String> = rows
                .iter()
                .filter(|r| r.attack == Some(n))
                .map(|r| format!("{:.1}", r.nats))
                .collect();
            eprintln!("MISSED {}#{n} slow={} rows {:?}", a.kind, a.slow, of);
        }
    }
}

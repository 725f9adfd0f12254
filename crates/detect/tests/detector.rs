//! A detector: trained on quiet weeks, asked about strangers, stored and refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

use cstack_detect::baseline::Shrinkage;
use cstack_detect::detector::{Detector, DetectorError, Layer, Training};
use cstack_detect::features::Column;
use cstack_detect::watch::{Sighting, Watch};
use model::Timestamp;
use model::sign_in::{Coordinates, RecordShape, SignIn, SignInKind};

const DAY: i64 = 86_400;

fn start() -> i64 {
    "2026-09-01T08:00:00Z".parse::<Timestamp>().unwrap().as_second()
}

/// The sign-in of a person on a day, at the office or, now and then, at home.
fn usual(person: i64, day: i64) -> SignIn {
    let mixed = person.wrapping_mul(7_919).wrapping_add(day.wrapping_mul(104_729)) % 97;
    let at = start() + day * DAY + mixed * 300;
    let mut out = SignIn::blank(
        format!("{person}-{day}"),
        Timestamp::from_second(at).unwrap(),
        SignInKind::InteractiveUser,
        RecordShape::Graph,
    );
    let home = mixed % 5 == 0;
    out.account.id = Some(format!("person-{person}"));
    out.app.id = Some(format!("app-{}", mixed % 4));
    out.network.asn = Some(if home { 12_353 } else { 2_860 });
    out.place.country = Some("PT".into());
    out.place.coordinates = Coordinates::new(38.7, -9.1);
    out.device.id = Some(format!("laptop-{person}"));
    out.user_agent = Some("Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537.36".into());
    out.client = Some("Browser".into());
    out
}

fn stranger(person: i64, day: i64) -> SignIn {
    let mut out = usual(person, day);
    out.id = "stranger".into();
    out.network.asn = Some(14_061);
    out.place.country = Some("NL".into());
    out.place.coordinates = Coordinates::new(52.4, 4.9);
    out.device.id = None;
    out.user_agent = Some("python-requests/2.32".into());
    out
}

/// Forty people over sixty days: the watch and what it saw after the first ten.
fn weeks() -> (Watch, Vec<Sighting>) {
    let mut watch = Watch::new(start(), Shrinkage::default());
    let mut seen = Vec::new();
    for day in 0..60 {
        let mut people: Vec<SignIn> = (0..40).map(|person| usual(person, day)).collect();
        people.sort_by_key(|sign_in| sign_in.at);
        for sign_in in &people {
            let sighting = watch.see(sign_in).unwrap();
            if day >= 10 {
                seen.push(sighting);
            }
        }
    }
    (watch, seen)
}

fn trained() -> (Watch, Detector) {
    let (watch, seen) = weeks();
    (watch, Detector::train(&seen, &[], &Training { trees: 50, ..Training::default() }).unwrap())
}

#[test]
fn a_stranger_is_rare_and_a_colleague_is_not() {
    let (mut watch, detector) = trained();
    let usual = watch.see(&usual(3, 60)).unwrap();
    let strange = watch.see(&stranger(3, 60)).unwrap();
    let [usual, strange] = detector.judge(&[usual, strange]).unwrap().try_into().unwrap();
    assert!(usual.p > 0.05, "{usual:?}");
    assert!(strange.p < 0.005 && strange.forest > usual.forest, "{strange:?}");
    assert!(strange.score() > 0.995);
}

#[test]
fn what_made_the_score_is_named_worst_first() {
    let (mut watch, detector) = trained();
    let strange = watch.see(&stranger(3, 60)).unwrap();
    let parts = detector.contributions(Layer::Forest, &strange.features, (0, false), 3).unwrap();
    assert_eq!(parts.len(), 3);
    assert!(parts.windows(2).all(|pair| pair[0].factor >= pair[1].factor));
    assert!(parts.iter().all(|part| part.factor > 1.0));
    let all = detector.contributions(Layer::Forest, &strange.features, (0, false), 100).unwrap();
    assert!(all.iter().any(|part| part.column == Column::Asn), "{all:?}");
}

#[test]
fn believed_sign_ins_are_as_rare_as_their_chance_says() {
    let (_, seen) = weeks();
    let (learnt, later) = seen.split_at(1_500);
    let detector = Detector::train(learnt, &[], &Training::default()).unwrap();
    let opinions = detector.judge(later).unwrap();
    let rare = opinions.iter().filter(|opinion| opinion.p <= 0.05).count();
    assert!(rare * 100 <= opinions.len() * 12, "{rare} of {}", opinions.len());
}

#[test]
fn equal_seeds_give_equal_detectors() {
    let (_, seen) = weeks();
    let train = |seed| {
        let training = Training { trees: 20, seed, ..Training::default() };
        Detector::train(&seen, &[], &training).unwrap().to_bytes().unwrap()
    };
    assert_eq!(train(7), train(7));
    assert_ne!(train(7), train(8));
}

#[test]
fn too_little_is_refused() {
    let (_, seen) = weeks();
    let refused = Detector::train(&seen[..100], &[], &Training::default()).unwrap_err();
    assert!(refused.to_string().contains("at least 500"), "{refused}");
}

#[test]
fn a_stored_detector_judges_alike_and_a_damaged_one_is_refused() {
    let (mut watch, detector) = trained();
    let bytes = detector.to_bytes().unwrap();
    let again = Detector::from_bytes(&bytes).unwrap();
    let strange = [watch.see(&stranger(3, 60)).unwrap()];
    assert_eq!(detector.judge(&strange).unwrap(), again.judge(&strange).unwrap());
    for cut in [0, 4, 8, 11, 12, 20, 100, bytes.len() / 2, bytes.len() - 1] {
        let refused = Detector::from_bytes(&bytes[..cut]).unwrap_err();
        assert!(matches!(refused, DetectorError::Damaged(_)), "{cut}: {refused}");
    }
    for at in (0..bytes.len()).step_by(997) {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        assert!(Detector::from_bytes(&altered).is_err(), "byte {at}");
    }
    let mut newer = bytes;
    newer[8] = 9;
    assert!(matches!(Detector::from_bytes(&newer), Err(DetectorError::Newer { found: 9 })));
}

#[test]
fn an_account_with_enough_sign_ins_is_judged_by_its_own_forest() {
    let (mut watch, seen) = weeks();
    let most = |least: u32| Training { trees: 50, own_from: least, ..Training::default() };
    let detector = Detector::train(&seen, &[], &most(20)).unwrap();
    assert!(detector.own_models() > 0);
    let usual = watch.see(&usual(3, 60)).unwrap();
    let strange = watch.see(&stranger(3, 60)).unwrap();
    let [usual, odd] = detector.judge(&[usual, strange]).unwrap().try_into().unwrap();
    assert!(usual.own && odd.own, "the tier is told");
    assert!(odd.forest_p < usual.forest_p, "{odd:?} {usual:?}");
    let copy = Detector::from_bytes(&detector.to_bytes().unwrap()).unwrap();
    assert_eq!(copy.judge(&[strange]).unwrap(), [odd], "it is stored with them");
    let pooled = Detector::train(&seen, &[], &most(1_000_000)).unwrap();
    assert!(!pooled.judge(&[strange]).unwrap()[0].own, "a cold start is the tenant's");
}

//! Passes a tenant's stored sign-ins through the watch, and says how long each part took: for
//! measuring. `watch_sign_ins FOLDER TENANT`

use std::path::Path;
use std::time::{Duration, Instant};

use detect::baseline::Shrinkage;
use detect::detector::{Detector, Training};
use detect::watch::{Sighting, Watch};
use model::tenant::TenantSlug;
use store::{SignInFields, SignInSpan, Store, StoreError, StoreSettings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(tenant)) = (arguments.next(), arguments.next()) else {
        return Err("watch_sign_ins FOLDER TENANT".into());
    };
    let store = Store::new(StoreSettings::in_folder(Path::new(&folder)));
    let tenant = TenantSlug::new(&tenant)?;
    let first = store.sign_in_stats(&tenant)?.first_at.map_or(0, model::Timestamp::as_second);
    let mut watch = Watch::new(first, Shrinkage::default());
    let (mut seeing, begun) = (Duration::ZERO, Instant::now());
    let mut sightings: Vec<Sighting> = Vec::new();
    store.sign_ins(&tenant, SignInSpan::ALWAYS, SignInFields::Detection, |some| {
        let begun = Instant::now();
        let new = some.iter().filter_map(|sign_in| watch.see(sign_in));
        sightings.extend(new);
        seeing += begun.elapsed();
        Ok::<_, StoreError>(())
    })?;
    let read = begun.elapsed().saturating_sub(seeing);
    println!("{} sign-ins: read {read:.2?}, features {seeing:.2?}", sightings.len());
    let last = sightings.len().saturating_sub(100_000);
    let begun = Instant::now();
    let rows = sightings.get(last..).unwrap_or_default();
    let detector = Detector::train(rows, &[], &Training::default())?;
    println!("training on {}: {:.2?}", rows.len(), begun.elapsed());
    let begun = Instant::now();
    let opinions = detector.judge(&sightings)?;
    let rare = opinions.iter().filter(|opinion| opinion.p < 1e-3).count();
    println!("scoring all: {:.2?}; rarer than one in a thousand: {rare}", begun.elapsed());
    Ok(())
}

//! Enrolls a person and verifies two images in this process, without a server:
//!
//!     cargo run --release --example enroll_and_verify
//!
//! The photographs are those of `faceward demo` (demo/PROVENANCE.md). Everything is kept in a temporary folder.
#![allow(clippy::print_stdout, reason = "an example speaks on its terminal")]

use std::error::Error;
use std::path::Path;

use faceward::audit::Actor;
use faceward::identity::{IdentityFields, IdentityId, SampleKind};
use faceward::service::{RecordedService, Upload};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let photograph = |name: &str| std::fs::read(root.join("demo").join(name));

    // The networks, and a data folder that is made where it is missing. Whatever is done here goes to its audit log, in
    // the name of an actor.
    let data = tempfile::tempdir()?;
    let service = RecordedService::open(&root.join("models"), data.path())?;
    let operator = service.acting_as(Actor::CommandLine);

    // A protected person, and photographs of that person. Each is accepted, or rejected with a reason.
    let id: IdentityId = "barack-obama".parse()?;
    operator.put_identity(&id, &IdentityFields { display_name: "Barack Obama".into(), ..IdentityFields::default() })?;
    let uploads = ["obama-2009.jpg", "obama-2012.jpg"]
        .map(|name| Ok(Upload { filename: Some(name.into()), bytes: photograph(name)? }))
        .into_iter()
        .collect::<Result<Vec<_>, std::io::Error>>()?;
    let report = operator.enroll(&id, SampleKind::Reference, &uploads)?;
    println!("enrolled {id}: {} of {} photographs accepted", report.accepted.len(), uploads.len());
    for rejected in &report.rejected {
        println!("  rejected: {}", rejected.detail);
    }

    // Does each image show a genuine photograph of that person? Without an id, every enrolled person is searched.
    for name in ["obama-2010.jpg", "biden-2010.jpg"] {
        let answer = operator.verify(&photograph(name)?, Some(&id))?;
        println!("\n{name}: {}", answer.verdict.name());
        if let Some(score) = answer.score {
            println!("  probability of a genuine photograph of this person: {score:.3}");
        }
        println!("  {}", answer.explanation.summary);
        for difference in &answer.explanation.differences {
            println!("  - {}: {}", difference.region, difference.text);
        }
    }
    Ok(())
}

//! A network was replaced: references of the earlier one verify claims, and are read again where their images are kept.

use std::path::Path;

use faceward::identity::IdentityId;
use faceward::store::{SqliteStore, Store};
use faceward::template::{Embedding, Embeddings, Template};
use jiff::Timestamp;

use crate::support::{Server, eventually, portrait, root, run, stderr, stdout};

/// Enrolls two photographs as `id`.
fn enroll(data: &str, id: &str, photographs: [&str; 2], more: &[&str]) {
    let photographs = photographs.map(|name| root("demo").join(name).to_str().unwrap().to_owned());
    let models = root("models");
    let args =
        ["enroll", id, &photographs[0], &photographs[1], "--data-dir", data, "--models", models.to_str().unwrap()];
    let enrolled = run(&[&args, more].concat());
    assert!(enrolled.status.success(), "{}", stderr(&enrolled));
}

/// Takes the embedding that searches compare from every sample, as when another network made it.
fn make_outdated(data: &Path) {
    let store = SqliteStore::open(data).unwrap();
    for record in store.identities(None, 9).unwrap() {
        let samples = store.samples(&record.id).unwrap();
        let older = samples.into_iter().map(|s| {
            let [a, b] = [Embedding::A, Embedding::B].map(|e| s.template.embeddings.get(e).to_vec());
            (s.id, Template { embeddings: Embeddings::new([a, b, Vec::new(), Vec::new()]), ..s.template })
        });
        store.replace_templates(&record.id, &older.collect::<Vec<_>>(), Timestamp::now()).unwrap();
    }
}

fn identities(data: &str, action: &[&str]) -> std::process::Output {
    run(&[&["identities"], action, &["--data-dir", data]].concat())
}

/// Which identities the list says are to be enrolled again.
fn outdated(data: &str) -> Vec<String> {
    let listed = identities(data, &["list"]);
    let text = stdout(&listed);
    let lines = text.lines().filter(|line| line.contains("searches cannot find it"));
    lines.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn references_of_an_earlier_network_verify_claims_and_are_read_again_where_images_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    enroll(data, "kept", ["obama-2009.jpg", "obama-2010.jpg"], &["--keep-images"]);
    enroll(data, "lost", ["biden-2010.jpg", "biden-2010.jpg"], &[]);
    let before = SqliteStore::open(folder.path()).unwrap().samples(&"kept".parse::<IdentityId>().unwrap()).unwrap();
    make_outdated(folder.path());
    assert_eq!(outdated(data), ["kept", "lost"]);
    {
        // A server reads again what it can, and says what is left.
        let server = Server::start(folder.path(), &[]);
        let client = server.client();
        eventually("read again", || client.get("/readyz").1["enroll_again"] == 1);
        assert_eq!(client.get("/v1/identities/kept").1["enroll_again"], false);
        assert_eq!(client.get("/v1/identities/lost").1["enroll_again"], true);
        let [obama, biden] = ["obama-2012.jpg", "biden-2010.jpg"].map(portrait);
        assert_eq!(client.verify(None, &obama).1["identity"]["id"], "kept");
        assert!(client.verify(None, &biden).1["identity"].is_null(), "no search finds it");
        let (status, claimed) = client.verify(Some("lost"), &biden);
        assert_eq!((status, &claimed["verdict"]), (200, &"real".into()), "{claimed}");
        assert_eq!(client.verify(Some("lost"), &obama).1["verdict"], "different_person");
    }
    let log = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    let again = log.lines().filter(|line| line.contains("\"action\":\"samples_read_again\"")).collect::<Vec<_>>();
    assert!(again.len() == 1 && again[0].contains("\"actor\":\"service\""), "{again:?}");
    let after = SqliteStore::open(folder.path()).unwrap().samples(&"kept".parse::<IdentityId>().unwrap()).unwrap();
    assert!(after == before, "the same networks read the same");
    assert_eq!(outdated(data), ["lost"]);

    // The command does the same without a server.
    make_outdated(folder.path());
    let models = root("models");
    let refreshed = identities(data, &["refresh", "--models", models.to_str().unwrap()]);
    assert_eq!(refreshed.status.code(), Some(1), "{}", stderr(&refreshed));
    let said = stdout(&refreshed);
    assert!(said.contains("2 read again, 0 without") && said.contains("0 read again, 1 without"), "{said}");
    assert_eq!(outdated(data), ["lost"]);
}

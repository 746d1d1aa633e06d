//! Pixels: none are kept unless the operator says so, and then sealed, for `admin` alone, and recorded.

use std::path::Path;

use crate::support::{Server, agent, answer, issue, root, stderr};
use serde_json::json;
use ureq::unversioned::multipart::{Form, Part};

/// Whether any file of the folder holds a stretch of the picture.
fn holds(folder: &Path, picture: &[u8]) -> bool {
    let wanted = &picture[picture.len() / 2..][..24];
    let files = std::fs::read_dir(folder).unwrap().map(|f| std::fs::read(f.unwrap().path()).unwrap_or_default());
    files.into_iter().any(|bytes| bytes.windows(wanted.len()).any(|w| w == wanted))
}

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

/// Enrolls a photograph, verifies another, and returns the reference's address.
fn enroll_and_verify(server: &Server, key: &str, enrolled: &[u8], verified: &[u8]) -> String {
    let url = server.url("/v1/identities/jane");
    let put = agent().put(&url).header("authorization", bearer(key)).send_json(json!({"display_name": "Jane"}));
    assert_eq!(answer(put).0, 201);
    let form = Form::new().part("image", Part::bytes(enrolled).file_name("a.jpg"));
    let sent = agent().post(format!("{url}/references")).header("authorization", bearer(key)).send(form);
    let (status, report) = answer(sent);
    assert_eq!(status, 200, "{report}");
    let form = Form::new().part("image", Part::bytes(verified).file_name("b.jpg")).text("identity", "jane");
    let sent = agent().post(server.url("/v1/verify")).header("authorization", bearer(key)).send(form);
    assert_eq!(answer(sent).0, 200);
    format!("{url}/references/{}", report["accepted"][0]["reference_id"].as_str().unwrap())
}

#[test]
fn pixels_are_kept_only_where_the_operator_says_so_and_then_sealed() {
    let [enrolled, verified] =
        ["demo/obama-2009.jpg", "demo/obama-2010.jpg"].map(|name| std::fs::read(root(name)).unwrap());
    for kept in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let [admin, enroll] = ["admin", "enroll"].map(|scope| issue(data, scope, &[]).1);
        let mut server = Server::start(data, if kept { &["--keep-images"] } else { &[] });
        let reference = enroll_and_verify(&server, &admin, &enrolled, &verified);
        let read = |key: &str| agent().get(format!("{reference}/image")).header("authorization", bearer(key)).call();
        assert_eq!(answer(read(&enroll)).1["code"], "scope_missing");
        if kept {
            let mut image = read(&admin).unwrap();
            assert_eq!(image.headers()["content-type"], "application/octet-stream");
            assert!(image.body_mut().read_to_vec().unwrap() == enrolled);
            let told = std::fs::read_to_string(data.join("audit.jsonl")).unwrap();
            assert_eq!(told.matches("\"action\":\"image_read\"").count(), 1);
        } else {
            assert_eq!(answer(read(&admin)).1["code"], "image_not_kept");
        }
        assert!(!holds(data, &enrolled) && !holds(data, &verified), "in clear, or the probe's");
        let deleted = agent().delete(&reference).header("authorization", bearer(&admin)).call().unwrap();
        assert_eq!(deleted.status(), 204);
        assert_eq!(answer(read(&admin)).1["code"], "sample_unknown");
        server.stop();
        let audit = crate::support::run(&["audit", "verify", "--data-dir", data.to_str().unwrap()]);
        assert!(audit.status.success(), "{}", stderr(&audit));
    }
}

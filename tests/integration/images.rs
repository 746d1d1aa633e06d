//! Pixels: none are kept unless the operator says so, and then sealed, for `admin` alone, and recorded.

use std::path::Path;

use crate::support::{Client, Server, code, issue, portrait, run, stderr};
use serde_json::json;

/// Whether any file of the folder holds a stretch of the picture.
fn holds(folder: &Path, picture: &[u8]) -> bool {
    let wanted = &picture[picture.len() / 2..][..24];
    let files = std::fs::read_dir(folder).unwrap().map(|f| std::fs::read(f.unwrap().path()).unwrap_or_default());
    files.into_iter().any(|bytes| bytes.windows(wanted.len()).any(|w| w == wanted))
}

/// Enrolls a photograph, verifies another, and returns the path of the reference.
fn enroll_and_verify(client: &Client, enrolled: &[u8], verified: &[u8]) -> String {
    assert_eq!(client.json("PUT", "/v1/identities/jane", &json!({"display_name": "Jane"})).0, 201);
    let (status, report) = client.post("/v1/identities/jane/references", &[], &[enrolled]);
    assert_eq!(status, 200, "{report}");
    assert_eq!(client.verify(Some("jane"), verified).0, 200);
    format!("/v1/identities/jane/references/{}", report["accepted"][0]["reference_id"].as_str().unwrap())
}

#[test]
fn pixels_are_kept_only_where_the_operator_says_so_and_then_sealed() {
    let [enrolled, verified] = ["obama-2009.jpg", "obama-2010.jpg"].map(portrait);
    for kept in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let [admin, enroll] = ["admin", "enroll"].map(|scope| issue(data, scope, &[]).1);
        let mut server = Server::start(data, if kept { &["--keep-images"] } else { &[] });
        let (admin, enroll) = (server.client_with(&admin), server.client_with(&enroll));
        let reference = enroll_and_verify(&admin, &enrolled, &verified);
        let image = format!("{reference}/image");
        assert_eq!(code(&enroll.get(&image)), (403, "scope_missing"));
        if kept {
            let mut read = admin.response("GET", &image);
            assert_eq!(read.headers()["content-type"], "application/octet-stream");
            assert!(read.body_mut().read_to_vec().unwrap() == enrolled);
            let told = std::fs::read_to_string(data.join("audit.jsonl")).unwrap();
            assert_eq!(told.matches("\"action\":\"image_read\"").count(), 1);
        } else {
            assert_eq!(code(&admin.get(&image)), (404, "image_not_kept"));
        }
        assert!(!holds(data, &enrolled) && !holds(data, &verified), "in clear, or the probe's");
        assert_eq!(admin.delete(&reference).0, 204);
        assert_eq!(code(&admin.get(&image)), (404, "sample_unknown"));
        server.stop();
        let audit = run(&["audit", "verify", "--data-dir", data.to_str().unwrap()]);
        assert!(audit.status.success(), "{}", stderr(&audit));
    }
}

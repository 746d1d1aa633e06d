//! `/`: the console, a page for reviewing verdicts and for enrolling. It is compiled in.

use axum::Router;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::api::middleware::query;

/// The page loads nothing from elsewhere, talks only to this server, and no other page frames it. Pictures are those
/// that the reader chose, that the page fetched, or that it drew for a report.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' blob: data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The parts of the page beside its text: path, media type and content.
macro_rules! parts {
    ($kind:literal: $($name:literal),+ $(,)?) => {
        [$((concat!("/console/", $name), $kind, include_str!(concat!("../../../web/console/", $name)))),+]
    };
}

const STYLES: [(&str, &str, &str); 4] = parts!["text/css": "console.css", "case.css", "cases.css", "report.css"];
const PICTURES: [(&str, &str, &str); 1] = parts!["image/svg+xml": "favicon.svg"];
const SCRIPTS: &[(&str, &str, &str)] = &parts![
    "text/javascript":
    "animation.js",
    "case.js",
    "cases.js",
    "compare.js",
    "confirm.js",
    "decision.js",
    "details.js",
    "dom.js",
    "enroll.js",
    "evidence.js",
    "format.js",
    "frames.js",
    "gallery.js",
    "gauge.js",
    "identities.js",
    "identity.js",
    "main.js",
    "photographs.js",
    "pictures.js",
    "precision.js",
    "queue.js",
    "references.js",
    "regions.js",
    "report.js",
    "samples.js",
    "server.js",
    "tabs.js",
    "verdicts.js",
    "viewer.js",
];

/// The page and its parts.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let page = Router::new().route("/", get(|| async { part("text/html", include_str!("../../../web/console.html")) }));
    let parts = STYLES.iter().chain(&PICTURES).chain(SCRIPTS);
    parts
        .fold(page, |router, &(path, kind, text)| router.route(path, get(move || async move { part(kind, text) })))
        .route_layer(from_fn_with_state(query::Known::default(), query::known))
}

fn part(kind: &'static str, text: &'static str) -> Response {
    let kind = format!("{kind}; charset=utf-8");
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY.to_owned())], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_a_part() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/web/console");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| format!("/console/{}", entry.unwrap().file_name().to_string_lossy()))
            .collect();
        files.sort_unstable();
        let mut parts: Vec<&str> = STYLES.iter().chain(&PICTURES).chain(SCRIPTS).map(|part| part.0).collect();
        parts.sort_unstable();
        assert_eq!(parts, files);
    }
}

//! The report on a case as one self-contained page: no script, nothing loaded, light, dark and on paper.
//!
//! It is made of the answer as it is stored, which an earlier faceward may have written: what is missing is left out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use serde_json::Value;

use super::CaseReport;

const STYLE: &str = include_str!("page.css");

/// Nothing but pictures and styles in the page itself.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/// The page, with the picture where one is given.
pub fn report_page(report: &CaseReport, picture: Option<&[u8]>) -> String {
    let CaseReport { details, .. } = report;
    let (case, answer) = (&details.case, &details.answer);
    let title = format!("Case {}: {}", case.id, words(case.verdict.name()));
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    p class={ "verdict " (case.verdict.name()) } { (about(report)) }
                    p { (text(&answer["explanation"]["summary"])) }
                    @if let Some(bytes) = picture { (figure(bytes, text(&answer["image"]["format"]))) }
                    (facts(report))
                    (decisions(report))
                    @for face in list(&answer["faces"]) { (face_section(face, &answer["deciding_face"])) }
                    (behind(report))
                    p class="soft" {
                        "This report repeats what the service answered. The verdict is an estimate from measurements, "
                        "and can be wrong."
                    }
                }
            }
        }
    };
    page.into_string()
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A number with this many decimals; empty for none.
fn number(value: &Value, decimals: usize) -> String {
    value.as_f64().map(|v| format!("{v:.decimals$}")).unwrap_or_default()
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn about(report: &CaseReport) -> String {
    let case = &report.details.case;
    match &case.identity {
        None => "About nobody who is enrolled.".into(),
        Some(name) => {
            let how = if case.claimed { "claimed" } else { "found by a search" };
            format!("About {} ({}), {how}.", name.display_name, name.id)
        }
    }
}

fn rows(rows: &[(&str, String)]) -> Markup {
    markup! {
        dl {
            @for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}

fn figure(bytes: &[u8], format: &str) -> Markup {
    let source = format!("data:image/{format};base64,{}", STANDARD.encode(bytes));
    markup! { figure { img src=(source) alt="The verified picture"; } }
}

fn facts(report: &CaseReport) -> Markup {
    let (details, answer) = (&report.details, &report.details.answer);
    let case = &details.case;
    let image = &answer["image"];
    rows(&[
        ("Score", case.score.map(|score| format!("{score:.2}")).unwrap_or_default()),
        ("Verified", time(case.made_at)),
        ("Picture", format!("{} × {} {}", image["width"], image["height"], text(&image["format"]))),
        ("SHA-256", case.image_sha256.clone()),
        ("Audit log", format!("line {}", details.audit_head)),
        ("Asked by key", case.key.clone().unwrap_or_default()),
        ("Request", case.request_id.clone().unwrap_or_default()),
        ("Report made", format!("{} by {}", time(report.report_made_at), report.made_by)),
    ])
}

fn decisions(report: &CaseReport) -> Markup {
    let decisions = &report.details.decisions;
    markup! {
        section {
            h2 { "Decisions" }
            @if decisions.is_empty() { p { "No decision was made." } }
            @for one in decisions {
                p {
                    b { (words(one.decision.name())) } " at " (time(one.decided_at))
                    @if let Some(key) = &one.key { " with the key " (key) }
                }
                @if let Some(comment) = &one.comment { p class="comment" { (comment) } }
            }
        }
    }
}

fn face_section(face: &Value, deciding: &Value) -> Markup {
    let index = face["index"].as_u64().unwrap_or_default() + 1;
    let decides = face["index"] == *deciding;
    let differences = list(&face["explanation"]["differences"]);
    markup! {
        section {
            h2 {
                "Face " (index) ": " (words(text(&face["verdict"])))
                @if let Some(name) = face["identity"]["display_name"].as_str() { ", " (name) }
                @if decides { " (decides)" }
            }
            @if !decides { p { (text(&face["explanation"]["summary"])) } }
            @if !differences.is_empty() {
                div class="table" tabindex="0" role="region" aria-label={ "Evidence of face " (index) } {
                    table {
                        thead {
                            tr {
                                th scope="col" { "Region" } th scope="col" { "Measure" } th scope="col" { "Observed" }
                                th scope="col" { "Usual" } th scope="col" { "Deviation" } th scope="col" { "Weight" }
                                th scope="col" { "In words" }
                            }
                        }
                        tbody { @for one in differences { (difference(one)) } }
                    }
                }
            }
            (rows(&[
                ("Score", number(&face["score"], 2)),
                ("Quality", format!("{} of 100", number(&face["quality"]["score"], 0))),
            ]))
        }
    }
}

fn difference(one: &Value) -> Markup {
    let [low, high] = [0, 1].map(|i| number(&one["expected"][i], 3));
    markup! {
        tr {
            td { (words(text(&one["region"]))) }
            td { (words(text(&one["attribute"]))) " " span class="soft" { (text(&one["unit"])) } }
            td class="num" { (number(&one["observed"], 3)) }
            td class="num" { @if !low.is_empty() { (low) " to " (high) } }
            td class="num" { (number(&one["deviation"], 1)) }
            td class="num" { (number(&one["weight"], 2)) }
            td { (text(&one["text"])) }
        }
    }
}

fn behind(report: &CaseReport) -> Markup {
    let answer = &report.details.answer;
    let (t, versions) = (&answer["thresholds"], &answer["versions"]);
    let thresholds = format!(
        "a score of {} or less is fake, {} or more is real; quality from {} of 100",
        number(&t["fake"], 2),
        number(&t["real"], 2),
        number(&t["min_quality"], 0)
    );
    markup! {
        section {
            h2 { "Behind the answer" }
            (rows(&[
                ("Thresholds", thresholds),
                ("Expected error", report.expected_error.clone()),
                ("faceward", text(&versions["faceward"]).to_owned()),
                ("Models", text(&versions["models"]).to_owned()),
                ("Engine", text(&versions["engine"]).to_owned()),
            ]))
        }
    }
}

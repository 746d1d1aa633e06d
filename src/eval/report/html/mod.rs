//! The report as one self-contained page: no script, nothing loaded, light and dark.

mod charts;
mod svg;
mod tables;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::text::{counts, figure, protocol, thresholds};
use super::{Case, Comparison, Report};
use crate::verdict::Verdict;

const STYLE: &str = include_str!("page.css");

/// Nothing but pictures and styles in the page itself.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/// The page, with what changed since an earlier report.
pub fn html(report: &Report, comparison: Option<&Comparison>) -> String {
    let title = format!("Evaluation on {}", report.run.data);
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
                    p { (protocol(report)) }
                    (tiles(report))
                    (tables::means(report))
                    @if let Some(comparison) = comparison { (tables::compared(comparison)) }
                    (charts(report))
                    (tables::open_set(report))
                    (charts::open_set(report))
                    (tables::explanations(report))
                    (tables::groups(report))
                    (worst(report))
                    (tables::sets(report))
                    (about(report))
                }
            }
        }
    };
    page.into_string()
}

/// The main figures, under the first degradation.
fn tiles(report: &Report) -> Markup {
    let first = report.run.degrade.first().map_or("", String::as_str);
    let wanted = [
        ("AUC, genuine against fakes", "fake", "auc"),
        ("genuine called fake (BPCER)", "real", "fake"),
        ("genuine undecided", "real", "inconclusive"),
        ("fakes called real (APCER)", "fake", "real"),
        ("other people called real", "other", "real"),
    ];
    let of = |set: &str| report.means.iter().find(|m| m.degrade == first && m.set == set);
    let rows = wanted.into_iter().filter_map(|(label, set, name)| Some((label, of(set)?, name)));
    let error = report.conditions.first().and_then(|c| c.calibration_error);
    markup! {
        dl.tiles {
            @for (label, row, name) in rows {
                div.tile {
                    dt { (label) }
                    dd { (figure(row.figures.get(name))) (tables::interval(&row.intervals, name)) }
                }
            }
            div.tile {
                dt { "expected calibration error" }
                dd { (figure(error)) }
            }
        }
        p.soft { "Means over people, " (pictures(first)) "; below them 95 % intervals, bootstrap over people." }
    }
}

/// Pictures under a degradation, in words.
fn pictures(degradation: &str) -> String {
    if degradation == "none" { "undegraded pictures".into() } else { format!("pictures under {degradation}") }
}

/// The charts of each degradation; all but the first are folded.
fn charts(report: &Report) -> Markup {
    let charts = |i, condition| {
        markup! { div.charts { @for figure in charts::figures(i, condition, &report.run) { (figure) } } }
    };
    markup! {
        @for (i, condition) in report.conditions.iter().enumerate() {
            @let heading = format!("Curves, {}", pictures(&condition.degrade));
            @if i == 0 {
                h2 { (heading) }
                (charts(i, condition))
            } @else {
                details {
                    summary { strong { (heading) } }
                    (charts(i, condition))
                }
            }
        }
    }
}

fn worst(report: &Report) -> Markup {
    let kinds = [
        ("real", "Genuine photographs with the lowest scores"),
        ("fake", "Fakes with the highest scores"),
        ("other", "Other people with the highest scores"),
    ];
    let of =
        |kind: &str| report.worst.iter().filter(move |c| c.set.split(':').next() == Some(kind)).collect::<Vec<_>>();
    markup! {
        h2 { "Worst cases" }
        @for (heading, cases) in kinds.map(|(kind, heading)| (heading, of(kind))) {
            @if !cases.is_empty() {
                h3 { (heading) }
                ul.cases { @for c in cases { (case(c)) } }
            }
        }
    }
}

fn case(c: &Case) -> Markup {
    markup! {
        li {
            @if let Some(jpeg) = &c.thumbnail {
                img alt={ "face in " (c.path) } src={ "data:image/jpeg;base64," (STANDARD.encode(jpeg)) };
            }
            strong { (format!("{:.3}", c.score)) } " " (c.verdict.map_or("-", Verdict::name))
            br;
            (c.path)
            br;
            span.soft { "claimed " (c.identity) ", " (c.set) }
        }
    }
}

fn about(report: &Report) -> Markup {
    let (run, refused) = (&report.run, &report.enrollment.refused);
    markup! {
        h2 { "How it was measured" }
        p { "Verdicts: " (thresholds(report)) }
        p {
            "Photographs refused at enrollment: "
            @if refused.is_empty() { "none" } @else { (counts(refused)) }
            "."
        }
        p.soft {
            "faceward " (run.faceward) ", models " (run.models) ", " (run.engine) ". AUC and EER of a set are means over \
             draws; means are over people, and each set counts alike. Shares are of all answers of a set."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::report::build::tests::example;

    #[test]
    fn the_page_is_whole_loads_nothing_and_escapes_names() {
        let mut report = example();
        report.worst[0].path = "a/<script>alert(1)</script>\".jpg".into();
        report.worst[0].thumbnail = Some(vec![1, 2, 3]);
        let page = html(&report, Some(&report.compared_with(&report)));
        assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
        assert!(page.contains("data:image/jpeg;base64,AQID"));
        assert!(page.contains("alt=\"face in a/&lt;script&gt;alert(1)&lt;/script&gt;&quot;.jpg\""));
        for tag in ["table", "tbody", "tr", "figure", "svg", "path", "ul", "details", "dl", "div", "main"] {
            let open = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(open, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }

    #[test]
    fn pictures_are_shown_only_when_they_were_asked_for() {
        assert!(!html(&example(), None).contains("<img"));
    }
}

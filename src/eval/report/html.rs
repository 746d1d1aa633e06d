//! The report as one self-contained page: no script, nothing loaded, light and dark.

use std::collections::BTreeMap;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::markdown::{VERDICTS, decided_by, figure, protocol, shares};
use super::page::{document, escape};
use super::plots::figures;
use super::{Case, Comparison, GroupRow, MeanRow, Report, explanation_tables};
use crate::verdict::Verdict;

/// The page.
pub fn html(report: &Report, comparison: Option<&Comparison>) -> String {
    let mut body = String::new();
    let title = format!("Evaluation on {}", report.run.data);
    let _ = writeln!(body, "<h1>{}</h1>\n<p>{}</p>", escape(&title), escape(&protocol(report)));
    tiles(&mut body, report);
    means(&mut body, report);
    if let Some(comparison) = comparison {
        compared(&mut body, comparison);
    }
    charts(&mut body, report);
    explanation_tables::html(&mut body, report);
    groups(&mut body, report);
    worst(&mut body, report);
    sets(&mut body, report);
    about(&mut body, report);
    document(&title, &body)
}

fn interval(row: &MeanRow, name: &str) -> String {
    ranged(&row.intervals, name)
}

pub(super) fn ranged(intervals: &BTreeMap<String, [f64; 2]>, name: &str) -> String {
    intervals.get(name).map_or_else(String::new, |[low, high]| format!("<small>{low:.3} to {high:.3}</small>"))
}

/// The figures that one looks for first, under the first degradation.
fn tiles(body: &mut String, report: &Report) {
    let first = report.run.degrade.first().map_or("", String::as_str);
    let row = |set: &str| report.means.iter().find(|m| m.degrade == first && m.set == set);
    let wanted = [
        ("AUC, genuine against fakes", "fake", "auc"),
        ("genuine called fake (BPCER)", "real", "fake"),
        ("genuine undecided", "real", "inconclusive"),
        ("fakes called real (APCER)", "fake", "real"),
        ("other people called real", "other", "real"),
    ];
    body.push_str("<dl class=\"tiles\">\n");
    for (label, set, name) in wanted {
        let Some(row) = row(set) else { continue };
        let value = row.figures.named().into_iter().find(|(n, _)| *n == name).and_then(|(_, v)| v);
        let interval = interval(row, name);
        let _ = writeln!(body, "<div class=\"tile\"><dt>{label}</dt><dd>{}{interval}</dd></div>", figure(value));
    }
    let error = report.conditions.first().and_then(|c| c.calibration_error);
    let _ = writeln!(
        body,
        "<div class=\"tile\"><dt>expected calibration error</dt><dd>{}</dd></div>\n</dl>",
        figure(error)
    );
    let _ = writeln!(
        body,
        "<p class=\"soft\">Means over people, pictures {}; below them 95 % intervals, bootstrap over people.</p>",
        escape(degraded(first))
    );
}

fn degraded(how: &str) -> &str {
    if how == "none" { "as they are" } else { how }
}

/// Opens a table that can be scrolled by keyboard; the first column is a heading.
pub(super) fn table(body: &mut String, name: &str, columns: &[&str]) {
    let _ =
        write!(body, "<div class=\"table\" role=\"region\" aria-label=\"{name}\" tabindex=\"0\"><table><thead><tr>");
    for (i, column) in columns.iter().enumerate() {
        let class = if i == 0 { " class=\"left\"" } else { "" };
        let _ = write!(body, "<th scope=\"col\"{class}>{column}</th>");
    }
    body.push_str("</tr></thead><tbody>\n");
}

pub(super) fn end(body: &mut String) {
    body.push_str("</tbody></table></div>\n");
}

fn means(body: &mut String, report: &Report) {
    body.push_str("<h2>Means over people</h2>\n");
    let columns: Vec<&str> =
        ["set", "degradation", "sets", "AUC", "EER"].into_iter().chain(VERDICTS).chain(["worst AUC"]).collect();
    table(body, "Means over people", &columns);
    for row in &report.means {
        let _ = write!(
            body,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td>",
            escape(&row.set),
            escape(&row.degrade),
            row.sets
        );
        for (name, value) in row.figures.named() {
            let _ = write!(body, "<td>{}{}</td>", figure(value), interval(row, name));
        }
        let worst = row.worst.as_ref().map_or_else(String::new, |w| format!("<small>{}</small>", escape(w)));
        let _ =
            writeln!(body, "<td>{}{worst}</td></tr>", row.worst_auc.map_or_else(String::new, |a| format!("{a:.3}")));
    }
    end(body);
}

fn compared(body: &mut String, comparison: &Comparison) {
    let [then, now] = comparison.versions.each_ref().map(|v| escape(v));
    let _ = writeln!(body, "<h2>Compared with an earlier run</h2>\n<p>Then {then}; now {now}.</p>");
    for difference in &comparison.differs {
        let _ = writeln!(body, "<p class=\"bad\">The runs differ in {}.</p>", escape(difference));
    }
    let changes: Vec<_> = comparison.changes.iter().filter(|c| c.delta().abs() >= 0.0005).collect();
    if changes.is_empty() {
        body.push_str("<p>No mean changed by .0005 or more.</p>\n");
        return;
    }
    table(body, "Compared with an earlier run", &["set", "degradation", "figure", "then", "now", "change"]);
    for c in changes {
        let (class, word) = match c.better_up.map(|up| up == (c.delta() > 0.0)) {
            Some(true) => ("good", " better"),
            Some(false) => ("bad", " worse"),
            None => ("", ""),
        };
        let _ = writeln!(
            body,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{:.3}</td><td>{:.3}</td><td class=\"{class}\">{:+.3}{word}</td></tr>",
            escape(&c.set),
            escape(&c.degrade),
            escape(&c.figure),
            c.old,
            c.new,
            c.delta()
        );
    }
    end(body);
}

fn charts(body: &mut String, report: &Report) {
    for (i, condition) in report.conditions.iter().enumerate() {
        let heading = format!("Pictures {}", escape(degraded(&condition.degrade)));
        let charts: String = figures(i, condition, &report.run).iter().map(super::plots::Figure::html).collect();
        let charts = format!("<div class=\"charts\">\n{charts}\n</div>\n");
        // The first is what one comes for; the others open on demand.
        let _ = match i {
            0 => writeln!(body, "<h2>{heading}</h2>\n{charts}"),
            _ => writeln!(body, "<details><summary><strong>{heading}</strong></summary>\n{charts}</details>"),
        };
    }
}

fn groups(body: &mut String, report: &Report) {
    if report.groups.is_empty() {
        return;
    }
    body.push_str("<h2>Errors by group of the claimed person</h2>\n");
    table(
        body,
        "Errors by group",
        &[
            "group",
            "degradation",
            "people",
            "genuine called fake",
            "genuine undecided",
            "genuine called different",
            "AUC of fakes",
            "fakes called real",
            "others called real",
        ],
    );
    for g in &report.groups {
        group(body, g);
    }
    end(body);
    body.push_str(
        "<p class=\"soft\">With few people in a group its figures say more of these people than of the group.</p>\n",
    );
}

fn group(body: &mut String, g: &GroupRow) {
    let _ = write!(
        body,
        "<tr><th scope=\"row\">{}: {}</th><td>{}</td><td>{}</td>",
        escape(&g.attribute),
        escape(&g.value),
        escape(&g.degrade),
        g.people
    );
    let columns = [
        (&g.real, "fake"),
        (&g.real, "inconclusive"),
        (&g.real, "different_person"),
        (&g.fake, "auc"),
        (&g.fake, "real"),
        (&g.other, "real"),
    ];
    for (row, name) in columns {
        let cell = row.as_ref().and_then(|row| {
            let (_, value) = row.figures.named().into_iter().find(|(n, _)| *n == name)?;
            Some(format!("{}{}", figure(value), interval(row, name)))
        });
        let _ = write!(body, "<td>{}</td>", cell.unwrap_or_else(|| "-".into()));
    }
    body.push_str("</tr>\n");
}

fn worst(body: &mut String, report: &Report) {
    let kinds = [
        ("real", "Genuine photographs with the lowest scores"),
        ("fake", "Fakes with the highest scores"),
        ("other", "Other people with the highest scores"),
    ];
    body.push_str("<h2>What went most wrong</h2>\n");
    for (kind, heading) in kinds {
        let cases: Vec<&Case> = report.worst.iter().filter(|c| c.set.split(':').next() == Some(kind)).collect();
        if cases.is_empty() {
            continue;
        }
        let _ = writeln!(body, "<h3>{heading}</h3>\n<ul class=\"cases\">");
        for c in cases {
            case(body, c);
        }
        body.push_str("</ul>\n");
    }
}

fn case(body: &mut String, c: &Case) {
    let (path, who, set) = (escape(&c.path), escape(&c.identity), escape(&c.set));
    let picture = c.thumbnail.as_ref().map_or_else(String::new, |bytes| {
        let alt = format!("face in {path}");
        format!("<img alt=\"{alt}\" src=\"data:image/jpeg;base64,{}\">", STANDARD.encode(bytes))
    });
    let verdict = c.verdict.map_or("-", Verdict::name);
    let _ = writeln!(
        body,
        "<li>{picture}<strong>{:.3}</strong> {verdict}<br>{path}<br><span class=\"soft\">claimed {who}, {set}</span></li>",
        c.score
    );
}

fn sets(body: &mut String, report: &Report) {
    body.push_str("<h2>Every set</h2>\n<details><summary>By person, set and degradation</summary>\n");
    let columns: Vec<&str> = ["person", "set", "degradation", "n", "AUC", "EER"].into_iter().chain(VERDICTS).collect();
    table(body, "Every set", &columns);
    for r in &report.sets {
        let shares = shares(&r.figures).map(|s| format!("<td>{s:.3}</td>")).concat();
        let _ = writeln!(
            body,
            "<tr><th scope=\"row\">{}</th><td class=\"left\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>{shares}</tr>",
            escape(&r.identity),
            escape(&r.set),
            escape(&r.degrade),
            r.n,
            figure(r.figures.auc),
            figure(r.figures.eer)
        );
    }
    end(body);
    body.push_str("</details>\n");
}

fn about(body: &mut String, report: &Report) {
    let run = &report.run;
    let refused =
        report.enrollment.refused.iter().map(|(code, n)| format!("{code} {n}")).collect::<Vec<_>>().join(", ");
    let refused = if refused.is_empty() { "none".to_owned() } else { refused };
    let _ = writeln!(
        body,
        "<h2>How it was measured</h2>\n<p>Verdicts: {}</p>\n<p>Photographs refused at enrollment: {}.</p>\n\
         <p class=\"soft\">faceward {}, models {}, {}. AUC and EER of a set are means over draws, means are over people \
         (each set counts alike). Shares are of all answers of a set.</p>",
        escape(&decided_by(report)),
        escape(&refused),
        escape(&run.faceward),
        escape(&run.models),
        escape(&run.engine)
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::report::build::tests::example;

    #[test]
    fn the_page_is_whole_loads_nothing_and_escapes_names() {
        let mut report = example();
        report.worst[0].path = "a/<script>alert(1)</script>.jpg".into();
        report.worst[0].thumbnail = Some(vec![1, 2, 3]);
        let page = html(&report, Some(&report.compared_with(&report)));
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
        assert!(page.contains("data:image/jpeg;base64,AQID"));
        for tag in ["table", "tbody", "tr", "figure", "svg", "ul", "details", "dl", "div", "main"] {
            let open = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(open, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }

    #[test]
    fn pictures_are_shown_only_when_they_were_asked_for() {
        assert!(!html(&example(), None).contains("<img"));
    }
}

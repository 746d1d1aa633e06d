//! How well explanations do, as it stands in the reports.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::html::{end, ranged as small_interval, table};
use super::markdown::{cell, figure, head, ranged};
use super::page::escape;
use super::{ExplanationRow, Report};

const COLUMNS: [&str; 9] = [
    "degradation",
    "genuine",
    "naming a deviation over 3",
    "AUC of what is named",
    "worst AUC",
    "forgeries with a known place",
    "naming no region",
    "right of those that name one",
    "right of all",
];

/// One degradation in a sentence, for a terminal.
pub(super) fn sentence(e: &ExplanationRow) -> String {
    let (over, auc, p) = (figure(e.genuine_over_3), figure(e.auc), &e.pointing);
    let mut text = format!("explanations: genuine ones naming over 3 units {over}, AUC of what is named {auc}");
    if p.known > 0 {
        let (of_named, of_all) = (figure(p.right_of_named()), figure(p.right_of_all()));
        let (known, nowhere) = (p.known, p.known - p.named);
        let _ = write!(text, "; of {known} forgeries {nowhere} name no region, {of_named} of the others point right");
        let _ = write!(text, " ({of_all} of all)");
    }
    text
}

pub(super) fn markdown(out: &mut String, report: &Report) {
    if report.explanations.is_empty() {
        return;
    }
    out.push_str("\n## What explanations are worth\n\nOnly differences that are listed and said to depart count.\n\n");
    head(out, &COLUMNS);
    for e in &report.explanations {
        let worst = e.worst.as_ref().map_or_else(String::new, |w| format!("{} {}", figure(e.worst_auc), cell(w)));
        let p = &e.pointing;
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {worst} | {} | {} | {} | {} |",
            e.degrade,
            e.genuine,
            ranged(&e.intervals, "genuine_over_3", e.genuine_over_3),
            ranged(&e.intervals, "auc", e.auc),
            p.known,
            p.known - p.named,
            figure(p.right_of_named()),
            figure(p.right_of_all())
        );
    }
    out.push_str("\nThe AUC of what is named, by set:\n\n");
    head(out, &["degradation", "set", "AUC"]);
    for (e, (set, auc)) in report.explanations.iter().flat_map(|e| e.methods.iter().map(move |m| (e, m))) {
        let _ = writeln!(out, "| {} | {} | {auc:.3} |", e.degrade, cell(set));
    }
    if places(report).next().is_some() {
        out.push_str("\nThe strongest named region, by what was forged:\n\n");
        head(out, &["degradation", "forged", "named"]);
        for (e, forged, named) in places(report) {
            let _ = writeln!(out, "| {} | {} | {} |", e.degrade, cell(forged), cell(&counts(named)));
        }
    }
}

pub(super) fn html(body: &mut String, report: &Report) {
    if report.explanations.is_empty() {
        return;
    }
    body.push_str("<h2>What explanations are worth</h2>\n");
    table(body, "What explanations are worth", &COLUMNS);
    for e in &report.explanations {
        let worst = e.worst.as_ref().map_or_else(String::new, |w| format!("<small>{}</small>", escape(w)));
        let p = &e.pointing;
        let _ = writeln!(
            body,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}{}</td><td>{}{}</td><td>{}{worst}</td><td>{}</td><td>{}</td>\
             <td>{}</td><td>{}</td></tr>",
            escape(&e.degrade),
            e.genuine,
            figure(e.genuine_over_3),
            small_interval(&e.intervals, "genuine_over_3"),
            figure(e.auc),
            small_interval(&e.intervals, "auc"),
            figure(e.worst_auc),
            p.known,
            p.known - p.named,
            figure(p.right_of_named()),
            figure(p.right_of_all())
        );
    }
    end(body);
    if places(report).next().is_some() {
        table(body, "Where explanations point", &["forged", "degradation", "the strongest named region"]);
        for (e, forged, named) in places(report) {
            let (forged, how, named) = (escape(forged), escape(&e.degrade), escape(&counts(named)));
            let _ =
                writeln!(body, "<tr><th scope=\"row\">{forged}</th><td>{how}</td><td class=\"left\">{named}</td></tr>");
        }
        end(body);
    }
    body.push_str("<p class=\"soft\">Only differences that are listed and said to depart count.</p>\n");
}

/// By degradation and what was forged, how often each region was named.
fn places(report: &Report) -> impl Iterator<Item = (&ExplanationRow, &String, &BTreeMap<String, usize>)> {
    report.explanations.iter().flat_map(|e| e.pointing.regions.iter().map(move |(forged, named)| (e, forged, named)))
}

/// `eyes 3, nowhere 1`.
fn counts(named: &BTreeMap<String, usize>) -> String {
    named.iter().map(|(region, n)| format!("{region} {n}")).collect::<Vec<_>>().join(", ")
}

//! The tables of the page.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::eval::report::text::{
    EXPLANATIONS, GROUPS, OPEN_SET, VERDICTS, counts, figure, of_kind, open_set_row, pointing, searched, shares,
};
use crate::eval::report::{Comparison, Report};

/// A table that can be scrolled by keyboard; the first cell of each row is its heading.
fn table(name: &str, columns: &[&str], rows: &Markup) -> Markup {
    html! {
        div.table role="region" aria-label=(name) tabindex="0" {
            table {
                thead {
                    tr {
                        @for (i, column) in columns.iter().enumerate() {
                            th.left[i == 0] scope="col" { (column) }
                        }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}

/// The 95 % interval of a figure, in small print; empty where there is none.
pub(super) fn interval(intervals: &BTreeMap<String, [f64; 2]>, name: &str) -> Markup {
    html! {
        @if let Some([low, high]) = intervals.get(name) { small { (format!("{low:.3} to {high:.3}")) } }
    }
}

/// The smallest AUC, with the person and set in small print; empty where there is none.
fn worst(auc: Option<f64>, whose: Option<&String>) -> Markup {
    html! {
        @if let Some(auc) = auc { (format!("{auc:.3}")) }
        @if let Some(whose) = whose { small { (whose) } }
    }
}

pub(super) fn means(report: &Report) -> Markup {
    let columns: Vec<&str> =
        ["set", "degradation", "sets", "AUC", "EER"].into_iter().chain(VERDICTS).chain(["worst AUC"]).collect();
    let rows = html! {
        @for row in &report.means {
            tr {
                th scope="row" { (row.set) }
                td { (row.degrade) }
                td { (row.sets) }
                @for (name, value) in row.figures.named() {
                    td { (figure(value)) (interval(&row.intervals, name)) }
                }
                td { (worst(row.worst_auc, row.worst.as_ref())) }
            }
        }
    };
    html! {
        h2 { "Means over people" }
        (table("Means over people", &columns, &rows))
    }
}

pub(super) fn open_set(report: &Report) -> Markup {
    html! {
        @if let Some(figures) = &report.open_set {
            @let rows = html! {
                @for row in &figures.rows {
                    @let [target, rest @ ..] = open_set_row(row);
                    tr {
                        th scope="row" { (target) }
                        @for cell in rest { td { (cell) } }
                    }
                }
            };
            h2 { "Searches among strangers" }
            p.soft { (searched(figures)) }
            (table("Searches among strangers", &OPEN_SET, &rows))
        }
    }
}

pub(super) fn compared(comparison: &Comparison) -> Markup {
    let changes: Vec<_> = comparison.changes.iter().filter(|c| c.delta().abs() >= 0.0005).collect();
    let [then, now] = &comparison.versions;
    let rows = html! {
        @for c in &changes {
            @let better = c.better_up.map(|up| up == (c.delta() > 0.0));
            tr {
                th scope="row" { (c.set) }
                td { (c.degrade) }
                td { (c.figure) }
                td { (format!("{:.3}", c.old)) }
                td { (format!("{:.3}", c.new)) }
                td.good[better == Some(true)].bad[better == Some(false)] {
                    (format!("{:+.3}", c.delta()))
                    @match better {
                        Some(true) => " better",
                        Some(false) => " worse",
                        None => "",
                    }
                }
            }
        }
    };
    html! {
        h2 { "Compared with an earlier run" }
        p { "Then " (then) "; now " (now) "." }
        @for difference in &comparison.differs { p.bad { "The runs differ in " (difference) "." } }
        @if changes.is_empty() {
            p { "No mean changed by .0005 or more." }
        } @else {
            (table(
                "Compared with an earlier run",
                &["set", "degradation", "figure", "then", "now", "change"],
                &rows,
            ))
        }
    }
}

pub(super) fn explanations(report: &Report) -> Markup {
    if report.explanations.is_empty() {
        return Markup::default();
    }
    let rows = html! {
        @for e in &report.explanations {
            @let p = &e.pointing;
            tr {
                th scope="row" { (e.degrade) }
                td { (e.genuine) }
                td { (figure(e.genuine_over_3)) (interval(&e.intervals, "genuine_over_3")) }
                td { (figure(e.auc)) (interval(&e.intervals, "auc")) }
                td { (worst(e.worst_auc, e.worst.as_ref())) }
                td { (p.known) }
                td { (p.known - p.named) }
                td { (figure(p.right_of_named())) }
                td { (figure(p.right_of_all())) }
            }
        }
    };
    let places = html! {
        @for (e, forged, named) in pointing(report) {
            tr {
                th scope="row" { (forged) }
                td { (e.degrade) }
                td.left { (counts(named)) }
            }
        }
    };
    html! {
        h2 { "Explanations" }
        (table("Explanations", &["degradation"].into_iter().chain(EXPLANATIONS).collect::<Vec<_>>(), &rows))
        @if pointing(report).next().is_some() {
            (table("Strongest named region", &["forged", "degradation", "strongest named region"], &places))
        }
        p.soft { "Only listed differences that are said to depart count." }
    }
}

pub(super) fn groups(report: &Report) -> Markup {
    if report.groups.is_empty() {
        return Markup::default();
    }
    let columns = ["group", "degradation", "people"].into_iter().chain(GROUPS.map(|(heading, ..)| heading));
    let rows = html! {
        @for g in &report.groups {
            tr {
                th scope="row" { (g.attribute) ": " (g.value) }
                td { (g.degrade) }
                td { (g.people) }
                @for (_, kind, name) in GROUPS {
                    td {
                        @match of_kind(g, kind) {
                            Some(row) => { (figure(row.figures.get(name))) (interval(&row.intervals, name)) }
                            None => "-",
                        }
                    }
                }
            }
        }
    };
    html! {
        h2 { "Errors by group of the claimed person" }
        (table("Errors by group", &columns.collect::<Vec<_>>(), &rows))
        p.soft { "The figures of a group of few people describe these people rather than the group." }
    }
}

pub(super) fn sets(report: &Report) -> Markup {
    let columns: Vec<&str> = ["person", "set", "degradation", "n", "AUC", "EER"].into_iter().chain(VERDICTS).collect();
    let rows = html! {
        @for r in &report.sets {
            tr {
                th scope="row" { (r.identity) }
                td.left { (r.set) }
                td { (r.degrade) }
                td { (r.n) }
                td { (figure(r.figures.auc)) }
                td { (figure(r.figures.eer)) }
                @for share in shares(&r.figures) { td { (format!("{share:.3}")) } }
            }
        }
    };
    html! {
        h2 { "All sets" }
        details {
            summary { "By person, set and degradation" }
            (table("All sets", &columns, &rows))
        }
    }
}

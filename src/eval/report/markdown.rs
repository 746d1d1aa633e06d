//! The report as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::text::{
    EXPLANATIONS, GROUPS, OPEN_SET, VERDICTS, counts, figure, of_kind, open_set_row, pointing, protocol, searched,
    shares, thresholds,
};
use super::{Comparison, Report};
use crate::eval::ChangeRow;

/// The whole report, with what changed since an earlier one.
pub fn markdown(report: &Report, comparison: Option<&Comparison>) -> String {
    let mut out = format!("# Evaluation on {}\n\n{}\n\n", cell(&report.run.data), protocol(report));
    let run = &report.run;
    let _ = writeln!(
        out,
        "faceward {}, models {}, {}. Verdicts: {}\n",
        run.faceward,
        run.models,
        run.engine,
        thresholds(report)
    );
    means(&mut out, report);
    if let Some(comparison) = comparison {
        compared(&mut out, comparison);
    }
    changes(&mut out, report);
    explanations(&mut out, report);
    calibration(&mut out, report);
    open_set(&mut out, report);
    groups(&mut out, report);
    sets(&mut out, report);
    worst(&mut out, report);
    out
}

/// `0.123 (0.100 to 0.150)`; the value alone where there is no interval.
fn ranged(intervals: &BTreeMap<String, [f64; 2]>, name: &str, value: Option<f64>) -> String {
    match (value, intervals.get(name)) {
        (Some(_), Some([low, high])) => format!("{} ({low:.3} to {high:.3})", figure(value)),
        _ => figure(value),
    }
}

/// Text for a table's cell: bars escaped, control characters dropped.
fn cell(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).flat_map(|c| (c == '|').then_some('\\').into_iter().chain([c])).collect()
}

fn head(out: &mut String, columns: &[&str]) {
    let rule = columns.iter().enumerate().map(|(i, _)| if i == 0 { "---" } else { "---:" }).collect::<Vec<_>>();
    let _ = writeln!(out, "| {} |\n| {} |", columns.join(" | "), rule.join(" | "));
}

fn means(out: &mut String, report: &Report) {
    out.push_str("## Means over people\n\nIn brackets: 95 % intervals, bootstrap over people.\n\n");
    let columns = ["degradation", "set", "sets", "AUC", "EER"].into_iter().chain(VERDICTS).chain(["worst AUC"]);
    head(out, &columns.collect::<Vec<_>>());
    for row in &report.means {
        let figures = row.figures.named().map(|(name, value)| ranged(&row.intervals, name, value)).join(" | ");
        let worst = row.worst.as_ref().map_or_else(String::new, |w| format!("{} {}", figure(row.worst_auc), cell(w)));
        let _ = writeln!(out, "| {} | {} | {} | {figures} | {worst} |", row.degrade, cell(&row.set), row.sets);
    }
}

fn open_set(out: &mut String, report: &Report) {
    let Some(figures) = &report.open_set else { return };
    let _ = writeln!(out, "\n## Searches among strangers\n\n{}\n", searched(figures));
    head(out, &OPEN_SET);
    for row in &figures.rows {
        let _ = writeln!(out, "| {} |", open_set_row(row).join(" | "));
    }
}

fn compared(out: &mut String, comparison: &Comparison) {
    let _ = writeln!(
        out,
        "\n## Compared with an earlier run\n\nThen {}; now {}.\n",
        comparison.versions[0], comparison.versions[1]
    );
    for difference in &comparison.differs {
        let _ = writeln!(out, "- The runs differ in {}.", cell(difference));
    }
    out.push('\n');
    head(out, &["degradation", "set", "figure", "then", "now", "change"]);
    for c in comparison.changes.iter().filter(|c| c.delta().abs() >= 0.0005) {
        let (set, change) = (cell(&c.set), c.delta());
        let _ = writeln!(out, "| {} | {set} | {} | {:.3} | {:.3} | {change:+.3} |", c.degrade, c.figure, c.old, c.new);
    }
}

fn changes(out: &mut String, report: &Report) {
    if report.changes.is_empty() {
        return;
    }
    out.push_str("\n## Verdicts changed by degradation\n\nShares of probes, each compared with itself undegraded.\n\n");
    head(out, &["degradation", "probes", "n", "same", "real and fake swapped", "no longer decided", "newly decided"]);
    for c in &report.changes {
        let ChangeRow { degrade, kind, n, same, flipped, lost, gained } = c;
        let _ = writeln!(out, "| {degrade} | {kind} | {n} | {same:.3} | {flipped:.3} | {lost:.3} | {gained:.3} |");
    }
}

fn calibration(out: &mut String, report: &Report) {
    out.push_str("\n## Calibration and abstention\n\n");
    head(out, &["degradation", "expected calibration error", "decided", "error among the decided"]);
    for c in &report.conditions {
        let [decided, error] = c.at_verdict.map_or([None, None], |p| p.map(Some));
        let e = figure(c.calibration_error);
        let _ = writeln!(out, "| {} | {e} | {} | {} |", c.degrade, figure(decided), figure(error));
    }
}

fn groups(out: &mut String, report: &Report) {
    if report.groups.is_empty() {
        return;
    }
    out.push_str("\n## Errors by group of the claimed person\n\n");
    let columns = ["degradation", "group", "people"].into_iter().chain(GROUPS.map(|(heading, ..)| heading));
    head(out, &columns.collect::<Vec<_>>());
    for g in &report.groups {
        let figures = GROUPS.map(|(_, kind, name)| {
            let row = of_kind(g, kind);
            row.map_or_else(|| figure(None), |row| ranged(&row.intervals, name, row.figures.get(name)))
        });
        let (group, figures) = (cell(&format!("{}: {}", g.attribute, g.value)), figures.join(" | "));
        let _ = writeln!(out, "| {} | {group} | {} | {figures} |", g.degrade, g.people);
    }
}

fn explanations(out: &mut String, report: &Report) {
    if report.explanations.is_empty() {
        return;
    }
    out.push_str("\n## Explanations\n\nOnly listed differences that are said to depart count.\n\n");
    head(out, &["degradation"].into_iter().chain(EXPLANATIONS).collect::<Vec<_>>());
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
    out.push_str("\nThe AUC of named departures, by set:\n\n");
    head(out, &["degradation", "set", "AUC"]);
    for (e, (set, auc)) in report.explanations.iter().flat_map(|e| e.methods.iter().map(move |m| (e, m))) {
        let _ = writeln!(out, "| {} | {} | {auc:.3} |", e.degrade, cell(set));
    }
    if pointing(report).next().is_some() {
        out.push_str("\nThe strongest named region, by forged region:\n\n");
        head(out, &["degradation", "forged", "named"]);
        for (e, forged, named) in pointing(report) {
            let _ = writeln!(out, "| {} | {} | {} |", e.degrade, cell(forged), cell(&counts(named)));
        }
    }
}

fn sets(out: &mut String, report: &Report) {
    out.push_str("\n## All sets\n\n");
    let columns: Vec<&str> = ["person and set", "degradation", "n", "AUC", "EER"].into_iter().chain(VERDICTS).collect();
    head(out, &columns);
    for r in &report.sets {
        let shares = shares(&r.figures).map(|s| format!("{s:.3}")).join(" | ");
        let (auc, eer) = (figure(r.figures.auc), figure(r.figures.eer));
        let _ = writeln!(
            out,
            "| {} {} | {} | {} | {auc} | {eer} | {shares} |",
            cell(&r.identity),
            cell(&r.set),
            r.degrade,
            r.n
        );
    }
}

fn worst(out: &mut String, report: &Report) {
    out.push_str(
        "\n## Worst cases\n\nGenuine photographs with the lowest scores, fakes and other people with the highest.\n\n",
    );
    head(out, &["picture", "claimed", "set", "score", "verdict"]);
    for c in &report.worst {
        let verdict = c.verdict.map_or("-", crate::verdict::Verdict::name);
        let _ = writeln!(
            out,
            "| {} | {} | {} | {:.3} | {verdict} |",
            cell(&c.path),
            cell(&c.identity),
            cell(&c.set),
            c.score
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::report::build::tests::example;

    #[test]
    fn every_row_has_a_cell_per_column() {
        let mut report = example();
        report.worst[0].path = "a|b\n.jpg".into();
        let text = markdown(&report, Some(&report.compared_with(&report)));
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let lines: Vec<&str> = text.lines().collect();
        for (i, line) in lines.iter().enumerate().filter(|(_, l)| l.starts_with('|')) {
            if let Some(above) = i.checked_sub(1).map(|j| lines[j]).filter(|l| l.starts_with('|')) {
                assert_eq!(cells(line), cells(above), "{line}");
            }
        }
        assert!(text.contains("a\\|b.jpg"));
        assert!(text.contains("| none | mouth | nose 6 |"), "{text}");
    }
}

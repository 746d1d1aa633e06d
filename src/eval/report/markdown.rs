//! The report as Markdown, and its few lines for a terminal.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Comparison, MeanRow, Report, explanation_tables};
use crate::eval::ChangeRow;
use crate::verdict::Rates;

/// Three decimals, or a dash.
pub(super) fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| "-".into(), |v| format!("{v:.3}"))
}

/// `.123 (.100 to .150)`.
pub(super) fn with_interval(row: &MeanRow, name: &str, value: Option<f64>) -> String {
    ranged(&row.intervals, name, value)
}

pub(super) fn ranged(intervals: &BTreeMap<String, [f64; 2]>, name: &str, value: Option<f64>) -> String {
    match (value, intervals.get(name)) {
        (Some(_), Some([low, high])) => format!("{} ({low:.3} to {high:.3})", figure(value)),
        _ => figure(value),
    }
}

/// The columns of verdicts, as they stand in tables.
pub(super) const VERDICTS: [&str; 6] = ["real", "fake", "different", "undecided", "no face", "error"];

/// The shares under [`VERDICTS`].
pub(super) fn shares(f: &super::Figures) -> [f64; 6] {
    [f.real, f.fake, f.different_person, f.inconclusive, f.no_face, f.error]
}

/// The protocol in a sentence or two.
pub(super) fn protocol(report: &Report) -> String {
    let run = &report.run;
    let limit = if run.max_per_set > 0 { format!(", at most {} probes a set", run.max_per_set) } else { String::new() };
    let excluded = match run.excluded {
        0 => String::new(),
        n => format!(" {n} forgeries were left out because they were made from an enrolled photograph."),
    };
    format!(
        "{} people, {} references each (at most half of what there is), {} draws, {} pictures of other people a draw{limit}: \
         {} answers. {:.1} % of the references were accepted.{excluded}",
        run.identities.len(),
        run.refs,
        run.seeds,
        run.others,
        run.probes,
        report.enrollment.references_accepted * 100.0
    )
}

/// What the verdicts were decided by.
pub(super) fn decided_by(report: &Report) -> String {
    let t = &report.run.thresholds;
    let source = report.run.calibration.as_ref().map_or_else(
        || "as shipped".to_owned(),
        |c| {
            format!(
                "an operator's calibration of {:.0}, fitted on {} people with {} genuine photographs and {} fakes{}",
                c.fitted_at,
                c.people,
                c.genuine,
                c.fakes,
                c.held_out.map_or_else(String::new, |r| format!("; on people held out: {}", rates(&r)))
            )
        },
    );
    format!(
        "fake up to {:.3}, real from {:.3}, the same person from likeness {:.2}, no verdict under quality {:.0} ({source}). \
         They were fitted to {:.1} % of genuine photographs called fake, {:.1} % of fakes called real and {:.1} % of genuine \
         photographs called a different person.",
        t.fake,
        t.real,
        t.likeness,
        t.min_quality,
        t.target_genuine_called_fake * 100.0,
        t.target_fake_called_real * 100.0,
        t.target_fnmr * 100.0
    )
}

/// Rates as a list.
pub fn rates(r: &Rates) -> String {
    let each = [
        ("genuine called fake", r.genuine_called_fake),
        ("genuine undecided", r.genuine_undecided),
        ("genuine called different", r.genuine_called_different),
        ("fakes called real", r.fakes_called_real),
        ("others called real", r.others_called_real),
    ];
    let each = each.into_iter().filter_map(|(name, v)| Some(format!("{name} {:.1} %", v? * 100.0)));
    each.collect::<Vec<_>>().join(", ")
}

/// The means, for a terminal.
pub fn summary(report: &Report) -> String {
    let mut out = format!("{:10} {:22} {:>4} {:>6} {:>6}", "degrade", "set", "sets", "auc", "eer");
    for verdict in VERDICTS {
        let _ = write!(out, " {verdict:>9}");
    }
    out.push('\n');
    for row in &report.means {
        let f = &row.figures;
        let set: String = row.set.chars().take(22).filter(|c| !c.is_control()).collect();
        let _ = write!(out, "{:10} {set:22} {:4} {:>6} {:>6}", row.degrade, row.sets, figure(f.auc), figure(f.eer));
        for share in shares(f) {
            let _ = write!(out, " {share:9.3}");
        }
        if let (Some(auc), Some(worst)) = (row.worst_auc, &row.worst) {
            let worst: String = worst.chars().filter(|c| !c.is_control()).collect();
            let _ = write!(out, "  worst {worst} {auc:.3}");
        }
        out.push('\n');
    }
    for c in &report.conditions {
        let _ = writeln!(out, "{:10} expected calibration error {}", c.degrade, figure(c.calibration_error));
    }
    for e in &report.explanations {
        let _ = writeln!(out, "{:10} {}", e.degrade, explanation_tables::sentence(e));
    }
    let _ = writeln!(out, "{}", protocol(report));
    out
}

/// The whole report.
pub fn markdown(report: &Report, comparison: Option<&Comparison>) -> String {
    let mut out = format!("# Evaluation on {}\n\n{}\n\n", cell(&report.run.data), protocol(report));
    let run = &report.run;
    let _ = writeln!(
        out,
        "faceward {}, models {}, {}. Verdicts: {}\n",
        run.faceward,
        run.models,
        run.engine,
        decided_by(report)
    );
    means(&mut out, report);
    if let Some(comparison) = comparison {
        compared(&mut out, comparison);
    }
    changes(&mut out, report);
    explanation_tables::markdown(&mut out, report);
    calibration(&mut out, report);
    groups(&mut out, report);
    sets(&mut out, report);
    worst(&mut out, report);
    out
}

/// Text fit for a cell of a table.
pub(super) fn cell(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).flat_map(|c| (c == '|').then_some('\\').into_iter().chain([c])).collect()
}

pub(super) fn head(out: &mut String, columns: &[&str]) {
    let rule = columns.iter().enumerate().map(|(i, _)| if i == 0 { "---" } else { "---:" }).collect::<Vec<_>>();
    let _ = writeln!(out, "| {} |\n| {} |", columns.join(" | "), rule.join(" | "));
}

fn means(out: &mut String, report: &Report) {
    out.push_str("## Means over people\n\nIn brackets: 95 % intervals, bootstrap over people.\n\n");
    head(
        out,
        &[
            "degradation",
            "set",
            "sets",
            "AUC",
            "EER",
            "real",
            "fake",
            "different",
            "undecided",
            "no face",
            "error",
            "worst AUC",
        ],
    );
    for row in &report.means {
        let f = &row.figures;
        let shares =
            f.named()[2..].iter().map(|(name, v)| with_interval(row, name, *v)).collect::<Vec<_>>().join(" | ");
        let worst = row.worst.as_ref().map_or_else(String::new, |w| format!("{} {}", figure(row.worst_auc), cell(w)));
        let (auc, eer) = (with_interval(row, "auc", f.auc), with_interval(row, "eer", f.eer));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {auc} | {eer} | {shares} | {worst} |",
            row.degrade,
            cell(&row.set),
            row.sets
        );
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
    out.push_str("\n## What degradations do to verdicts\n\nShares of probes, each held against itself as it is.\n\n");
    head(out, &["degradation", "probes", "n", "same", "real and fake exchanged", "decided no more", "newly decided"]);
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
    head(
        out,
        &[
            "degradation",
            "group",
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
        let of = |row: &Option<MeanRow>, name: &str| {
            let named = row.as_ref().map(|r| (r, r.figures.named()));
            named
                .and_then(|(r, n)| n.iter().find(|(f, _)| *f == name).map(|(_, v)| with_interval(r, name, *v)))
                .unwrap_or_else(|| "-".into())
        };
        let _ = writeln!(
            out,
            "| {} | {}: {} | {} | {} | {} | {} | {} | {} | {} |",
            g.degrade,
            cell(&g.attribute),
            cell(&g.value),
            g.people,
            of(&g.real, "fake"),
            of(&g.real, "inconclusive"),
            of(&g.real, "different_person"),
            of(&g.fake, "auc"),
            of(&g.fake, "real"),
            of(&g.other, "real")
        );
    }
}

fn sets(out: &mut String, report: &Report) {
    out.push_str("\n## Every set\n\n");
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
        "\n## What went most wrong\n\nGenuine photographs with the lowest scores, the rest with the highest.\n\n",
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
    fn tables_have_as_many_cells_as_columns() {
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
        assert_eq!(summary(&report).lines().count(), 1 + report.means.len() + 1 + 1 + 1);
        assert!(text.contains("| none | mouth | nose 6 |"), "{text}");
    }
}

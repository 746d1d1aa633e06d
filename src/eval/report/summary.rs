//! The report in a few lines for a terminal.

use std::fmt::Write;

use super::text::{VERDICTS, figure, open_set_row, protocol, searched, shares};
use super::{ExplanationRow, Report};

/// Columns for the name of a set.
const SET_WIDTH: usize = 22;

/// The means as a table, and a sentence per degradation on calibration and explanations.
pub fn summary(report: &Report) -> String {
    let mut out = format!("{:10} {:SET_WIDTH$} {:>4} {:>6} {:>6}", "degrade", "set", "sets", "auc", "eer");
    for verdict in VERDICTS {
        let _ = write!(out, " {verdict:>9}");
    }
    out.push('\n');
    // Names of folders go to a terminal: nothing in them may control it.
    let printable = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
    for row in &report.means {
        let f = &row.figures;
        let set: String = printable(&row.set).chars().take(SET_WIDTH).collect();
        let (auc, eer) = (figure(f.auc), figure(f.eer));
        let _ = write!(out, "{:10} {set:SET_WIDTH$} {:4} {auc:>6} {eer:>6}", row.degrade, row.sets);
        for share in shares(f) {
            let _ = write!(out, " {share:9.3}");
        }
        if let (Some(auc), Some(worst)) = (row.worst_auc, &row.worst) {
            let _ = write!(out, "  worst {} {auc:.3}", printable(worst));
        }
        out.push('\n');
    }
    for c in &report.conditions {
        let _ = writeln!(out, "{:10} expected calibration error {}", c.degrade, figure(c.calibration_error));
    }
    for e in &report.explanations {
        let _ = writeln!(out, "{:10} {}", e.degrade, explanations(e));
    }
    if let Some(figures) = &report.open_set {
        let _ = writeln!(out, "searches: {}", searched(figures));
        for row in &figures.rows {
            let [target, threshold, fpir, fnir, missed] = open_set_row(row);
            let _ = writeln!(
                out,
                "  target FPIR {target:6}  similarity from {threshold}  FPIR {fpir}  FNIR {fnir}  fakes missed {missed}"
            );
        }
    }
    let _ = writeln!(out, "{}", protocol(report));
    out
}

fn explanations(e: &ExplanationRow) -> String {
    let (strong, auc, p) = (figure(e.genuine_over_3), figure(e.auc), &e.pointing);
    let mut text = format!(
        "explanations: {strong} of genuine photographs name a departure beyond 3 standard deviations, AUC of named \
         departures {auc}"
    );
    if p.known > 0 {
        let (of_named, of_all) = (figure(p.right_of_named()), figure(p.right_of_all()));
        let (known, nowhere) = (p.known, p.known - p.named);
        let _ = write!(text, "; of {known} forgeries {nowhere} name no region, {of_named} of the others the right one");
        let _ = write!(text, " ({of_all} of all)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::report::build::tests::example;

    #[test]
    fn there_is_a_line_per_mean_and_sentence() {
        let mut report = example();
        report.means[0].worst = Some("a\u{1b}[2Jb/real".into());
        report.means[0].worst_auc = Some(0.5);
        let text = summary(&report);
        // A heading, the means, calibration, explanations, the protocol.
        assert_eq!(text.lines().count(), 1 + report.means.len() + 1 + 1 + 1);
        assert!(text.contains("worst a[2Jb/real 0.500"), "{text}");
    }
}

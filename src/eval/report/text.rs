//! The words and columns that the page, the Markdown file and the terminal share.

use std::collections::BTreeMap;

use super::{ExplanationRow, Figures, GroupRow, MeanRow, Report};
use crate::eval::{OpenSetFigures, OpenSetRow, counted};
use crate::verdict::Rates;

/// The columns of verdicts, in the order of [`shares`].
pub(super) const VERDICTS: [&str; 6] = ["real", "fake", "different", "undecided", "no face", "error"];

/// The share of each of [`VERDICTS`].
pub(super) fn shares(f: &Figures) -> [f64; 6] {
    [f.real, f.fake, f.different_person, f.inconclusive, f.no_face, f.error]
}

/// The columns of explanations after the degradation.
pub(super) const EXPLANATIONS: [&str; 8] = [
    "genuine",
    "naming a departure beyond 3",
    "AUC of named departures",
    "worst AUC",
    "forgeries with known regions",
    "naming no region",
    "right, of those naming one",
    "right, of all",
];

/// The columns of groups after the number of people: heading, kind of probe, and figure.
pub(super) const GROUPS: [(&str, &str, &str); 6] = [
    ("genuine called fake", "real", "fake"),
    ("genuine undecided", "real", "inconclusive"),
    ("genuine called different", "real", "different_person"),
    ("AUC of fakes", "fake", "auc"),
    ("fakes called real", "fake", "real"),
    ("others called real", "other", "real"),
];

/// The means of a group over one kind of probe: `real`, `fake` or `other`.
pub(super) fn of_kind<'a>(group: &'a GroupRow, kind: &str) -> Option<&'a MeanRow> {
    match kind {
        "real" => group.real.as_ref(),
        "fake" => group.fake.as_ref(),
        _ => group.other.as_ref(),
    }
}

/// Three decimals, or a dash.
pub(super) fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| "-".into(), |v| format!("{v:.3}"))
}

/// `eyes 3, nowhere 1`.
pub(super) fn counts(counts: &BTreeMap<String, usize>) -> String {
    counts.iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join(", ")
}

/// How often each region was named, by degradation and forged regions.
pub(super) fn pointing(report: &Report) -> impl Iterator<Item = (&ExplanationRow, &str, &BTreeMap<String, usize>)> {
    let rows = report.explanations.iter();
    rows.flat_map(|e| e.pointing.regions.iter().map(move |(forged, named)| (e, forged.as_str(), named)))
}

/// The protocol in two or three sentences.
pub(super) fn protocol(report: &Report) -> String {
    let run = &report.run;
    let limit = match run.max_per_set {
        0 => String::new(),
        n => format!(", at most {n} probes per set"),
    };
    let excluded = match run.excluded {
        0 => String::new(),
        n => format!(" {n} forgeries were left out: they were made from an enrolled photograph."),
    };
    format!(
        "{}, {} each (at most half of a person's photographs), {}, {} of other people per draw{limit}: {}. {:.1} % of \
         the references were accepted.{excluded}",
        counted(run.identities.len(), "person", "people"),
        counted(run.refs, "reference", "references"),
        counted(run.seeds, "draw", "draws"),
        counted(run.others, "picture", "pictures"),
        counted(run.probes, "answer", "answers"),
        report.enrollment.references_accepted * 100.0
    )
}

/// The thresholds of the verdicts, where they come from, and the error rates that they were fitted to.
pub(super) fn thresholds(report: &Report) -> String {
    let t = &report.run.thresholds;
    let source = report.run.calibration.as_ref().map_or_else(
        || "as shipped".to_owned(),
        |c| {
            format!(
                "the operator's calibration of {:.0}, fitted on {} people with {} genuine photographs and {} fakes{}",
                c.fitted_at,
                c.people,
                c.genuine,
                c.fakes,
                c.held_out.map_or_else(String::new, |r| format!("; on held-out people: {}", rates(&r)))
            )
        },
    );
    format!(
        "a score of {:.3} or less is fake, of {:.3} or more real; a likeness of {:.2} log odds or more is the same \
         person; below a quality of {:.0} of 100 the verdict is inconclusive, or different_person for a face clearly \
         unlike the person ({source}). They were fitted to {:.1} % of genuine photographs called fake, {:.1} % of \
         fakes called real and {:.1} % of genuine photographs called a different person.",
        t.fake,
        t.real,
        t.likeness,
        t.min_quality,
        t.target_genuine_called_fake * 100.0,
        t.target_fake_called_real * 100.0,
        t.target_fnmr * 100.0
    )
}

/// Error rates in percent, separated by commas; rates that were not measured are left out.
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

/// The columns of the table of searches.
pub(super) const OPEN_SET: [&str; 5] = ["target FPIR", "similarity from", "FPIR", "FNIR", "fakes missed"];

/// What the searches were made among.
pub(super) fn searched(figures: &OpenSetFigures) -> String {
    format!(
        "{} people enrolled; {} photographs of strangers, {} genuine photographs and {} fakes of those enrolled \
         searched.",
        figures.gallery, figures.strangers, figures.genuine, figures.fakes
    )
}

/// The cells of a row of the table of searches.
pub(super) fn open_set_row(row: &OpenSetRow) -> [String; 5] {
    [
        row.target_fpir.to_string(),
        format!("{:.3}", row.threshold),
        format!("{:.4}", row.fpir),
        figure(row.fnir),
        figure(row.fakes_missed),
    ]
}

//! The five charts of a condition.

use maud::{Markup, Render, html};

use super::svg::{self, Axis, Chart, Mark};
use crate::eval::report::{Condition, Report, Run};

/// A chart with its legend and a sentence on how to read it.
pub(super) struct Figure {
    pub(super) chart: Chart,
    /// Series and name of each line.
    pub(super) legend: Vec<(usize, String)>,
    /// Series and name of a single point.
    pub(super) point: Option<(usize, String)>,
    pub(super) caption: String,
}

impl Render for Figure {
    fn render(&self) -> Markup {
        html! {
            figure {
                h4 { (self.chart.title) }
                (self.chart)
                ul.legend {
                    @for (series, name) in &self.legend { li { (svg::line(*series)) (name) } }
                    @if let Some((series, name)) = &self.point { li { (svg::dot(*series)) (name) } }
                }
                figcaption { (self.caption) }
            }
        }
    }
}

/// The charts of `condition`; `index` makes their ids unique in the page.
pub(super) fn figures(index: usize, condition: &Condition, run: &Run) -> Vec<Figure> {
    vec![
        roc(index, condition),
        det(index, condition),
        histogram(index, condition, run),
        reliability(index, condition),
        abstention(index, condition),
    ]
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn curve_legend(condition: &Condition) -> Vec<(usize, String)> {
    let auc = |auc: Option<f64>| auc.map_or_else(String::new, |a| format!(", AUC {a:.3}"));
    condition.curves.iter().enumerate().map(|(i, c)| (i, format!("{} ({}{})", c.set, c.n, auc(c.auc)))).collect()
}

fn summary(condition: &Condition) -> String {
    let each = condition
        .curves
        .iter()
        .filter_map(|c| Some(format!("{}: AUC {:.3}, equal error rate {}", c.set, c.auc?, percent(c.eer?))));
    each.collect::<Vec<_>>().join("; ")
}

fn roc(index: usize, condition: &Condition) -> Figure {
    let lines = condition.curves.iter().enumerate().map(|(series, c)| Mark::Line {
        series,
        points: c.points.iter().map(|[apcer, bpcer]| [*apcer, 1.0 - bpcer]).collect(),
    });
    Figure {
        chart: Chart {
            id: format!("roc{index}"),
            title: "ROC".into(),
            description: summary(condition),
            x: Axis::shares("fakes accepted (APCER)"),
            y: Axis::shares("genuine accepted (1 - BPCER)"),
            marks: std::iter::once(Mark::Diagonal { up: true }).chain(lines).collect(),
        },
        legend: curve_legend(condition),
        point: None,
        caption:
            "Nearer to the upper left is better; the diagonal is chance. People and draws are pooled, so the areas \
                  differ from the means in the tables."
                .into(),
    }
}

/// The ticks of the DET axes.
const DET_TICKS: [f64; 8] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6];
/// The range of the DET axes.
const DET_RANGE: (f64, f64) = (0.002, 0.7);

/// The place of an error rate on an axis of normal deviates (Martin and others 1997).
fn det_place(rate: f64) -> f64 {
    let (low, high) = (probit(DET_RANGE.0), probit(DET_RANGE.1));
    (probit(rate.clamp(DET_RANGE.0, DET_RANGE.1)) - low) / (high - low)
}

/// The inverse of the standard normal distribution function for 0 < p < 1, by bisection.
fn probit(p: f64) -> f64 {
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if normal(middle) < p { low = middle } else { high = middle }
    }
    low
}

/// The standard normal distribution function (Marsaglia 2004, the Taylor series about zero).
fn normal(x: f64) -> f64 {
    let (mut sum, mut term, mut i) = (x, x, 1.0);
    while term.abs() > 1e-17 * sum.abs() && i < 400.0 {
        i += 2.0;
        term *= x * x / i;
        sum += term;
    }
    (0.5 + sum * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()).clamp(0.0, 1.0)
}

fn det(index: usize, condition: &Condition) -> Figure {
    let place = |points: &[[f64; 2]]| points.iter().map(|[a, b]| [det_place(*a), det_place(*b)]).collect();
    let lines = condition.curves.iter().enumerate().map(|(series, c)| Mark::Line { series, points: place(&c.points) });
    let ticks = || DET_TICKS.iter().map(|t| (det_place(*t), format!("{}%", t * 100.0))).collect();
    Figure {
        chart: Chart {
            id: format!("det{index}"),
            title: "DET".into(),
            description: summary(condition),
            x: Axis { label: "fakes accepted (APCER)", ticks: ticks() },
            y: Axis { label: "genuine rejected (BPCER)", ticks: ticks() },
            marks: std::iter::once(Mark::Diagonal { up: true }).chain(lines).collect(),
        },
        legend: curve_legend(condition),
        point: None,
        caption:
            "Both error rates on axes of normal deviates; nearer to the lower left is better. The diagonal crosses \
                  each curve at its equal error rate. Rates outside the axes lie on their edge."
                .into(),
    }
}

/// The DET curve of searches; nothing without strangers or without photographs of those enrolled.
pub(super) fn open_set(report: &Report) -> Markup {
    let Some(figures) = report.open_set.as_ref().filter(|f| !f.curve.is_empty()) else { return html! {} };
    let ticks = || DET_TICKS.iter().map(|t| (det_place(*t), format!("{}%", t * 100.0))).collect();
    let points = figures.curve.iter().map(|[fpir, fnir]| [det_place(*fpir), det_place(*fnir)]).collect();
    let figure = Figure {
        chart: Chart {
            id: "search".into(),
            title: "DET of searches".into(),
            description: "FNIR against FPIR of searches at every threshold".into(),
            x: Axis { label: "strangers found to be somebody (FPIR)", ticks: ticks() },
            y: Axis { label: "genuine not found (FNIR)", ticks: ticks() },
            marks: vec![Mark::Line { series: 0, points }],
        },
        legend: Vec::new(),
        point: None,
        caption: "Nearer to the lower left is better. Rates outside the axes lie on their edge.".into(),
    };
    html! { div.charts { (figure) } }
}

fn histogram(index: usize, condition: &Condition, run: &Run) -> Figure {
    let names = [("real", "genuine"), ("fake", "fakes"), ("other", "other people")];
    let most = condition.histograms.values().flatten().copied().fold(0.05, f64::max);
    let (y, top) = Axis::shares_to("share of the kind", most);
    let mut marks = Vec::new();
    let mut legend = Vec::new();
    for (series, (kind, name)) in names.iter().enumerate() {
        let Some(bins) = condition.histograms.get(*kind) else { continue };
        let width = 1.0 / bins.len() as f64;
        let stairs = bins.iter().enumerate();
        let points = stairs.flat_map(|(i, b)| [i, i + 1].map(|edge| [edge as f64 * width, b / top])).collect();
        marks.push(Mark::Area { series, points });
        legend.push((series, (*name).to_owned()));
    }
    let t = &run.thresholds;
    marks.push(Mark::Rule { x: f64::from(t.fake), text: "fake".into() });
    marks.push(Mark::Rule { x: f64::from(t.real), text: "real".into() });
    Figure {
        chart: Chart {
            id: format!("scores{index}"),
            title: "Scores".into(),
            description: "Histograms of the scores of genuine photographs, fakes and other people".into(),
            x: Axis::scores("score"),
            y,
            marks,
        },
        legend,
        point: None,
        caption: format!(
            "Scores up to {:.2} are called fake, scores from {:.2} real; between them the verdict is inconclusive.",
            t.fake, t.real
        ),
    }
}

fn reliability(index: usize, condition: &Condition) -> Figure {
    let bins = &condition.reliability;
    let mut marks = vec![Mark::Diagonal { up: true }];
    marks.push(Mark::Line { series: 0, points: bins.iter().map(|b| [b.score, b.genuine]).collect() });
    marks.extend(bins.iter().map(|b| Mark::Point {
        series: 0,
        at: [b.score, b.genuine],
        radius: 3.0 + 12.0 * b.share.sqrt(),
        text: format!(
            "scores {:.1} to {:.1}: mean score {}, genuine {}, {} faces",
            b.from,
            b.to,
            percent(b.score),
            percent(b.genuine),
            b.count
        ),
    }));
    let error = condition.calibration_error.map_or_else(|| "-".into(), |e| format!("{e:.3}"));
    Figure {
        chart: Chart {
            id: format!("reliability{index}"),
            title: "Reliability".into(),
            description: format!("Mean score against the share of genuine photographs; calibration error {error}"),
            x: Axis::scores("mean score"),
            y: Axis::shares("genuine among them"),
            marks,
        },
        legend: Vec::new(),
        point: None,
        caption: format!(
            "On the diagonal a score equals the share of genuine photographs among faces with that score, where half of \
             all faces are genuine. Larger points hold more faces. Expected calibration error {error}."
        ),
    }
}

fn abstention(index: usize, condition: &Condition) -> Figure {
    let most = condition.abstention.iter().map(|p| p[1]).chain(condition.at_verdict.map(|p| p[1])).fold(0.02, f64::max);
    let (y, top) = Axis::shares_to("error among the decided", most);
    let place = |p: &[f64; 2]| [p[0], p[1] / top];
    let mut marks = vec![Mark::Line { series: 0, points: condition.abstention.iter().map(place).collect() }];
    let legend = vec![(0, "by the score's distance from the thresholds".to_owned())];
    let mut named = None;
    if let Some(point) = &condition.at_verdict {
        let text = format!("verdicts: {} decided, {} of these wrong", percent(point[0]), percent(point[1]));
        marks.push(Mark::Point { series: 1, at: place(point), radius: 6.0, text: text.clone() });
        named = Some((1, text));
    }
    Figure {
        chart: Chart {
            id: format!("abstention{index}"),
            title: "Abstention".into(),
            description: "The error among decided faces against the share of faces decided".into(),
            x: Axis::shares("share decided"),
            y,
            marks,
        },
        legend,
        point: named,
        caption:
            "Genuine photographs and fakes, half each. Farther left, more is left undecided; abstaining pays where the \
                  curve falls to the left."
                .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_deviates_are_right() {
        for (p, z) in [(0.5, 0.0), (0.975, 1.959_964), (0.01, -2.326_348), (0.001, -3.090_232)] {
            assert!((probit(p) - z).abs() < 1e-5, "{p}: {}", probit(p));
        }
        assert_eq!((det_place(0.0), det_place(1.0)), (0.0, 1.0));
    }
}

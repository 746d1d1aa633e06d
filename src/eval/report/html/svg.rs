//! A small chart: axes, lines, areas, rules and points on the unit square, as SVG in the page's colours.
//!
//! Series differ by dash as well as by colour; both are classes (`s0` to `s5`) of `page.css`.

use std::fmt::Write;

use maud::{Markup, Render, html};

/// One axis from 0 to 1; the ticks give the values.
pub(super) struct Axis {
    pub(super) label: &'static str,
    /// (place on the axis, text)
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis of shares, in percent.
    pub(super) fn shares(label: &'static str) -> Self {
        Self { label, ticks: (0..=5).map(|i| (f64::from(i) / 5.0, format!("{}%", i * 20))).collect() }
    }

    /// An axis of shares from 0 to about `most`, and the share at its end: ticks at round numbers.
    pub(super) fn shares_to(label: &'static str, most: f64) -> (Self, f64) {
        const STEPS: [f64; 9] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25];
        let step = STEPS.into_iter().find(|s| most / s <= 5.0).unwrap_or(0.25);
        let n = (most / step).ceil().max(1.0) as u32;
        let decimals = usize::from(step < 0.01);
        let tick = |i: u32| (f64::from(i) / f64::from(n), format!("{:.decimals$}%", f64::from(i) * step * 100.0));
        (Self { label, ticks: (0..=n).map(tick).collect() }, f64::from(n) * step)
    }

    /// An axis of scores.
    pub(super) fn scores(label: &'static str) -> Self {
        Self { label, ticks: (0..=5).map(|i| (f64::from(i) / 5.0, format!("{:.1}", f64::from(i) / 5.0))).collect() }
    }
}

/// A mark on the unit square, y upwards.
pub(super) enum Mark {
    /// A line through points, in the colour and dash of a series.
    Line { series: usize, points: Vec<[f64; 2]> },
    /// A line with the area under it.
    Area { series: usize, points: Vec<[f64; 2]> },
    /// The diagonal from the lower left (`up`) or from the upper left.
    Diagonal { up: bool },
    /// A vertical rule with a word at its top.
    Rule { x: f64, text: String },
    /// A point; the text is its tooltip.
    Point { series: usize, at: [f64; 2], radius: f64, text: String },
}

/// One chart.
pub(super) struct Chart {
    /// Unique in the page.
    pub(super) id: String,
    pub(super) title: String,
    /// For screen readers.
    pub(super) description: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) marks: Vec<Mark>,
}

/// The number of distinct looks; further series repeat them.
pub(super) const LOOKS: usize = 6;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 330.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 46.0;

fn px(x: f64) -> f64 {
    LEFT + x.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
}

fn py(y: f64) -> f64 {
    HEIGHT - BOTTOM - y.clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
}

fn path(points: &[[f64; 2]]) -> String {
    let mut path = String::new();
    for (i, [x, y]) in points.iter().enumerate() {
        let _ = write!(path, "{}{:.1} {:.1}", if i == 0 { "M" } else { "L" }, px(*x), py(*y));
    }
    path
}

/// A coordinate or a radius, with one decimal.
fn decimal(v: f64) -> String {
    format!("{v:.1}")
}

impl Render for Chart {
    /// The `svg` element.
    fn render(&self) -> Markup {
        let (title, description) = (format!("{}-t", self.id), format!("{}-d", self.id));
        html! {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-labelledby={ (title) " " (description) } {
                title id=(title) { (self.title) }
                desc id=(description) { (self.description) }
                (self.axes())
                @for mark in &self.marks { (mark) }
            }
        }
    }
}

impl Chart {
    fn axes(&self) -> Markup {
        let (x0, x1, y0, y1) = (px(0.0), px(1.0), py(0.0), py(1.0));
        let (mx, my) = (f64::midpoint(x0, x1), f64::midpoint(y0, y1));
        html! {
            @for (x, text) in &self.x.ticks {
                @let x = decimal(px(*x));
                path.grid d={ "M" (x) " " (y0) "V" (y1) } {}
                text.tick text-anchor="middle" x=(x) y=(decimal(y0 + 17.0)) { (text) }
            }
            @for (y, text) in &self.y.ticks {
                @let y = py(*y);
                path.grid d={ "M" (x0) " " (decimal(y)) "H" (x1) } {}
                text.tick text-anchor="end" x=(decimal(x0 - 7.0)) y=(decimal(y + 4.0)) { (text) }
            }
            path.axis d={ "M" (x0) " " (y1) "V" (y0) "H" (x1) } {}
            text.label text-anchor="middle" x=(decimal(mx)) y=(decimal(HEIGHT - 8.0)) { (self.x.label) }
            text.label text-anchor="middle" transform={ "translate(13 " (decimal(my)) ") rotate(-90)" } { (self.y.label) }
        }
    }
}

/// The class of a series' look.
fn look(series: usize) -> String {
    format!("s{}", series % LOOKS)
}

impl Render for Mark {
    fn render(&self) -> Markup {
        match self {
            Self::Line { series, points } => html! { path.line.(look(*series)) d=(path(points)) {} },
            Self::Area { series, points } => {
                let ends = points.first().zip(points.last());
                let closed = ends.map(|(a, b)| [&points[..], &[[b[0], 0.0], [a[0], 0.0]]].concat()).unwrap_or_default();
                html! {
                    path.area.(look(*series)) d={ (path(&closed)) "Z" } {}
                    path.line.(look(*series)) d=(path(points)) {}
                }
            }
            Self::Diagonal { up } => {
                let ends = if *up { [[0.0, 0.0], [1.0, 1.0]] } else { [[0.0, 1.0], [1.0, 0.0]] };
                html! { path.guide d=(path(&ends)) {} }
            }
            Self::Rule { x, text } => html! {
                path.guide d=(path(&[[*x, 0.0], [*x, 1.0]])) {}
                text.tick text-anchor="middle" x=(decimal(px(*x))) y=(decimal(TOP - 4.0)) { (text) }
            },
            Self::Point { series, at, radius, text } => html! {
                circle.point.(look(*series)) cx=(decimal(px(at[0]))) cy=(decimal(py(at[1]))) r=(decimal(*radius)) {
                    title { (text) }
                }
            },
        }
    }
}

/// A sample of a series for a legend.
fn swatch(shape: &Markup) -> Markup {
    html! { svg.swatch viewBox="0 0 34 10" aria-hidden="true" { (shape) } }
}

/// A point's entry in a legend.
pub(super) fn dot(series: usize) -> Markup {
    swatch(&html! { circle.point.(look(series)) cx="17" cy="5" r="5" {} })
}

/// A line's entry in a legend.
pub(super) fn line(series: usize) -> Markup {
    swatch(&html! { path.line.(look(series)) d="M1 5H33" {} })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(marks: Vec<Mark>) -> String {
        Chart {
            id: "c".into(),
            title: "A <b> & c".into(),
            description: "d".into(),
            x: Axis::shares("x"),
            y: Axis::scores("y"),
            marks,
        }
        .render()
        .into_string()
    }

    #[test]
    fn it_is_named_for_readers_and_escaped() {
        let svg = chart(vec![Mark::Rule { x: 0.5, text: "<real>".into() }]);
        assert!(svg.contains("role=\"img\"") && svg.contains("aria-labelledby=\"c-t c-d\""));
        assert!(svg.contains("A &lt;b&gt; &amp; c") && svg.contains("&lt;real&gt;") && !svg.contains("<real>"));
    }

    #[test]
    fn points_outside_are_drawn_on_the_edge() {
        let svg = chart(vec![Mark::Line { series: 7, points: vec![[-1.0, 0.0], [2.0, 1.0]] }]);
        assert!(svg.contains(&format!(
            "class=\"line s1\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"",
            px(0.0),
            py(0.0),
            px(1.0),
            py(1.0)
        )));
    }

    #[test]
    fn ticks_are_round() {
        for (most, end, ticks) in [(0.117, 0.15, 4), (0.986, 1.0, 6), (0.02, 0.02, 5), (0.0, 0.001, 2)] {
            let (axis, top) = Axis::shares_to("x", most);
            assert!((top - end).abs() < 1e-9 && axis.ticks.len() == ticks, "{most}: {top} {:?}", axis.ticks);
        }
    }

    #[test]
    fn an_empty_area_is_no_error() {
        assert!(chart(vec![Mark::Area { series: 0, points: vec![] }]).ends_with("</svg>"));
    }
}

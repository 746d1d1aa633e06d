// The evidence, row by row: what weighed first, the rest folded. A row points to its region in the picture.

import { fill, folded, make } from "./dom.js";
import { capital, plural, shown, signed, words } from "./format.js";
import { placeName, tone, weighs } from "./regions.js";

/** Where the axis of a bar ends, in standard deviations; the usual range ends at two. */
const REACH = 6;

const TONES = {
  against: "speaks against a genuine photograph",
  for: "speaks for a genuine photograph",
  unusual: "unusual, without weight in the score",
};

/** A bar from 0 to the deviation, in standard deviations. */
function bar({ deviation }, kind) {
  const x = sd => 50 + (50 * Math.max(-REACH, Math.min(REACH, sd))) / REACH;
  const [from, to] = deviation < 0 ? [x(deviation), 50] : [50, x(deviation)];
  return make(
    "svg",
    { viewBox: "0 0 100 12", preserveAspectRatio: "none", class: "bar", "aria-hidden": "true" },
    make("rect", { x: x(-2), y: 0, width: x(2) - x(-2), height: 12, class: "usual" }),
    make("rect", { x: from, y: 3, width: Math.max(to - from, 0.8), height: 6, class: kind ?? "none" }),
    make("line", { x1: 50, x2: 50, y1: 0, y2: 12, class: "axis" }),
  );
}

function row(difference, point) {
  const kind = tone(difference);
  const { region, attribute, observed, expected, unit, deviation, weight, text } = difference;
  const usual = `${shown(expected[0])} to ${shown(expected[1])}`;
  const told = weighs(difference) ? ` · weight ${signed(weight)}` : "";
  const node = make(
    "li",
    { class: kind ?? "none" },
    make(
      "button",
      {
        type: "button",
        "aria-pressed": "false",
        "data-region": region,
        pointerenter: () => point(difference),
        focus: () => point(difference),
        pointerleave: () => point(null),
        blur: () => point(null),
        click: () => point(difference, node),
      },
      make("span", { class: "region" }, capital(placeName(difference))),
      bar(difference, kind),
      make("span", { class: "deviation" }, `${signed(deviation)} SD`),
      make("span", { class: "said" }, text),
      make("small", { class: "dim" }, `${words(attribute)}: ${shown(observed)} ${unit}, usual ${usual}${told}`),
      kind && make("span", { class: "unseen" }, TONES[kind]),
    ),
  );
  return node;
}

/** Lists differences in `node`; `highlight` is called with the one that a row points to, or `null`. */
export function listEvidence(node, differences, highlight) {
  let pinned = null;
  const point = (difference, clicked) => {
    if (clicked) {
      const again = pinned?.node === clicked;
      for (const one of node.querySelectorAll("button")) one.setAttribute("aria-pressed", "false");
      pinned = again ? null : { node: clicked, difference };
      clicked.querySelector("button").setAttribute("aria-pressed", String(!again));
    }
    highlight(difference ?? pinned?.difference ?? null);
  };
  const list = all =>
    make(
      "ol",
      { class: "evidence" },
      all.map(d => row(d, point)),
    );
  const weighed = differences.filter(weighs);
  const rest = differences.filter(d => !weighs(d));
  if (!differences.length) return fill(node, make("p", { class: "dim" }, "There is nothing to compare."));
  fill(
    node,
    weighed.length
      ? list(weighed)
      : make("p", { class: "dim" }, "Nothing that was measured carries weight in the score."),
    rest.length > 0 && folded(`${plural(rest.length, "measure")} without weight in the score`, list(rest)),
  );
}

/** The evidence for a report: a table. */
export function evidenceTable(differences) {
  const head = ["Region", "Finding", "Measured", "Usual", "Deviation", "Weight"].map(text =>
    make("th", { scope: "col" }, text),
  );
  const rows = differences.map(d =>
    make(
      "tr",
      { class: tone(d) },
      make("td", {}, placeName(d)),
      make("td", {}, d.text),
      make("td", {}, `${shown(d.observed)} ${d.unit}`),
      make("td", {}, `${shown(d.expected[0])} to ${shown(d.expected[1])}`),
      make("td", {}, `${signed(d.deviation)} SD`),
      make("td", {}, weighs(d) ? signed(d.weight, 2) : "0"),
    ),
  );
  return make("table", {}, make("thead", {}, make("tr", {}, head)), make("tbody", {}, rows));
}

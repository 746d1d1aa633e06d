// How often verdicts were right, by the decisions on the cases that are kept.

import { fill, make } from "./dom.js";
import { percent } from "./format.js";
import { ask } from "./server.js";
import { VERDICTS } from "./verdicts.js";

const HEAD = ["Verdict", "Right", "Wrong", "Unsure", "Share right"];

const cell = text => make("td", { class: "num" }, text);

/** Counts the decisions into `node`. */
export async function showPrecision(node) {
  let rows;
  try {
    rows = (await ask("v1/decisions")).filter(row => row.confirmed + row.overturned + row.unsure > 0);
  } catch {
    return fill(node);
  }
  if (!rows.length) return fill(node, make("p", { class: "dim" }, "No case was decided yet."));
  fill(
    node,
    make(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Decisions by verdict" },
      make(
        "table",
        {},
        make(
          "thead",
          {},
          make(
            "tr",
            {},
            HEAD.map((text, i) => make("th", { scope: "col", class: i ? "num" : "" }, text)),
          ),
        ),
        make(
          "tbody",
          {},
          rows.map(row =>
            make(
              "tr",
              {},
              make("th", { scope: "row", class: row.verdict }, VERDICTS[row.verdict]),
              cell(row.confirmed),
              cell(row.overturned),
              cell(row.unsure),
              cell(row.precision === null ? "–" : percent(row.precision)),
            ),
          ),
        ),
      ),
    ),
    make("p", { class: "dim" }, "Of the cases that reviewers chose to decide: not of all verdicts."),
  );
}

// The score between its thresholds.

import { make } from "./dom.js";
import { number } from "./format.js";

const WIDTH = 400;
const x = value => 4 + (WIDTH - 8) * value;

const label = (at, text, anchor, y, kind) => make("text", { x: x(at), y, "text-anchor": anchor, class: kind }, text);

/** The gauge of a score. */
export function gauge(score, { fake, real }) {
  const zone = (from, to, name) =>
    make("rect", { x: x(from), y: 26, width: (WIDTH - 8) * (to - from), height: 8, class: `zone-${name}` });
  const anchor = score < 0.15 ? "start" : score > 0.85 ? "end" : "middle";
  const told = `Score ${number(score)} of 1. ${number(fake)} or less is fake, ${number(real)} or more is real.`;
  return make(
    "svg",
    { viewBox: `0 0 ${WIDTH} 52`, role: "img", class: "gauge", "aria-label": told },
    zone(0, fake, "fake"),
    zone(fake, real, "between"),
    zone(real, 1, "real"),
    label(fake, number(fake), "middle", 48),
    label(real, number(real), "middle", 48),
    make("path", { d: `M${x(score)} 25l-6 -8h12z`, class: "mark" }),
    label(score, `score ${number(score)}`, anchor, 13, "score"),
  );
}

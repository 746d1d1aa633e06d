// Where on the face a measure was taken: outlines from the mesh, as paths in pixels of the picture.

import { words } from "./format.js";

const middleOf = line => {
  const [x, y] = line.reduce(([a, b], [x, y]) => [a + x, b + y], [0, 0]);
  return [x / line.length, y / line.length];
};

const scaled = (line, share, about = middleOf(line)) =>
  line.map(p => p.map((v, i) => about[i] + (v - about[i]) * share));

const closed = line => `M${line.map(p => p.map(v => Math.round(10 * v) / 10).join(" ")).join("L")}Z`;

/** The part of a closed line on the side of `from` to which (x, y) with `down` points. */
function below(line, from, down) {
  const depth = p => (p[0] - from[0]) * down[0] + (p[1] - from[1]) * down[1];
  return line.flatMap((p, i) => {
    const q = line[(i + 1) % line.length];
    const [a, b] = [depth(p), depth(q)];
    const kept = a >= 0 ? [p] : [];
    if (a < 0 !== b < 0) kept.push(p.map((v, k) => v + ((q[k] - v) * a) / (a - b)));
    return kept;
  });
}

/** The convex hull of points (Andrew's monotone chain). */
function hull(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const chain = list => {
    const kept = [];
    for (const p of list) {
      const turnsRight = () => {
        const [a, b] = kept.slice(-2);
        return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) <= 0;
      };
      while (kept.length > 1 && turnsRight()) kept.pop();
      kept.push(p);
    }
    return kept.slice(0, -1);
  };
  return [...chain(sorted), ...chain([...sorted].reverse())];
}

/** The centres of the eyes: the person's right one, then the left one. */
export const eyes = outlines => [middleOf(outlines.right_eye), middleOf(outlines.left_eye)];

/** From brow to chin. */
function fromBrows(o) {
  const [brow, chin] = [middleOf([...o.right_brow, ...o.left_brow]), middleOf(o.mouth)];
  return below(o.face, brow, [chin[0] - brow[0], chin[1] - brow[1]]);
}

const inner = o =>
  scaled(hull([...o.right_brow, ...o.left_brow, ...o.right_eye, ...o.left_eye, ...o.nose, ...o.mouth]), 1.06);

/** The regions by the name in the explanation; each is filled by the rule `evenodd`. */
const REGIONS = {
  overall: o => [o.face],
  outer_face: o => [o.face, scaled(o.face, 0.74)],
  brows: o => [scaled(o.right_brow, 1.1), scaled(o.left_brow, 1.1)],
  eyes: o => [scaled(o.right_eye, 1.35), scaled(o.left_eye, 1.35)],
  nose: o => [o.nose],
  mouth: o => [scaled(o.mouth, 1.1)],
  skin: o => [scaled(o.face, 0.96), o.right_brow, o.left_brow, o.right_eye, o.left_eye, o.mouth],
};

/** The measures of the whole face that see more or less than the outline of the face. */
const SEEN_BY = {
  likeness_embedding_a: o => [scaled(o.face, 1.3)],
  likeness_embedding_b: o => [fromBrows(o)],
  likeness_embedding_c: o => [inner(o)],
};

/** The path of what a difference was measured on; `null` where the answer does not say where the face is. */
export function pathOf({ region, attribute }, outlines) {
  const lines = (SEEN_BY[attribute] ?? REGIONS[region])?.(outlines ?? {});
  return outlines && lines ? lines.map(closed).join("") : null;
}

const NAMES = {
  overall: "whole face",
  likeness_embedding_a: "whole head",
  likeness_embedding_b: "brow to chin",
  likeness_embedding_c: "inner face",
};

/** The name of what a difference was measured on. */
export const placeName = ({ region, attribute }) => words(NAMES[attribute] ?? NAMES[region] ?? region);

/** Less weight than this, in log odds either way, changes no score that is shown with two digits. */
const LEAST_WEIGHT = 0.05;

export const weighs = ({ weight }) => Math.abs(weight) >= LEAST_WEIGHT;

/** How a difference speaks: `against` and `for` a genuine photograph, `unusual` without weight, or `null`. */
export function tone(difference) {
  if (weighs(difference)) return difference.weight < 0 ? "against" : "for";
  return difference.direction === "within" ? null : "unusual";
}

/** The evidence in sum, region by region: its path, its tone and how strongly to shade it, 0 to 1. */
export function shades(differences, outlines) {
  const sums = new Map();
  for (const d of differences) {
    // What is seen of the whole face says nothing of where.
    if (!outlines || d.region === "overall" || !tone(d)) continue;
    const sum = sums.get(d.region) ?? { weight: 0, unusual: false, region: d.region };
    sums.set(d.region, { ...sum, weight: sum.weight + d.weight, unusual: sum.unusual || d.direction !== "within" });
  }
  return [...sums.values()].map(({ region, weight, unusual }) => ({
    region,
    path: pathOf({ region }, outlines),
    tone: tone({ weight, direction: unusual ? "higher" : "within" }),
    strength: weight ? Math.min(1, 0.35 + Math.abs(weight) / 3) : 0.5,
  }));
}

// What stands behind an answer: quality, pose, search, timings, versions.

import { facts, fill, folded, make } from "./dom.js";
import { capital, number, percent, plural, signed, words } from "./format.js";

/** Components of the quality under this score are limits. */
const WEAK = 40;

/** A row with a bar for `share`, 0 to 1. */
const part = (name, share, text, kind = "") =>
  make(
    "li",
    { class: kind },
    make("span", {}, name),
    make("span", { class: "meter", "aria-hidden": "true" }, meter(share)),
    make("span", { class: "num" }, text),
  );

function meter(share) {
  const node = make("span");
  node.style.width = `${100 * Math.max(0, Math.min(1, share))}%`;
  return node;
}

const component = c =>
  part(capital(words(c.component)), c.score / 100, `${number(c.score, 0)} of 100`, c.score < WEAK ? "weak" : "");

/** The quality: what limits is shown, the rest folded. */
export function showQuality(node, face) {
  if (!face) return fill(node);
  const weak = face.quality.components.filter(c => c.score < WEAK);
  const rest = face.quality.components.filter(c => c.score >= WEAK);
  fill(
    node,
    weak.length > 0 && make("h3", {}, "Quality that limits"),
    weak.length > 0 && make("ul", { class: "meters" }, weak.map(component)),
    folded(
      weak.length ? "The rest of the quality" : `Quality: ${number(face.quality.score, 0)} of 100, nothing limits`,
      make("ul", { class: "meters" }, rest.map(component)),
      facts([
        [
          "Head",
          `yaw ${signed(face.pose.yaw, 0)}°, pitch ${signed(face.pose.pitch, 0)}°, roll ${signed(face.pose.roll, 0)}°`,
        ],
        ["Face", `${number(face.bbox.width, 0)} × ${number(face.bbox.height, 0)} pixels`],
        ["Detector's confidence", number(face.confidence)],
      ]),
    ),
  );
}

function timings(list, whole) {
  const longest = Math.max(...list.map(t => t.milliseconds), 1);
  const rows = list
    .filter(t => t.milliseconds > 0)
    .map(t => part(capital(words(t.stage)), t.milliseconds / longest, `${number(t.milliseconds, 1)} ms`));
  const all = whole !== undefined && part("In all, with the network", 0, `${number(whole, 0)} ms`);
  return make("ul", { class: "meters" }, rows, all);
}

/** The identities that a search compared the face with. */
export function showCandidates(node, face) {
  const search = face?.search;
  node.hidden = !search;
  if (!search) return;
  const rows = search.candidates.map(c =>
    make(
      "tr",
      {},
      make("td", {}, c.identity.display_name, make("small", {}, c.identity.id)),
      make("td", { class: "num" }, number(c.similarity)),
      make("td", {}, c.confirmed ? "two networks" : "one network"),
      make("td", { class: "num" }, c.expected_fpir === null ? "not modelled" : percent(c.expected_fpir)),
    ),
  );
  const head = ["Identity", "Similarity", "Compared by", "Strangers as similar"].map((text, i) =>
    make("th", { scope: "col", class: i % 2 ? "num" : "" }, text),
  );
  const needed = search.threshold === null ? "nobody is enrolled" : `${number(search.threshold)} is needed`;
  fill(
    node,
    make("summary", {}, `Search of ${plural(search.gallery_size, "identity", "identities")}: ${needed}`),
    rows.length
      ? make(
          "div",
          { class: "scroll", tabindex: 0, role: "region", "aria-label": "Candidates" },
          make("table", {}, make("thead", {}, make("tr", {}, head)), make("tbody", {}, rows)),
        )
      : make("p", { class: "dim" }, "Nobody to compare with."),
  );
}

/** Versions, thresholds and times of an answer. */
export function showDetails(node, answer, face, whole) {
  const { image, versions, calibration } = answer;
  const t = face?.thresholds ?? answer.thresholds;
  fill(
    node,
    make("summary", {}, "Details"),
    facts([
      [
        "Image",
        `${image.width} × ${image.height} ${image.format}${image.complete ? "" : ", incomplete"}${image.scaled ? ", judged at a fraction of its size" : ""}`,
      ],
      ["SHA-256", make("code", {}, image.sha256)],
      ["Faces", `${answer.faces_found} found; from ${answer.smallest_face} pixels on they were looked for`],
      [
        "Thresholds",
        `fake to ${number(t.fake)}, real from ${number(t.real)}, quality from ${number(t.min_quality, 0)}`,
      ],
      [
        "Fitted to",
        `${percent(t.target_genuine_called_fake)} genuine called fake, ${percent(t.target_fake_called_real)} fakes called real`,
      ],
      [
        "Likeness",
        face?.likeness === null || face?.likeness === undefined
          ? null
          : `${signed(face.likeness)} (log odds that it is this person, genuine or not)`,
      ],
      [
        "Apparent",
        face?.apparent
          ? `age ${number(face.apparent.age, 0)}, ${face.apparent.sex}, ${face.apparent.expression}`
          : null,
      ],
      [
        "Calibration",
        calibration
          ? `fitted ${calibration.fitted_at} on ${plural(calibration.people, "person", "people")}, ${calibration.genuine} genuine, ${calibration.fakes} fakes`
          : "as shipped",
      ],
      ["faceward", versions.faceward],
      ["Models", make("code", {}, versions.models)],
      ["Engine", versions.engine],
    ]),
    make("h3", {}, "Timings"),
    timings(answer.timings ?? [], whole),
  );
}

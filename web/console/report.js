// The report on an answer, for legal or editorial use: printed, or saved as one page of its own or as JSON.

import { shownCase } from "./case.js";
import { decisionRow } from "./decision.js";
import { $, facts, fill, make } from "./dom.js";
import { evidenceTable } from "./evidence.js";
import { bytes, capital, moment, number, percent, words } from "./format.js";
import { asData, sha256 } from "./pictures.js";
import {
  VERDICTS,
  faceName,
  hasScore,
  limitInWords,
  meaning,
  notes,
  scoreMeaning,
  thresholdMeaning,
} from "./verdicts.js";

/** A saved report may do nothing but show itself. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

const CHECKS = {
  same: "computed here too, and the same",
  other: "DIFFERENT from what this browser computed of its file",
  absent: "as the server read it; the file itself is not here",
  none: "as the server read it; this browser computes none on a page without TLS",
};

async function check(item) {
  if (!item.file) return "absent";
  const own = await sha256(item.file);
  if (!own) return "none";
  return own === item.answer.image.sha256 ? "same" : "other";
}

const nameOf = item => item.name ?? item.file.name;

/** The picture with the boxes of the faces. */
function picture(item) {
  const { image, faces } = item.answer;
  if (!item.picture.image) return make("p", {}, "The picture is of a format that the browser cannot show.");
  const size = Math.max(image.width, image.height) / 40;
  const boxes = faces.map(face => {
    const { x, y, width, height } = face.bbox;
    return make(
      "g",
      { class: face.verdict },
      make("rect", { x, y, width, height, "stroke-width": size / 8, fill: "none" }),
      make(
        "text",
        { x, y: Math.max(size, y - size / 3), "font-size": size },
        `${face.index + 1} ${words(face.verdict)}`,
      ),
    );
  });
  return make(
    "div",
    { class: "picture" },
    make("img", { src: asData(item.picture.image), alt: "The verified picture" }),
    make(
      "svg",
      { viewBox: `0 0 ${image.width} ${image.height}`, role: "img", "aria-label": "Boxes of the faces" },
      boxes,
    ),
  );
}

/** One face. What the head of the report says of the deciding one is not said again. */
function faceSection(answer, face) {
  const thresholds = face.thresholds ?? answer.thresholds;
  const decides = face.index === answer.deciding_face;
  const weak = face.quality.components
    .filter(c => c.score < 40)
    .map(c => `${words(c.component)} ${number(c.score, 0)} of 100`);
  return make(
    "section",
    { class: "face" },
    make("h2", {}, `${faceName(face)}${decides ? " (decides)" : ""}`),
    !decides && make("p", {}, face.explanation.summary),
    !decides &&
      hasScore(face) &&
      make("p", {}, `Score ${number(face.score)}. ${scoreMeaning(face, thresholds, answer.calibration)}`),
    !decides &&
      face.limits.length > 0 &&
      make(
        "ul",
        {},
        face.limits.map(limit => make("li", {}, limitInWords(limit))),
      ),
    face.explanation.differences.length > 0 && evidenceTable(face.explanation.differences),
    facts([["Quality", `${number(face.quality.score, 0)} of 100${weak.length ? `; limits: ${weak.join(", ")}` : ""}`]]),
  );
}

function expectedError({ thresholds: t, calibration }) {
  const rates = [
    `genuine called fake ${percent(t.target_genuine_called_fake)}, fakes called real ${percent(t.target_fake_called_real)}, genuine called another person ${percent(t.target_fnmr)}`,
  ];
  return calibration
    ? `${rates}, fitted on ${calibration.people} people (${calibration.genuine} genuine, ${calibration.fakes} fakes) at ${moment(calibration.fitted_at)}`
    : `${rates}, fitted on faceward's held-out training people; on other pictures they differ (the model card tells how)`;
}

/** The report as an element. */
export async function sheet(item, { withPicture, note }) {
  const { answer, file } = item;
  const { versions, image } = answer;
  const face = answer.faces[answer.deciding_face];
  const checked = await check(item);
  return make(
    "article",
    { class: "sheet" },
    make("h1", {}, `${nameOf(item)}: ${VERDICTS[answer.verdict]}`),
    make("p", { class: `verdict ${answer.verdict}` }, `${capital(meaning(answer.verdict, answer.identity))}.`),
    make("p", {}, answer.explanation.summary),
    hasScore(answer) &&
      make(
        "p",
        {},
        `Score ${number(answer.score)}. ${scoreMeaning(face ?? answer, answer.thresholds, answer.calibration)}`,
      ),
    make(
      "ul",
      {},
      notes(answer, face).map(text => make("li", {}, text)),
    ),
    note && make("section", {}, make("h2", {}, "Reviewer's note"), make("p", { class: "note" }, note)),
    withPicture && picture(item),
    facts([
      [
        "File",
        `${nameOf(item)}${file ? `, ${bytes(file.size)}` : ""}, ${image.width} × ${image.height} ${image.format}`,
      ],
      ["Case", item.id && make("code", {}, item.id)],
      ["Audit log", item.details && make("code", {}, `line ${item.details.audit_head}`)],
      ["SHA-256", make("code", {}, image.sha256)],
      ["", CHECKS[checked]],
      ["Claimed identity", item.claim || "none: everybody enrolled was searched"],
      ["Verified", moment(item.at)],
      ["Report made", moment(new Date().toISOString())],
    ]),
    item.details?.decisions.length > 0 &&
      make("section", {}, make("h2", {}, "Decisions"), make("ol", {}, item.details.decisions.map(decisionRow))),
    answer.faces.map(one => faceSection(answer, one)),
    answer.animation &&
      make(
        "section",
        {},
        make("h2", {}, "Frames"),
        make(
          "ul",
          {},
          answer.animation.frames.map(f =>
            make(
              "li",
              {},
              `Frame ${f.index + 1} at ${number(f.at_ms / 1000)} s: ${words(f.verdict)}${f.score === null ? "" : `, score ${number(f.score)}`}${f.index === answer.animation.deciding_frame ? " (decides)" : ""}`,
            ),
          ),
        ),
      ),
    make(
      "section",
      {},
      make("h2", {}, "Behind the answer"),
      make("p", {}, thresholdMeaning(answer.thresholds)),
      facts([
        ["Expected error", expectedError(answer)],
        ["faceward", versions.faceward],
        ["Models", make("code", {}, versions.models)],
        ["Engine", versions.engine],
      ]),
    ),
    make(
      "p",
      { class: "small" },
      "This report repeats what the service answered. The verdict is an estimate from measurements, and can be wrong.",
    ),
  );
}

/** The report as JSON. */
export async function json(item, { withPicture, note }) {
  const { answer, file, claim, at } = item;
  const checks = { same: true, other: false, none: null, absent: null };
  return JSON.stringify(
    {
      report_made_at: new Date().toISOString(),
      verified_at: at,
      claimed_identity: claim || null,
      reviewers_note: note || null,
      file: {
        name: nameOf(item),
        bytes: file?.size ?? null,
        sha256: answer.image.sha256,
        sha256_confirmed: checks[await check(item)],
      },
      picture: withPicture && item.picture.image ? asData(item.picture.image) : null,
      ...(item.id && { case: item.id }),
      ...(item.details && { audit_head: item.details.audit_head, decisions: item.details.decisions }),
      answer,
    },
    null,
    2,
  );
}

const escaped = text => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

async function page(item, options) {
  const css = await (await fetch("console/report.css")).text();
  const body = (await sheet(item, options)).outerHTML;
  return (
    `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${POLICY}">\n` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>${escaped(nameOf(item))}: faceward report</title>\n` +
    `<style>\n${css}</style>\n</head>\n<body>\n<main>\n${body}\n</main>\n</body>\n</html>\n`
  );
}

function save(text, type, name) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: url, download: name }).click();
  // The browser has to have begun reading it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

async function print(item, options) {
  fill($("print"), await sheet(item, options));
  await Promise.all([...$("print").querySelectorAll("img")].map(img => img.decode()));
  window.print();
}

export function startReports() {
  const options = () => ({ withPicture: $("report-picture").checked, note: $("report-note").value.trim() });
  const on = (id, act) =>
    $(id).addEventListener("click", async () => {
      const { item } = shownCase();
      const stem = `faceward-${nameOf(item)
        .replace(/\.[^.]*$/, "")
        .replace(/[^\w.-]+/g, "_")}`;
      $("report-problem").textContent = "";
      try {
        await act(item, options(), stem);
      } catch (problem) {
        $("report-problem").textContent = problem.message;
      }
    });
  on("report-print", print);
  on("report-html", async (item, more, stem) => save(await page(item, more), "text/html", `${stem}.html`));
  on("report-json", async (item, more, stem) => save(await json(item, more), "application/json", `${stem}.json`));
  $("report-note").addEventListener("input", () => {
    shownCase().item.note = $("report-note").value;
  });
  addEventListener("afterprint", () => fill($("print")));
}

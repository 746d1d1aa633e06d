// How a case is decided: what was decided before, the reviewer's words, the picture as a sample.

import { shownCase, showCase } from "./case.js";
import { $, fill, make } from "./dom.js";
import { capital, moment, words } from "./format.js";
import { load, sha256 } from "./pictures.js";
import { ask, casePath, download, post, upload } from "./server.js";

const REFUSALS = {
  reading: "Decisions need a key with the scope review.",
  enrolling: "Adding it needs a key with the scope enroll.",
};

/** What a refusal says; `what` names what a missing scope keeps from. */
const told = (problem, what) => (problem.status === 403 ? REFUSALS[what] : problem.message);

/** One decision as an item of a list. */
export const decisionRow = one =>
  make(
    "li",
    {},
    make("b", {}, capital(words(one.decision))),
    ` · ${moment(one.decided_at)}${one.key ? ` · key ${one.key}` : ""}`,
    one.comment && make("p", { class: "note" }, one.comment),
  );

function draw(item) {
  const decisions = item.details?.decisions ?? [];
  fill($("decisions"), decisions.map(decisionRow));
  $("case-missing").hidden = Boolean(item.file);
  $("case-sample").hidden = !item.answer.identity;
}

/** Shows the decisions on `item`, where it is a case. */
export function showDecisions(item) {
  $("decide").hidden = !item.id;
  if (!item.id) return;
  $("decide-comment").value = "";
  for (const id of ["decide-status", "case-missing-status", "case-sample-status"]) $(id).textContent = "";
  $("case-link").href = `#cases/${item.id}`;
  draw(item);
}

function say(id, text, wrong = false) {
  $(id).textContent = text;
  $(id).className = wrong ? "wrong" : "";
}

const isShown = item => shownCase()?.item === item;

async function decide(decision, onDecided) {
  const { item } = shownCase();
  const comment = $("decide-comment").value.trim();
  say("decide-status", "");
  try {
    await post(`${casePath(item.id)}/decisions`, { decision, ...(comment && { comment }) });
    item.details = await ask(casePath(item.id));
    if (isShown(item)) {
      $("decide-comment").value = "";
      draw(item);
      say("decide-status", `${capital(words(decision))}.`);
    }
    if (item.stored) await onDecided();
  } catch (problem) {
    if (isShown(item)) say("decide-status", told(problem, "reading"), true);
  }
}

/** Shows the file of a case whose picture is not kept, if it is the one. */
async function bring(file) {
  const { item } = shownCase();
  const own = await sha256(file);
  if (own && own !== item.answer.image.sha256) {
    say("case-missing-status", "This is another file: its SHA-256 is not that of the case.", true);
    return;
  }
  const picture = await load(file);
  if (!isShown(item)) return;
  Object.assign(item, { file, picture });
  showCase(item);
  say(
    "decide-status",
    own ? "The file is the one of the case." : "This browser computes no SHA-256 on a page without TLS: not checked.",
  );
}

async function addSample() {
  const { item } = shownCase();
  const kind = $("case-sample-kind").value;
  const kept = item.details?.case.picture_kept;
  say("case-sample-status", "adding …");
  try {
    if (!kept && !item.file) throw new Error("The picture is not kept: choose its file first.");
    await upload(`${casePath(item.id)}/sample`, kept ? [] : [item.file], { kind });
    if (isShown(item)) say("case-sample-status", `Added as ${words(kind)}.`);
  } catch (problem) {
    if (isShown(item)) say("case-sample-status", told(problem, "enrolling"), true);
  }
}

async function saveReport() {
  const { item } = shownCase();
  try {
    const page = await download(`${casePath(item.id)}/report?format=html`);
    const url = URL.createObjectURL(page);
    make("a", { href: url, download: `faceward-case-${item.id}.html` }).click();
    // The browser has to have begun reading it.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (problem) {
    if (isShown(item)) say("decide-status", told(problem, "reading"), true);
  }
}

/** Makes the buttons work. `onDecided` runs after a decision on a case of the list. */
export function startDecisions(onDecided) {
  for (const node of document.querySelectorAll("[data-decision]"))
    node.addEventListener("click", () => decide(node.dataset.decision, onDecided));
  $("case-file-again").addEventListener("change", () => {
    const file = $("case-file-again").files[0];
    $("case-file-again").value = "";
    if (file) bring(file);
  });
  $("case-sample").addEventListener("submit", event => {
    event.preventDefault();
    addSample();
  });
  $("case-report").addEventListener("click", saveReport);
}

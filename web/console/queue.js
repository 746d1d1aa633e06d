// The pictures of this tab: each waits, is verified, and keeps its answer or its refusal. One is shown.

import { asBlob, framesOf } from "./animation.js";
import { hideCase, showCase } from "./case.js";
import { $, fill, make } from "./dom.js";
import { bytes, plural, words } from "./format.js";
import { crop, load } from "./pictures.js";
import { upload } from "./server.js";
import { about } from "./verdicts.js";

const items = [];
let selected = null;
let running = false;

const STATES = { waiting: "waiting", running: "verifying …", failed: "refused" };

const label = item => (item.answer ? words(item.answer.verdict) : STATES[item.state]);

function list() {
  $("queue-card").hidden = !items.length;
  fill(
    $("queue"),
    items.map(item =>
      make(
        "li",
        { class: item.answer?.verdict ?? item.state },
        make(
          "button",
          { type: "button", "aria-current": item === selected && "true", click: () => select(item, true) },
          item.thumbnail ?? make("canvas", { width: 96, height: 96, "aria-hidden": "true" }),
          make(
            "span",
            {},
            make("b", {}, label(item)),
            make("small", {}, item.file.name),
            make("small", { class: "dim" }, item.answer ? about(item.answer) : item.claim || "no claim"),
          ),
        ),
      ),
    ),
  );
  const done = items.filter(item => item.answer || item.problem).length;
  $("queue-count").textContent = done === items.length ? plural(done, "picture") : `${done} of ${items.length}`;
}

/** Shows what has become of `item`; with `bring`, brings it into view. */
export function select(item, bring = false) {
  selected = item;
  list();
  $("welcome").hidden = Boolean(item);
  $("refused").hidden = !item?.problem;
  $("busy").textContent = item && !item.answer && !item.problem ? `${item.file.name}: ${STATES[item.state]}` : "";
  if (item?.problem) {
    $("refused-file").textContent = `${item.file.name} (${bytes(item.file.size)}) was not verified`;
    $("refused-why").textContent = item.problem.message;
  }
  // Meanwhile another view may show a case of its own.
  if ($("view-review").hidden) return;
  if (item?.answer) showCase(item);
  else hideCase();
  if (bring && (item?.answer || item?.problem)) {
    const target = item.answer ? $("case") : $("refused");
    target.focus({ preventScroll: true });
    // Beside the form it is in view already.
    if (target.getBoundingClientRect().top > innerHeight / 3 || target.getBoundingClientRect().top < 0)
      target.scrollIntoView({ block: "start" });
  }
}

/** Shows once more what is selected. */
export const reselect = () => select(selected);

async function verify(item) {
  item.state = "running";
  if (item === selected) select(item);
  else list();
  const started = performance.now();
  const search = item.claim ? "" : "&top_k=5";
  const stability = item.stability ? "&stability=true" : "";
  try {
    const claim = item.claim ? { identity: item.claim } : {};
    const answer = await upload(`v1/verify?timings=true&review=true${search}${stability}`, [item.file], claim);
    const took = performance.now() - started;
    const frames = await framesOf(item.file, answer.animation?.frames.map(f => f.index) ?? []);
    const deciding = frames.get(answer.animation?.deciding_frame);
    const picture = await load(deciding ? await asBlob(deciding) : item.file);
    const thumbnail = crop(picture.image, answer.image.width, answer.faces[answer.deciding_face]?.bbox);
    Object.assign(item, {
      state: "done",
      answer,
      id: answer.case,
      took,
      picture,
      thumbnail,
      frames,
      at: new Date().toISOString(),
    });
  } catch (problem) {
    item.problem = problem;
    item.state = "failed";
  }
  if (item === selected) select(item, true);
  else list();
}

/** Verifies `files` one after another, and shows the first. */
export async function enqueue(files, claim, stability) {
  const added = files.map(file => ({ file, claim, stability, state: "waiting" }));
  items.unshift(...added);
  select(added[0]);
  if (running) return;
  running = true;
  for (let next = waiting(); next; next = waiting()) await verify(next);
  running = false;
}

const waiting = () => items.filter(item => item.state === "waiting").at(0);

/** Verifies the shown picture once more, without its claim. */
export const searchEveryone = () => enqueue([selected.file], "", selected.stability);

export function clearQueue() {
  for (const item of items) if (item.picture) URL.revokeObjectURL(item.picture.url);
  const open = items.filter(item => item.state === "waiting" || item.state === "running");
  items.splice(0, items.length, ...open);
  select(open[0] ?? null);
}

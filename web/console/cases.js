// The cases that the server keeps: listed, filtered, and opened by their address.

import { hideCase, showCase } from "./case.js";
import { $, fill, make } from "./dom.js";
import { moment, number, plural, words } from "./format.js";
import { load } from "./pictures.js";
import { showPrecision } from "./precision.js";
import { ask, casePath, download } from "./server.js";
import { VERDICTS } from "./verdicts.js";

const PAGE = 50;

let listed = [];
let next = null;
/** The case that the address names; `null` for none. */
let wanted = null;
let entered = false;

const REFUSALS = {
  401: "Enter an API key to see them.",
  403: "This key cannot read cases (scope review).",
};

/** The filters as the query of a request. */
function query(cursor) {
  const date = id => $(id).value && `${$(id).value}T00:00:00Z`;
  const fields = {
    verdict: $("cases-verdict").value,
    decision: $("cases-decision").value,
    identity: $("cases-identity").value.trim(),
    from: date("cases-from"),
    to: date("cases-to"),
    key: $("cases-key").value.trim(),
    cursor,
    limit: PAGE,
  };
  return new URLSearchParams(Object.entries(fields).filter(([, value]) => value)).toString();
}

function row(one) {
  const facts = [
    one.score !== null && `score ${number(one.score)}`,
    one.decision ? words(one.decision) : "no decision yet",
    one.picture_kept && "picture kept",
  ];
  return make(
    "li",
    { class: one.verdict },
    make(
      "a",
      { href: `#cases/${one.id}`, "aria-current": one.id === wanted && "true" },
      make("b", {}, `${VERDICTS[one.verdict]}${one.identity ? `: ${one.identity.display_name}` : ""}`),
      make("small", {}, facts.filter(Boolean).join(" · ")),
      make("small", { class: "dim" }, moment(one.made_at)),
    ),
  );
}

function draw() {
  fill($("cases"), listed.map(row));
  $("cases-more").hidden = next === null;
}

let reading = 0;

/** Reads the list, or with a cursor what follows. */
async function read(cursor) {
  const own = ++reading;
  try {
    const page = await ask(`v1/cases?${query(cursor)}`);
    if (own !== reading) return;
    listed = cursor ? [...listed, ...page.cases] : page.cases;
    next = page.next_cursor;
    $("cases-count").textContent = listed.length
      ? `${plural(listed.length, "case")}${next === null ? "" : " so far"}`
      : "No case.";
  } catch (problem) {
    if (own !== reading) return;
    [listed, next] = [[], null];
    $("cases-count").textContent = REFUSALS[problem.status] ?? problem.message;
  }
  draw();
}

/** Reads the list and the counts again. */
export async function reloadCases() {
  await Promise.all([read(null), showPrecision($("precision-table"))]);
}

/** The case with its picture, where the server keeps it. */
async function open(id) {
  const details = await ask(casePath(id));
  const { answer } = details;
  const kept = details.case.picture_kept ? await download(`${casePath(id)}/image`).catch(() => null) : null;
  const file = kept && new File([kept], `case-${id}`);
  return {
    id,
    details,
    stored: true,
    name: `Case ${id}`,
    file,
    claim: details.case.claimed ? (answer.identity?.id ?? "") : "",
    answer,
    picture: file ? await load(file) : { url: "", image: null },
    frames: new Map(),
    at: details.case.made_at,
  };
}

let opening = 0;

async function show(id) {
  const own = ++opening;
  const isStale = () => own !== opening || !entered;
  $("cases-problem").textContent = "";
  $("cases-welcome").hidden = Boolean(id);
  draw();
  if (!id) return hideCase();
  try {
    const item = await open(id);
    // Another one may have been asked for meanwhile.
    if (isStale()) return;
    showCase(item);
    $("case").focus({ preventScroll: true });
    const { top } = $("case").getBoundingClientRect();
    if (top > innerHeight / 3 || top < 0) $("case").scrollIntoView({ block: "start" });
  } catch (problem) {
    if (isStale()) return;
    hideCase();
    $("cases-problem").textContent = REFUSALS[problem.status]
      ? REFUSALS[problem.status].replace("them", "it")
      : problem.message;
  }
}

/** Shows the list, and the case `id`. */
export async function enterCases(id) {
  const first = !entered;
  entered = true;
  wanted = id;
  if (first) hideCase();
  await Promise.all([first && reloadCases(), show(id)]);
}

export function leaveCases() {
  entered = false;
  wanted = null;
}

/** Opens the case this many rows on. */
function step(by) {
  const at = listed.findIndex(one => one.id === wanted);
  const to = listed[at < 0 ? 0 : at + by];
  if (to) location.hash = `#cases/${to.id}`;
}

const writes = node => node.closest("input, textarea, select") !== null;

export function startCases() {
  fill(
    $("cases-verdict"),
    make("option", { value: "" }, "any"),
    Object.entries(VERDICTS).map(([value, text]) => make("option", { value }, text.toLowerCase())),
  );
  $("cases-filter").addEventListener("change", () => {
    if ($("cases-filter").reportValidity()) read(null);
  });
  $("cases-filter").addEventListener("submit", event => event.preventDefault());
  $("cases-more").addEventListener("click", () => read(next));
  document.addEventListener("keydown", event => {
    if (!entered || writes(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") step(1);
    if (event.key === "k") step(-1);
  });
}

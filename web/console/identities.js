// The list of identities: searched by name or id, read page by page.

import { $, button, fill, make } from "./dom.js";
import { day, plural } from "./format.js";
import { hasMore, identities, more, reload, whyNone } from "./gallery.js";
import { closeIdentity, openIdentity, shownIdentity } from "./identity.js";

/** The most rows that are drawn; the search narrows them. */
const ROWS = 200;

let searching = 0;

const matches = (identity, text) => `${identity.display_name} ${identity.id}`.toLowerCase().includes(text);

function row(i) {
  const facts = [
    i.id,
    plural(i.references, "reference"),
    i.negatives > 0 && plural(i.negatives, "negative"),
    i.expires_at && `until ${day(i.expires_at)}`,
    i.enroll_again && "enroll again",
  ];
  return make(
    "li",
    {},
    button(i.display_name, () => show(i.id), { "aria-current": shownIdentity() === i.id && "true" }),
    make("small", { class: "dim" }, facts.filter(Boolean).join(" · ")),
  );
}

function draw() {
  const text = $("search-text").value.trim().toLowerCase();
  const found = identities().filter(i => matches(i, text));
  const refusals = {
    401: "Enter an API key to see them.",
    403: "This key cannot list identities (scope enroll or review). An id can still be typed as a claim.",
  };
  const refusal = whyNone();
  const none = refusal
    ? (refusals[refusal.status] ?? refusal.message)
    : text
      ? "Nobody matches."
      : "Nobody is enrolled yet.";
  const some = hasMore() ? " so far" : "";
  $("identities-count").textContent = refusal
    ? ""
    : `${text ? `${found.length} of ` : ""}${plural(identities().length, "identity", "identities")}${some}`;
  fill(
    $("identities"),
    found.length ? found.slice(0, ROWS).map(row) : make("li", { class: "dim" }, none),
    found.length > ROWS && make("li", { class: "dim" }, `${found.length - ROWS} more match: search for a name.`),
  );
  $("more").hidden = !hasMore();
}

/** Reads one page more; `false` where that fails. */
async function readOn() {
  try {
    await more();
    return true;
  } catch (problem) {
    $("identities-count").textContent = problem.message;
    return false;
  }
}

/** A search goes through all pages; a newer one ends it. */
async function search() {
  const own = ++searching;
  draw();
  while (own === searching && $("search-text").value.trim() && hasMore()) {
    if (!(await readOn())) return;
    draw();
  }
}

export async function show(id) {
  await openIdentity(id, refresh);
  draw();
}

/** Reads the list again. */
export async function refresh() {
  await reload();
  await search();
}

export function startIdentities() {
  $("search-text").addEventListener("input", search);
  $("more").addEventListener("click", async () => {
    $("more").disabled = true;
    await more().catch(problem => {
      $("identities-count").textContent = problem.message;
    });
    $("more").disabled = false;
    draw();
  });
  $("new-identity").addEventListener("click", () => {
    closeIdentity();
    draw();
    $("id").focus();
  });
}

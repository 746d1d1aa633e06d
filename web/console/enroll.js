// A new identity with its first photographs, and what became of each photograph.

import { $, fill, make } from "./dom.js";
import { number, plural, words } from "./format.js";
import { ask, pathOf, put, upload } from "./server.js";

function lookAlikes(list) {
  if (!list.length) return null;
  return make(
    "div",
    { class: "alert" },
    make("b", {}, "Hard to tell from:"),
    make(
      "ul",
      {},
      list.map(l =>
        make("li", {}, `${l.identity.display_name} (${l.identity.id}), cosine similarity ${number(l.similarity)}`),
      ),
    ),
    make("p", {}, "If it is the same person, keep one identity. A search may answer with either."),
  );
}

/** Shows in `node` what became of each photograph. */
export function showOutcomes(node, report) {
  const file = entry => make("td", {}, entry.filename ?? `photograph ${entry.index + 1}`);
  const taken = report.accepted.map(a => [
    a.index,
    make(
      "tr",
      {},
      file(a),
      make("td", { class: "real" }, "accepted"),
      make("td", {}, `quality ${number(a.quality, 0)} of 100${a.faces > 1 ? `, one of ${a.faces} faces` : ""}`),
    ),
  ]);
  const refused = report.rejected.map(r => [
    r.index,
    make("tr", {}, file(r), make("td", { class: "fake" }, words(r.code)), make("td", {}, r.detail)),
  ]);
  const rows = [...taken, ...refused].sort((a, b) => a[0] - b[0]).map(([, row]) => row);
  const head = ["File", "Outcome", "Why"].map(text => make("th", { scope: "col" }, text));
  const p = report.profile;
  fill(
    node,
    make("h3", {}, `${report.accepted.length} of ${plural(rows.length, "photograph")} accepted`),
    make("table", { class: "outcomes" }, make("thead", {}, make("tr", {}, head)), make("tbody", {}, rows)),
    make(
      "p",
      {},
      p
        ? `${plural(p.references, "reference")}, ${plural(p.negatives, "negative")}: ${p.remark}.`
        : "No reference yet: nothing can be verified against this identity.",
    ),
    lookAlikes(report.look_alikes),
  );
}

/** Enrolls what the form holds; gives the id and the report, which is absent without photographs. */
async function enroll() {
  const id = $("id").value.trim();
  const path = pathOf(id);
  const known = await ask(path).catch(problem => {
    if (problem.status !== 404) throw problem;
  });
  if (known)
    throw new Error(`${id} is enrolled already, as ${known.display_name}: open it in the list to add photographs.`);
  const end = $("expires").value;
  await put(path, {
    display_name: $("name").value.trim() || id,
    consent_basis: $("basis").value.trim() || null,
    expires_at: end ? `${end}T00:00:00Z` : null,
  });
  const files = [...$("references").files];
  if (!files.length) return { id, report: null };
  try {
    return { id, report: await upload(`${path}/references`, files) };
  } catch (problem) {
    if (!problem.body?.report) throw problem;
    return { id, report: problem.body.report };
  }
}

/** `done` is called with the id of whoever was enrolled. */
export function startEnrolling(done) {
  $("enroll").addEventListener("submit", async event => {
    event.preventDefault();
    const act = $("enroll").querySelector("[type=submit]");
    act.disabled = true;
    $("enroll-status").textContent = "enrolling …";
    $("enroll-status").className = "";
    try {
      const { id, report } = await enroll();
      $("enroll").reset();
      $("enroll-status").textContent = "";
      await done(id);
      if (report) showOutcomes($("identity-outcomes"), report);
    } catch (problem) {
      $("enroll-status").textContent = problem.message;
      $("enroll-status").className = "wrong";
    }
    act.disabled = false;
  });
}

// The enrolled references beside the verified picture, the nearest first. Their photographs are shown where the server
// keeps them and the key may read them.

import { closeCompare, compare } from "./compare.js";
import { $, button, fill, folded, make } from "./dom.js";
import { day, number, plural } from "./format.js";
import { photograph, photographsWanted, wantPhotographs } from "./photographs.js";
import { load } from "./pictures.js";
import { ask, pathOf } from "./server.js";

/** The number of references shown; the rest is folded. */
const FIRST = 6;
/** What is known of the references: the one that the picture is a copy of, then the nearest first. */
async function gather({ identity, copy_of: copy, review }) {
  const near = review?.references ?? [];
  const order = new Map(near.map((one, i) => [one.id, { ...one, rank: i }]));
  if (copy?.kind === "reference") order.set(copy.id, { ...order.get(copy.id), rank: -1, copied: true });
  let known = [];
  let note = "";
  try {
    known = await ask(`${pathOf(identity.id)}/references`);
  } catch (problem) {
    note =
      problem.status === 403
        ? "Names and quality of the references need a key with the scope enroll."
        : problem.message;
    known = [...order.keys()].map(id => ({ id }));
  }
  const all = known.map(sample => ({ ...sample, ...order.get(sample.id) }));
  return { note, all: all.sort((a, b) => (a.rank ?? near.length) - (b.rank ?? near.length)) };
}

function card(sample, identity, probe) {
  const name = sample.filename ?? `reference ${sample.id.slice(0, 8)}`;
  const picture = make("div", { class: "photograph" });
  const actions = make("div", {});
  const known = [
    sample.similarity !== undefined && `similarity ${number(sample.similarity)}`,
    sample.quality !== undefined && `quality ${number(sample.quality, 0)}`,
    sample.added_at && day(sample.added_at),
  ];
  if (photographsWanted()) {
    fill(picture, make("span", { class: "dim" }, "loading …"));
    photograph(`${pathOf(identity.id)}/references`, sample.id).then(found => {
      if (!found.image)
        return fill(picture, make("span", { class: "dim" }, found.why ?? "This browser cannot show it."));
      fill(picture, make("img", { src: found.url, alt: `Reference ${name}` }));
      if (probe.outlines)
        fill(
          actions,
          button("Compare", () => compare(probe, { ...found, id: sample.id, name }, identity.id), { class: "quiet" }),
        );
    });
  }
  return make(
    "li",
    { "data-reference": sample.id },
    photographsWanted() && picture,
    make("b", {}, name),
    sample.copied && make("small", { class: "copied" }, "the picture is a copy of it"),
    known.map(text => text && make("small", { class: "dim" }, text)),
    actions,
  );
}

/** Shows the references of the identity that `face` was compared with, beside `probe`. */
export async function showReferences(face, probe) {
  closeCompare();
  const node = $("references-card");
  const identity = face?.identity;
  node.hidden = !identity;
  if (!identity) return;
  const near = face.review?.references ?? [];
  $("references-of").textContent = `References of ${identity.display_name}`;
  fill($("references-list"), make("p", { class: "dim" }, "loading …"));
  const { note, all } = await gather(face);
  // Another face may have been chosen meanwhile.
  if (probe.isStale()) return;
  const wanted = photographsWanted();
  const list = some =>
    make(
      "ul",
      { class: "photographs" },
      some.map(sample => card(sample, identity, probe)),
    );
  const rest = all.slice(FIRST);
  fill(
    $("references-list"),
    note && make("p", { class: "dim" }, note),
    all.length > 0 &&
      !wanted &&
      make(
        "p",
        {},
        button("Show their photographs", () => {
          wantPhotographs();
          showReferences(face, probe);
        }),
        make("small", { class: "dim" }, " Only if the server keeps them. Each read is recorded in the audit log."),
      ),
    list(all.slice(0, FIRST)),
    rest.length > 0 &&
      folded(
        plural(rest.length, "more reference"),
        list(wanted ? [] : rest),
        wanted && button("Show them too", event => event.target.replaceWith(list(rest))),
      ),
    near.length > 0 &&
      make("p", { class: "dim" }, "The nearest first, by the cosine of the inner face. It is no part of the verdict."),
  );
  $("compare-file").onchange = async () => {
    const file = $("compare-file").files[0];
    $("compare-file").value = "";
    if (file) compare(probe, { ...(await load(file)), blob: file, name: file.name }, identity.id);
  };
}

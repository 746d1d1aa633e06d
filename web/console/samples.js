// The references or the negatives of one identity: a row each, with the photograph where it is kept.

import { confirmed } from "./confirm.js";
import { button, fill, make } from "./dom.js";
import { day, number, words } from "./format.js";
import { photograph, photographsWanted } from "./photographs.js";
import { erase } from "./server.js";

/** Under this quality a reference is worth replacing. */
const POOR = 40;

function row(sample, path, changed, say) {
  const name = sample.filename ?? `${sample.id.slice(0, 8)} (no file name)`;
  const picture = make("td", { class: "thumb" });
  if (photographsWanted()) {
    photograph(path, sample.id).then(found => {
      fill(
        picture,
        found.image
          ? make("img", { src: found.url, alt: `Photograph ${name}` })
          : make("small", { class: "dim" }, found.why ?? "cannot be shown"),
      );
    });
  }
  const remove = async () => {
    const sure = await confirmed(
      `Delete ${name}?`,
      "Its template is erased, and its photograph if one was kept. This cannot be undone.",
      "Delete",
    );
    if (!sure) return;
    try {
      await erase(`${path}/${sample.id}`);
      await changed(`${name} was deleted.`);
    } catch (problem) {
      say(problem.message, true);
    }
  };
  return make(
    "tr",
    { "data-sample": sample.id },
    photographsWanted() && picture,
    make(
      "td",
      {},
      make("b", {}, name),
      make(
        "small",
        { class: "dim" },
        `${sample.kind === "reference" ? "" : `${words(sample.kind)} · `}added ${day(sample.added_at)} · SHA-256 ${sample.image_sha256.slice(0, 12)}…`,
      ),
    ),
    make("td", { class: sample.quality < POOR ? "num weak" : "num" }, number(sample.quality, 0)),
    make("td", {}, button("Delete", remove, { class: "quiet", "aria-label": `Delete ${name}` })),
  );
}

/** A table of `samples` under `path`; `changed` is called once one was deleted, `say` with a refusal. */
export function sampleTable(samples, path, changed, say) {
  if (!samples.length) return make("p", { class: "dim" }, "none");
  const head = [
    photographsWanted() && make("th", { scope: "col" }, "Photograph"),
    make("th", { scope: "col" }, "File"),
    make("th", { scope: "col", class: "num" }, "Quality"),
    make("th", { scope: "col" }, make("span", { class: "unseen" }, "Delete")),
  ];
  return make(
    "table",
    { class: "samples" },
    make("thead", {}, make("tr", {}, head)),
    make(
      "tbody",
      {},
      samples.map(sample => row(sample, path, changed, say)),
    ),
  );
}

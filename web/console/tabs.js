// Several faces: a tab for each, with its thumbnail.

import { $, fill, make } from "./dom.js";
import { words } from "./format.js";
import { crop } from "./pictures.js";
import { about } from "./verdicts.js";

const MOVES = { ArrowRight: 1, ArrowLeft: -1 };

/** Shows the tabs of an answer with the one at `index` selected; `choose` is called with another face's index. */
export function showTabs(answer, image, index, choose) {
  const tabs = $("tabs");
  tabs.hidden = answer.faces.length < 2;
  const go = (to, focus) => {
    const next = (to + answer.faces.length) % answer.faces.length;
    choose(next);
    if (focus) tabs.querySelector(`[data-face="${next}"]`)?.focus();
  };
  fill(
    tabs,
    answer.faces.map(face =>
      make(
        "button",
        {
          type: "button",
          role: "tab",
          class: face.verdict,
          "data-face": face.index,
          "aria-controls": "panel",
          "aria-selected": String(face.index === index),
          tabindex: face.index === index ? 0 : -1,
          click: () => go(face.index),
          keydown: event => {
            if (!MOVES[event.key]) return;
            event.preventDefault();
            go(index + MOVES[event.key], true);
          },
        },
        crop(image, answer.image.width, face.bbox),
        make(
          "span",
          {},
          make("b", {}, `${face.index + 1} · ${words(face.verdict)}`),
          make("small", {}, about(face)),
          face.index === answer.deciding_face && make("small", { class: "dim" }, "decides"),
        ),
      ),
    ),
  );
}

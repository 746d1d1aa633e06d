// The frames of an animation: a strip of what was found in each. The faces shown are those of the deciding one.

import { fill, make } from "./dom.js";
import { number, plural, words } from "./format.js";

/** `pictures` has a canvas for each frame that the browser could decode. */
export function showFrames(node, animation, pictures) {
  node.hidden = !animation;
  if (!animation) return;
  const frames = animation.frames.map(f =>
    make(
      "li",
      { class: f.verdict, "aria-current": f.index === animation.deciding_frame && "true" },
      pictures.get(f.index),
      make("b", {}, words(f.verdict)),
      make("span", {}, `frame ${f.index + 1} at ${number(f.at_ms / 1000)} s`),
      make("small", {}, `shown ${number(f.shown_ms / 1000)} s, ${plural(f.faces, "face")}`),
      make("small", {}, f.score === null ? "no score" : `score ${number(f.score)}`),
      f.index === animation.deciding_frame && make("small", { class: "decides" }, "decides"),
    ),
  );
  fill(
    node,
    make("h3", {}, "Frames"),
    make(
      "p",
      { class: "dim" },
      pictures.has(animation.deciding_frame)
        ? "The picture above is the deciding frame."
        : "Boxes and evidence are those of the deciding frame; the picture above is what this browser plays.",
    ),
    make("ol", { class: "frames", tabindex: 0, "aria-label": "Frames" }, frames),
  );
}

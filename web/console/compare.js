// A face and a photograph of the person laid over one another by the eyes: side by side, with a slider, or blinking.

import { $, button, fill, make } from "./dom.js";
import { drawAligned } from "./pictures.js";
import { upload } from "./server.js";

const SIDE = 560;
const BLINK_MS = 700;

/** The outlines of the faces that were measured for this, by the reference's id. */
const measured = new Map();
let timer = null;

/** Measures the photograph of a reference, to find its eyes. */
async function outlinesOf(other, identity) {
  if (other.id && measured.has(other.id)) return measured.get(other.id);
  const answer = await upload("v1/verify?review=true", [other.blob], { identity });
  const face = answer.faces[answer.deciding_face];
  if (!face) throw new Error("No face was found in that photograph.");
  const found = { outlines: face.review.outlines, width: answer.image.width };
  if (other.id) measured.set(other.id, found);
  return found;
}

const canvas = label => make("canvas", { width: SIDE, height: SIDE, role: "img", "aria-label": label });

function stop() {
  clearInterval(timer);
  timer = null;
}

export function closeCompare() {
  stop();
  $("compare").hidden = true;
  fill($("overlay"));
}

function set(mode, top) {
  stop();
  const overlay = $("overlay");
  overlay.className = mode;
  for (const one of $("modes").children) one.setAttribute("aria-pressed", String(one.dataset.mode === mode));
  $("slide-row").hidden = mode !== "slider";
  top.style.visibility = "";
  overlay.onclick = null;
  top.style.clipPath = mode === "slider" ? `inset(0 0 0 ${$("slide").value}%)` : "";
  if (mode !== "blink") return;
  // Who asks for less motion blinks by hand.
  const flip = () => {
    top.style.visibility = top.style.visibility ? "" : "hidden";
  };
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) overlay.onclick = flip;
  else timer = setInterval(flip, BLINK_MS);
}

/** Lays `probe` (its image, its width as the server read it, its outlines) over `other` (its image and bytes). */
export async function compare(probe, other, identity) {
  closeCompare();
  $("compare").hidden = false;
  $("compare-note").textContent = "finding the eyes …";
  try {
    if (!probe.image || !other.image) throw new Error("This browser cannot show one of the two pictures.");
    const { outlines, width } = await outlinesOf(other, identity);
    // Another case may be shown by now.
    if (probe.isStale()) return;
    const [below, top] = [canvas("The verified picture"), canvas(other.name)];
    drawAligned(below, probe.image, probe.width, probe.outlines);
    drawAligned(top, other.image, width, outlines);
    fill(
      $("overlay"),
      make("figure", {}, below, make("figcaption", {}, "verified picture")),
      make("figure", {}, top, make("figcaption", {}, other.name)),
    );
    const modes = [
      ["pair", "Side by side"],
      ["slider", "Slider"],
      ["blink", "Blink"],
    ];
    fill(
      $("modes"),
      modes.map(([mode, name]) =>
        button(name, () => set(mode, top), { "data-mode": mode, "aria-pressed": "false", class: "quiet" }),
      ),
    );
    $("slide").oninput = () => {
      top.style.clipPath = `inset(0 0 0 ${$("slide").value}%)`;
    };
    $("compare-note").textContent = "Both are turned and scaled so that the eyes coincide.";
    set("pair", top);
    $("compare").scrollIntoView({ block: "nearest" });
  } catch (problem) {
    fill($("modes"));
    $("compare-note").textContent = problem.message;
  }
}

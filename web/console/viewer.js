// The picture: it is zoomed and moved by wheel, buttons, keys, mouse and fingers, and drawn over.

import { $, fill, make } from "./dom.js";
import { pathOf, shades, weighs } from "./regions.js";
import { faceName } from "./verdicts.js";

const CANNOT_SHOW = "This browser cannot show this format. Boxes lie where they were found.";
const NOT_HERE = "The picture is not here. Boxes lie where they were found.";

const MOST = 24;
const STEP = 1.35;

/** How the picture lies in the frame: zoom over the size at which it fits, and the shift in pixels of the frame. */
let view = { zoom: 1, x: 0, y: 0 };
let size = { width: 1, height: 1 };
let focus = null;

const frame = () => $("frame");

/** The frame's pixels per pixel of the picture at zoom 1. */
const fit = () => Math.min(frame().clientWidth / size.width, frame().clientHeight / size.height);

function place() {
  const { clientWidth: w, clientHeight: h } = frame();
  const scale = fit() * view.zoom;
  const [width, height] = [size.width * scale, size.height * scale];
  // The picture stays in the frame; where it is smaller, it is centred.
  const clamp = (shift, own, room) => (own <= room ? (room - own) / 2 : Math.min(0, Math.max(room - own, shift)));
  view = { ...view, x: clamp(view.x, width, w), y: clamp(view.y, height, h) };
  const stage = $("stage");
  stage.style.width = `${width}px`;
  stage.style.height = `${height}px`;
  stage.style.transform = `translate(${view.x}px, ${view.y}px)`;
  frame().classList.toggle("zoomed", view.zoom > 1.001);
  $("zoom").textContent = `${Math.round(100 * scale)} %`;
}

/** Zooms by `times` about a point of the frame. */
function zoom(times, at = [frame().clientWidth / 2, frame().clientHeight / 2]) {
  const next = Math.min(MOST, Math.max(1, view.zoom * times));
  const change = next / view.zoom;
  view = { zoom: next, x: at[0] - (at[0] - view.x) * change, y: at[1] - (at[1] - view.y) * change };
  place();
}

function move(x, y) {
  view = { ...view, x: view.x + x, y: view.y + y };
  place();
}

function whole() {
  view = { zoom: 1, x: 0, y: 0 };
  place();
}

function toFace() {
  if (!focus) return;
  const { clientWidth: w, clientHeight: h } = frame();
  const zoomed = Math.min(w / (focus.width * 1.9), h / (focus.height * 1.7)) / fit();
  view = { zoom: Math.min(MOST, Math.max(1, zoomed)), x: 0, y: 0 };
  const scale = fit() * view.zoom;
  view = { ...view, x: w / 2 - (focus.x + focus.width / 2) * scale, y: h / 2 - (focus.y + focus.height / 2) * scale };
  place();
}

/** Shows the picture at `url` with the size that the server read. */
export function showPicture(url, image, name) {
  size = { width: image.width, height: image.height };
  frame().style.aspectRatio = `${Math.min(2.2, Math.max(0.8, image.width / image.height))}`;
  $("blank").hidden = Boolean(url);
  $("blank").textContent = url ? CANNOT_SHOW : NOT_HERE;
  if (url) $("picture").src = url;
  else $("picture").removeAttribute("src");
  $("picture").alt = name;
  $("marks").setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
  whole();
}

/** Draws the boxes of all faces and the evidence of the one at `index`; `choose` is called with a face's index. */
export function drawFaces(answer, index, choose) {
  const face = answer.faces[index];
  focus = face?.bbox ?? null;
  $("to-face").disabled = !face;
  const outlines = face?.review?.outlines;
  const differences = face?.explanation.differences ?? [];
  const parts = shades(differences, outlines);
  fill(
    $("shades"),
    parts.map(({ path, tone, strength }) =>
      make("path", { d: path, class: `shade ${tone}`, "fill-opacity": 0.5 * strength, "fill-rule": "evenodd" }),
    ),
  );
  $("nowhere").hidden = parts.length > 0 || !differences.some(weighs);
  fill($("highlight"));
  fill(
    $("boxes"),
    answer.faces.map(one => {
      const { x, y, width, height } = one.bbox;
      const own = { x: Math.max(0, x), y: Math.max(0, y) };
      own.width = Math.min(size.width, x + width) - own.x;
      own.height = Math.min(size.height, y + height) - own.y;
      const click = () => {
        // Who moved the picture did not mean the box.
        if (travelled < 5) choose(one.index);
      };
      const box = make(
        "rect",
        { ...own, class: `${one.verdict}${one.index === index ? " shown" : ""}`, click },
        make("title", {}, faceName(one)),
      );
      if (answer.faces.length === 1) return box;
      const text = Math.max(own.height / 5, size.height / 45);
      return make(
        "g",
        {},
        box,
        make("text", { x: own.x + text / 4, y: own.y + text, "font-size": text, class: one.verdict }, one.index + 1),
      );
    }),
  );
  $("legend").hidden = !parts.length;
}

/** Outlines what a difference was measured on; nothing for `null`. */
export function highlight(difference, face) {
  const path = difference && pathOf(difference, face?.review?.outlines);
  fill(
    $("highlight"),
    path && make("path", { d: path, class: "halo" }),
    path && make("path", { d: path, class: "outline" }),
  );
  frame().classList.toggle("pointing", Boolean(path));
}

/** Where each finger, or the mouse, is pressed. One moves the picture, two zoom it about their middle. */
const fingers = new Map();
/** How far the picture was moved since the first press, in pixels. */
let travelled = 0;

function drag(event) {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const now = [event.clientX, event.clientY];
  const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
  if (other) {
    const apart = p => Math.hypot(p[0] - other[0], p[1] - other[1]);
    const edge = frame().getBoundingClientRect();
    zoom(apart(now) / Math.max(1, apart(before)), [
      (now[0] + other[0]) / 2 - edge.left,
      (now[1] + other[1]) / 2 - edge.top,
    ]);
  } else {
    travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    move(now[0] - before[0], now[1] - before[1]);
  }
  fingers.set(event.pointerId, now);
}

const KEYS = {
  "+": () => zoom(STEP),
  "=": () => zoom(STEP),
  "-": () => zoom(1 / STEP),
  0: whole,
  f: toFace,
  ArrowLeft: () => move(60, 0),
  ArrowRight: () => move(-60, 0),
  ArrowUp: () => move(0, 60),
  ArrowDown: () => move(0, -60),
};

function toggles(id, name) {
  $(id).addEventListener("click", () => {
    const hidden = frame().classList.toggle(`no-${name}`);
    $(id).setAttribute("aria-pressed", String(!hidden));
  });
}

export function startViewer() {
  const box = frame();
  // It has keys of its own.
  box.tabIndex = 0;
  box.setAttribute("role", "application");
  box.setAttribute("aria-label", "The verified picture. Plus and minus zoom, 0 shows all, f the face, arrows move.");
  $("zoom-in").addEventListener("click", () => zoom(STEP));
  $("zoom-out").addEventListener("click", () => zoom(1 / STEP));
  $("zoom-all").addEventListener("click", whole);
  $("to-face").addEventListener("click", toFace);
  toggles("show-boxes", "boxes");
  toggles("show-shades", "shades");
  box.addEventListener("keydown", event => {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  box.addEventListener(
    "wheel",
    event => {
      // At the smallest size the page scrolls on.
      if (event.deltaY > 0 && view.zoom <= 1.001) return;
      event.preventDefault();
      const edge = box.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY / 400), [event.clientX - edge.left, event.clientY - edge.top]);
    },
    { passive: false },
  );
  box.addEventListener("pointerdown", event => {
    if (!fingers.size) travelled = 0;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
  });
  box.addEventListener("pointermove", drag);
  for (const name of ["pointerup", "pointercancel", "pointerleave"])
    box.addEventListener(name, event => fingers.delete(event.pointerId));
  $("picture").addEventListener("load", () => {
    $("picture").hidden = false;
  });
  $("picture").addEventListener("error", () => {
    $("picture").hidden = true;
    $("blank").hidden = !$("picture").getAttribute("src");
  });
  $("picture").addEventListener("dragstart", event => event.preventDefault());
  new ResizeObserver(place).observe(box);
}

// Elements of the page: found by id, or made.

const SVG = new Set(["svg", "g", "rect", "line", "text", "path", "title"]);

export const $ = id => document.getElementById(id);

/** An element. An attribute that is a function listens to the event of that name; `false` and absent ones are left out. */
export function make(tag, attributes = {}, ...children) {
  const node = SVG.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== false && value !== null && value !== undefined)
      node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return node;
}

/** Fills `node` with `children`, leaving out those that are absent. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
}

/** A table of names and values; a row without a value is left out. */
export function facts(rows) {
  const kept = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return make(
    "dl",
    { class: "facts" },
    kept.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
  );
}

/** A button that does not submit its form. */
export const button = (text, click, more = {}) => make("button", { type: "button", click, ...more }, text);

/** Something folded under a line. */
export const folded = (line, ...children) => make("details", {}, make("summary", {}, line), ...children);

// Everybody enrolled, as far as the pages have been read.

import { $, fill, make } from "./dom.js";
import { ask } from "./server.js";

const PAGE = 500;
/** The most names that the form of a verification suggests. */
const SUGGESTED = 1000;

let known = [];
let next = null;
let problem = null;

export const identities = () => known;
export const hasMore = () => next !== null;
export const whyNone = () => problem;

async function page(cursor) {
  const at = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
  const { identities, next_cursor } = await ask(`v1/identities?limit=${PAGE}${at}`);
  known = cursor ? [...known, ...identities] : identities;
  next = next_cursor;
}

function suggest() {
  fill(
    $("known"),
    known.slice(0, SUGGESTED).map(i => make("option", { value: i.id }, i.display_name)),
  );
}

/** Reads the first page. */
export async function reload() {
  try {
    await page(null);
    problem = null;
  } catch (refusal) {
    [known, next, problem] = [[], null, refusal];
  }
  suggest();
}

/** Reads one page more. */
export async function more() {
  await page(next);
  suggest();
}

// The enrolled photographs, where the server keeps them and the key may read them. Every read is recorded in the audit
// log, so they are shown once they are asked for, and none is read twice.

import { load } from "./pictures.js";
import { download } from "./server.js";

const WANTED = "faceward-photographs";

/** Photographs that were read, by the sample's id. */
const read = new Map();
let wanted = false;
try {
  wanted = sessionStorage.getItem(WANTED) === "yes";
} catch {
  // Then the choice lasts as long as the page.
}

export const photographsWanted = () => wanted;

export function wantPhotographs() {
  wanted = true;
  try {
    sessionStorage.setItem(WANTED, "yes");
  } catch {
    // As above.
  }
}

const REASONS = { 403: "The photograph needs a key with the scope admin.", 404: "The photograph was not kept." };

/** The photograph of a reference or negative under `path`: its picture and bytes, or why there is none. */
export async function photograph(path, id) {
  if (!read.has(id)) {
    try {
      const blob = await download(`${path}/${id}/image`);
      read.set(id, { ...(await load(blob)), blob });
    } catch (problem) {
      const why = REASONS[problem.status] ?? problem.message;
      // What a key may read changes with the key.
      if (problem.status !== 404) return { why };
      read.set(id, { why });
    }
  }
  return read.get(id);
}

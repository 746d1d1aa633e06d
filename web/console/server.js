// The server that serves this page; the page talks to no other. The key lives as long as the browser's tab.

import { capital } from "./format.js";

const KEY = "faceward-key";

/** Memory for browsers that forbid the storage. */
let fallback = "";

export function key() {
  try {
    return sessionStorage.getItem(KEY) ?? fallback;
  } catch {
    return fallback;
  }
}

export function setKey(text) {
  fallback = text;
  try {
    sessionStorage.setItem(KEY, text);
  } catch {
    // Then it is gone with the page.
  }
}

/** What the server refused, or why it did not answer. */
export class Refusal extends Error {
  constructor(message, { status = 0, body = null } = {}) {
    super(message);
    this.status = status;
    this.code = body?.code;
    this.body = body;
  }

  static async of(answer) {
    const body = await answer.json().catch(() => null);
    const later = answer.headers.get("retry-after");
    const told = body ? `${capital(body.detail)}.` : `The server answered ${answer.status}.`;
    return new Refusal(later ? `${told} Try again in ${later} s.` : told, { status: answer.status, body });
  }
}

async function send(path, { headers, ...options } = {}) {
  const own = key();
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { ...headers, ...(own && { Authorization: `Bearer ${own}` }) } });
  } catch {
    throw new Refusal("The server does not answer. Check that it is running.");
  }
  if (!answer.ok) throw await Refusal.of(answer);
  return answer;
}

/** The JSON that a path answers; `null` without any. */
export async function ask(path, options) {
  const answer = await send(path, options);
  return answer.status === 204 ? null : answer.json();
}

/** The bytes that a path answers. */
export const download = async path => (await send(path)).blob();

/** Deletes what is at `path`; gives the number of the receipt, where there is one. */
export const erase = async path => (await send(path, { method: "DELETE" })).headers.get("erasure-receipt");

/** Writes `fields` to `path`. */
export const put = (path, fields) =>
  ask(path, { method: "PUT", body: JSON.stringify(fields), headers: { "Content-Type": "application/json" } });

/** Sends `fields` to `path`. */
export const post = (path, fields) =>
  ask(path, { method: "POST", body: JSON.stringify(fields), headers: { "Content-Type": "application/json" } });

/** Sends `files`, and `texts` beside them, to `path`. */
export function upload(path, files, texts = {}) {
  const form = new FormData();
  for (const file of files) form.append("image", file);
  for (const [name, value] of Object.entries(texts)) form.append(name, value);
  return ask(path, { method: "POST", body: form });
}

export const casePath = id => `v1/cases/${encodeURIComponent(id)}`;

export const pathOf = id => `v1/identities/${encodeURIComponent(id)}`;

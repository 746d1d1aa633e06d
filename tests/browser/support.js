// The real server on a store of its own, the browser, and what the tests do with a page.
//
// From the environment: ROOT, the repository (two folders up unless given), FACEWARD, the program
// (target/release/faceward there), CHROMIUM, the browser, and SCREENSHOTS, a folder to which each state that is checked
// is drawn.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const ROOT = resolve(process.env.ROOT ?? join(import.meta.dirname, "../.."));
const PROGRAM = process.env.FACEWARD ?? join(ROOT, "target/release/faceward");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SCREENSHOTS = process.env.SCREENSHOTS;
const DESKTOP = { width: 1440, height: 900 };
/** A verification takes a second or two, and longer where others use the processor. */
const PATIENCE_MS = 60_000;

export const demo = name => join(ROOT, "demo", name);

/** A server that listens on a free port; `keys` are issued first, by their scopes. */
export async function startServer({ args = [], keys = [] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "faceward-browser-"));
  const data = join(folder, "data");
  const issued = keys.map(scope => {
    const made = execFileSync(
      PROGRAM,
      ["keys", "create", "--data-dir", data, "--name", scope, "--scope", scope, "--json"],
      { encoding: "utf8" },
    );
    return JSON.parse(made).key;
  });
  const program = spawn(
    PROGRAM,
    ["serve", "--create", "--data-dir", data, "--models", join(ROOT, "models"), "--listen", "127.0.0.1:0", ...args],
    {
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const lines = createInterface({ input: program.stdout });
  const [line] = await once(lines, "line");
  const url = line.split(/\s+/).at(-1);
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/?$/, line);
  return {
    url,
    issued,
    /** A folder for files that a test makes. */
    folder,
    async stop() {
      const ended = once(program, "exit");
      program.kill();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** The manipulated copy that the demonstration makes, in `folder`. */
export function manipulated(folder) {
  execFileSync(PROGRAM, ["demo", "--models", join(ROOT, "models"), "--write", join(folder, "demo")], {
    stdio: "ignore",
  });
  return join(folder, "demo/manipulated.jpg");
}

export const startBrowser = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // Chromium's sandbox cannot be had as root in a container; the page under test is this project's own.
    args: ["--no-sandbox"],
  });

/** A page on the console. Whatever it logs as an error, or asks of another place, fails the test that `done` ends. */
export async function openPage(browser, server, { viewport = DESKTOP, dark = false, hash = "" } = {}) {
  const context = await browser.newContext({ viewport, colorScheme: dark ? "dark" : "light", acceptDownloads: true });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", error => faults.push(error.message));
  page.on("console", message => {
    // The browser logs every answer of 4xx; the page tells of it itself.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      faults.push(message.text());
  });
  page.on("request", request => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== "blob:" && protocol !== "data:" && origin !== new URL(server.url).origin)
      faults.push(`asked ${request.url()}`);
  });
  await page.goto(new URL(`/${hash}`, server.url).href);
  return {
    page,
    async done() {
      assert.deepEqual(faults, []);
      await context.close();
    },
  };
}

/** Enrolls a person over HTTP. */
export async function enroll(server, id, name, files, key) {
  const headers = key ? { authorization: `Bearer ${key}` } : {};
  const path = new URL(`/v1/identities/${id}`, server.url);
  const put = await fetch(path, {
    method: "PUT",
    body: JSON.stringify({ display_name: name }),
    headers: { ...headers, "content-type": "application/json" },
  });
  assert.ok(put.ok, await put.text());
  if (!files.length) return;
  const form = new FormData();
  for (const file of files) form.append("image", new Blob([readFileSync(file)]), file.split("/").at(-1));
  const sent = await fetch(`${path}/references`, { method: "POST", body: form, headers });
  assert.ok(sent.ok, await sent.text());
}

/** Verifies a file by the page's form, and waits for its answer or its refusal. */
export async function verify(page, file, claim = "") {
  await page.locator("#image").setInputFiles(file);
  await page.locator("#identity").fill(claim);
  await page.getByRole("button", { name: "Verify", exact: true }).click();
  await page.locator("#case:visible, #refused:visible").first().waitFor();
}

/** A picture drawn by the browser: `draw` gets a canvas's context and the images of `files`. Gives a file to upload. */
export async function compose(page, name, [width, height], files, draw) {
  const sources = files.map(file => `data:image/jpeg;base64,${readFileSync(file, "base64")}`);
  const drawn = await page.evaluate(
    async ({ width, height, sources, draw }) => {
      const images = await Promise.all(
        sources.map(async source => {
          const image = new Image();
          image.src = source;
          await image.decode();
          return image;
        }),
      );
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      const pen = canvas.getContext("2d");
      pen.fillStyle = "#888";
      pen.fillRect(0, 0, width, height);
      for (const [image, ...box] of draw.map(([i, ...box]) => [images[i], ...box])) pen.drawImage(image, ...box);
      return canvas.toDataURL("image/png").split(",")[1];
    },
    { width, height, sources, draw },
  );
  return { name, mimeType: "image/png", buffer: Buffer.from(drawn, "base64") };
}

/** Fails where axe-core finds anything, or where the page is wider than its window; draws the page if asked. */
export async function inspect(page, state) {
  // A page under this policy runs no script that it did not load; the browser itself does.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map(v => `${v.id}: ${v.help}: ${v.nodes.map(n => n.target.join(" ")).join(", ")}`);
  assert.deepEqual(told, [], state);
  const [content, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= room, `${state}: ${content} pixels wide in ${room}`);
  if (!SCREENSHOTS) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${state}.png`), fullPage: true });
}

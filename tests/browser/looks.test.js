// The page on a telephone, in the dark, with keys, and for those who do not use a mouse.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { demo, enroll, inspect, manipulated, openPage, startBrowser, startServer, verify } from "./support.js";

const TELEPHONE = { width: 390, height: 844 };

let server;
let browser;
let fake;
let keys;

before(async () => {
  server = await startServer({ args: ["--keep-images"], keys: ["enroll,verify", "verify", "admin"] });
  browser = await startBrowser();
  fake = manipulated(server.folder);
  const [both, only, admin] = server.issued;
  keys = { both, only, admin };
  await enroll(server, "obama", "Barack Obama", ["obama-2009.jpg", "obama-2012.jpg"].map(demo), both);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function onPage(options, act) {
  const { page, done } = await openPage(browser, server, options);
  await page.locator("#key").fill(options.key ?? keys.admin);
  await page.locator("#key").blur();
  await act(page);
  await done();
}

for (const dark of [false, true]) {
  const name = dark ? "dark" : "light";
  test(`a telephone shows the answer without scrolling aside (${name})`, () =>
    onPage({ viewport: TELEPHONE, dark }, async page => {
      await inspect(page, `telephone-empty-${name}`);
      await verify(page, fake, "obama");
      await page.waitForFunction(() => {
        const { top } = document.querySelector("#verdict").getBoundingClientRect();
        return top >= 0 && top < innerHeight / 2;
      });
      await page.getByRole("button", { name: "Show their photographs" }).click();
      await page.locator("#references-list img").nth(1).waitFor();
      await page.getByRole("button", { name: "Compare" }).first().click();
      await page.locator("#overlay canvas").nth(1).waitFor();
      await inspect(page, `telephone-fake-${name}`);
      const [frame, marks] = await page.evaluate(() =>
        ["#frame", "#stage"].map(id => document.querySelector(id).getBoundingClientRect().toJSON()),
      );
      assert.ok(marks.left >= frame.left - 1 && marks.right <= frame.right + 1, "boxes stay in the picture");
      await page.goto(new URL("/#identities", server.url).href);
      await page.getByRole("button", { name: "Barack Obama" }).click();
      await page.locator("#identity-card .samples").first().waitFor();
      await inspect(page, `telephone-identity-${name}`);
    }));
}

test("the page is dark where the reader's system is", () =>
  onPage({ dark: true }, async page => {
    await verify(page, fake, "obama");
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(background, "rgb(20, 22, 26)");
    for (const more of await page.locator("#case details:visible > summary").all()) await more.click();
    await inspect(page, "dark-fake-unfolded");
  }));

test("no number has the sign of a zero", () =>
  onPage({}, async page => {
    await verify(page, demo("obama-2012.jpg"), "obama");
    for (const more of await page.locator("#case details:visible > summary").all()) await more.click();
    const text = await page.locator("#case").textContent();
    assert.equal(/[-+−]0(\.0+)?(?![\d.])/.exec(text.replaceAll(/20\d\d-\d\d-\d\d/g, "")), null);
    await inspect(page, "real-unfolded");
  }));

test("the key outlives a reload, and no other tab", () =>
  onPage({ key: "", hash: "#identities" }, async page => {
    await page.getByText("Enter an API key to see them.").waitFor();
    await inspect(page, "without-key");
    await page.locator("#key").fill(keys.both);
    await page.locator("#key").blur();
    await page.getByRole("button", { name: "Barack Obama" }).waitFor();
    await page.reload();
    assert.equal(await page.locator("#key").inputValue(), keys.both);
    await page.getByRole("button", { name: "Barack Obama" }).waitFor();
    const other = await page.context().newPage();
    await other.goto(server.url);
    assert.equal(await other.locator("#key").inputValue(), "");
  }));

test("a key that may only verify shows the verdict, and says what it may not read", () =>
  onPage({}, async page => {
    await page.locator("#key").fill(keys.only);
    await page.locator("#key").blur();
    await verify(page, demo("obama-2010.jpg"), "obama");
    assert.equal(await page.locator("#verdict").textContent(), "Real");
    await page.getByText("need a key with the scope enroll").waitFor();
    await inspect(page, "verify-only");
  }));

test("all is reached by the keyboard", () =>
  onPage({}, async page => {
    await verify(page, fake, "obama");
    const reached = new Set();
    await page.locator("#image").focus();
    for (let i = 0; i < 60; i += 1) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(() => document.activeElement.id || document.activeElement.closest("[id]")?.id));
    }
    for (const id of [
      "identity",
      "queue",
      "zoom-in",
      "frame",
      "show-shades",
      "evidence",
      "references-list",
      "report-note",
      "report-print",
      "details",
    ]) {
      assert.ok(reached.has(id), `${id} among ${[...reached].join(", ")}`);
    }
  }));

test("there is an icon", () =>
  onPage({}, async page => {
    const href = await page.locator("link[rel=icon]").getAttribute("href");
    const icon = await page.request.get(new URL(href, server.url).href);
    assert.equal(icon.status(), 200);
    assert.match(icon.headers()["content-type"], /^image\/svg\+xml/);
  }));

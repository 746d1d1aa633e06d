// Cases: listed and filtered, opened by their address, decided, reported, and their picture enrolled.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { demo, enroll, inspect, manipulated, openPage, startBrowser, startServer, verify } from "./support.js";

const TELEPHONE = { width: 390, height: 844 };

let server;
let browser;
let fake;
let keys;

/** Verifies a file over HTTP; gives the number of its case. */
async function verifyOverHttp(file, claim) {
  const form = new FormData();
  form.append("image", new Blob([readFileSync(file)]), file.split("/").at(-1));
  form.append("identity", claim);
  const headers = { authorization: `Bearer ${keys.both}` };
  const answer = await (await fetch(new URL("/v1/verify", server.url), { method: "POST", body: form, headers })).json();
  assert.ok(answer.case, JSON.stringify(answer));
  return answer.case;
}

before(async () => {
  server = await startServer({ keys: ["enroll,verify", "review", "admin"] });
  browser = await startBrowser();
  fake = manipulated(server.folder);
  const [both, review, admin] = server.issued;
  keys = { both, review, admin };
  await enroll(server, "obama", "Barack Obama", ["obama-2009.jpg", "obama-2012.jpg"].map(demo), both);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function onPage(options, act) {
  const { page, done } = await openPage(browser, server, options);
  await page.locator("#key").fill(options.key ?? keys.review);
  await page.locator("#key").blur();
  await act(page);
  await done();
}

test("a page without any case says so, and one without a key asks for it", () =>
  onPage({ hash: "#cases" }, async page => {
    await page.getByText("No case.").waitFor();
    await inspect(page, "cases-empty");
    await page.locator("#key").fill("");
    await page.locator("#key").blur();
    await page.reload();
    await page.locator("#cases-count", { hasText: "Enter an API key to see them." }).waitFor();
    await page.locator("#key").fill(keys.both);
    await page.locator("#key").blur();
    await page.getByText("This key cannot read cases (scope review).").waitFor();
  }));

test("a case is opened, decided with a comment, and still so after a reload", async () => {
  const [other, id] = [await verifyOverHttp(demo("biden-2010.jpg"), "obama"), await verifyOverHttp(fake, "obama")];
  await onPage({ hash: "#cases" }, async page => {
    await page.locator("#cases li").nth(1).waitFor();
    assert.match(await page.locator("#cases li").first().textContent(), /Fake: Barack Obama.*no decision yet/);
    await page.locator("#cases a").first().click();
    await page.locator("#case").waitFor();
    assert.equal(new URL(page.url()).hash, `#cases/${id}`);
    assert.equal(await page.locator("#verdict").textContent(), "Fake");
    assert.ok((await page.locator("#evidence > ol > li").count()) > 0);
    await page.locator("#references-list li").nth(1).waitFor();
    await page.getByText("The picture is not here.").waitFor();
    await inspect(page, "case");

    await page.getByLabel("Comment").fill("The eyes <are> somebody else's");
    await page.getByRole("button", { name: "Confirm the verdict" }).click();
    await page.locator("#decide-status", { hasText: "Confirmed." }).waitFor();
    assert.match(await page.locator("#decisions").textContent(), /Confirmed · .* key [0-9a-f]{8}The eyes <are> some/);
    await page.locator("#cases li", { hasText: "confirmed" }).waitFor();

    await page.reload();
    await page.locator("#case").waitFor();
    assert.equal(await page.locator("#verdict").textContent(), "Fake");
    assert.match(await page.locator("#decisions").textContent(), /The eyes <are> somebody else's/);
    await page.getByText("How often verdicts were right").click();
    assert.match(await page.locator("#precision-table tbody").textContent(), /Fake100/);
    await inspect(page, "case-decided");

    await page.getByLabel("Decision").first().selectOption("open");
    await page.waitForFunction(() => document.querySelector("#cases-count").textContent === "1 case");
    assert.equal(await page.locator("#cases a").getAttribute("href"), `#cases/${other}`);
    await page.locator("#cases-verdict").selectOption("real");
    await page.getByText("No case.").waitFor();
    await page.locator("#cases-decision").selectOption("");
    await page.locator("#cases-verdict").selectOption("");
    await page.locator("#cases li").nth(1).waitFor();
    await page.locator("#verdict").click();
    await page.keyboard.press("j");
    await page.locator("#verdict.different_person").waitFor();
    await page.keyboard.press("k");
    await page.locator("#verdict.fake").waitFor();
  });
});

test("the file that is dropped again must be the one of the case, and becomes a negative", async () => {
  const id = await verifyOverHttp(fake, "obama");
  await onPage({ hash: `#cases/${id}`, key: keys.admin }, async page => {
    await page.locator("#case").waitFor();
    await page.locator("#case-sample-kind").selectOption("known_fake");
    await page.getByRole("button", { name: "Add", exact: true }).first().click();
    await page.getByText("choose its file first").waitFor();
    const again = page.locator("#case-file-again");
    await again.setInputFiles(demo("obama-2010.jpg"));
    await page.getByText("This is another file").waitFor();
    assert.equal(await page.locator("#picture").getAttribute("src"), null);
    await again.setInputFiles(fake);
    await page.getByText("The file is the one of the case.").waitFor();
    assert.match(await page.locator("#picture").getAttribute("src"), /^blob:/);
    await inspect(page, "case-with-file");
    await page.locator("#case-sample-kind").selectOption("known_fake");
    await page.getByRole("button", { name: "Add", exact: true }).first().click();
    await page.getByText("Added as known fake.").waitFor();
  });
});

test("the report is printed with the decisions, and saved as the server makes it", async () => {
  const id = await verifyOverHttp(fake, "obama");
  await onPage({ hash: `#cases/${id}` }, async page => {
    await page.locator("#case").waitFor();
    await page.getByLabel("Comment").fill("on paper");
    await page.getByRole("button", { name: "Overturn it" }).click();
    await page.locator("#decide-status", { hasText: "Overturned." }).waitFor();
    // The real dialogue would stop the browser.
    await page.evaluate(() => {
      window.print = () => {
        document.body.dataset.printed = "yes";
      };
    });
    await page.getByRole("button", { name: "Print" }).click();
    await page.locator("body[data-printed]").waitFor();
    await page.emulateMedia({ media: "print" });
    const sheet = page.locator("#print .sheet");
    assert.equal(await sheet.isVisible(), true);
    const text = await sheet.textContent();
    assert.ok(text.includes(id) && text.includes("on paper") && /Audit logline \d+:[0-9a-f]{64}/.test(text), text);
    await page.emulateMedia({ media: "screen" });

    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save the server's report" }).click(),
    ]);
    const html = readFileSync(await saved.path(), "utf8");
    assert.deepEqual(html.match(/https?:\/\/[^"' <]*/g) ?? [], []);
    const own = await browser.newPage({ viewport: { width: 1000, height: 1200 } });
    await own.setContent(html);
    assert.match(await own.locator("h1").textContent(), /^Case .*: fake$/);
    await inspect(own, "case-report");
    await own.close();
  });
});

test("a verdict is decided where it was asked for", () =>
  onPage({ key: keys.admin }, async page => {
    await verify(page, demo("obama-2010.jpg"), "obama");
    await page.getByRole("button", { name: "Unsure" }).click();
    await page.locator("#decide-status", { hasText: "Unsure." }).waitFor();
    assert.equal(await page.locator("#case-missing").isVisible(), false);
    await page.getByRole("link", { name: "Link to this case" }).click();
    await page.locator("#view-cases #case").waitFor();
    assert.match(await page.locator("#decisions").textContent(), /Unsure/);
    await page.locator("#to-review").click();
    await page.locator("#view-review #case").waitFor();
    assert.match(await page.locator("#case-file").textContent(), /^obama-2010\.jpg/);
  }));

for (const dark of [false, true]) {
  const name = dark ? "dark" : "light";
  test(`a telephone shows a case without scrolling aside (${name})`, () =>
    onPage({ viewport: TELEPHONE, dark, hash: "#cases" }, async page => {
      await page.locator("#cases a").first().click();
      await page.locator("#case").waitFor();
      await page.locator("#references-list li").first().waitFor();
      await inspect(page, `telephone-case-${name}`);
    }));
}

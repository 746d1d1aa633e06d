// Identities: enrolled with what became of each photograph, found among many, corrected, erased with a receipt.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { demo, enroll, inspect, openPage, startBrowser, startServer } from "./support.js";

/** One more than a page of the list holds. */
const MANY = 501;

let server;
let browser;

before(async () => {
  server = await startServer({ args: ["--keep-images"] });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function onPage(act, options) {
  const { page, done } = await openPage(browser, server, { hash: "#identities", ...options });
  await act(page);
  await done();
}

async function fillForm(page, id, name, files) {
  await page.locator("#id").fill(id);
  await page.locator("#name").fill(name);
  await page.locator("#references").setInputFiles(files);
  await page.getByRole("button", { name: "Enroll" }).click();
  await page.locator("#identity-outcomes table").waitFor();
}

test("an enrollment tells what became of each photograph, and who looks alike", () =>
  onPage(async page => {
    await page.getByText("Nobody is enrolled yet.").waitFor();
    await inspect(page, "identities-empty");
    await fillForm(page, "obama", "Barack Obama", ["obama-2009.jpg", "obama-2012.jpg", "biden-2010.jpg"].map(demo));
    const outcomes = page.locator("#identity-outcomes");
    assert.match(await outcomes.textContent(), /2 of 3 photographs accepted/);
    assert.match(await outcomes.locator("tr", { hasText: "biden-2010.jpg" }).textContent(), /not same person/);
    assert.equal(await page.locator("#identity-name").textContent(), "Barack Obama");
    await inspect(page, "identities-enrolled");
    await page.getByRole("button", { name: "New identity" }).click();
    await fillForm(page, "twin", "A Twin", [demo("obama-2010.jpg")]);
    assert.match(await outcomes.textContent(), /Hard to tell from:.*Barack Obama \(obama\)/);
    await inspect(page, "identities-look-alike");
  }));

test("an id that is taken is not overwritten", () =>
  onPage(async page => {
    await page.locator("#id").fill("obama");
    await page.locator("#name").fill("Somebody Else");
    await page.getByRole("button", { name: "Enroll" }).click();
    await page.getByText(/enrolled already, as Barack Obama/).waitFor();
  }));

test("references have their quality and photograph; one is deleted after a question", () =>
  onPage(async page => {
    await page.getByRole("button", { name: "Barack Obama" }).click();
    await page.getByRole("button", { name: "Show photographs" }).click();
    await page.locator(".samples img").nth(1).waitFor();
    const qualities = await page.locator("#identity-body .samples .num:not(th)").allTextContents();
    assert.equal(qualities.length, 2);
    for (const quality of qualities) assert.ok(Number(quality) > 0 && Number(quality) <= 100, quality);
    const remove = page.getByRole("button", { name: "Delete obama-2009.jpg" });
    await remove.click();
    await inspect(page, "identities-confirm");
    await page.getByRole("button", { name: "Cancel" }).click();
    assert.equal(await page.locator(".samples tbody tr").count(), 2);
    await remove.click();
    await page.locator("#confirm-yes").click();
    await page.getByText("obama-2009.jpg was deleted.").waitFor();
    assert.equal(await page.locator(".samples tbody tr").count(), 1);
  }));

test("negatives are added, and the expiry is changed without losing the rest", () =>
  onPage(async page => {
    await page.getByRole("button", { name: "Barack Obama" }).click();
    const add = page.locator("form.add", { hasText: "Add negatives" });
    await add.locator("input").setInputFiles(demo("biden-2010.jpg"));
    await add.locator("select").selectOption("known_fake");
    await add.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText("known fake · added").waitFor();
    await page.getByText("Change name, consent or expiry").click();
    await page.getByLabel("Expires on (00:00 UTC)").last().fill("2199-12-31");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved.").waitFor();
    assert.match(await page.locator("#identity-body").textContent(), /2199-12-31 00:00 UTC/);
    assert.equal(await page.locator("#identity-name").textContent(), "Barack Obama");
    await inspect(page, "identity");
  }));

test("an identity is deleted after a question, and the receipt is shown", () =>
  onPage(async page => {
    await page.getByRole("button", { name: "A Twin" }).click();
    await page.getByRole("button", { name: "Delete identity" }).click();
    assert.match(
      await page.locator("#confirm-text").textContent(),
      /A Twin \(twin\) is erased: 1 reference and 0 negatives/,
    );
    await page.locator("#confirm-yes").click();
    await page.locator("#receipt").waitFor();
    assert.match(
      await page.locator("#receipt-facts").textContent(),
      /Receipt[0-9a-f]{8}-.*Pseudonym[0-9a-f]{32}Images1/s,
    );
    await inspect(page, "receipt");
    assert.equal(await page.getByRole("button", { name: "A Twin" }).count(), 0);
  }));

test("nothing that a person's name holds becomes part of the page", () =>
  onPage(async page => {
    await enroll(server, "mark-up", "<img src=x onerror=alert(1)>", []);
    await page.reload();
    await page.getByRole("button", { name: "<img src=x onerror=alert(1)>" }).click();
    await page.locator("#identity-name", { hasText: "<img" }).waitFor();
    assert.equal(await page.locator("#identity-card img, #identities img").count(), 0);
  }));

test("a search goes beyond the first page of the list", () =>
  onPage(async page => {
    for (let i = 0; i < MANY; i += 1) await enroll(server, `person-${String(i).padStart(4, "0")}`, `Person ${i}`, []);
    await page.reload();
    await page.getByText("500 identities so far").waitFor();
    assert.equal(await page.locator("#more").isVisible(), true);
    await inspect(page, "identities-many");
    await page.locator("#search-text").fill(`person ${MANY - 1}`);
    await page.getByRole("button", { name: `Person ${MANY - 1}` }).waitFor();
    assert.equal(await page.locator("#more").isVisible(), false);
  }));

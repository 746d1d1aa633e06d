// A moderator verifies pictures: each verdict, several faces, refusals, the references beside, the report.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { animate } from "./apng.js";
import { compose, demo, enroll, inspect, manipulated, openPage, startBrowser, startServer, verify } from "./support.js";

let server;
let browser;
let fake;

before(async () => {
  server = await startServer({ args: ["--keep-images"] });
  browser = await startBrowser();
  fake = manipulated(server.folder);
  await enroll(server, "obama", "Barack Obama", ["obama-2009.jpg", "obama-2012.jpg"].map(demo));
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Runs `act` on a page of its own. */
async function onPage(act, options) {
  const { page, done } = await openPage(browser, server, options);
  await act(page);
  await done();
}

/** The verdict as the page tells it, and whether it shows a gauge. */
async function told(page) {
  return [await page.locator("#verdict").textContent(), await page.locator(".gauge").count()];
}

test("a page before any picture has nothing to say", () =>
  onPage(async page => {
    await page.locator("#server.up").waitFor();
    assert.equal(await page.locator("#case").isVisible(), false);
    await inspect(page, "empty");
  }));

test("a genuine photograph is real, with its score in words", () =>
  onPage(async page => {
    await verify(page, demo("obama-2010.jpg"), "obama");
    assert.deepEqual(await told(page), ["Real", 1]);
    assert.match(
      await page.locator("#score").textContent(),
      /Of 100 pictures with this score, (about \d+|more than 99) are genuine/,
    );
    assert.equal(await page.locator("#boxes rect.real.shown").count(), 1);
    await inspect(page, "real");
  }));

test("a manipulated copy is fake: the box is red, and a row of evidence shows its place", () =>
  onPage(async page => {
    await verify(page, fake, "obama");
    assert.deepEqual(await told(page), ["Fake", 1]);
    assert.equal(await page.locator("#boxes rect.fake.shown").count(), 1);
    const colour = await page.locator("#boxes rect").evaluate(box => getComputedStyle(box).stroke);
    assert.equal(colour, "rgb(255, 75, 88)");
    const first = page.locator("#evidence > ol button").first();
    await first.hover();
    assert.equal(await page.locator("#highlight path.outline").count(), 1);
    await page.mouse.move(2, 2);
    assert.equal(await page.locator("#highlight path").count(), 0);
    await first.focus();
    assert.equal(await page.locator("#highlight path.outline").count(), 1, "by keyboard too");
    await inspect(page, "fake");
  }));

test("verdicts on who it is show no gauge", () =>
  onPage(async page => {
    await verify(page, demo("biden-2010.jpg"), "obama");
    assert.deepEqual(await told(page), ["Different person", 0]);
    await inspect(page, "different-person");
    await page.getByRole("button", { name: "Search everybody for this face" }).click();
    await page.locator("#verdict.unknown_person").waitFor();
    assert.deepEqual(await told(page), ["Unknown person", 0]);
    assert.equal(await page.locator("#references-card").isVisible(), false);
    await inspect(page, "unknown-person");
    await verify(page, await compose(page, "grey.png", [400, 300], [], []), "obama");
    assert.deepEqual(await told(page), ["No face", 0]);
    assert.equal(await page.locator("#boxes rect").count(), 0);
    await inspect(page, "no-face");
  }));

test("a face of too few pixels is inconclusive, and says what limits it", () =>
  onPage(async page => {
    const small = await compose(page, "small.png", [200, 200], [demo("obama-2010.jpg")], [[0, 60, 60, 36, 40]]);
    await verify(page, small, "obama");
    assert.equal((await told(page))[0], "Inconclusive");
    assert.match(await page.locator("#notes").textContent(), /limits it: \d+ of 100/);
    assert.match(await page.locator("#quality h3").textContent(), /Quality that limits/);
    await inspect(page, "inconclusive");
  }));

test("each of several faces has a tab and a box of its own verdict", () =>
  onPage(async page => {
    const both = await compose(
      page,
      "two.png",
      [1080, 592],
      [fake, demo("biden-2010.jpg")],
      [
        [0, 40, 40, 465, 512],
        [1, 575, 40, 465, 512],
      ],
    );
    await verify(page, both, "obama");
    const tabs = page.getByRole("tab");
    assert.equal(await tabs.count(), 2);
    assert.equal(await page.locator("#boxes rect.fake").count(), 1);
    assert.equal(await page.locator("#boxes rect.different_person").count(), 1);
    const decided = await page.locator("#verdict").textContent();
    await page.locator('#tabs [aria-selected="true"]').focus();
    await page.keyboard.press("ArrowRight");
    assert.notEqual(await page.locator("#verdict").textContent(), decided);
    assert.match(
      await page.locator("#whole").textContent(),
      new RegExp(`verdict on the picture is ${decided.toLowerCase()}`),
    );
    await page.locator("#boxes rect.fake").click();
    assert.equal(await page.locator("#verdict").textContent(), "Fake", "a box is chosen by mouse");
    await inspect(page, "two-faces");
  }));

test("the frames of an animation are a strip, and the deciding one is the picture", () =>
  onPage(async page => {
    const still = file => compose(page, "still.png", [465, 512], [file], [[0, 0, 0, 465, 512]]);
    const stills = [await still(demo("obama-2010.jpg")), await still(fake)].map(({ buffer }) => buffer);
    await verify(page, { name: "two.png", mimeType: "image/png", buffer: animate(stills) }, "obama");
    assert.deepEqual(await page.locator("#frames li b").allTextContents(), ["real", "fake"]);
    assert.equal(
      await page.locator("#frames li[aria-current]").textContent(),
      await page.locator("#frames li").nth(1).textContent(),
    );
    assert.equal(await page.locator("#frames canvas").count(), 2);
    assert.match(await page.locator("#frames").textContent(), /The picture above is the deciding frame/);
    await inspect(page, "animation");
  }));

test("a refused file takes the old verdict with it", () =>
  onPage(async page => {
    await verify(page, demo("obama-2010.jpg"), "obama");
    await page
      .locator("#image")
      .setInputFiles({ name: "notes.jpg", mimeType: "image/jpeg", buffer: Buffer.from("not a picture") });
    assert.equal(await page.locator("#case").isVisible(), false, "once another file is chosen");
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    await page.locator("#refused").waitFor();
    assert.match(await page.locator("#refused").textContent(), /notes\.jpg \(13 bytes\) was not verified/);
    assert.equal(await page.locator("#case").isVisible(), false);
    await inspect(page, "refused");
    await page.locator("#queue button", { hasText: "obama-2010.jpg" }).click();
    assert.match(await page.locator("#case-file").textContent(), /^obama-2010\.jpg/);
  }));

test("the picture is zoomed by buttons, wheel and keys", () =>
  onPage(async page => {
    await verify(page, demo("obama-2010.jpg"), "obama");
    const zoom = async () => Number.parseInt(await page.locator("#zoom").textContent(), 10);
    const whole = await zoom();
    await page.getByRole("button", { name: "Zoom in" }).click();
    const once = await zoom();
    assert.ok(once > whole);
    await page.locator("#frame").hover();
    await page.mouse.wheel(0, -300);
    await page.waitForFunction(
      before => Number.parseInt(document.querySelector("#zoom").textContent, 10) > before,
      once,
    );
    await page.locator("#frame").focus();
    await page.keyboard.press("0");
    assert.equal(await zoom(), whole);
    await page.keyboard.press("f");
    assert.ok((await zoom()) >= whole);
  }));

test("references are shown the nearest first, and compared by the eyes", () =>
  onPage(async page => {
    await verify(page, demo("obama-2010.jpg"), "obama");
    await page.getByRole("button", { name: "Show their photographs" }).click();
    await page.locator("#references-list img").nth(1).waitFor();
    const similarities = (await page.locator("#references-list li").allTextContents()).map(text =>
      Number(/similarity (\S+)/.exec(text)[1]),
    );
    assert.deepEqual(
      similarities,
      similarities.toSorted((a, b) => b - a),
    );
    await page.getByRole("button", { name: "Compare" }).first().click();
    await page.locator("#overlay.pair canvas").nth(1).waitFor();
    await inspect(page, "compare");
    await page.getByRole("button", { name: "Slider" }).click();
    await page.locator("#slide").fill("25");
    const clip = () =>
      page
        .locator("#overlay canvas")
        .nth(1)
        .evaluate(canvas => canvas.style.clipPath);
    assert.match(await clip(), /25%/);
    await inspect(page, "compare-slider");
    await page.getByRole("button", { name: "Blink" }).click();
    await page.waitForFunction(() => document.querySelectorAll("#overlay canvas")[1].style.visibility === "hidden");
    await page.getByRole("button", { name: "Side by side" }).click();
    assert.equal(await clip(), "");
  }));

test("the report is one file that asks nothing of other places, and the hash is that of the file", () =>
  onPage(async page => {
    await verify(page, fake, "obama");
    const sha256 = createHash("sha256").update(readFileSync(fake)).digest("hex");
    const save = async name => {
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
      return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
    };
    await page.locator("#report-note").fill("Eyes <do> not match & so on");
    const html = await save("Save page");
    assert.equal(html.name, "faceward-manipulated.html");
    assert.ok(html.text.includes(sha256) && html.text.includes("computed here too, and the same"));
    assert.ok(html.text.includes("Eyes &lt;do&gt; not match &amp; so on"));
    const elsewhere = html.text.match(/https?:\/\/[^"' <]*/g) ?? [];
    assert.deepEqual(
      elsewhere.filter(url => url !== "http://www.w3.org/2000/svg"),
      [],
    );
    const { answer, ...report } = JSON.parse((await save("Save JSON")).text);
    assert.equal(answer.verdict, "fake");
    assert.deepEqual(
      [report.file.sha256, report.file.sha256_confirmed, report.reviewers_note],
      [sha256, true, "Eyes <do> not match & so on"],
    );
    assert.match(report.picture, /^data:image\/jpeg;base64,/);

    // The saved page, opened on its own.
    const saved = await browser.newPage({ viewport: { width: 1000, height: 1200 } });
    await saved.setContent(html.text);
    await saved.locator(".sheet img").evaluate(img => img.decode());
    assert.match(await saved.locator("h1").textContent(), /manipulated\.jpg: Fake/);
    await inspect(saved, "report");
    await saved.close();
  }));

test("printing shows the report alone", () =>
  onPage(async page => {
    await verify(page, fake, "obama");
    // The real dialogue would stop the browser.
    await page.evaluate(() => {
      window.print = () => {
        document.body.dataset.printed = "yes";
      };
    });
    await page.getByRole("button", { name: "Print" }).click();
    await page.locator("body[data-printed]").waitFor();
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator("#app").isVisible(), false);
    assert.equal(await page.locator("#print .sheet").isVisible(), true);
  }));

test("several files are verified one after another", () =>
  onPage(async page => {
    await page.locator("#image").setInputFiles([demo("obama-2010.jpg"), demo("collins.jpg"), fake]);
    await page.locator("#identity").fill("obama");
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    await page.waitForFunction(() => document.querySelector("#queue-count").textContent === "3 pictures");
    const verdicts = await page.locator("#queue b").allTextContents();
    assert.deepEqual(verdicts, ["real", "different person", "fake"]);
    assert.match(await page.locator("#case-file").textContent(), /^obama-2010\.jpg/, "the first is shown");
    await inspect(page, "queue");
  }));

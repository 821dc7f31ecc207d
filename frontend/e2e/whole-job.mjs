// The whole job in a browser, as a newcomer does it: sign in by the printed link, teach a word, watch, draw with it.
// While it watches it prints a line, and whoever runs it kills the web service then: the page has to go on by itself.
// At the end axe looks at every view. node e2e/whole-job.mjs SIGN_IN_LINK EXAMPLE_FOLDER [FOLDER_FOR_PICTURES]. Exits with 1 and says what was not as it should be.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { faultsOfViews } from "./axe.mjs";
import { openBrowser, openPage } from "./browser.mjs";
import { weightOf } from "./weight.mjs";

const [link, folder, shots] = process.argv.slice(2);
const example = JSON.parse(readFileSync(join(folder, "concept.json"), "utf8"));
const pictures = readdirSync(folder)
  .filter((name) => /\.(jpe?g|png|webp)$/.test(name))
  .map((name) => join(folder, name));

const LEARNED_MS = 300_000;
const KILL_THE_WEB_SERVICE = "kill the web service";
const DRAWN_MS = 120_000;

const browser = await openBrowser();
const { page, context, faults } = await openPage(browser, { baseURL: new URL(link).origin });
page.setDefaultTimeout(20_000);

async function shoot(name) {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}

async function allDecoded(selector) {
  return page.locator(selector).evaluateAll((images) => images.every((image) => image.complete && image.naturalWidth > 0));
}

try {
  // Whoever is not signed in is told how to get in, and nothing else.
  await page.goto("/");
  await page.getByText("oneword sign-in").waitFor();
  faults.length = 0; // the refused request that told the page so is in the console

  await page.goto(link);
  await page.getByRole("button", { name: "Sign in as Administrator" }).click();
  await page.getByRole("heading", { name: "No word has been taught yet." }).waitFor();
  assert.ok(!page.url().includes("#"), "the used code is still in the address");
  await shoot("empty-library");
  const { scripts, fonts } = await weightOf(page);
  assert.ok(scripts <= 120_000, `the first load is ${scripts} bytes of gzipped JavaScript`);
  assert.ok(fonts > 0 && fonts <= 150_000, `a first visit loads ${fonts} bytes of fonts`);

  // An example fills in the form for somebody without pictures.
  await page.getByRole("link", { name: "King Purr" }).click();
  await page.locator(".tiles img").nth(3).waitFor();
  assert.equal(await page.getByLabel("What is it, in one plain word?").inputValue(), "cat");
  await page.goBack();

  // Teach.
  await page.getByRole("link", { name: "Teach the first word" }).click();
  await page.locator('input[type="file"][multiple]').setInputFiles(pictures);
  await page.getByLabel("What do you call it?").fill(example.name);
  const initializer = page.getByLabel("What is it, in one plain word?");
  await initializer.fill("zzqx");
  await page.getByText("does not know this word").waitFor(); // it says at once that this is no word of the model
  await initializer.fill(example.initializer);
  await page.getByText(/One word that .* knows/).waitFor();
  await page.locator(".tiles img").nth(pictures.length - 1).waitFor();
  await shoot("teach");
  await page.getByRole("button", { name: "Teach it" }).click();

  // Watch.
  await page.waitForURL(/\/jobs\//);
  const job = page.url();
  await page.locator(".preview img").waitFor({ timeout: LEARNED_MS });
  await page.locator(".curve canvas").waitFor({ timeout: LEARNED_MS });
  await shoot("job");
  await page.reload(); // the story is told again from the ledger
  await page.locator(".preview img").waitFor({ timeout: LEARNED_MS });
  console.log(KILL_THE_WEB_SERVICE); // whoever started this script does it; the studio starts it again
  await page.getByText("The studio does not answer").waitFor({ timeout: LEARNED_MS });
  await shoot("away");
  await page.getByText("The studio does not answer").waitFor({ state: "detached", timeout: LEARNED_MS });
  await page.getByRole("heading", { name: /It knows/ }).waitFor({ timeout: LEARNED_MS });
  assert.ok((await page.locator(".film img").count()) >= 2, "there were no previews on the way");
  await shoot("learned");
  assert.deepEqual(faults.splice(0).filter((fault) => !/net::ERR_/.test(fault)), [], "more than the silence went wrong");

  // Draw.
  await page.getByRole("link", { name: "Draw with it" }).first().click();
  const prompt = page.getByLabel("What to draw");
  await prompt.fill("a photo of <");
  await page.getByRole("option").first().waitFor();
  await prompt.press("Enter");
  await prompt.pressSequentially("on the beach");
  assert.match(await prompt.inputValue(), /^a photo of <[a-z0-9-]+> on the beach$/);
  await page.getByRole("button", { name: "Draw", exact: true }).click();
  await page.locator(".drawings button img").nth(3).waitFor({ timeout: DRAWN_MS });
  assert.ok(await allDecoded(".drawings img"), "a drawn picture could not be shown");
  await shoot("draw");

  await page.locator(".drawings button").first().click();
  await page.getByRole("dialog").getByText("Seed", { exact: true }).waitFor();
  await shoot("picture");
  await page.getByRole("button", { name: "Again with this seed" }).click();
  await page.getByRole("button", { name: /^seed \d+/ }).waitFor();

  // A part of a picture is drawn anew, where it was marked.
  await page.locator(".drawings button").first().click();
  await page.getByRole("button", { name: "Edit this" }).click();
  const sheet = page.getByRole("application");
  await sheet.focus();
  await sheet.press("Space");
  await prompt.fill("a photo of a cat in the sea");
  await page.getByRole("button", { name: "Draw", exact: true }).click();
  const edited = page.getByRole("article", { name: "a photo of a cat in the sea" });
  await edited.locator(".drawings button").first().click({ timeout: DRAWN_MS });
  await page.getByText("a picture, into a mask, strength 100 %").waitFor();
  await page.getByRole("button", { name: "Close" }).click();
  await shoot("edited");
  await page.getByRole("button", { name: "Start without a picture" }).click();

  // A word that does not exist is told beside the prompt.
  await prompt.fill("a photo of <nobody>");
  await page.getByRole("button", { name: "Draw", exact: true }).click();
  await page.locator(".prompt .fault").waitFor();
  const told = await page.locator(".prompt .fault").innerText();
  assert.match(told, /<nobody>/);
  assert.equal(faults.splice(0).filter((fault) => !fault.includes("422")).length, 0, "more than the refusal went wrong");

  // The library has it, with a drawn face, and every view fits a phone.
  await page.getByRole("link", { name: "Library" }).click();
  await page.locator(".card img.drawn").waitFor();
  await shoot("library");
  await page.locator(".card").first().click();
  await page.getByRole("heading", { name: "Learned from" }).waitFor();
  const concept = page.url();
  await shoot("concept");
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ["/", "/teach", "/draw", "/queue", "/settings", new URL(job).pathname, new URL(concept).pathname]) {
    await page.goto(path);
    await page.locator("h1").waitFor();
    await page.waitForLoadState("networkidle");
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wider <= 0, `${path} is ${wider} pixels wider than a phone`);
    await shoot(`phone${path.replace(/\/[0-9a-z]{26}$/, "").replaceAll("/", "-")}`);
  }

  // The reference of the interface shows every call and tries one with the page's own session.
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto("/settings");
  await page.getByRole("link", { name: "What the interface offers" }).click();
  await page.locator('[data-tag="account"]').first().click();
  const call = page.locator("#operations-account-get_me");
  await call.locator(".opblock-summary").click();
  await call.getByRole("button", { name: "Execute" }).click();
  await call.locator(".live-responses-table", { hasText: '"credential": "session"' }).waitFor();
  await shoot("reference");
  assert.deepEqual(faults, [], "the console has errors");

  // Nothing in any view keeps out people who use the page in another way. ONEWORD_EVERY_LOOK: in both themes and widths.
  const known = { concept: new URL(concept).pathname.split("/").at(-1), job: new URL(job).pathname.split("/").at(-1) };
  const storageState = await context.storageState();
  const everyLook = Boolean(process.env.ONEWORD_EVERY_LOOK);
  const found = await faultsOfViews(browser, { baseURL: new URL(link).origin, storageState, known, everyLook });
  assert.deepEqual(found, []);
  console.log("the whole job was done in the browser");
} catch (error) {
  await shoot("where-it-stopped");
  console.error(error);
  console.error("console:", faults);
  console.error("on the page:", (await page.locator("body").innerText()).slice(0, 1500));
  process.exitCode = 1;
} finally {
  await browser.close();
}

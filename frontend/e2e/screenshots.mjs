// Pictures of every view, in both themes, on a desk and on a phone, of a studio that this starts and fills itself.
// node e2e/screenshots.mjs [FOLDER]. ONEWORD_SIGN_IN_LINK names a studio that runs already; with ONEWORD_KNOWN, as
// CONCEPT:JOB, that studio is not filled.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { openBrowser, openPage } from "./browser.mjs";
import { signInAndSeed } from "./seed.mjs";
import { LOOKS, show, viewsOf } from "./views.mjs";

const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const folder = resolve(process.argv[2] ?? join(REPOSITORY, "data", "screenshots"));
mkdirSync(folder, { recursive: true });

/** Starts a studio with an empty data folder; `stop` ends it and deletes the folder. */
async function startStudio() {
  const data = mkdtempSync(join(tmpdir(), "oneword-screenshots-"));
  const port = String(20_000 + Math.floor(Math.random() * 20_000));
  const environment = { ...process.env, ONEWORD_DATA_DIR: data, ONEWORD_PORT: port };
  const studio = spawn(join(REPOSITORY, ".venv", "bin", "oneword"), ["serve"], { env: environment, cwd: REPOSITORY });
  const link = await new Promise((found, failed) => {
    studio.stdout.on("data", (said) => {
      const match = /http:\/\/\S+\/sign-in#\S+/.exec(String(said));
      if (match) found(match[0]);
    });
    studio.on("exit", () => {
      failed(new Error("the studio ended without printing a link"));
    });
  });
  const stop = async () => {
    studio.kill("SIGINT");
    await new Promise((ended) => studio.on("exit", ended));
    rmSync(data, { recursive: true, force: true });
  };
  return { link, stop };
}

const running = process.env.ONEWORD_SIGN_IN_LINK;
const { link, stop } = running ? { link: running, stop: () => undefined } : await startStudio();
const baseURL = new URL(link).origin;
const browser = await openBrowser();
try {
  const { page, context } = await openPage(browser, { baseURL });
  const known = await signInAndSeed(page, link);
  const storageState = await context.storageState();
  for (const look of LOOKS) {
    const { page: shown } = await openPage(browser, { ...look, baseURL, storageState });
    for (const view of viewsOf(known)) {
      await show(shown, view);
      await shown.screenshot({ path: join(folder, `${view.name}-${look.name}.png`), fullPage: !view.press });
    }
  }
  console.log(`${viewsOf(known).length * LOOKS.length} pictures are in ${folder}`);
} finally {
  await browser.close();
  await stop();
}

// A headless Chromium for tests and pictures of the page, on a machine without one and without root.
// Taken in this order: ONEWORD_CHROMIUM, Playwright's own, the system's, the one inside @sparticuz/chromium.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const CACHE = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules", ".cache", "chromium");
const SYSTEM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** Starts it. The caller closes it. */
export async function openBrowser() {
  const installed = [process.env.ONEWORD_CHROMIUM, chromium.executablePath(), ...SYSTEM].find((path) => path && existsSync(path));
  return chromium.launch({ executablePath: installed ?? (await unpacked()), args: QUIET, headless: true });
}

/** The one from the package. Taken for a Lambda machine, it also unpacks the libraries that a bare machine lacks. */
async function unpacked() {
  mkdirSync(CACHE, { recursive: true });
  process.env.TMPDIR = CACHE;
  process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs20.x";
  const { default: packaged } = await import("@sparticuz/chromium");
  packaged.setGraphicsMode = false;
  const path = await packaged.executablePath();
  // The package's own configuration looks for fonts in /tmp; without any font the browser dies at its first input.
  const fonts = join(CACHE, "fonts.conf");
  const folders = [join(CACHE, "fonts"), "/usr/share/fonts"].map((folder) => `<dir>${folder}</dir>`).join("");
  writeFileSync(fonts, `<?xml version="1.0"?><fontconfig>${folders}<cachedir>${join(CACHE, "fonts-cache")}</cachedir></fontconfig>`);
  process.env.FONTCONFIG_FILE = fonts;
  return path;
}

/** A page that remembers everything that went wrong in it: errors on the console, refused resources, exceptions. */
export async function openPage(browser, { width = 1280, height = 900, dark = false, baseURL, storageState }) {
  const context = await browser.newContext({
    baseURL,
    storageState,
    viewport: { width, height },
    locale: "en-GB", // a bare machine has none, and then Intl throws
    colorScheme: dark ? "dark" : "light",
    deviceScaleFactor: width < 500 ? 2 : 1,
  });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  return { page, context, faults };
}

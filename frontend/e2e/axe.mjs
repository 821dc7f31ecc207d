// What axe-core finds in the views of a studio.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { openPage } from "./browser.mjs";
import { LOOKS, show, viewsOf } from "./views.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds on the page at the moment, a line for each element. */
async function findingsOn(page) {
  await page.evaluate(AXE); // no script tag: the content security policy allows none
  const { violations } = await page.evaluate((values) => window.axe.run({ runOnly: { type: "tag", values } }), RULES);
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} (${impact}) at ${target.join(" ")}: ${failureSummary}`),
  );
}

/** What axe finds in every view, in the first look or in all of them, and what is wider than the window. */
export async function faultsOfViews(browser, { baseURL, storageState, known, everyLook }) {
  const faults = [];
  for (const look of everyLook ? LOOKS : LOOKS.slice(0, 1)) {
    const { page, context } = await openPage(browser, { ...look, baseURL, storageState });
    await page.emulateMedia({ reducedMotion: "reduce" }); // half of a fade is too pale to read
    for (const view of viewsOf(known)) {
      await show(page, view);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (wider > 0) faults.push(`${view.name}, ${look.name}: ${wider} pixels wider than the window`);
      for (const finding of await findingsOn(page)) faults.push(`${view.name}, ${look.name}: ${finding}`);
    }
    await context.close();
  }
  return faults;
}

import { openBrowser, openPage } from "./browser.mjs";
import { readFileSync } from "node:fs";
const [base, out, step] = process.argv.slice(2);
const token = readFileSync("/tmp/grids-token", "utf8").trim();
const browser = await openBrowser();
export async function run(name, { width = 1280, height = 900, dark = false } = {}, play) {
  const { page, faults } = await openPage(browser, { width, height, dark, baseURL: base });
  await page.context().setExtraHTTPHeaders({ Authorization: `Bearer ${token}` });
  page.setDefaultTimeout(25000);
  try { await play(page, (suffix = "", full = false) => page.screenshot({ path: `${out}/${name}${suffix}.png`, fullPage: full })); }
  catch (e) { console.log(name, String(e).slice(0, 600)); await page.screenshot({ path: `${out}/${name}-error.png` }); }
  if (faults.length) console.log(name, "faults", faults.slice(0, 5));
  await page.context().close();
}
const plays = {
  async more(p, shoot) {
    await p.goto("/draw");
    await p.getByLabel("What to draw").fill("a photo of <zub> and a {red|blue} <harlequin-mug>, __colours__ sky");
    await p.getByText("More", { exact: true }).click();
    await p.waitForTimeout(800);
    await shoot("");
    await p.getByRole("button", { name: "Code" }).click();
    await p.waitForTimeout(800);
    await p.getByRole("button", { name: "Python" }).click();
    await shoot("-code");
    await p.keyboard.press("Escape");
    await p.getByRole("button", { name: "Presets and lists" }).click();
    await p.waitForTimeout(900);
    await shoot("-presets");
  },

  async form(p, shoot) {
    await p.goto("/draw");
    await p.getByLabel("What to draw").fill("a photo of <zub> and a {red|blue} <harlequin-mug>, __colours__ sky");
    await p.waitForTimeout(800);
    await shoot("-prompt");
    await p.getByRole("button", { name: "Grid", exact: true }).click();
    await p.waitForTimeout(500);
    await shoot("-grid", true);
  },
  async grid(p, shoot) {
    await p.goto("/grids");
    await p.waitForTimeout(1500);
    await shoot("-list");
    await p.locator(".grid-strip").first().click();
    await p.waitForTimeout(2500);
    await shoot("", true);
  },
};
for (const which of step.split(",")) {
  await run(`${which}-1280`, {}, plays[which]);
  await run(`${which}-390-dark`, { width: 390, height: 844, dark: true }, plays[which]);
}
await browser.close();

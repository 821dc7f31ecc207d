import { openBrowser, openPage } from "./browser.mjs";
import { readdirSync } from "node:fs";
const base = process.env.BASE, link = process.env.LINK, out = "/tmp/teach/";
const browser = await openBrowser();
const photos = process.env.PHOTOS.split(",");
const { page, faults } = await openPage(browser, { width: 1280, height: 1000, baseURL: base });
await page.goto(link);
const enter = page.getByRole("button", { name: "Sign in" });
await enter.click(); await page.waitForTimeout(1500);
for (const name of (process.env.NAMES ?? "wide,phone-dark").split(",")) {
  if (name === "phone-dark") { await page.setViewportSize({ width: 390, height: 844 }); await page.emulateMedia({ colorScheme: "dark" }); }
  await page.goto(base + "/teach");
  await page.waitForTimeout(800);
  await page.screenshot({ path: `${out}${name}-1-empty.png` });
  await page.locator("input[type=file]").first().setInputFiles(photos);
  await page.waitForSelector(".score", { timeout: 60000 });
  await page.getByLabel("What else picture 1 shows").fill("on a wooden table");
  await page.getByLabel(/What do you call it/).fill("Blue mug");
  await page.getByLabel(/in one plain word/).fill("mug");
  await page.waitForTimeout(2500);
  await page.screenshot({ path: `${out}${name}-2-filled.png`, fullPage: true });
  await page.locator(".framed").nth(0).click();
  await page.waitForSelector(".frame-of-square");
  await page.locator(".frame-of-square").focus();
  for (let i = 0; i < 6; i++) await page.keyboard.press("+");
  for (let i = 0; i < 14; i++) await page.keyboard.press("]");
  await page.keyboard.press("ArrowLeft");
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${out}${name}-3-square.png` });
  await page.getByRole("button", { name: "What is left out" }).click();
  await page.waitForTimeout(300);
  const began = Date.now();
  await page.getByRole("button", { name: "Find the subject" }).click();
  await page.getByRole("button", { name: "Undo" , disabled: false}).waitFor();
  await page.waitForFunction(() => !document.querySelector(".picture-editor")?.textContent?.includes("Looking for it"), null, { timeout: 60000 });
  console.log("mask ms", Date.now() - began);
  const canvas = page.locator(".whole-picture canvas");
  const box = await canvas.boundingBox();
  await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.2);
  await page.mouse.down(); await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.4, { steps: 5 }); await page.mouse.up();
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${out}${name}-4-mask.png` });
  await page.getByRole("button", { name: "Done" }).click();
  await page.waitForTimeout(3000);
  await page.screenshot({ path: `${out}${name}-5-done.png`, fullPage: true });
  console.log(name, "faults", faults);
  if (name === "wide") {
    await page.getByText("More", { exact: true }).click();
    await page.getByLabel(/own prompts/).fill("<my-blue-mug> on the moon");
    await page.screenshot({ path: `${out}${name}-6-more.png`, fullPage: true });
    await page.getByRole("button", { name: "Teach it" }).click();
    await page.waitForURL(/jobs/, { timeout: 30000 }).catch(async (e) => { console.log(String(e)); });
    await page.waitForTimeout(1500);
    await page.screenshot({ path: `${out}${name}-7-job.png`, fullPage: true });
    console.log(page.url());
  }
}
await browser.close();

// Every view of the page, once: the accessibility check and the pictures of the page both go through this list.

export const LOOKS = [
  { name: "desk-light", width: 1280, height: 900, dark: false },
  { name: "desk-dark", width: 1280, height: 900, dark: true },
  { name: "phone-light", width: 390, height: 844, dark: false },
  { name: "phone-dark", width: 390, height: 844, dark: true },
];

/**
 * Each view: its name, its address, what has to be on the screen before it counts as there, and what is pressed then.
 * `known` names things of the studio: a concept and a job of a training.
 */
export function viewsOf(known) {
  return [
    { name: "library", path: "/", ready: ".card" },
    { name: "library-nothing-found", path: "/?query=zzqx", ready: "h1" },
    { name: "teach", path: "/teach", ready: "form" },
    { name: "teach-example", path: "/teach?example=king-purr", ready: ".tiles img" },
    { name: "import", path: "/import", ready: "form" },
    { name: "concept", path: `/concepts/${known.concept}`, ready: "h1 .word" },
    { name: "concept-rename", path: `/concepts/${known.concept}`, ready: "h1 .word", press: press("Rename") },
    { name: "concept-delete", path: `/concepts/${known.concept}`, ready: "h1 .word", press: press("Delete") },
    { name: "teach-again", path: `/concepts/${known.concept}/teach`, ready: "form" },
    { name: "job", path: `/jobs/${known.job}`, ready: ".preview img" },
    { name: "draw", path: "/draw", ready: ".drawings img" },
    { name: "draw-picture", path: "/draw", ready: ".drawings img", press: (page) => page.locator(".drawings button").first().click() },
    { name: "draw-grid", path: "/draw?grid=new", ready: "form" },
    { name: "presets", path: "/draw", ready: "form", press: press("Presets and lists…") },
    { name: "grids", path: "/grids", ready: "h1" },
    { name: "history", path: "/history", ready: ".gallery img" },
    { name: "queue", path: "/queue", ready: ".queue" },
    { name: "bin", path: "/bin", ready: "h1" },
    { name: "settings", path: "/settings", ready: ".settings" },
    { name: "audit", path: "/audit", ready: "h1" },
    { name: "keys", path: "/", ready: ".card", press: (page) => page.keyboard.press("?") },
    { name: "nothing-here", path: "/nothing-here", ready: "h1" },
    { name: "sign-in", path: "/sign-in", ready: "h1" },
  ];
}

function press(name) {
  return (page) => page.getByRole("button", { name, exact: true }).click();
}

/** Shows a view, as far as it loads by itself. */
export async function show(page, view) {
  await page.goto(view.path);
  await page.locator(view.ready).first().waitFor();
  if (view.press) {
    await view.press(page);
    await page.getByRole("dialog").waitFor();
  }
  await page.waitForLoadState("networkidle");
  await page.evaluate(() => document.fonts.ready);
}

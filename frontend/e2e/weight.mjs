// What a first visit loads: the scripts that the page itself names, gzipped, and the fonts that it took. In bytes.
import { gzipSync } from "node:zlib";

export async function weightOf(page) {
  const html = await (await page.request.get("/")).text();
  const scripts = new Set([...html.matchAll(/\/assets\/[^"]+\.js/g)].map(([path]) => path));
  let bytes = 0;
  for (const path of scripts) bytes += gzipSync(await (await page.request.get(path)).body()).length;
  const fonts = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter(({ name }) => name.endsWith(".woff2"))
      .reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0),
  );
  return { scripts: bytes, fonts };
}

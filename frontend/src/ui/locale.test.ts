import { expect, test } from "vitest";

import { localeFor } from "./locale";

test("dates and numbers are the reader's own where the reader speaks the page's language", () => {
  expect(localeFor("en", ["de-CH", "en-GB", "en-US"])).toBe("en-GB");
  expect(localeFor("en", ["de-CH", "english"])).toBe("en");
});

test("a tag that is none is passed over", () => {
  expect(localeFor("en", ["en-US@posix", "en-IE"])).toBe("en-IE");
  expect(localeFor("en", ["en-US@posix"])).toBe("en");
});

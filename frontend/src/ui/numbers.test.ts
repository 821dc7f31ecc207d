import { expect, test } from "vitest";

import { localeFor } from "./locale";
import { fileSize, number, percent } from "./numbers";

test.each([
  [612, "612 bytes"],
  [3100, "3.1 kB"],
  [999_949, "999.9 kB"],
  [20_000_000, "20 MB"],
  [5e12, "5,000 GB"],
  [0, "0 bytes"],
])("a file of %d bytes has %s", (bytes, said) => {
  expect(fileSize(bytes)).toBe(said);
});

test("numbers are grouped, and shares are percentages", () => {
  expect(number(1234567)).toBe("1,234,567");
  expect(percent(0.421)).toBe("42%");
});

test("dates and numbers follow the reader's region in the language of the page", () => {
  expect(localeFor("en", ["de-DE", "en-GB", "en-US"])).toBe("en-GB");
  expect(localeFor("en", ["de-DE"])).toBe("en");
  expect(localeFor("en", ["enm"])).toBe("en");
  expect(localeFor("en", ["en-US@posix", "en-IE"])).toBe("en-IE"); // the first is none, and a bare container has it
});

import { expect, test } from "vitest";

import { audited } from "../testing/samples";
import { detailsText, originText } from "./actionText";

test("the origin names the means and the address, if there is one", () => {
  expect(originText(audited)).toBe("token build script at 192.0.2.7");
  expect(originText({ ...audited, credential: "session", token: null })).toBe("browser at 192.0.2.7");
  expect(originText({ ...audited, credential: "command-line", token: null, address: "" })).toBe("command line");
});

test("details are one line", () => {
  expect(detailsText({ version: 2, fields: ["name", "tags"], new_pictures: true })).toBe("version: 2 · fields: name, tags · new pictures: true");
  expect(detailsText({})).toBe("");
});

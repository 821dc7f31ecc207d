import { expect, test } from "vitest";

import { signInCodeIn } from "./signInCode";

test.each([
  ["http://127.0.0.1:8000/sign-in#owc_abc", "owc_abc"],
  ["  owc_abc \n", "owc_abc"],
  ["#owc_abc", "owc_abc"],
  ["", ""],
])("the code in %j is %j", (pasted, code) => {
  expect(signInCodeIn(pasted)).toBe(code);
});

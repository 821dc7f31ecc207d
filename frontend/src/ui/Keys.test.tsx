import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { renderPage } from "../testing/page";
import { Keys } from "./Keys";

function open() {
  return renderPage(
    <>
      <main>
        <input type="search" aria-label="Search the library" />
        <textarea aria-label="What to draw" />
      </main>
      <Keys />
    </>,
  );
}

test("a question mark shows the keys, and / goes to the search", async () => {
  const { user } = open();
  await user.keyboard("?");
  expect((await screen.findByRole("dialog", { name: "Keys" })).textContent).toContain("Search");
  await user.keyboard("/"); // the page behind a window is out of reach
  expect(document.activeElement).not.toBe(screen.queryByLabelText("Search the library"));
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("dialog")).toBeNull();
  await user.keyboard("/");
  expect(document.activeElement).toBe(screen.getByLabelText("Search the library"));
});

test("a key that is pressed in a text field is a letter and opens no window", async () => {
  const { user } = open();
  const prompt = screen.getByLabelText<HTMLTextAreaElement>("What to draw");
  await user.click(prompt);
  await user.keyboard("is this / a cat?");
  expect(prompt.value).toBe("is this / a cat?");
  expect(screen.queryByRole("dialog")).toBeNull();
});

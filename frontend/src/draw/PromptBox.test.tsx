import { screen } from "@testing-library/react";
import { useState } from "react";
import { expect, test, vi } from "vitest";

import { renderPage } from "../testing/page";
import { mug } from "../testing/samples";
import { FormProblem } from "../ui/FormProblem";
import { PromptBox } from "./PromptBox";

const fox = { ...mug, id: "fox", placeholder: "<fox>", name: "Fox" };
const unready = { ...mug, id: "unready", placeholder: "<my-hat>", current_version: null };

function open(onSubmit = vi.fn()) {
  function Form() {
    const [text, setText] = useState("");
    return (
      <FormProblem error={null}>
        <PromptBox value={text} concepts={[mug, fox, unready]} onChange={setText} onSubmit={onSubmit} />
      </FormProblem>
    );
  }
  const { user } = renderPage(<Form />);
  return { user, box: screen.getByLabelText<HTMLTextAreaElement>("What to draw"), onSubmit };
}

test("typing < offers the concepts that can be drawn, and Enter puts the chosen one into the prompt", async () => {
  const { user, box } = open();
  await user.type(box, "a photo of <");
  expect(screen.getAllByRole("option").map((option) => option.textContent)).toEqual(["<my-mug>My mug", "<fox>Fox"]);
  expect(box.hasAttribute("aria-activedescendant")).toBe(true);
  await user.keyboard("{ArrowDown}{Enter}on snow");
  expect(box.value).toBe("a photo of <fox> on snow");
  expect(box.hasAttribute("aria-activedescendant")).toBe(false);
});

test("Escape closes the list and leaves the text", async () => {
  const { user, box } = open();
  await user.type(box, "a <my{Escape}");
  expect(box.hasAttribute("aria-activedescendant")).toBe(false);
  expect(box.value).toBe("a <my");
});

test("a concept below the box is put in at the caret", async () => {
  const { user, box } = open();
  await user.type(box, "a photo of");
  await user.click(screen.getByTitle("My mug"));
  expect(box.value).toBe("a photo of <my-mug> ");
  expect(document.activeElement).toBe(box);
});

test("Enter with Control sends the form", async () => {
  const { user, box, onSubmit } = open();
  await user.type(box, "a cat{Control>}{Enter}{/Control}");
  expect(onSubmit).toHaveBeenCalledOnce();
});

import { fireEvent, screen } from "@testing-library/react";
import { useState } from "react";
import { expect, test } from "vitest";

import { ProblemError } from "../api/problem";
import { renderPage } from "../testing/page";
import { pictureFile } from "../testing/samples";
import { problem, studio } from "../testing/studio";
import { FormProblem } from "../ui/FormProblem";
import type { TeachPicture } from "./pictures";
import { PictureTray } from "./PictureTray";

function open(error: unknown = null) {
  function Form() {
    const [pictures, setPictures] = useState<readonly TeachPicture[]>([]);
    return (
      <FormProblem error={error}>
        <PictureTray pictures={pictures} baseModel="demo" kind="object" onChange={setPictures} />
      </FormProblem>
    );
  }
  return renderPage(<Form />);
}

function checked(index: number, name: string, fault: string | null) {
  const found = fault === null ? null : { code: "picture-small", detail: fault };
  return { index, name, width: 64, height: 64, crop: null, masked: false, warnings: [], problem: found };
}

test("chosen pictures are shown with what the studio finds, and can be taken out again", async () => {
  studio.answer("POST", "/api/pictures/check", {
    ok: false,
    pictures: [checked(0, "a.png", null), checked(1, "b.png", "It is too small.")],
    problems: [],
  });
  const { user } = open();
  await user.upload(screen.getByLabelText(/Drop pictures here/), ["a.png", "b.png"].map(pictureFile));
  expect(await screen.findByText("It is too small.")).toBeDefined();
  expect(screen.getByText("1 more at least.")).toBeDefined();
  await user.click(screen.getByRole("button", { name: "Remove b.png" }));
  expect(screen.queryByText("It is too small.")).toBeNull();
  expect(screen.getByText("2 more at least.")).toBeDefined();
});

test("a refusal that names pictures is told below each of them, and nowhere else", async () => {
  studio.answer("POST", "/api/pictures/check", { ok: true, pictures: [checked(0, "a.png", null)], problems: [] });
  const pictures = [{ index: 0, name: "a.png", detail: "Picture 1 ends too early." }];
  const { user } = open(new ProblemError(problem("images", { pictures })));
  await user.upload(screen.getByLabelText(/Drop pictures here/), [pictureFile("a.png")]);
  const alerts = await screen.findAllByRole("alert");
  expect(alerts.map((alert) => alert.textContent)).toEqual(["Picture 1 ends too early."]);
});

test("a check that fails is shown", async () => {
  studio.refuse("POST", "/api/pictures/check", problem("base_model"));
  const { user } = open();
  await user.upload(screen.getByLabelText(/Drop pictures here/), [pictureFile("a.png")]);
  expect((await screen.findByRole("alert")).textContent).toContain("The studio refuses base_model.");
});

test("the score of enough pictures is told with advice about all of them", async () => {
  const names = ["a.png", "b.png", "c.png"];
  const advice = [{ code: "background", detail: "All on the same background." }];
  const pictures = names.map((name, place) => checked(place, name, null));
  studio.answer("POST", "/api/pictures/check", { ok: true, pictures, problems: [], score: 75, advice });
  const { user } = open();
  await user.upload(screen.getByLabelText(/Drop pictures here/), names.map(pictureFile));
  expect(await screen.findByText("75")).toBeDefined();
  expect(screen.getByText("All on the same background.")).toBeDefined();
});

test("a pasted picture is taken, and pasted text is not", async () => {
  studio.answer("POST", "/api/pictures/check", { ok: true, pictures: [checked(0, "a.png", null)], problems: [] });
  open();
  for (const files of [[], [pictureFile("a.png")]]) {
    const event = new Event("paste", { cancelable: true });
    fireEvent(window, Object.assign(event, { clipboardData: { files } }));
    expect(event.defaultPrevented).toBe(files.length > 0);
  }
  expect(await screen.findByRole("button", { name: "Remove a.png" })).toBeDefined();
});

test("a caption goes with its picture, and is not checked", async () => {
  studio.answer("POST", "/api/pictures/check", { ok: true, pictures: [checked(0, "a.png", null)], problems: [] });
  const { user } = open();
  await user.upload(screen.getByLabelText(/Drop pictures here/), [pictureFile("a.png")]);
  await user.type(screen.getByLabelText("What else picture 1 shows"), "on a table");
  expect(screen.getByLabelText<HTMLInputElement>("What else picture 1 shows").value).toBe("on a table");
  expect(studio.received("POST", "/api/pictures/check")).toHaveLength(1);
});

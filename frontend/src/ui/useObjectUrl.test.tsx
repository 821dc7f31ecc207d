import { render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { pictureFile } from "../testing/samples";
import { useObjectUrl } from "./useObjectUrl";

function Shown({ file, name }: { file: File | null; name: string }) {
  const url = useObjectUrl(file);
  return url === null ? <p>{name} shows nothing</p> : <img src={url} alt={name} />;
}

function sourceOf(name: string): string | null {
  return screen.getByAltText(name).getAttribute("src");
}

test("components that show the same file share one address, which the last of them gives back", () => {
  const revoke = vi.spyOn(URL, "revokeObjectURL");
  const file = pictureFile("cat.png");
  const pair = (
    <>
      <Shown file={file} name="one" />
      <Shown file={file} name="other" />
    </>
  );
  const page = render(pair);
  const url = sourceOf("one");
  expect(sourceOf("other")).toBe(url);
  page.rerender(<Shown file={file} name="one" />);
  expect(revoke).not.toHaveBeenCalled();
  page.rerender(<Shown file={pictureFile("dog.png")} name="one" />);
  expect(revoke).toHaveBeenCalledWith(url);
  expect(sourceOf("one")).not.toBe(url);
  page.rerender(<Shown file={null} name="one" />);
  expect(screen.getByText("one shows nothing")).toBeDefined();
});

import { fireEvent, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { renderPage } from "../testing/page";
import { Dialog } from "./Dialog";

function open() {
  const onClose = vi.fn();
  const showModal = vi.spyOn(HTMLDialogElement.prototype, "showModal");
  const page = renderPage(
    <Dialog label="Delete this word" onClose={onClose}>
      <button type="button">Delete it</button>
    </Dialog>,
  );
  return { ...page, onClose, showModal, dialog: screen.getByRole<HTMLDialogElement>("dialog", { name: "Delete this word" }) };
}

test("a dialog is modal, so that the browser keeps the focus inside", () => {
  const { dialog, showModal } = open();
  expect(showModal).toHaveBeenCalledOnce();
  expect(dialog.open).toBe(true);
});

test("Escape and a click on the backdrop close it, a click inside does not", async () => {
  const { user, dialog, onClose } = open();
  await user.click(screen.getByRole("button", { name: "Delete it" }));
  expect(onClose).not.toHaveBeenCalled();
  fireEvent(dialog, new Event("cancel", { cancelable: true })); // what the browser sends on Escape
  expect(onClose).toHaveBeenCalledTimes(1);
  fireEvent.click(dialog);
  expect(onClose).toHaveBeenCalledTimes(2);
});

test("a dialog that goes is closed, which gives the focus back", () => {
  const { dialog, unmount } = open();
  const close = vi.spyOn(dialog, "close");
  unmount();
  expect(close).toHaveBeenCalledOnce();
});

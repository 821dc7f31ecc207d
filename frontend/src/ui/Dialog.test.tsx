import { screen, waitFor } from "@testing-library/react";
import { useState } from "react";
import { expect, test, vi } from "vitest";

import { renderPage } from "../testing/page";
import { Dialog } from "./Dialog";

function Page({ onClose }: { onClose: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        onClick={() => {
          setOpen(true);
        }}
      >
        Delete
      </button>
      {open && (
        <Dialog
          label="Delete this word"
          onClose={() => {
            setOpen(false);
            onClose();
          }}
        >
          <button type="button">Delete it</button>
          <button type="button">Keep it</button>
        </Dialog>
      )}
    </>
  );
}

async function open() {
  const onClose = vi.fn();
  const page = renderPage(<Page onClose={onClose} />);
  const opener = screen.getByRole("button", { name: "Delete" });
  await page.user.click(opener);
  return { ...page, onClose, opener, dialog: await screen.findByRole("dialog", { name: "Delete this word" }) };
}

test("a dialog keeps the focus inside, and the page behind it is out of reach", async () => {
  const { user, dialog, opener } = await open();
  expect(opener.closest("[inert], [aria-hidden=true]")).not.toBeNull();
  for (let press = 0; press < 4; press += 1) {
    await user.tab();
    expect(dialog.contains(document.activeElement)).toBe(true);
  }
});

test("Escape and a press outside close it, a press inside does not", async () => {
  const { user, dialog, onClose, opener } = await open();
  await user.click(screen.getByRole("button", { name: "Keep it" }));
  expect(onClose).not.toHaveBeenCalled();
  await user.keyboard("{Escape}");
  expect(onClose).toHaveBeenCalledTimes(1);
  await user.click(opener);
  const veil = (await screen.findByRole("dialog")).closest(".veil");
  if (veil === null) throw new Error("there is no veil over the page");
  await user.click(veil);
  expect(onClose).toHaveBeenCalledTimes(2);
  expect(dialog.isConnected).toBe(false);
});

test("a dialog that goes gives the focus back", async () => {
  const { user, opener } = await open();
  await user.keyboard("{Escape}");
  await waitFor(() => {
    expect(document.activeElement).toBe(opener);
  });
});

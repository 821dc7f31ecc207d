import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";

import { renderPage } from "../testing/page";
import { studio } from "../testing/studio";
import { SignInView } from "./SignInView";

const link = {
  user: { id: "user-ada", name: "Ada" },
  team: { id: "team", name: "The team" },
  role: "member",
  expires_at: "2026-12-04T12:00:00Z",
  signed_in: null,
};

async function openLink(preview: object) {
  history.replaceState(null, "", "/sign-in#owc_code");
  studio.answer("POST", "/api/session/preview", preview);
  studio.answer("POST", "/api/session", null, 204);
  const page = renderPage(<SignInView />);
  await screen.findByRole("heading", { name: "Sign in as Ada?" });
  return page;
}

test("a link says whom it signs in, and signs in when the button is pressed", async () => {
  const { user } = await openLink(link);
  expect(location.hash).toBe("");
  expect(screen.getByText(/Ada, member of The team/)).toBeTruthy();
  expect(studio.received("POST", "/api/session")).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Sign in as Ada" }));
  await waitFor(() => {
    expect(studio.received("POST", "/api/session").map(({ body }) => body)).toEqual([{ code: "owc_code" }]);
  });
});

test("a link says who is signed out by it, and nobody is when it is not wanted", async () => {
  const { user } = await openLink({ ...link, signed_in: { id: "user-grace", name: "Grace" } });
  expect(screen.getByText(/signs Grace out of this browser/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Stay signed in as Grace" }));
  expect(studio.received("POST", "/api/session")).toEqual([]);
  expect(location.pathname).toBe("/");
});

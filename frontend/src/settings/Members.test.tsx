import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";

import { renderPage } from "../testing/page";
import { me } from "../testing/samples";
import { studio } from "../testing/studio";
import { Members } from "./Members";

const NOW = "2026-11-27T12:00:00Z";
const grace = { id: "user-grace", name: "Grace", role: "viewer", created_at: NOW };
const invitation = { id: "link", user: { id: grace.id, name: "Grace" }, role: "viewer", created_by: null, created_at: NOW, expires_at: NOW };

function open(role: (typeof me)["role"]) {
  studio.answer("GET", "/api/members", { items: [{ ...me.user, role: "admin", created_at: NOW }, grace], next: null });
  studio.answer("GET", "/api/invitations", { items: [invitation], next: null });
  return renderPage(<Members />, { ...me, role });
}

test("an administrator changes a role, makes a new link and revokes an open one", async () => {
  const { user } = open("admin");
  studio.answer("PATCH", "/api/members/user-grace", { ...grace, role: "member" });
  studio.answer("POST", "/api/members/user-grace/sign-in-link", { id: "new", sign_in_url: "http://x/sign-in#owc_new", expires_at: NOW }, 201);
  studio.answer("DELETE", "/api/invitations/link", null, 204);
  await user.selectOptions(await screen.findByLabelText("Role of Grace"), "member");
  expect(studio.received("PATCH", "/api/members/user-grace").map(({ body }) => body)).toEqual([{ role: "member" }]);
  await user.click(screen.getByRole("button", { name: "New sign-in link for Grace" }));
  expect(await screen.findByDisplayValue("http://x/sign-in#owc_new")).toBeTruthy();
  await user.click(screen.getByText(/nobody has used yet/));
  await user.click(screen.getByRole("button", { name: "Revoke the link for Grace" }));
  await waitFor(() => {
    expect(studio.received("DELETE", "/api/invitations/link")).toHaveLength(1);
  });
});

test("nobody changes her own role here, and a member changes nobody", async () => {
  const { unmount } = open("admin");
  await screen.findByLabelText("Role of Grace");
  expect(screen.queryByLabelText("Role of Ada")).toBeNull();
  unmount();
  open("member");
  await screen.findByText("Grace");
  expect(screen.queryByLabelText("Role of Grace")).toBeNull();
  expect(studio.received("GET", "/api/invitations")).toHaveLength(1);
});

// Asks before a link signs somebody in: who it is, in which team, and who is signed out by it.
import { useMutation } from "@tanstack/react-query";
import { useLocation } from "wouter";

import { answer, api } from "../api/client";
import { queryClient } from "../api/queries";
import type { LinkPreview } from "../api/types";
import { Problems } from "../ui/Notice";

interface ConfirmSignInProps {
  code: string;
  link: LinkPreview;
  onCancel: () => void;
}

export function ConfirmSignIn({ code, link, onCancel }: ConfirmSignInProps) {
  const [, go] = useLocation();
  const target = location.pathname === "/sign-in" ? "/" : location.pathname;
  const signIn = useMutation({
    mutationFn: () => answer(api.POST("/api/session", { body: { code } })),
    onSuccess: async () => {
      await queryClient.resetQueries(); // nothing of the person before stays on the page
      go(target, { replace: true });
    },
  });
  const { user, team, role, signed_in: present } = link;
  return (
    <main className="welcome stack">
      <p className="wordmark">
        one<mark>word</mark>
      </p>
      <h1>Sign in as {user.name}?</h1>
      <p className="soft">
        This link is for {user.name}, {role} of {team.name}. It works once, and this browser then stays signed in.
      </p>
      {present && present.id !== user.id && (
        <p className="notice" role="status">
          <strong>{present.name} is signed in here now</strong>
          Signing in as {user.name} signs {present.name} out of this browser.
        </p>
      )}
      {present?.id === user.id && (
        <p className="notice" role="status">
          You are signed in as {user.name} already.
        </p>
      )}
      <Problems of={[signIn]} />
      <div className="row">
        <button
          type="button"
          className="button primary"
          disabled={signIn.isPending || signIn.isSuccess}
          onClick={() => {
            signIn.mutate();
          }}
        >
          Sign in as {user.name}
        </button>
        <button
          type="button"
          className="button quiet"
          onClick={() => {
            if (present) go(target, { replace: true });
            else onCancel();
          }}
        >
          {present ? `Stay signed in as ${present.name}` : "Not now"}
        </button>
      </div>
    </main>
  );
}

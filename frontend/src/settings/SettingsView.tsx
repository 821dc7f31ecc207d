// What belongs to the person and the team: members, tokens, sessions, what the team uses, webhooks, the base models, and the way out.
import { useMutation } from "@tanstack/react-query";
import { Link } from "wouter";

import { answer, api } from "../api/client";
import { isSignedOut } from "../api/problem";
import { me, queryClient } from "../api/queries";
import { useMe } from "../session/currentUser";
import { Problems } from "../ui/Notice";
import { AboutBaseModels } from "./AboutBaseModels";
import { Members } from "./Members";
import { Sessions } from "./Sessions";
import { Tokens } from "./Tokens";
import { UsageSection } from "./UsageSection";
import { Webhooks } from "./Webhooks";

/** Asks again who is signed in. Without a session the page shows how to sign in. */
function leave() {
  return queryClient.resetQueries({ queryKey: me.queryKey });
}

export function SettingsView() {
  const { user, team, role } = useMe();
  const signOut = useMutation({
    mutationFn: () => answer(api.DELETE("/api/session")),
    onSuccess: leave,
    onError: (error) => (isSignedOut(error) ? leave() : undefined),
  });
  return (
    <>
      <div className="head">
        <div>
          <h1>Settings</h1>
          <p>
            {user.name}, {role} of {team.name}
          </p>
        </div>
        <button
          type="button"
          className="button"
          onClick={() => {
            signOut.mutate();
          }}
        >
          Sign out
        </button>
      </div>
      <Problems of={[signOut]} />
      <div className="settings">
        <Members />
        <Tokens />
        <Sessions />
        <UsageSection />
        <AboutBaseModels />
        {role === "admin" && (
          <section className="sheet stack" aria-label="Audit">
            <h2>Audit</h2>
            <p className="soft">Who did what to what, from where: signing in, words, drawings, tokens, members, webhooks.</p>
            <div className="row">
              <Link className="button" href="/audit">
                Open the audit
              </Link>
            </div>
          </section>
        )}
        {role === "admin" && <Webhooks />}
      </div>
    </>
  );
}

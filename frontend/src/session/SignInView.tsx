// Signing in: the link carries a one-time code behind its #, which is traded for a cookie and wiped from the address.
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";

import { answer, api } from "../api/client";
import { me, queryClient } from "../api/queries";
import { RowField } from "../ui/Field";
import { FormNotice, FormProblem } from "../ui/FormProblem";
import { signInCodeIn } from "./signInCode";

export function SignInView() {
  const [, go] = useLocation();
  const [pasted, setPasted] = useState("");
  const signIn = useMutation({
    mutationFn: (code: string) => answer(api.POST("/api/session", { body: { code } })),
    onSuccess: async () => {
      await queryClient.resetQueries({ queryKey: me.queryKey });
      go(location.pathname === "/sign-in" ? "/" : location.pathname, { replace: true });
    },
  });
  const { mutate } = signIn;
  useEffect(() => {
    const code = signInCodeIn(location.hash);
    if (location.pathname !== "/sign-in" || !location.hash || !code) return;
    history.replaceState(null, "", location.pathname); // a used code is of no use in the history
    mutate(code);
  }, [mutate]);

  if (signIn.isPending || signIn.isSuccess) {
    return (
      <main className="welcome">
        <p className="soft" role="status">
          Signing in…
        </p>
      </main>
    );
  }
  return (
    <main className="welcome stack">
      <p className="wordmark">
        one<mark>word</mark>
      </p>
      <h1>Teach a picture model one new word.</h1>
      <p className="soft">
        You come in with a sign-in link. It is printed where the studio was started; for a new one, run this there:
      </p>
      <pre>.venv/bin/oneword sign-in</pre>
      <p className="soft">In somebody else’s studio, ask an administrator to invite you.</p>
      <FormProblem error={signIn.error}>
        <FormNotice />
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            mutate(signInCodeIn(pasted));
          }}
        >
          <RowField label="Sign-in link" name="code">
            {(control) => (
              <input
                {...control}
                className="grow"
                placeholder="Or paste the link here"
                autoComplete="off"
                value={pasted}
                onChange={(event) => {
                  setPasted(event.target.value);
                  if (signIn.isError) signIn.reset();
                }}
              />
            )}
          </RowField>
          <button className="button primary" disabled={signInCodeIn(pasted) === ""}>
            Sign in
          </button>
        </form>
      </FormProblem>
    </main>
  );
}

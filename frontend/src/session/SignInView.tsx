// Signing in: the link carries a one-time code behind its #. The page wipes it from the address, asks whom it signs in, and
// trades it for a cookie when the person says so.
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { answer, api } from "../api/client";
import { RowField } from "../ui/Field";
import { FormNotice, FormProblem } from "../ui/FormProblem";
import { ConfirmSignIn } from "./ConfirmSignIn";
import { signInCodeIn } from "./signInCode";

export function SignInView() {
  const [pasted, setPasted] = useState("");
  const preview = useMutation({
    mutationFn: (code: string) => answer(api.POST("/api/session/preview", { body: { code } })),
  });
  const { mutate } = preview;
  useEffect(() => {
    const code = signInCodeIn(location.hash);
    if (location.pathname !== "/sign-in" || !location.hash || !code) return;
    history.replaceState(null, "", location.pathname); // the code must not stay in the history
    mutate(code);
  }, [mutate]);

  if (preview.isPending) {
    return (
      <main className="welcome">
        <p className="soft" role="status">
          Reading the link…
        </p>
      </main>
    );
  }
  if (preview.isSuccess) return <ConfirmSignIn code={preview.variables} link={preview.data} onCancel={preview.reset} />;
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
      <p className="soft">In somebody else’s studio, ask an administrator for a link.</p>
      <FormProblem error={preview.error}>
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
                  if (preview.isError) preview.reset();
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

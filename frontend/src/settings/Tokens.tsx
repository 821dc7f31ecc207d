// Bearer tokens for scripts: made here, shown once, revoked here.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api } from "../api/client";
import { constraints } from "../api/constraints";
import { queryClient, tokens as tokensQuery } from "../api/queries";
import { useMayChange } from "../session/currentUser";
import { RelativeTime } from "../ui/RelativeTime";
import { RowField } from "../ui/Field";
import { FormNotice, FormProblem } from "../ui/FormProblem";
import { Problems } from "../ui/Notice";
import { OneTimeSecret } from "./OneTimeSecret";

export function Tokens() {
  const mayChange = useMayChange();
  const tokens = useQuery(tokensQuery);
  const [name, setName] = useState("");
  const refresh = () => queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey });
  const make = useMutation({
    mutationFn: () => answer(api.POST("/api/tokens", { body: { name: name.trim() } })),
    onSuccess: () => {
      setName("");
      return refresh();
    },
  });
  const revoke = useMutation({
    mutationFn: (id: string) => answer(api.DELETE("/api/tokens/{token_id}", { params: { path: { token_id: id } } })),
    onSettled: refresh,
  });
  return (
    <section className="sheet stack" aria-label="Tokens">
      <h2>Tokens for scripts</h2>
      <p className="small soft">
        A script sends one as <code>Authorization: Bearer …</code> and may do what you may.{" "}
        <a href="/openapi.json">What the interface offers</a>
      </p>
      {make.data && <OneTimeSecret label={`Token “${make.data.name}”, shown only now`} value={make.data.token} />}
      <Problems of={[tokens, revoke]} />
      <ul className="listing">
        {tokens.data?.map((token) => (
          <li key={token.id}>
            <div>
              <p>{token.name}</p>
              <p className="small soft">
                made <RelativeTime time={token.created_at} />
                {token.last_used_at && (
                  <>
                    , last used <RelativeTime time={token.last_used_at} />
                  </>
                )}
              </p>
            </div>
            <button
              type="button"
              className="button small quiet bad"
              aria-label={`Revoke ${token.name}`}
              onClick={() => {
                revoke.mutate(token.id);
              }}
            >
              Revoke
            </button>
          </li>
        ))}
      </ul>
      {mayChange && (
        <FormProblem error={make.error}>
          <FormNotice />
          <form
            className="row"
            onSubmit={(event) => {
              event.preventDefault();
              make.mutate();
            }}
          >
            <RowField label="What the token is for" name="name">
              {(control) => (
                <input
                  {...control}
                  className="grow"
                  placeholder="What it is for"
                  maxLength={constraints.TokenIn.name.maxLength}
                  value={name}
                  onChange={(event) => {
                    setName(event.target.value);
                    if (make.isError) make.reset();
                  }}
                />
              )}
            </RowField>
            <button className="button" disabled={name.trim() === "" || make.isPending}>
              Make a token
            </button>
          </form>
        </FormProblem>
      )}
    </section>
  );
}

// Bearer tokens for scripts: made here, shown once, revoked here.
import { useMutation, useQuery } from "@tanstack/react-query";

import { answer, api } from "../api/client";
import { queryClient, tokens as tokensQuery } from "../api/queries";
import { useMayChange } from "../session/currentUser";
import { Problems } from "../ui/Notice";
import { RelativeTime } from "../ui/RelativeTime";
import { NewToken } from "./NewToken";

function refresh() {
  return queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey });
}

export function Tokens() {
  const mayChange = useMayChange();
  const tokens = useQuery(tokensQuery);
  const revoke = useMutation({
    mutationFn: (id: string) => answer(api.DELETE("/api/tokens/{token_id}", { params: { path: { token_id: id } } })),
    onSettled: refresh,
  });
  return (
    <section className="sheet stack" aria-label="Tokens">
      <h2>Tokens for scripts</h2>
      <p className="small soft">
        A script sends one as <code>Authorization: Bearer …</code> and may do what its scopes allow.{" "}
        <a href="/docs">What the interface offers</a>
      </p>
      <Problems of={[tokens, revoke]} />
      <ul className="listing">
        {tokens.data?.map((token) => (
          <li key={token.id}>
            <div>
              <p>{token.name}</p>
              <p className="small soft">
                {token.scopes.join(", ")} · made <RelativeTime time={token.created_at} />
                {token.last_used_at && (
                  <>
                    , last used <RelativeTime time={token.last_used_at} />
                  </>
                )}
                {token.expires_at && (
                  <>
                    , ends <RelativeTime time={token.expires_at} />
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
      {mayChange && <NewToken onMade={refresh} />}
    </section>
  );
}

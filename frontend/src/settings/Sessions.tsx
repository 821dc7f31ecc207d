// The browsers in which the person is signed in. Each can be signed out from here, or all others at once.
import { useMutation, useQuery } from "@tanstack/react-query";

import { answer, api } from "../api/client";
import { queryClient, sessions as sessionsQuery } from "../api/queries";
import { Problems } from "../ui/Notice";
import { RelativeTime } from "../ui/RelativeTime";

function refresh() {
  return queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey });
}

export function Sessions() {
  const sessions = useQuery(sessionsQuery);
  const end = useMutation({
    mutationFn: (id: string) => answer(api.DELETE("/api/sessions/{session_id}", { params: { path: { session_id: id } } })),
    onSettled: refresh,
  });
  const endOthers = useMutation({ mutationFn: () => answer(api.DELETE("/api/sessions")), onSettled: refresh });
  const items = sessions.data ?? [];
  return (
    <section className="sheet stack" aria-label="Sessions">
      <h2>Where you are signed in</h2>
      <Problems of={[sessions, end, endOthers]} />
      <ul className="listing">
        {items.map((session) => (
          <li key={session.id}>
            <div>
              <p>
                {session.user_agent || "A browser"}
                {session.current && <span className="soft"> (this one)</span>}
              </p>
              <p className="small soft">
                signed in <RelativeTime time={session.created_at} />, last used <RelativeTime time={session.last_used_at} />
              </p>
            </div>
            {!session.current && (
              <button
                type="button"
                className="button small quiet bad"
                aria-label={`Sign out ${session.user_agent || "that browser"}`}
                onClick={() => {
                  end.mutate(session.id);
                }}
              >
                Sign out
              </button>
            )}
          </li>
        ))}
      </ul>
      {items.filter(({ current }) => !current).length > 1 && (
        <div className="row">
          <button
            type="button"
            className="button small"
            disabled={endOthers.isPending}
            onClick={() => {
              endOthers.mutate();
            }}
          >
            Sign out all others
          </button>
        </div>
      )}
    </section>
  );
}

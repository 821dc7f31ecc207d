// The sign-in links that nobody has used yet. An administrator can revoke each.
import { useMutation, useQuery } from "@tanstack/react-query";

import { answer, api } from "../api/client";
import { invitations as invitationsQuery, queryClient } from "../api/queries";
import { Problems } from "../ui/Notice";
import { RelativeTime } from "../ui/RelativeTime";

export function Invitations() {
  const invitations = useQuery(invitationsQuery);
  const revoke = useMutation({
    mutationFn: (id: string) => answer(api.DELETE("/api/invitations/{invitation_id}", { params: { path: { invitation_id: id } } })),
    onSettled: () => queryClient.invalidateQueries({ queryKey: invitationsQuery.queryKey }),
  });
  const items = invitations.data ?? [];
  return (
    <>
      <Problems of={[invitations, revoke]} />
      {items.length > 0 && (
        <details>
          <summary>Links that nobody has used yet ({items.length})</summary>
          <ul className="listing">
            {items.map((each) => (
              <li key={each.id}>
                <div>
                  <p>{each.user.name}</p>
                  <p className="small soft">
                    made <RelativeTime time={each.created_at} /> by {each.created_by?.name ?? "the command line"}, ends{" "}
                    <RelativeTime time={each.expires_at} />
                  </p>
                </div>
                <button
                  type="button"
                  className="button small quiet bad"
                  aria-label={`Revoke the link for ${each.user.name}`}
                  onClick={() => {
                    revoke.mutate(each.id);
                  }}
                >
                  Revoke
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

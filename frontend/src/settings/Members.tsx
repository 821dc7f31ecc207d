// Who is in the team. Administrators invite by a link that signs in once, and take people out again.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api } from "../api/client";
import { constraints } from "../api/constraints";
import { members as membersQuery, queryClient } from "../api/queries";
import type { Role } from "../api/types";
import { useMe } from "../session/currentUser";
import { RowField } from "../ui/Field";
import { FormNotice, FormProblem } from "../ui/FormProblem";
import { Problems } from "../ui/Notice";
import { OneTimeSecret } from "./OneTimeSecret";

const PERMISSIONS: Record<Role, string> = { viewer: "may look", member: "may teach and draw", admin: "may also invite" };

export function Members() {
  const { user, team, role } = useMe();
  const members = useQuery(membersQuery);
  const refresh = () => queryClient.invalidateQueries({ queryKey: membersQuery.queryKey });
  const remove = useMutation({
    mutationFn: (id: string) => answer(api.DELETE("/api/members/{user_id}", { params: { path: { user_id: id } } })),
    onSettled: refresh,
  });
  return (
    <section className="sheet stack" aria-label="Team">
      <h2>{team.name}</h2>
      <Problems of={[members, remove]} />
      <ul className="listing">
        {members.data?.map((member) => (
          <li key={member.id}>
            <div>
              <p>
                {member.name}
                {member.id === user.id && <span className="soft"> (you)</span>}
              </p>
              <p className="small soft">
                {member.role}, {PERMISSIONS[member.role]}
              </p>
            </div>
            {role === "admin" && member.id !== user.id && (
              <button
                type="button"
                className="button small quiet bad"
                aria-label={`Remove ${member.name}`}
                onClick={() => {
                  remove.mutate(member.id);
                }}
              >
                Remove
              </button>
            )}
          </li>
        ))}
      </ul>
      {role === "admin" && <Invite onInvited={refresh} />}
    </section>
  );
}

function Invite({ onInvited }: { onInvited: () => Promise<void> }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>(constraints.MemberIn.role.default);
  const invite = useMutation({
    mutationFn: () => answer(api.POST("/api/members", { body: { name: name.trim(), role } })),
    onSuccess: () => {
      setName("");
      return onInvited();
    },
  });
  return (
    <FormProblem error={invite.error}>
      {invite.data && <OneTimeSecret label={`Link for ${invite.data.name}: it signs in once, within a week`} value={invite.data.sign_in_url} />}
      <FormNotice />
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          invite.mutate();
        }}
      >
        <RowField label="Name of a new member" name="name">
          {(control) => (
            <input
              {...control}
              className="grow"
              placeholder="Name"
              maxLength={constraints.MemberIn.name.maxLength}
              value={name}
              onChange={(event) => {
                setName(event.target.value);
                if (invite.isError) invite.reset();
              }}
            />
          )}
        </RowField>
        <RowField label="Role" name="role">
          {(control) => (
            <select
              {...control}
              className="narrow"
              value={role}
              onChange={(event) => {
                setRole(event.target.value as Role);
                if (invite.isError) invite.reset();
              }}
            >
              {constraints.MemberIn.role.enum.map((each) => (
                <option key={each} value={each}>
                  {each}, {PERMISSIONS[each]}
                </option>
              ))}
            </select>
          )}
        </RowField>
        <button className="button" disabled={name.trim() === "" || invite.isPending}>
          Invite
        </button>
      </form>
    </FormProblem>
  );
}

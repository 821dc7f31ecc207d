// Who is in the team. Administrators invite, let people in again by a new link, change roles, and take people out.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api } from "../api/client";
import { constraints } from "../api/constraints";
import { invitations as invitationsQuery, members as membersQuery, queryClient } from "../api/queries";
import type { Member, Role } from "../api/types";
import { useMe } from "../session/currentUser";
import { RowField } from "../ui/Field";
import { FormNotice, FormProblem } from "../ui/FormProblem";
import { Problems } from "../ui/Notice";
import { Invitations } from "./Invitations";
import { OneTimeSecret } from "./OneTimeSecret";

const PERMISSIONS: Record<Role, string> = { viewer: "may look", member: "may teach and draw", admin: "may also invite" };
const ROLES = constraints.MemberIn.role.enum;

function refresh() {
  return Promise.all(
    [membersQuery, invitationsQuery].map(({ queryKey }) => queryClient.invalidateQueries({ queryKey: [...queryKey] })),
  );
}

export function Members() {
  const { user, team, role } = useMe();
  const members = useQuery(membersQuery);
  return (
    <section className="sheet stack" aria-label="Team">
      <h2>{team.name}</h2>
      <Problems of={[members]} />
      <ul className="listing">
        {members.data?.map((member) =>
          role === "admin" && member.id !== user.id ? (
            <EditableMember key={member.id} member={member} />
          ) : (
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
            </li>
          ),
        )}
      </ul>
      {role === "admin" && <Invite />}
      {role === "admin" && <Invitations />}
    </section>
  );
}

function EditableMember({ member }: { member: Member }) {
  const path = { user_id: member.id };
  const change = useMutation({
    mutationFn: (role: Role) => answer(api.PATCH("/api/members/{user_id}", { params: { path }, body: { role } })),
    onSettled: refresh,
  });
  const link = useMutation({
    mutationFn: () => answer(api.POST("/api/members/{user_id}/sign-in-link", { params: { path } })),
    onSettled: refresh,
  });
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE("/api/members/{user_id}", { params: { path } })),
    onSettled: refresh,
  });
  return (
    <li className="member">
      <div>
        <p>{member.name}</p>
      </div>
      <div className="row">
        <select
          className="narrow small"
          aria-label={`Role of ${member.name}`}
          disabled={change.isPending}
          value={change.isPending ? change.variables : member.role}
          onChange={(event) => {
            change.mutate(event.target.value as Role);
          }}
        >
          {ROLES.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        <button
          type="button"
          className="button small quiet"
          aria-label={`New sign-in link for ${member.name}`}
          disabled={link.isPending}
          onClick={() => {
            link.mutate();
          }}
        >
          New link
        </button>
        <button
          type="button"
          className="button small quiet bad"
          aria-label={`Remove ${member.name}`}
          disabled={remove.isPending}
          onClick={() => {
            remove.mutate();
          }}
        >
          Remove
        </button>
      </div>
      <Problems of={[change, link, remove]} />
      {link.data && <OneTimeSecret label={`Link for ${member.name}: it signs in once, within a week`} value={link.data.sign_in_url} />}
    </li>
  );
}

function Invite() {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>(constraints.MemberIn.role.default);
  const invite = useMutation({
    mutationFn: () => answer(api.POST("/api/members", { body: { name: name.trim(), role } })),
    onSuccess: () => {
      setName("");
      return refresh();
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
              {ROLES.map((each) => (
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

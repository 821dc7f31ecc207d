// The form that makes a token: what it is for, what it may do, and when it ends.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api } from "../api/client";
import { constraints } from "../api/constraints";
import type { Scope } from "../api/types";
import { useMe } from "../session/currentUser";
import { FieldFault, RowField } from "../ui/Field";
import { FormNotice, FormProblem } from "../ui/FormProblem";
import { OneTimeSecret } from "./OneTimeSecret";
import { SCOPES } from "./scopes";

const USUAL: readonly Scope[] = constraints.TokenIn.scopes.default;
const DAYS = [7, 30, 90, 365];

export function NewToken({ onMade }: { onMade: () => Promise<void> }) {
  const { role } = useMe();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState(USUAL);
  const [days, setDays] = useState("");
  const make = useMutation({
    mutationFn: () =>
      answer(
        api.POST("/api/tokens", {
          body: { name: name.trim(), scopes: [...scopes], expires_in_days: days === "" ? null : Number(days) },
        }),
      ),
    onSuccess: () => {
      setName("");
      return onMade();
    },
  });

  function changed() {
    if (make.isError) make.reset();
  }

  return (
    <FormProblem error={make.error}>
      {make.data && <OneTimeSecret label={`Token “${make.data.name}”, shown only now`} value={make.data.token} />}
      <FormNotice />
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <div className="row">
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
                  changed();
                }}
              />
            )}
          </RowField>
          <RowField label="When it ends" name="expires_in_days">
            {(control) => (
              <select
                {...control}
                className="narrow"
                value={days}
                onChange={(event) => {
                  setDays(event.target.value);
                  changed();
                }}
              >
                <option value="">Never ends</option>
                {DAYS.map((each) => (
                  <option key={each} value={each}>
                    {each} days
                  </option>
                ))}
              </select>
            )}
          </RowField>
        </div>
        <div className="chips" role="group" aria-label="What it may do">
          {constraints.TokenIn.scopes.enum
            .filter((scope) => scope !== "admin" || role === "admin")
            .map((scope) => (
              <button
                key={scope}
                type="button"
                className="chip"
                aria-pressed={scopes.includes(scope)}
                title={SCOPES[scope]}
                onClick={() => {
                  setScopes(scopes.includes(scope) ? scopes.filter((each) => each !== scope) : [...scopes, scope]);
                  changed();
                }}
              >
                {scope}
              </button>
            ))}
        </div>
        <FieldFault name="scopes" />
        <div className="row">
          <button className="button" disabled={name.trim() === "" || scopes.length === 0 || make.isPending}>
            Make a token
          </button>
        </div>
      </form>
    </FormProblem>
  );
}

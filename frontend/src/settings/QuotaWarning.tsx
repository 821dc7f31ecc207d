// A warning above a form when the team is near one of its quotas.
import { useQuery } from "@tanstack/react-query";

import { usage } from "../api/queries";
import { warning, type QuotaName } from "./quotaText";

export function QuotaWarning({ of }: { of: readonly QuotaName[] }) {
  // eslint-disable-next-line oneword/shown-problem -- a warning ahead of time; a request over a quota is refused with its own problem
  const { data } = useQuery(usage);
  const near = data === undefined ? [] : of.filter((name) => data[name].near);
  if (data === undefined || near.length === 0) return null;
  return (
    <div className="near small" role="status">
      {near.map((name) => (
        <p key={name}>{warning(name, data[name])}</p>
      ))}
    </div>
  );
}

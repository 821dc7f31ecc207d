// What the team uses, beside what it may.
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { usage } from "../api/queries";
import type { Usage } from "../api/types";
import { useMe } from "../session/currentUser";
import { Problems } from "../ui/Notice";
import { amount, used, type QuotaName } from "./quotaText";

const NAMES: readonly { name: QuotaName; title: string }[] = [
  { name: "queued_jobs", title: "Jobs that wait" },
  { name: "gpu_seconds", title: "GPU time in 30 days" },
  { name: "storage_bytes", title: "Pictures and drawings" },
];

export function UsageSection() {
  const asked = useQuery(usage);
  const { data } = asked;
  const { limits } = useMe();
  return (
    <section className="sheet stack" aria-label="Use">
      <h2>What your team uses</h2>
      <Problems of={[asked]} />
      {data && NAMES.map(({ name, title }) => <Line key={name} name={name} title={title} quota={data[name]} />)}
      {data && data.bin_bytes > 0 && (
        <p className="small soft">
          {amount("storage_bytes", data.bin_bytes)} of that are in the <Link href="/bin">bin</Link>.
        </p>
      )}
      {limits.drawings_days > 0 && (
        <p className="small soft">Drawings go after {limits.drawings_days} days, unless somebody keeps them with the star.</p>
      )}
    </section>
  );
}

function Line({ name, title, quota }: { name: QuotaName; title: string; quota: Usage[QuotaName] }) {
  return (
    <div className="quota">
      <p>
        <span>{title}</span>
        <span className={quota.near ? "near-text" : "soft"}>{used(name, quota)}</span>
      </p>
      {quota.limit !== null && (
        <div
          className={quota.near ? "meter near-meter" : "meter"}
          role="progressbar"
          aria-label={title}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(Math.min(1, quota.used / quota.limit) * 100)}
        >
          <div style={{ width: `${Math.min(1, quota.used / quota.limit) * 100}%` }} />
        </div>
      )}
    </div>
  );
}

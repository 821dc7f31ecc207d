// Quotas as text. Pure.
import type { Usage } from "../api/types";

export type QuotaName = Exclude<keyof Usage, "bin_bytes">;

const GIGABYTE = 1e9;
const MEGABYTE = 1e6;
const HOUR = 3600;

/** An amount with its unit: "3", "1.5 h", "8.2 GB". */
export function amount(name: QuotaName, value: number): string {
  switch (name) {
    case "queued_jobs":
      return String(value);
    case "gpu_seconds":
      return value < HOUR ? `${Math.round(value / 60)} min` : `${rounded(value / HOUR)} h`;
    case "storage_bytes":
      return value < GIGABYTE ? `${Math.round(value / MEGABYTE)} MB` : `${rounded(value / GIGABYTE)} GB`;
  }
}

/** "85 of 100", or only what is used where there is no limit. */
export function used(name: QuotaName, quota: Usage[QuotaName]): string {
  const mine = amount(name, quota.used);
  return quota.limit === null ? mine : `${mine} of ${amount(name, quota.limit)}`;
}

/** The sentence that is shown before a quota bites. */
export function warning(name: QuotaName, quota: Usage[QuotaName]): string {
  switch (name) {
    case "queued_jobs":
      return `${used(name, quota)} jobs of your team wait; more are taken once some are done.`;
    case "gpu_seconds":
      return `Your team has used ${used(name, quota)} of the GPU that it may use in 30 days.`;
    case "storage_bytes":
      return `Your team’s pictures take ${used(name, quota)}. Delete some that nobody needs, and empty the bin.`;
  }
}

function rounded(value: number): string {
  return value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

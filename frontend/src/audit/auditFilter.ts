// The filters of the audit as the form has them, and as the request has them. Pure.
import type { AuditEntry } from "../api/types";

export interface AuditFilter {
  person: string;
  action: AuditEntry["action"] | "";
  subject: string;
  /** Days of this device's calendar, as a date input has them; the last one counts whole. */
  since: string;
  until: string;
}

export const noAuditFilter: AuditFilter = { person: "", action: "", subject: "", since: "", until: "" };

/** The parameters of the request; empty filters are null. */
export function auditQuery({ person, action, subject, since, until }: AuditFilter) {
  return {
    person: person || null,
    action: action || null,
    subject: subject.trim() || null,
    since: midnight(since, 0),
    until: midnight(until, 1),
  };
}

/** The address of the CSV with the same filters. */
export function csvAddress(filter: AuditFilter): string {
  const given = Object.entries(auditQuery(filter)).filter((each): each is [string, string] => each[1] !== null);
  const query = new URLSearchParams(given).toString();
  return query === "" ? "/api/audit.csv" : `/api/audit.csv?${query}`;
}

function midnight(day: string, daysLater: number): string | null {
  const [year, month, date] = day.split("-").map(Number);
  if (year === undefined || month === undefined || date === undefined) return null;
  const moment = new Date(year, month - 1, date + daysLater);
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}

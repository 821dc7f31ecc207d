import { expect, test } from "vitest";

import { auditQuery, csvAddress, noAuditFilter } from "./auditFilter";

test("empty filters are left out", () => {
  expect(auditQuery(noAuditFilter)).toEqual({ person: null, action: null, subject: null, since: null, until: null });
  expect(csvAddress({ ...noAuditFilter, subject: "  " })).toBe("/api/audit.csv");
});

test("the last day counts whole, and the CSV has the same filters", () => {
  const filter = { ...noAuditFilter, subject: "<my-mug>", since: "2026-11-27", until: "2026-11-27" };
  const { since, until } = auditQuery(filter);
  expect(new Date(until ?? 0).getTime() - new Date(since ?? 0).getTime()).toBe(24 * 60 * 60 * 1000);
  expect(csvAddress(filter)).toContain("subject=%3Cmy-mug%3E");
  expect(csvAddress(filter)).toContain(`since=${encodeURIComponent(since ?? "")}`);
});

// Who did what to what, from where. For administrators.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";

import { audit, members as membersQuery } from "../api/queries";
import type { AuditEntry } from "../api/types";
import { useMe } from "../session/currentUser";
import { Icon } from "../ui/Icon";
import { ProblemNotice, Problems } from "../ui/Notice";
import { Prompt } from "../ui/Placeholder";
import { RelativeTime } from "../ui/RelativeTime";
import { ACTION_NAMES, ACTIONS, detailsText, originText } from "./actionText";
import { auditQuery, csvAddress, noAuditFilter, type AuditFilter } from "./auditFilter";

export function AuditView() {
  const { role } = useMe();
  if (role === "admin") return <Known />;
  return (
    <div className="head">
      <div>
        <h1>Audit</h1>
        <p>Only administrators see what the members of the team did.</p>
      </div>
    </div>
  );
}

function Known() {
  const [filter, setFilter] = useState<AuditFilter>(noAuditFilter);
  const asked = useInfiniteQuery(audit(auditQuery(useDeferredValue(filter))));
  const entries = asked.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <div className="head">
        <div>
          <h1>Audit</h1>
          <p>Who did what to what, from where. Nobody can change it.</p>
        </div>
        <a className="button" href={csvAddress(filter)} download>
          <Icon name="download" /> CSV
        </a>
      </div>
      <Filters filter={filter} onChange={setFilter} />
      {asked.isError && <ProblemNotice error={asked.error} />}
      {asked.isSuccess && entries.length === 0 && (
        <p className="soft" role="status">
          Nothing fits.{" "}
          <button
            type="button"
            className="link"
            onClick={() => {
              setFilter(noAuditFilter);
            }}
          >
            Show everything
          </button>
        </p>
      )}
      {entries.length > 0 && (
        <ol className="sheet audit" aria-label="Actions, newest first">
          {entries.map((entry) => (
            <Row key={entry.id} entry={entry} />
          ))}
        </ol>
      )}
      {asked.hasNextPage && (
        <p className="more">
          <button type="button" className="button" disabled={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
            Show earlier ones
          </button>
        </p>
      )}
    </>
  );
}

function Row({ entry }: { entry: AuditEntry }) {
  const details = detailsText(entry.details);
  return (
    <li>
      <p className="small soft when">
        <RelativeTime time={entry.at} />
      </p>
      <div className="what">
        <p>
          <b>{entry.person.name}</b> {ACTIONS[entry.action]}
          {entry.subject.label !== "" && (
            <>
              {": "}
              <span className="subject">
                <Prompt>{entry.subject.label}</Prompt>
              </span>
            </>
          )}
        </p>
        {details !== "" && <p className="small soft">{details}</p>}
      </div>
      <p className="small soft where">{originText(entry)}</p>
    </li>
  );
}

function Filters({ filter, onChange }: { filter: AuditFilter; onChange: (filter: AuditFilter) => void }) {
  const members = useQuery(membersQuery);
  return (
    <>
      <div className="audit-filters" role="search">
        <select
          aria-label="Person"
          value={filter.person}
          onChange={(event) => {
            onChange({ ...filter, person: event.target.value });
          }}
        >
          <option value="">Everybody</option>
          {members.data?.map((member) => (
            <option key={member.id} value={member.id}>
              {member.name}
            </option>
          ))}
        </select>
        <select
          aria-label="Action"
          value={filter.action}
          onChange={(event) => {
            onChange({ ...filter, action: event.target.value as AuditFilter["action"] });
          }}
        >
          <option value="">Every action</option>
          {ACTION_NAMES.map((name) => (
            <option key={name} value={name}>
              {ACTIONS[name]}
            </option>
          ))}
        </select>
        <input
          type="search"
          aria-label="Of what"
          placeholder="Word, name or id"
          value={filter.subject}
          onChange={(event) => {
            onChange({ ...filter, subject: event.target.value });
          }}
        />
        <label>
          <span className="small soft">From</span>
          <input
            type="date"
            value={filter.since}
            onChange={(event) => {
              onChange({ ...filter, since: event.target.value });
            }}
          />
        </label>
        <label>
          <span className="small soft">To</span>
          <input
            type="date"
            value={filter.until}
            onChange={(event) => {
              onChange({ ...filter, until: event.target.value });
            }}
          />
        </label>
      </div>
      <Problems of={[members]} />
    </>
  );
}

// Versions of a word side by side: a column for each prompt, and for each seed a row of each version.
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";

import { report as reportQuery } from "../../api/queries";
import type { Concept, Report, Version } from "../../api/types";
import { Problems } from "../../ui/Notice";
import { Prompt } from "../../ui/Placeholder";
import { gaugesOf } from "./gauges";
import { commonRows, chosenOf, type Row } from "./sideBySide";

const COLUMNS = 4;

/** `versions` have a report each, newest first; at least two. */
export function SideBySide({ concept, versions }: { concept: Concept; versions: readonly Version[] }) {
  const [numbers, setNumbers] = useState(() => versions.slice(0, 2).map(({ number }) => number));
  const asked = useQueries({ queries: numbers.map((number) => reportQuery(concept.id, number)) });
  const reports = asked.flatMap(({ data }) => data ?? []).sort((one, other) => one.version - other.version);

  function toggle(number: number) {
    setNumbers(numbers.includes(number) ? numbers.filter((each) => each !== number) : [...numbers, number].slice(-COLUMNS));
  }

  return (
    <section className="report stack" aria-label="Versions side by side">
      <h2>Versions side by side</h2>
      <p className="soft">The same prompts from the same noise, so that whatever differs is what the word learned.</p>
      <div className="chips" role="group" aria-label="Versions">
        {versions.map(({ number, current }) => (
          <button
            key={number}
            type="button"
            className="chip"
            aria-pressed={numbers.includes(number)}
            onClick={() => {
              toggle(number);
            }}
          >
            Version {number}
            {current && " · in use"}
          </button>
        ))}
      </div>
      <Problems of={asked} />
      {reports.length > 0 && <Table reports={reports} />}
    </section>
  );
}

function Table({ reports }: { reports: readonly Report[] }) {
  const rows = commonRows(reports);
  const prompts = [...new Set(rows.map(({ prompt }) => prompt))];
  const seeds = [...new Set(rows.map(({ seed }) => seed))];
  if (rows.length === 0) return <p className="small soft">These versions were drawn with different prompts.</p>;
  return (
    <div className="grid-scroll" tabIndex={0} role="region" aria-label="Drawings of these versions">
      <table className="grid versus">
        <thead>
          <tr>
            <td />
            {prompts.map((prompt) => (
              <th key={prompt} scope="col">
                <Prompt>{prompt}</Prompt>
              </th>
            ))}
          </tr>
        </thead>
        {seeds.map((seed) => (
          <tbody key={seed}>
            {reports.map((report, place) => (
              <tr key={report.version}>
                <th scope="row">
                  <b>Version {report.version}</b>
                  {seed === seeds[0] ? <Standing report={report} /> : <span className="standing">seed {seed}</span>}
                </th>
                {prompts.map((prompt) => (
                  <td key={prompt}>
                    <Cell row={rows.find((row) => row.prompt === prompt && row.seed === seed)} place={place} version={report.version} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function Cell({ row, place, version }: { row: Row | undefined; place: number; version: number }) {
  if (row === undefined) return null;
  return <img className="picture drawn" src={row.drawings[place]} alt={`${row.prompt}, seed ${row.seed}, by version ${version}`} loading="lazy" />;
}

/** Likeness and obedience in words, below a version's name. */
function Standing({ report }: { report: Report }) {
  return gaugesOf(report, chosenOf(report)?.scores)
    .slice(0, 2)
    .map(({ name, said }) => (
      <span key={name} className="standing">
        {name}: {said.toLowerCase()}
      </span>
    ));
}

// The teachings of a word, newest first, and which of them the word means.
import { useMutation } from "@tanstack/react-query";

import { answer, api } from "../api/client";
import { queryClient } from "../api/queries";
import type { Concept, Version } from "../api/types";
import { RelativeTime } from "../ui/RelativeTime";
import { Problems } from "../ui/Notice";
import { duration } from "../ui/time";

interface VersionsProps {
  concept: Concept;
  versions: readonly Version[];
  /** The version whose report is shown. */
  looked: number | undefined;
  onLook: (number: number) => void;
}

export function Versions({ concept, versions, looked, onLook }: VersionsProps) {
  const mayChange = concept.may_change;
  const choose = useMutation({
    mutationFn: (number: number) =>
      answer(
        api.PATCH("/api/concepts/{concept_id}", {
          params: { path: { concept_id: concept.id } },
          body: { current_version: number },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["concepts"] }),
  });
  return (
    <div className="stack">
      <h2>{versions.length === 1 ? "Version" : "Versions"}</h2>
      <Problems of={[choose]} />
      <ul className="versions">
        {versions.map((version) => (
          <li key={version.id}>
            {version.sample ? <img className="picture drawn" src={version.sample} alt="" /> : <span className="picture" />}
            <div>
              <p>
                <b>Version {version.number}</b>
                {version.current && versions.length > 1 && <span className="soft"> · what the word means</span>}
              </p>
              <p className="small soft">{told(version)}</p>
              <p className="small soft">
                <RelativeTime time={version.created_at} />
              </p>
            </div>
            {version.report !== null && version.report !== undefined && versions.length > 1 && version.number !== looked && (
              <button
                type="button"
                className="button small quiet"
                onClick={() => {
                  onLook(version.number);
                }}
              >
                Report
              </button>
            )}
            {mayChange && version.state === "ready" && !version.current && (
              <button
                type="button"
                className="button small"
                disabled={choose.isPending}
                onClick={() => {
                  choose.mutate(version.number);
                }}
              >
                Use this one
              </button>
            )}
          </li>
        ))}
      </ul>
      {versions.length > 1 && (
        <p className="small soft">
          An older one can be named in a prompt: <code>{concept.placeholder.replace(">", `@${versions.at(-1)?.number ?? 1}>`)}</code>
        </p>
      )}
    </div>
  );
}

function told(version: Version): string {
  switch (version.state) {
    case "training":
      return "being learned";
    case "failed":
      return "could not be learned";
    case "cancelled":
      return "stopped";
    case "ready": {
      const { origin } = version;
      if (origin?.imported_from) return `from a ${origin.imported_from} file, ${origin.imported_as ?? ""}. ${origin.note ?? ""}`.trim();
      if (origin?.version) return `step ${origin.step ?? 0} of version ${origin.version}`;
      const took = version.seconds === null ? "" : ` in ${duration(version.seconds)}`;
      const vectors = version.vectors === 1 ? "1 vector" : `${version.vectors} vectors`;
      return `${version.steps ?? 0} steps${took}, ${vectors}, from “${version.initializer}”`;
    }
  }
}

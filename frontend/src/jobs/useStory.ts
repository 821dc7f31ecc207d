// Listens to a job. The browser reconnects by itself and says where it was (`Last-Event-ID`); when it has given up,
// because the studio was away for longer, a new connection replays the story, which the reducer takes in its stride.
import { useEffect, useReducer, useState } from "react";

import { hasEnded } from "../api/types";
import { beginning, parsed, told, type JobEvent, type Story } from "./events";

const RETRY_MS = 3000;
const TYPES = ["state", "progress", "preview", "image", "warning"] as const;

export interface Watched {
  story: Story;
  connected: boolean;
}

/** The story of a job so far; with null there is nothing to listen to. */
export function useStory(jobId: string | null): Watched {
  const [story, tell] = useReducer(told, beginning);
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    if (jobId === null) return;
    let source: EventSource;
    let timer: number | undefined;

    function hear(message: MessageEvent<string>) {
      const event = parsed(message.type, message.lastEventId, message.data);
      if (event === null) return;
      tell(event);
      if (isEnd(event)) source.close();
    }

    function open() {
      source = new EventSource(`/api/jobs/${encodeURIComponent(jobId ?? "")}/events`);
      source.onopen = () => {
        setConnected(true);
      };
      source.onerror = () => {
        setConnected(false);
        if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(open, RETRY_MS);
      };
      for (const type of TYPES) source.addEventListener(type, hear);
    }

    open();
    return () => {
      source.close();
      window.clearTimeout(timer);
    };
  }, [jobId]);
  return { story, connected };
}

function isEnd(event: JobEvent): boolean {
  return event.type === "state" && hasEnded(event.data.state);
}

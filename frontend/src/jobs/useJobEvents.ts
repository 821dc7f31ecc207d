// Listens to a job. The browser reconnects by itself and says where it was (`Last-Event-ID`); when it has given up,
// because the studio was away for longer, a new connection replays the history, which the reducer accepts.
import { useEffect, useReducer } from "react";

import { probeNow } from "../api/reachability";
import { hasEnded } from "../api/types";
import { EVENT_TYPES, emptyHistory, parseEvent, applyEvent, type JobEvent, type JobHistory } from "./jobEvents";

const RETRY_MS = 3000;

/** The history of a job so far; with null there is nothing to listen to. */
export function useJobEvents(jobId: string | null): { history: JobHistory } {
  const [history, dispatch] = useReducer(applyEvent, emptyHistory);
  useEffect(() => {
    if (jobId === null) return;
    let source: EventSource;
    let timer: number | undefined;

    function receive(message: MessageEvent<string>) {
      const event = parseEvent(message.type, message.lastEventId, message.data);
      if (event === null) return;
      dispatch(event);
      if (isEnd(event)) source.close();
    }

    function open() {
      source = new EventSource(`/api/jobs/${encodeURIComponent(jobId ?? "")}/events`);
      source.onerror = () => {
        probeNow();
        if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(open, RETRY_MS);
      };
      for (const type of EVENT_TYPES) source.addEventListener(type, receive);
    }

    open();
    return () => {
      source.close();
      window.clearTimeout(timer);
    };
  }, [jobId]);
  return { history };
}

function isEnd(event: JobEvent): boolean {
  return event.type === "state" && hasEnded(event.data.state);
}

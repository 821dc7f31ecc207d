// Addresses of the team's own that are told what happens: set up, tried out, paused and looked at here.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api, newIdempotencyKey } from "../api/client";
import { queryClient, webhooks as webhooksQuery } from "../api/queries";
import type { Webhook, WebhookEvent } from "../api/types";
import { Field, FieldFault } from "../ui/Field";
import { FormNotice, FormProblem } from "../ui/FormProblem";
import { Problems } from "../ui/Notice";
import { Deliveries } from "./Deliveries";
import { OneTimeSecret } from "./OneTimeSecret";

const EVENT_NAMES: Record<WebhookEvent, string> = {
  "concept.ready": "A word is ready",
  "job.succeeded": "A job is done",
  "job.failed": "A job failed",
  "job.cancelled": "A job was cancelled",
};
const EVENTS = Object.keys(EVENT_NAMES) as readonly WebhookEvent[];

function refresh() {
  return queryClient.invalidateQueries({ queryKey: webhooksQuery.queryKey });
}

export function Webhooks() {
  const asked = useQuery(webhooksQuery);
  const { data } = asked;
  if (data === undefined) return <Problems of={[asked]} />;
  return (
    <section className="sheet stack wide" aria-label="Webhooks">
      <h2>Webhooks</h2>
      {data.enabled ? (
        <p className="small soft">An address of your own is told what happens, by signed messages that name things and show no pictures.</p>
      ) : (
        <p className="small soft">
          This studio sends none. Whoever runs it can allow them with <code>ONEWORD_WEBHOOKS=true</code>.
        </p>
      )}
      <ul className="listing">
        {data.items.map((webhook) => (
          <Line key={webhook.id} webhook={webhook} />
        ))}
      </ul>
      {data.enabled && <NewWebhook />}
    </section>
  );
}

function Line({ webhook }: { webhook: Webhook }) {
  const [open, setOpen] = useState(false);
  const path = { webhook_id: webhook.id };
  const pause = useMutation({
    mutationFn: () => answer(api.PATCH("/api/webhooks/{webhook_id}", { params: { path }, body: { active: !webhook.active } })),
    onSettled: refresh,
  });
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE("/api/webhooks/{webhook_id}", { params: { path } })),
    onSettled: refresh,
  });
  return (
    <li className="webhook">
      <div>
        <p className="address">{webhook.url}</p>
        <p className="small soft">
          {EVENTS.filter((event) => webhook.events.includes(event))
            .map((event) => EVENT_NAMES[event])
            .join(" · ")}
          {webhook.active || " · paused"}
        </p>
      </div>
      <div className="row">
        <button
          type="button"
          className="button small quiet"
          aria-expanded={open}
          onClick={() => {
            setOpen(!open);
          }}
        >
          Messages
        </button>
        <button
          type="button"
          className="button small quiet"
          disabled={pause.isPending}
          onClick={() => {
            pause.mutate();
          }}
        >
          {webhook.active ? "Pause" : "Go on"}
        </button>
        <button
          type="button"
          className="button small quiet bad"
          aria-label={`Delete ${webhook.url}`}
          disabled={remove.isPending}
          onClick={() => {
            remove.mutate();
          }}
        >
          Delete
        </button>
      </div>
      <Problems of={[pause, remove]} />
      {open && <Deliveries webhookId={webhook.id} />}
    </li>
  );
}

function NewWebhook() {
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<readonly WebhookEvent[]>(EVENTS);
  const [key, setKey] = useState(newIdempotencyKey);
  const make = useMutation({
    mutationFn: () =>
      answer(
        api.POST("/api/webhooks", {
          params: { header: { "Idempotency-Key": key } },
          body: { url: url.trim(), events: [...events] },
        }),
      ),
    onSuccess: () => {
      setUrl("");
      setKey(newIdempotencyKey());
      return refresh();
    },
  });

  /** Another form is another request: it gets a new key, and the problem of the last one is cleared. */
  function changed() {
    setKey(newIdempotencyKey());
    if (make.isError) make.reset();
  }

  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      {make.data && <OneTimeSecret label="The secret that messages are signed with, shown only now" value={make.data.secret} />}
      <FormProblem error={make.error}>
        <FormNotice />
        <Field label="Address" name="url">
          {(control) => (
            <input
              {...control}
              type="url"
              placeholder="https://example.org/oneword"
              value={url}
              onChange={(event) => {
                setUrl(event.target.value);
                changed();
              }}
            />
          )}
        </Field>
        <div className="chips" role="group" aria-label="Told when">
          {EVENTS.map((event) => (
            <button
              key={event}
              type="button"
              className="chip"
              aria-pressed={events.includes(event)}
              onClick={() => {
                setEvents(events.includes(event) ? events.filter((each) => each !== event) : [...events, event]);
                changed();
              }}
            >
              {EVENT_NAMES[event]}
            </button>
          ))}
        </div>
        <FieldFault name="events" />
        <div className="row">
          <button className="button" disabled={url.trim() === "" || events.length === 0 || make.isPending}>
            Add the address
          </button>
        </div>
      </FormProblem>
    </form>
  );
}

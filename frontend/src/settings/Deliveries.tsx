// What was sent to one address lately, and a way to try it out.
import { useMutation, useQuery } from "@tanstack/react-query";

import { answer, api } from "../api/client";
import { deliveries as deliveriesQuery, queryClient } from "../api/queries";
import type { Delivery } from "../api/types";
import { RelativeTime } from "../ui/RelativeTime";
import { Problems } from "../ui/Notice";

const STATES = { waiting: "not arrived yet", delivered: "arrived", "given-up": "given up" } as const;

export function Deliveries({ webhookId }: { webhookId: string }) {
  const query = deliveriesQuery(webhookId);
  const sent = useQuery(query);
  const refresh = () => queryClient.invalidateQueries({ queryKey: query.queryKey });
  const test = useMutation({
    mutationFn: () => answer(api.POST("/api/webhooks/{webhook_id}/test", { params: { path: { webhook_id: webhookId } } })),
    onSettled: refresh,
  });
  const again = useMutation({
    mutationFn: (id: string) =>
      answer(
        api.POST("/api/webhooks/{webhook_id}/deliveries/{delivery_id}/send", {
          params: { path: { webhook_id: webhookId, delivery_id: id } },
        }),
      ),
    onSettled: refresh,
  });
  return (
    <div className="stack deliveries">
      <Problems of={[sent, test, again]} />
      <div className="row">
        <button
          type="button"
          className="button small"
          disabled={test.isPending}
          onClick={() => {
            test.mutate();
          }}
        >
          Send a test
        </button>
        {sent.data?.length === 0 && <span className="small soft">Nothing was sent yet.</span>}
      </div>
      <ul className="listing">
        {sent.data?.map((delivery) => (
          <li key={delivery.id}>
            <div>
              <p className="small">
                <code>{delivery.event}</code> {STATES[delivery.state]}
                {delivery.status !== null && `, answered ${delivery.status}`} · <RelativeTime time={delivery.created_at} />
              </p>
              <Trouble delivery={delivery} />
            </div>
            {delivery.state !== "waiting" && (
              <button
                type="button"
                className="button small quiet"
                disabled={again.isPending}
                onClick={() => {
                  again.mutate(delivery.id);
                }}
              >
                Send again
              </button>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Trouble({ delivery }: { delivery: Delivery }) {
  if (delivery.error === null) return null;
  return (
    <p className="small soft">
      {delivery.error} {delivery.state === "waiting" && `Tried ${delivery.attempts} times; it is tried again.`}
    </p>
  );
}

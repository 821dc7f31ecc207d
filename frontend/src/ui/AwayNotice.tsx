// Says that the studio does not answer, on whatever view, until it does.
import { Trans } from "@lingui/react/macro";

import { useAway } from "../api/reachability";

export function AwayNotice() {
  const away = useAway();
  return (
    <div role="status" className="away-place">
      {away && (
        <p className="away">
          <Trans>The studio does not answer. Nothing is lost: what is on the screen stays, and the page goes on by itself.</Trans>
        </p>
      )}
    </div>
  );
}

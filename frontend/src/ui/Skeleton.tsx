// The outline of a view while its code or its data is on the way. Shown after a moment, so that quick answers do not flash.
import { useLingui } from "@lingui/react/macro";

export function Skeleton() {
  const { t } = useLingui();
  return (
    <div className="skeleton" role="status" aria-label={t`Loading`}>
      <div className="waiting line" />
      <div className="waiting line short" />
      <div className="skeleton-tiles">
        {[0, 1, 2, 3].map((tile) => (
          <div key={tile} className="waiting picture" />
        ))}
      </div>
    </div>
  );
}

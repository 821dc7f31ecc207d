// A time relative to now ("5 min ago"), with the exact time as its tooltip.
import { ago } from "./time";

export function RelativeTime({ time }: { time: string }) {
  return (
    <time dateTime={time} title={new Date(time).toLocaleString()}>
      {ago(time, new Date())}
    </time>
  );
}

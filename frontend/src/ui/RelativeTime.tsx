// A time relative to now ("5 minutes ago"), with the exact time as its tooltip.
import { ago, moment } from "./time";

export function RelativeTime({ time }: { time: string }) {
  return (
    <time dateTime={time} title={moment(time)}>
      {ago(time, new Date())}
    </time>
  );
}

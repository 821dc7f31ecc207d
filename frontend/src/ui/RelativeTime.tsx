// When something was, in words, with the exact time behind it.
import { ago } from "./time";

export function RelativeTime({ time }: { time: string }) {
  return (
    <time dateTime={time} title={new Date(time).toLocaleString()}>
      {ago(time, new Date())}
    </time>
  );
}

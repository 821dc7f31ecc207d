// When a training would begin and end, in a line beside the button.

interface Estimate {
  ahead: number;
  starts_at: string | null;
  ends_at: string | null;
  seconds: number | null;
}

/** "About 3 minutes, after 2 others: done around 14:32." Nothing while nothing is known. */
export function estimateText({ ahead, ends_at, seconds }: Estimate, locale?: string): string {
  const queue = ahead === 0 ? "" : ahead === 1 ? "after one that waits" : `after ${ahead} that wait`;
  if (seconds === null || ends_at === null) return queue === "" ? "It starts at once." : `It starts ${queue}.`;
  const time = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" }).format(new Date(ends_at));
  return `${duration(seconds)} at most${queue === "" ? "" : `, ${queue}`}: done by ${time}.`;
}

function duration(seconds: number): string {
  if (seconds < 50) return "Less than a minute";
  const minutes = Math.round(seconds / 60);
  if (minutes <= 1) return "About a minute";
  if (minutes < 90) return `About ${minutes} minutes`;
  return `About ${Math.round(minutes / 30) / 2} hours`;
}

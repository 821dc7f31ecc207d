// How the page says when something was and how long it takes. Knows no clock: the caller brings the present.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long something took: "48 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return joined(whole, MINUTE, "min", 1, "s");
  return joined(whole, HOUR, "h", MINUTE, "min");
}

/** How much is left, as roughly as it is known: "a few seconds", "about 40 s", "about 3 min". */
export function timeLeft(seconds: number): string {
  if (seconds < 5) return "a few seconds";
  if (seconds < 55) return `about ${Math.ceil(seconds / 10) * 10} s`;
  if (seconds < HOUR) return `about ${Math.round(seconds / MINUTE)} min`;
  return `about ${joined(Math.round(seconds / MINUTE) * MINUTE, HOUR, "h", MINUTE, "min")}`;
}

/** The most that is left: "at most a few seconds", "at most 40 s", "at most 3 min". Never less than `seconds`. */
export function timeAtMost(seconds: number): string {
  const rounded = seconds < 55 ? seconds : Math.ceil(seconds / MINUTE) * MINUTE;
  return `at most ${timeLeft(rounded).replace("about ", "")}`;
}

/** Seconds until a moment; 0 once it is over. */
export function secondsUntil(then: string, now: Date): number {
  return Math.max(0, (new Date(then).getTime() - now.getTime()) / 1000);
}

/** When something was or will be: "just now", "5 min ago", "yesterday", "in 3 h", "in 6 days", "3 Mar", "3 Mar 2024". */
export function ago(then: string, now: Date): string {
  const date = new Date(then);
  const seconds = (now.getTime() - date.getTime()) / 1000;
  if (seconds < -MINUTE) return ahead(-seconds, date, now);
  if (seconds < MINUTE) return "just now";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  if (seconds < 2 * DAY) return "yesterday";
  return day(date, now);
}

function ahead(seconds: number, date: Date, now: Date): string {
  if (seconds < HOUR) return `in ${Math.floor(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `in ${Math.floor(seconds / HOUR)} h`;
  if (seconds < 14 * DAY) return `in ${Math.round(seconds / DAY)} days`;
  return day(date, now);
}

function day(date: Date, now: Date): string {
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...year });
}

/** How long something stays: "27 days left", "goes within a day". */
export function daysLeft(until: string, now: Date): string {
  const days = Math.ceil(secondsUntil(until, now) / DAY);
  return days <= 1 ? "goes within a day" : `${days} days left`;
}

function joined(whole: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((whole % large) / small);
  const first = `${Math.floor(whole / large)} ${largeName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

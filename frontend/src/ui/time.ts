// How the page says when something was and how long it takes. Knows no clock: the caller brings the present.
import { plural, t } from "@lingui/core/macro";

import { locale } from "./locale";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Unit = "second" | "minute" | "hour" | "day";

/** How long something took: "48 sec", "3 min 20 sec", "2 hr 5 min". */
export function duration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  if (total < MINUTE) return measure(total, "second");
  if (total < HOUR) return joined(total, MINUTE, "minute", 1, "second");
  return joined(total, HOUR, "hour", MINUTE, "minute");
}

/** How much is left, as roughly as it is known: "a few seconds", "about 40 sec", "about 3 min". */
export function timeLeft(seconds: number): string {
  const time = roughly(seconds);
  return time === null ? t`a few seconds` : t`about ${time}`;
}

/** The most that is left: "at most a few seconds", "at most 40 sec", "at most 3 min". Never less than `seconds`. */
export function timeAtMost(seconds: number): string {
  const time = roughly(seconds < 55 ? seconds : Math.ceil(seconds / MINUTE) * MINUTE);
  return time === null ? t`at most a few seconds` : t`at most ${time}`;
}

/** Rounded to ten seconds, or to minutes; null for less than five seconds. */
function roughly(seconds: number): string | null {
  if (seconds < 5) return null;
  if (seconds < 55) return measure(Math.ceil(seconds / 10) * 10, "second");
  if (seconds < HOUR) return measure(Math.round(seconds / MINUTE), "minute");
  return joined(Math.round(seconds / MINUTE) * MINUTE, HOUR, "hour", MINUTE, "minute");
}

/** Seconds until a moment; 0 once it is over. */
export function secondsUntil(then: string, now: Date): number {
  return Math.max(0, (new Date(then).getTime() - now.getTime()) / 1000);
}

const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

/** When something was or will be: "now", "5 minutes ago", "yesterday", "in 3 hours", "in 6 days", "3 Mar", "3 Mar 2024". */
export function ago(then: string, now: Date): string {
  const date = new Date(then);
  const seconds = (date.getTime() - now.getTime()) / 1000; // less than 0 for what was
  const size = Math.abs(seconds);
  if (size < MINUTE) return relative.format(0, "second");
  if (size < HOUR) return relative.format(Math.trunc(seconds / MINUTE), "minute");
  if (size < DAY || (seconds > 0 && size < 2 * DAY)) return relative.format(Math.trunc(seconds / HOUR), "hour");
  if (seconds < 0 && size < 2 * DAY) return relative.format(-1, "day");
  if (seconds > 0 && size < 14 * DAY) return relative.format(Math.round(seconds / DAY), "day");
  return day(date, now);
}

const exact = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "medium" });

/** A moment in full, in the reader's time zone. */
export function moment(time: string): string {
  return exact.format(new Date(time));
}

function day(date: Date, now: Date): string {
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
  return date.toLocaleDateString(locale, { day: "numeric", month: "short", ...year });
}

/** How long something stays: "27 days left", "goes within a day". */
export function daysLeft(until: string, now: Date): string {
  const days = Math.ceil(secondsUntil(until, now) / DAY);
  return days <= 1 ? t`goes within a day` : plural(days, { one: "# day left", other: "# days left" });
}

function measure(value: number, unit: Unit): string {
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short" }).format(value);
}

function joined(total: number, large: number, largeUnit: Unit, small: number, smallUnit: Unit): string {
  const rest = Math.floor((total % large) / small);
  const first = measure(Math.floor(total / large), largeUnit);
  return rest === 0 ? first : `${first} ${measure(rest, smallUnit)}`;
}

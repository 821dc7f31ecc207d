// Numbers as the page writes them.
import { locale } from "./locale";

const whole = new Intl.NumberFormat(locale);
const share = new Intl.NumberFormat(locale, { style: "percent" });
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** "1,234". */
export function number(value: number): string {
  return whole.format(value);
}

/** A share, 0..1, as "42%". */
export function percent(value: number): string {
  return share.format(value);
}

/** A length of a file: "612 bytes", "3.1 kB", "20 MB". A thousand bytes are a kilobyte. */
export function fileSize(bytes: number): string {
  const place = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const unitDisplay = place === 0 ? "long" : "short"; // the short form of "bytes" is "byte"
  const format = new Intl.NumberFormat(locale, { style: "unit", unit: UNITS[place], unitDisplay, maximumFractionDigits: 1 });
  return format.format(bytes / 1000 ** place);
}

// The locale of dates and numbers: the reader's own where it speaks the language of the page, else that language.

export const LANGUAGE = "en";

/** Of what the browser asks for, the first that is a kind of `language`: `en-GB` for an English page. */
export function localeFor(language: string, wanted: readonly string[]): string {
  return wanted.find((each) => isTag(each) && (each === language || each.startsWith(`${language}-`))) ?? language;
}

/** Whether `Intl` takes it. A browser in a bare container asks for `en-US@posix`. */
function isTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length > 0;
  } catch {
    return false;
  }
}

export const locale = localeFor(LANGUAGE, typeof navigator === "undefined" ? [] : navigator.languages);

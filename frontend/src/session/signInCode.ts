// Sign-in codes as people paste them.

/** The code of a whole link, or the code itself. */
export function signInCodeIn(text: string): string {
  return text.slice(text.indexOf("#") + 1).trim();
}

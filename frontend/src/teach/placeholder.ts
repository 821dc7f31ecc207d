// Placeholders: the grammar of a new word, and how one is made from whatever somebody typed.

const PLACEHOLDER = /^<[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?>$/;
const LETTERS_MAX = 40;

/** What was typed, as far as it can be a placeholder: "My Mug!" becomes "<my-mug>". */
export function asPlaceholder(text: string): string {
  const slug = text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/['’]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, LETTERS_MAX)
    .replace(/^-+|-+$/g, "");
  return slug === "" ? "" : `<${slug}>`;
}

/** What is wrong with a placeholder, or null. */
export function placeholderFault(text: string, taken: ReadonlySet<string>): string | null {
  if (text.trim() === "") return "Give your word a name, such as <my-mug>.";
  if (!PLACEHOLDER.test(text.trim())) {
    const better = asPlaceholder(text);
    return `A word is written in small letters, digits and hyphens between < and >${better ? `, such as ${better}` : ""}.`;
  }
  if (taken.has(text.trim())) return `${text.trim()} is taken: your library has it already. Choose another.`;
  return null;
}

/**
 * The text that a placeholder is proposed from: the name if there is one ("Grandma's mug"), else what it is like
 * ("mug"). The studio turns it into one that is free, and sets "my" before it so that it is no word of the model.
 */
export function proposalSource(name: string, initializer: string): string {
  const named = asPlaceholder(name).slice(1, -1).replace(/-/g, " ");
  return named || initializer.trim();
}

/** The tags that a text names: divided by commas, without the sign before them, each once. */
export function tagsIn(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim().replace(/^#/, ""));
  return [...new Set(tags.filter((tag) => tag !== ""))];
}

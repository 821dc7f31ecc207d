// The files that an import reads: embeddings, and the texts and pictures beside one in a folder of the concepts library.
export const EMBEDDING_FILE_TYPES = ".safetensors,.pt,.bin,.pti,.png,.webp,.txt,.md,.json,.jpg,.jpeg";

/** How many files one import of many words takes. */
export const FILES_MAX = 100;

const EMBEDDING = /\.(safetensors|pt|bin|pti)$/i;
const OF_A_FOLDER = /^(token_identifier\.txt|type_of_concept\.txt|concept\.json|readme\.md)$/i;

/** Whether each of these files is a word of its own: more than two, and no folder of the concepts library among them. */
export function areWordsOfTheirOwn(files: readonly { name: string }[]): boolean {
  if (files.some(({ name }) => OF_A_FOLDER.test(name))) return false;
  return files.length > 2 && files.filter(({ name }) => EMBEDDING.test(name)).length !== 1;
}

// The files that an import reads: embeddings, and the texts and pictures beside one in a folder of the concepts library.
export const EMBEDDING_FILE_TYPES = ".safetensors,.pt,.bin,.pti,.png,.webp,.txt,.md,.json,.jpg,.jpeg";

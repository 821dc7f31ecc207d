"""Cache of encoded texts: a prompt or negative prompt is encoded once, not for every picture.

Each base model in memory has one cache, freed with the model. The key of a text holds a digest of its concepts' rows,
not only their placeholders: a placeholder that now names another version is another text.
"""

import hashlib
from collections import OrderedDict
from typing import Final
from weakref import WeakKeyDictionary

import torch

from worker.engine.base_models import BaseModel, Conditioning
from worker.engine.embeddings.formats import Embedding

BYTES_MAX: Final = 64 * 2**20  # about 280 prompts of Stable Diffusion 1, or 50 of XL

Key = tuple[str, tuple[tuple[str, bytes], ...]]  # the prompt; each placeholder in it and the digest of its rows


class PromptCache:
    """At most `bytes_max` bytes of encoded texts; evicts the least recently used text first."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._texts: OrderedDict[Key, Conditioning] = OrderedDict()

    def __len__(self) -> int:
        return len(self._texts)

    def get(self, key: Key) -> Conditioning | None:
        """The conditioning of a text, or None if it is not cached."""
        if key in self._texts:
            self._texts.move_to_end(key)
        return self._texts.get(key)

    def put(self, key: Key, conditioning: Conditioning) -> None:
        """Add a text and evict others as needed. A text larger than `bytes_max` is not kept."""
        if key in self._texts:
            return
        self._texts[key] = conditioning
        self._bytes += _bytes(conditioning)
        while self._bytes > self._bytes_max:
            _, evicted = self._texts.popitem(last=False)
            self._bytes -= _bytes(evicted)


def digest(embedding: Embedding) -> bytes:
    """Digest of the rows. Takes a few microseconds, so it is computed at every look-up and never stale."""
    hashed = hashlib.blake2b(digest_size=16)
    for name, rows in sorted(embedding.rows.items()):
        hashed.update(f"{name} {tuple(rows.shape)} {rows.dtype}\n".encode())
        hashed.update(rows.detach().cpu().contiguous().view(torch.uint8).numpy().data)
    return hashed.digest()


def cache_of(model: BaseModel) -> PromptCache:
    """The cache of a base model."""
    return _caches.setdefault(model, PromptCache())


def _bytes(conditioning: Conditioning) -> int:
    tensors = (conditioning.context, conditioning.pooled)
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors if tensor is not None)


_caches: WeakKeyDictionary[BaseModel, PromptCache] = WeakKeyDictionary()

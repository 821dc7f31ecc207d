"""A base model's tokenizer without transformers: gives the same ids as its CLIPTokenizer, and knows its words."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers
from tokenizers.models import BPE

WORD_END: Final = "</w>"
_START, _END = "<|startoftext|>", "<|endoftext|>"
# How CLIP splits a text before merging (Radford et al. 2021, `simple_tokenizer.py`).
_PIECES: Final = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_WORD: Final = re.compile(r"[a-z]{2,}")


@dataclass(frozen=True)
class Token:
    """One token of a text."""

    id: int
    text: str


class Tokenizer:
    """CLIP's byte-pair encoding with one model's vocabulary."""

    def __init__(self, backend: tokenizers.Tokenizer) -> None:
        backend.no_truncation()
        backend.no_padding()
        self._backend = backend

    @classmethod
    def from_folder(cls, folder: Path) -> "Tokenizer":
        """From `tokenizer.json`, or from the older pair `vocab.json` and `merges.txt`.

        Raises OSError, or what the tokenizers library raises for a damaged file: ValueError or a bare Exception.
        """
        if (folder / "tokenizer.json").is_file():
            return cls(tokenizers.Tokenizer.from_str((folder / "tokenizer.json").read_text("utf-8")))
        return cls(_from_vocabulary(folder / "vocab.json", folder / "merges.txt"))

    def tokens(self, text: str) -> list[Token]:
        """The tokens of a text, without start and end. Raises UnicodeEncodeError for half a surrogate pair."""
        text.encode()
        encoded = self._backend.encode(text, add_special_tokens=False)
        return [Token(id, token) for id, token in zip(encoded.ids, encoded.tokens, strict=True)]

    def ids(self, text: str) -> list[int]:
        """The token ids of a text, without start and end. Raises UnicodeEncodeError for half a surrogate pair."""
        text.encode()
        found: list[int] = self._backend.encode(text, add_special_tokens=False).ids
        return found

    def knows(self, word: str) -> bool:
        """Whether a word is exactly one token."""
        tokens = self.tokens(word)
        return len(tokens) == 1 and tokens[0].text.endswith(WORD_END) and tokens[0].text not in (_START, _END)

    @cached_property
    def words(self) -> dict[str, int]:
        """Every word of at least two letters that is exactly one token -> its id."""
        vocabulary = self._backend.get_vocab(with_added_tokens=False)
        return {
            word: id
            for token, id in vocabulary.items()
            if token.endswith(WORD_END) and _WORD.fullmatch(word := token.removesuffix(WORD_END))
        }


def _from_vocabulary(vocabulary: Path, merges: Path) -> tokenizers.Tokenizer:
    model = BPE.from_file(
        str(vocabulary), str(merges), continuing_subword_prefix="", end_of_word_suffix=WORD_END, unk_token=_END
    )
    backend = tokenizers.Tokenizer(model)
    backend.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    backend.add_special_tokens([_START, _END])
    return backend

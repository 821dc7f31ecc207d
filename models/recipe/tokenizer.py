"""A CLIP-style byte-level BPE tokenizer whose words are the picture world's words."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor
from transformers import CLIPTokenizer

from models.recipe.world import FAMILIES, KINDS, SCENES, STYLES, individual
from models.recipe.world.captions import NAMES, PLACES, caption
from models.recipe.world.colours import COLOURS
from models.recipe.world.qualities import QUALITIES, any_quality
from models.recipe.world.styles import WEIGHTED
from models.recipe.world.words import article

CONTEXT = 32  # tokens, start and end included
VOCABULARY = 1500  # at most; the world has fewer
CAPTIONS = 12_000
START, END = "<|startoftext|>", "<|endoftext|>"
CLIP_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
# Words that no caption has and a person may use, in the template lists or as an initializer.
SPARE_WORDS = (
    "painting", "drawing", "style", "of", "toy", "mascot", "logo", "two", "three", "four", "under", "over", "hat",
    "pet", "puppet", "doll", "fruit", "fluffy", "cute", "friend", "ornament", "sculpture", "hero",
)  # fmt: skip


def tokenizer(folder: Path) -> CLIPTokenizer:
    """The tokenizer in the folder; made first if there is none."""
    if not folder.exists():
        build().save_pretrained(folder)
    return CLIPTokenizer.from_pretrained(folder)


def build() -> CLIPTokenizer:
    bpe = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token=END))
    bpe.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(CLIP_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=2,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix="</w>",
    )
    bpe.train_from_iterator(texts(CAPTIONS), trainer)
    model = json.loads(bpe.to_str())["model"]
    vocabulary = dict(model["vocab"])
    last_letters = [letter + "</w>" for letter in sorted(pre_tokenizers.ByteLevel.alphabet())]
    for more in (*last_letters, START, END):  # with every byte as a last letter too, nothing is unknown
        vocabulary.setdefault(more, len(vocabulary))
    merges = [tuple(pair.split()) if isinstance(pair, str) else tuple(pair) for pair in model["merges"]]
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=CONTEXT)


def texts(count: int, seed: int = 1) -> Iterator[str]:
    """Captions without their pictures, which would take much longer, and every word often enough to be whole."""
    random = Random(seed)
    for number in range(count):
        it, partner = individual(random), individual(random) if number % 8 == 0 else None
        place = random.choice([f"on {article(random.choice(list(COLOURS)))} background", *SCENES])
        yield caption(it, random, random.choice(WEIGHTED), any_quality(random), place, partner)
    for several in (SPARE_WORDS, FAMILIES, KINDS, STYLES, SCENES, QUALITIES, *NAMES.values(), *PLACES.values()):
        for word in several:
            yield from [word] * 60


def token_ids(words: CLIPTokenizer, captions: list[str]) -> Tensor:
    """(n, CONTEXT) token ids, padded to the full context."""
    padded = words(captions, padding="max_length", max_length=CONTEXT, truncation=True, return_tensors="pt")
    ids: Tensor = padded.input_ids
    return ids

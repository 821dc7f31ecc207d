"""Drawing with many concepts: switching between them, mixing them in one batch, cached prompts, latent previews."""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from app.core.settings import REPOSITORY
from app.core.storage import Storage
from benchmarks.table import Row, ratio
from worker.embedding_files import EmbeddingCache
from worker.engine.base_models import BaseModel, TextEncoder, load
from worker.engine.embeddings.formats import Embedding, write_native
from worker.engine.generation import DenoisingStep, Request, SamplerSettings, draw
from worker.engine.generation.prompts import Overlay, Text, condition
from worker.images import data_url

DEMO = REPOSITORY / "models" / "demo"
SIZES = (1, 1_000, 100_000)
SWITCHES = 60
THEIR_SWITCHES = {"demo model": 40, "SD1.5-sized table": 8}  # each takes seconds at SD1.5's size
REQUESTS = 16
PREVIEWED = 4
ROUNDS = 3
# Stable Diffusion 1.5's text encoder
VOCABULARY, WIDTH, LAYERS, HEADS, CONTEXT = 49_408, 768, 12, 12, 77


def run_switching() -> list[Row]:
    """To a prompt in ids and rows that names another concept than the one before, in libraries of several sizes,
    against what diffusers' users do for each request: load_textual_inversion, convert and tokenise the prompt,
    unload_textual_inversion. Once for words and texts that the worker meets for the first time, and once for those
    that it has drawn with before, as it does all day. Asking the database who may use a word is in neither."""
    rows = []
    with _of_the_size_of_sd15() as large:
        for title, model in (("demo model", load(DEMO)), ("SD1.5-sized table", large)):
            theirs = _their_switch(_pipeline(model), THEIR_SWITCHES[title])
            files = [write_native(_embedding(model, seed), "<c>", {}) for seed in range(SWITCHES)]
            for size in SIZES:
                library = {f"<c{index}>": files[index % SWITCHES] for index in range(size)}
                for when, ours in zip(
                    ("for the first time", "seen before"), _our_switches(model, library), strict=True
                ):
                    what = f"another concept, {when}, {title}, library of {size:,}"
                    rows.append(Row(what, f"{ours * 1e3:.3f} ms", f"{theirs * 1e3:.1f} ms", ratio(theirs, ours)))
    return rows


def run_mixed_batch() -> list[Row]:
    """Sixteen requests, each naming a concept of its own: one loop of ours, a diffusers pipeline one by one."""
    model = load(DEMO)
    pipeline = _pipeline(model)
    embeddings = {f"<c{index}>": _embedding(model, index) for index in range(REQUESTS)}
    requests = [
        Request(f"a photo of {placeholder}", concepts={placeholder: embedding}, seed=1)
        for placeholder, embedding in embeddings.items()
    ]
    settings = SamplerSettings.for_model(model)
    draw(model, requests[:1], settings)
    with tempfile.TemporaryDirectory() as folder:
        for placeholder, embedding in embeddings.items():
            pipeline.load_textual_inversion(_file(folder, placeholder, embedding), token=placeholder)
    pipeline("warm up", num_inference_steps=1)

    def one_by_one() -> None:
        for request in requests:
            pipeline(request.prompt, num_inference_steps=settings.steps, guidance_scale=model.card.guidance)

    ours, theirs = _alternately(lambda: draw(model, requests, settings), one_by_one)
    what = f"{REQUESTS} requests with {REQUESTS} concepts"
    return [Row(what, f"{ours:.1f} s", f"{theirs:.1f} s (diffusers, one by one)", ratio(theirs, ours))]


def run_remembered_prompts() -> list[Row]:
    """A prompt and a negative prompt on an encoder of SD1.5's size: read for the first time, and remembered."""
    with _of_the_size_of_sd15() as model:
        texts = [(Text(f"a photo of a mug {number}", {}), Text(f"dark {number}", {})) for number in range(ROUNDS + 1)]
        condition(model, texts[0])
        first = min(_seconds(lambda pair=pair: condition(model, pair)) for pair in texts[1:])  # type: ignore[misc]
        again = min(_seconds(lambda pair=pair: condition(model, pair)) for pair in texts[1:])  # type: ignore[misc]
    what = "a prompt and a negative prompt, SD1.5-sized encoder, remembered"
    return [Row(what, f"{again * 1e3:.3f} ms", f"{first * 1e3:.0f} ms (encoded)", ratio(first, again))]


def run_latent_previews() -> list[Row]:
    """Cost of latent previews of four pictures of the demo model at every step; a worker makes two a second."""
    model = load(DEMO)
    requests = [Request("a photo of a cat on the beach", seed=seed) for seed in range(PREVIEWED)]
    settings = SamplerSettings.for_model(model)

    def look(step: DenoisingStep) -> None:
        for preview in step.latent_previews():
            data_url(preview)

    draw(model, requests, replace(settings, steps=1), on_step=look)
    with_them, without = _alternately(
        lambda: draw(model, requests, settings, on_step=look), lambda: draw(model, requests, settings)
    )
    what = f"{PREVIEWED} pictures, latent previews at every one of {settings.steps} steps"
    return [Row(what, f"{with_them:.2f} s", f"{without:.2f} s (none)", ratio(without, with_them))]


def _alternately(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Best seconds of each, taken in turns, so that what else the machine does hits both."""
    times = [(_seconds(ours), _seconds(theirs)) for _ in range(ROUNDS)]
    return min(own for own, _ in times), min(other for _, other in times)


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _our_switches(model: BaseModel, library: dict[str, bytes]) -> tuple[float, float]:
    """Seconds for ids and rows of a prompt that names another concept: a new one in a new text, and one seen before.

    The worker has seen the whole library before that, of which its cache holds as much as fits.
    """
    names, encoder, room = list(library), model.encoders[0], model.context_length - 2
    wanted = [names[index * 7919 % len(names)] for index in range(SWITCHES)]

    def switch(cache: EmbeddingCache, name: str, text: str) -> None:
        overlay = Overlay(encoder)
        overlay.windows(Text(f"{text} {name}", {name: cache.get(name)}), room)
        overlay.rows(model.device)

    def new(index: int) -> None:
        switch(EmbeddingCache(cast("Storage", library)), wanted[index], f"{len(names)} photos, the {index}th with")

    cache = EmbeddingCache(cast("Storage", library))
    for name in (*names, *wanted):
        cache.get(name)
    switch(cache, wanted[0], "a photo of")
    return _median(new, SWITCHES), _median(lambda index: switch(cache, wanted[index], "a photo of"), SWITCHES)


def _their_switch(pipeline: StableDiffusionPipeline, calls: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        width = pipeline.text_encoder.config.hidden_size
        files = [
            _file(folder, f"<t{index}>", Embedding({"text_encoder": torch.randn(1, width)})) for index in range(calls)
        ]

        def switch(index: int) -> None:
            pipeline.load_textual_inversion(files[index], token=f"<t{index}>")
            pipeline.tokenizer(pipeline.maybe_convert_prompt(f"a photo of <t{index}>", pipeline.tokenizer))
            pipeline.unload_textual_inversion(f"<t{index}>")

        # Their fastest call beside our usual one: it takes all cores, so whatever else runs slows it most.
        return min(_seconds(lambda index=index: switch(index)) for index in range(calls))  # type: ignore[misc]


def _median(action: Callable[[int], None], calls: int) -> float:
    """Median seconds of one call, without the first few."""
    seconds = sorted([_seconds(lambda index=index: action(index)) for index in range(calls)][calls // 10 + 1 :])  # type: ignore[misc]
    return seconds[len(seconds) // 2]


def _embedding(model: BaseModel, seed: int) -> Embedding:
    generator = torch.Generator().manual_seed(seed)
    rows = {encoder.name: torch.randn(1, encoder.width, generator=generator) * 0.12 for encoder in model.encoders}
    return Embedding(rows)


def _file(folder: str, placeholder: str, embedding: Embedding) -> str:
    """As diffusers' training script writes it."""
    path = Path(folder) / f"{placeholder.strip('<>')}.safetensors"
    save_file({placeholder: embedding.rows["text_encoder"].contiguous()}, path)
    return str(path)


def _pipeline(model: BaseModel) -> StableDiffusionPipeline:
    """diffusers' pipeline with the same text encoder, and the demo model's other parts."""
    loaded = StableDiffusionPipeline.from_pretrained(DEMO, safety_checker=None, dtype=torch.float32)
    (encoder,) = model.encoders
    parts = {**loaded.components, "text_encoder": encoder.module, "tokenizer": encoder.tokenizer}
    pipeline = StableDiffusionPipeline(**parts, requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@contextmanager
def _of_the_size_of_sd15() -> Iterator[BaseModel]:
    """The demo model with a random text encoder of Stable Diffusion 1.5's size, and a vocabulary as long as its."""
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = _long_tokenizer(Path(folder))
        config = CLIPTextConfig(
            vocab_size=VOCABULARY,
            hidden_size=WIDTH,
            intermediate_size=4 * WIDTH,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            max_position_embeddings=CONTEXT,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
        module = CLIPTextModel(config).eval().requires_grad_(False)
        yield replace(load(DEMO), encoders=(TextEncoder("text_encoder", tokenizer, module),))


def _long_tokenizer(folder: Path) -> CLIPTokenizer:
    """The demo model's, with words that nobody writes up to the length of CLIP's vocabulary."""
    shutil.copytree(DEMO / "tokenizer", folder, dirs_exist_ok=True)
    path = folder / "tokenizer.json"
    told = json.loads(path.read_text("utf-8"))
    vocabulary: dict[str, int] = told["model"]["vocab"]
    known: Sequence[int] = sorted({*vocabulary.values(), *(each["id"] for each in told["added_tokens"])})
    vocabulary |= {f"\u2423{number}</w>": number for number in range(known[-1] + 1, VOCABULARY)}
    path.write_text(json.dumps(told), "utf-8")
    return CLIPTokenizer.from_pretrained(folder)

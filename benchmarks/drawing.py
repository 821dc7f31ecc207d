"""Drawing with many concepts: switching between them, and mixing them in one batch."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file

from app.settings import REPOSITORY
from benchmarks.table import Row, ratio
from worker.base_models import BaseModel, load
from worker.formats import FIRST, Embedding, read_native, write_native
from worker.generation import Request, Settings, draw
from worker.generation.prompts import Overlay, Text

DEMO = REPOSITORY / "models" / "demo"
SIZES = (1, 1_000, 100_000)
SWITCHES = 20
REQUESTS = 16


def run_switching() -> list[Row]:
    """From a stored file to a prompt in ids and rows, in libraries of several sizes, against load_textual_inversion."""
    model = load(DEMO)
    theirs = _their_switch(_pipeline())
    files = [write_native(_embedding(model, seed), "<c>", {}) for seed in range(SWITCHES)]
    rows = []
    for size in SIZES:
        library = {f"<c{index}>": files[index % SWITCHES] for index in range(size)}
        ours = _our_switch(model, library)
        rows.append(
            Row(
                f"another concept, library of {size:,}",
                f"{ours * 1e3:.2f} ms",
                f"{theirs * 1e3:.1f} ms",
                ratio(theirs, ours),
            )
        )
    return rows


def run_mixed_batch() -> list[Row]:
    """Sixteen requests, each naming a concept of its own: one loop of ours, a diffusers pipeline one by one."""
    model, pipeline = load(DEMO), _pipeline()
    embeddings = {f"<c{index}>": _embedding(model, index) for index in range(REQUESTS)}
    prompts = [f"a photo of {placeholder}" for placeholder in embeddings]
    requests = [
        Request(prompt, concepts={placeholder: embedding}, seed=1)
        for prompt, (placeholder, embedding) in zip(prompts, embeddings.items(), strict=True)
    ]
    settings = Settings.for_model(model)
    draw(model, requests[:1], settings)
    began = time.perf_counter()
    draw(model, requests, settings)
    ours = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        for placeholder, embedding in embeddings.items():
            pipeline.load_textual_inversion(_file(folder, placeholder, embedding), token=placeholder)
        pipeline("warm up", num_inference_steps=1)
        began = time.perf_counter()
        for prompt in prompts:
            pipeline(prompt, num_inference_steps=settings.steps, guidance_scale=model.card.guidance)
        theirs = time.perf_counter() - began
    return [
        Row(
            f"{REQUESTS} requests with {REQUESTS} concepts",
            f"{ours:.1f} s",
            f"{theirs:.1f} s (diffusers, one by one)",
            ratio(theirs, ours),
        )
    ]


def _our_switch(model: BaseModel, library: dict[str, bytes]) -> float:
    """Read the file, and make ids and rows of a prompt that names it."""
    names, encoder = list(library), model.encoders[0]

    def switch(index: int) -> None:
        name = names[index * 7919 % len(names)]
        overlay = Overlay(encoder)
        overlay.windows(Text(f"a photo of {name}", {name: read_native(library[name])}), model.context_length - 2)
        overlay.rows(model.device)

    return _time(switch)


def _their_switch(pipeline: StableDiffusionPipeline) -> float:
    with tempfile.TemporaryDirectory() as folder:
        width = pipeline.text_encoder.config.hidden_size
        files = [
            _file(folder, f"<t{index}>", Embedding({"text_encoder": torch.randn(1, width)}))
            for index in range(SWITCHES)
        ]

        def switch(index: int) -> None:
            pipeline.load_textual_inversion(files[index % SWITCHES], token=f"<t{index}>")
            pipeline.tokenizer(pipeline.maybe_convert_prompt(f"a photo of <t{index}>", pipeline.tokenizer))
            pipeline.unload_textual_inversion(f"<t{index}>")

        return _time(switch)


def _time(action: Callable[[int], None]) -> float:
    """Median seconds of one call."""
    seconds = []
    for index in range(SWITCHES):
        began = time.perf_counter()
        action(index)
        seconds.append(time.perf_counter() - began)
    return sorted(seconds)[len(seconds) // 2]


def _embedding(model: BaseModel, seed: int) -> Embedding:
    generator = torch.Generator().manual_seed(seed)
    rows = {encoder.name: torch.randn(1, encoder.width, generator=generator) * 0.12 for encoder in model.encoders}
    return Embedding(rows)


def _file(folder: str, placeholder: str, embedding: Embedding) -> str:
    path = Path(folder) / f"{placeholder.strip('<>')}.safetensors"
    save_file({placeholder: embedding.rows[FIRST]}, path)
    return str(path)


def _pipeline() -> StableDiffusionPipeline:
    pipeline = StableDiffusionPipeline.from_pretrained(DEMO, safety_checker=None, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline

"""A training step at the size of Stable Diffusion 1.5, beside diffusers' textual_inversion.py, unmodified.

The weights are random, so only time and memory mean anything. 256² pixels on a CPU, 512² on a GPU. Each side computes
in its own default precision; the script's has its whole model in float32. With `small` the model is a quarter as wide:
that is a rehearsal in a minute, whose ratio means nothing.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from app.core.settings import REPOSITORY
from benchmarks import reference_script
from benchmarks.table import Row, ratio
from worker.engine.base_models import load
from worker.engine.inversion import Inversion, Options, advance

EXAMPLE = REPOSITORY / "examples" / "king-purr"
BATCH = 4
STEPS = 3  # after one to warm up


def run(script: Path, *, small: bool = False) -> list[Row]:
    """Seconds of a step, evaluations included, and the memory of the process that takes it."""
    on_gpu = torch.cuda.is_available()
    side = 512 if on_gpu else 256
    with tempfile.TemporaryDirectory() as folder:
        source = build(Path(folder) / "model", side, narrower=4 if small else 1)
        ran = reference_script.run(
            script,
            source,
            [Image.open(path) for path in sorted(EXAMPLE.glob("*.jpg"))],
            Path(folder) / "script",
            initializer_token="cat",
            learnable_property="object",
            resolution=side,
            train_batch_size=BATCH,
            max_train_steps=STEPS + 1,
            save_steps=1,
        )
        theirs, their_memory = ran.seconds_per_step(), ran.memory
        ours, our_memory, precision = _in_a_process_of_its_own(source)
    size = "a quarter as wide as SD1.5" if small else "SD1.5-sized"
    what = f"a training step, {size}, {side}², batch {BATCH} ({precision} here, fp32 there)"
    return [
        Row(what, f"{ours:.2f} s", f"{theirs:.2f} s", ratio(theirs, ours)),
        Row("… peak memory of the process", f"{our_memory:.1f} GB", f"{their_memory:.1f} GB"),
    ]


def build(folder: Path, side: int, narrower: int = 1) -> Path:
    """Write a random model with the widths and depths of Stable Diffusion 1.5, and the demo model's tokenizer."""
    from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    widths = tuple(width // narrower for width in (320, 640, 1280, 1280))
    unet = UNet2DConditionModel(
        sample_size=side // 8,
        block_out_channels=widths,
        cross_attention_dim=768,
        attention_head_dim=8,
        norm_num_groups=32 if narrower == 1 else 8,
    )
    vae = AutoencoderKL(
        block_out_channels=tuple(width // narrower for width in (128, 256, 512, 512)),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        sample_size=side,
    )
    tokenizer = CLIPTokenizer.from_pretrained(REPOSITORY / "models" / "demo" / "tokenizer")
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=768,
        intermediate_size=3072,
        num_hidden_layers=12,
        num_attention_heads=12,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, steps_offset=1
    )
    tokenizer.model_max_length = 77
    StableDiffusionPipeline(
        vae, CLIPTextModel(text), tokenizer, unet, scheduler, None, None, requires_safety_checker=False
    ).save_pretrained(folder)
    return folder


def _in_a_process_of_its_own(source: Path) -> tuple[float, float, str]:
    command = [sys.executable, "-m", "benchmarks.reference_sd15", str(source)]
    ran = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    seconds, memory, precision = json.loads(ran.stdout.splitlines()[-1])
    return float(seconds), float(memory), str(precision)


def _our_step(source: Path) -> tuple[float, float, str]:
    """A step and its share of the evaluations."""
    model = load(source)
    pictures = [Image.open(path) for path in sorted(EXAMPLE.glob("*.jpg"))]
    word = Inversion(model, pictures, "cat", Options.for_model(model, batch=BATCH, mirror=False))
    word.begin()
    advance(model, [word])
    step = _timed(lambda: [advance(model, [word]) for _ in range(STEPS)]) / STEPS
    share = _timed(word.evaluate) / word.options.evaluate_every
    precision = {torch.bfloat16: "bf16", torch.float32: "fp32"}[model.precision.training]
    return step + share, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, precision


def _timed(action: Any) -> float:
    began = time.perf_counter()
    action()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began


if __name__ == "__main__":
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    print(json.dumps(_our_step(Path(sys.argv[1]))))

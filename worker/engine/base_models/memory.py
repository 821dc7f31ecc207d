"""How much memory a base model needs on a device, and how much there is. Knows nothing of which models are warm."""

import json
from collections.abc import Iterator
from pathlib import Path

import torch

from worker.engine.base_models.precision import Precision

# What drawing and teaching need beside the weights, as a share of them and at least.
WORKING_SHARE = 0.5
WORKING_BYTES_MIN = 256 * 2**20
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1}


def needed(folder: Path, device: torch.device) -> int:
    """Bytes that the model of a folder takes on a device, with what works beside it. An estimate from file sizes."""
    precision = Precision.of(device, folder)
    weights = sum(_numbers(path) * _bytes_each(path.parent.name, precision) for path in _loaded(folder))
    return int(weights + max(WORKING_BYTES_MIN, WORKING_SHARE * weights))


def available(device: torch.device) -> int | None:
    """Bytes that are free on a device, or None where that cannot be known."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # What PyTorch has set aside and does not use is free for us.
        return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        machine = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    return min([machine, *_left_to_this_container()])


def _left_to_this_container() -> Iterator[int]:
    group = Path("/sys/fs/cgroup")
    try:
        yield int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
    except (OSError, ValueError):
        return  # no limit, or no groups


def _loaded(folder: Path) -> Iterator[Path]:
    """The weight files that loading reads: of each component the plain ones, else those of half precision."""
    for component in ("text_encoder", "text_encoder_2", "unet", "vae"):
        files = sorted((folder / component).glob("*.safetensors"))
        plain = [path for path in files if ".fp16" not in path.name and "non_ema" not in path.name]
        yield from plain or [path for path in files if ".fp16" in path.name]


def _numbers(path: Path) -> float:
    """How many numbers a file holds, by its size and the type of its first tensor."""
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        kinds = [entry["dtype"] for name, entry in header.items() if name != "__metadata__"]
    except (OSError, ValueError, MemoryError, OverflowError):
        kinds = []  # loading it will say what is wrong
    return path.stat().st_size / BYTES.get(kinds[0] if kinds else "F32", 4)


def _bytes_each(component: str, precision: Precision) -> int:
    """Of a number in memory; of a UNet with those of its copy, if words are learned with one."""
    if component == "vae":
        return 4
    copied = component == "unet" and precision.teaching != precision.model
    return precision.model.itemsize + (precision.teaching.itemsize if copied else 0)

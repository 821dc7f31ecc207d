"""Runs benchmarks by name, or all of them, and prints one table.

python -m benchmarks                                   everything that needs nothing from outside
python -m benchmarks studio upload                     some
python -m benchmarks cards                             what each family does on cards of each size; takes seconds
python -m benchmarks attacks                           what each known attack costs a running studio, in six minutes
python -m benchmarks reference --reference PATH        beside diffusers' textual_inversion.py, unmodified
python -m benchmarks reference-likeness --reference PATH --steps 600    … and its likeness after 600 steps
"""

import argparse
import importlib.metadata
import os
import platform
from pathlib import Path

import torch

from benchmarks import (
    crowded,
    drawing,
    embedding,
    first_requests,
    grid,
    memory,
    precision,
    reference,
    reference_likeness,
    reference_sd15,
    report,
    sizing,
    studio,
    training,
    upload,
)
from benchmarks.attacks import measure
from benchmarks.table import Row, printed

BENCHMARKS = {
    "studio": studio.run,
    "sizing": sizing.run,
    "upload": upload.run,
    "first": first_requests.run,
    "embedding": embedding.run,
    "report": report.run,
    "switching": drawing.run_switching,
    "mixed-batch": drawing.run_mixed_batch,
    "remembered-prompts": drawing.run_remembered_prompts,
    "latent-previews": drawing.run_latent_previews,
    "grid": grid.run,
    "together": training.run,
    "crowded": crowded.run,
    "precision": precision.run,
    "memory": memory.run,
}
BESIDE_THE_SCRIPT = {
    "reference": reference.run,
    "reference-sd15": reference_sd15.run,
    "reference-likeness": reference_likeness.run,
}

CARDS = "cards"  # a table of its own too
ATTACKS = "attacks"  # has a table of its own, and runs only where it is named


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names",
        nargs="*",
        choices=[*BENCHMARKS, *BESIDE_THE_SCRIPT, ATTACKS, CARDS, []],
        help="which; all when none is named",
    )
    parser.add_argument(
        "--reference", type=Path, help="path of diffusers' examples/textual_inversion/textual_inversion.py"
    )
    parser.add_argument("--attack", default="", help="only attacks whose name contains this")
    parser.add_argument("--small", action="store_true", help="rehearse reference-sd15 with a narrower model")
    parser.add_argument("--kept", type=Path, help="folder where reference-likeness notes each word, to go on from")
    parser.add_argument("--steps", type=int, default=3000, help="of the reference script, for its likeness")
    arguments = parser.parse_args()
    if arguments.names == [ATTACKS]:
        print(f"\n{machine()}\n\n{measure.run(arguments.attack)}")
        return
    if arguments.names == [CARDS]:
        print(memory.cards())
        return
    names = arguments.names or [*BENCHMARKS, *(BESIDE_THE_SCRIPT if arguments.reference else ())]
    if not {ATTACKS, CARDS}.isdisjoint(names):
        parser.error("attacks and cards are printed alone: name nothing else beside them")
    if arguments.reference is None and not BESIDE_THE_SCRIPT.keys().isdisjoint(names):
        parser.error(f"{' and '.join(BESIDE_THE_SCRIPT)} need --reference PATH")
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    rows: list[Row] = []
    for name in names:
        print(f"… {name}", flush=True)
        if name in BENCHMARKS:
            rows += BENCHMARKS[name]()
        elif name == "reference-likeness":
            rows += reference_likeness.run(arguments.reference, arguments.steps, arguments.kept)
        elif name == "reference-sd15":
            rows += reference_sd15.run(arguments.reference, small=arguments.small)
        else:
            rows += BESIDE_THE_SCRIPT[name](arguments.reference)
    print(f"\n{machine()}\n\n{printed(rows)}")


def machine() -> str:
    """The machine that the measurements were taken on."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("torch", "diffusers", "transformers")
    )
    cores = len(os.sched_getaffinity(0))
    return f"{cores} CPU cores ({_processor()}), Python {platform.python_version()}, {versions}"


def _processor() -> str:
    names = [
        line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()

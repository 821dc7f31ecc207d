"""What a studio takes before it does anything for anybody: memory of its processes, and disk for what it makes."""

import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks.running_studio import RunningStudio, children_of, running_studio, succeeded
from benchmarks.studio import pictures
from benchmarks.table import Row

# What a command line says, the first that fits.
PARTS = {
    "valkey-server": "embedded Valkey",
    "app.ops.embedded_broker": "embedded Valkey",
    "app.ops.web_server": "web service",
    "app.pictures.decoding": "children that decode uploads",
    "worker.engine.embeddings.plain": "child that reads embeddings",
    "worker.maintenance.sweep": "sweep",
    "-Q training": "training worker",
    "-Q generation": "generation worker",
}
WORD_STEPS, PICTURES = 12, 16


def run() -> list[Row]:
    """Memory after a word was taught and drawn with, so that everything is loaded; disk by difference."""
    with running_studio() as studio:
        idle = _memory(studio)
        before = _disk(studio)
        files = [("images", (path.name, path.read_bytes())) for path in pictures()]
        fields = {"placeholder": "<size>", "initializer": "cat", "steps_max": WORD_STEPS}
        answer = studio.client.post("/api/concepts", data=fields, files=files).raise_for_status().json()
        succeeded(studio, answer["job"]["id"])
        taught = _disk(studio)
        order = {"prompt": "a photo of <size>", "count": PICTURES}
        answer = studio.client.post("/api/generations", json=order).raise_for_status().json()
        succeeded(studio, answer["job"]["id"])
        drawn, used = _disk(studio), _memory(studio)
    rows = [
        Row(f"memory of the {part}, idle / with the demo model in use", f"{idle.get(part, 0)} / {used[part]} MB")
        for part in used
    ]
    kept = [taught[name] - before[name] for name in before]
    rows.append(Row("blobs / rows of one word taught", f"{kept[0] / 1e3:.0f} / {kept[1] / 1e3:.0f} KB"))
    per = [(drawn[name] - taught[name]) / PICTURES / 1e3 for name in before]
    rows.append(Row("blobs / rows of one picture drawn at 64×64", f"{per[0]:.1f} / {per[1]:.1f} KB"))
    return rows


def _memory(studio: RunningStudio) -> dict[str, int]:
    """Proportional set size in MB: pages that processes share are counted once."""
    found: dict[str, int] = {}
    waiting = [studio.process]
    while waiting:
        process = waiting.pop()
        waiting += children_of(process)
        command = Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
        part = next((part for text, part in PARTS.items() if text in command), None)
        if part is not None:
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
            kilobytes = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
            found[part] = found.get(part, 0) + round(kilobytes / 1000)
    return found


def _disk(studio: RunningStudio) -> dict[str, int]:
    environment = Path(f"/proc/{studio.process}/environ").read_text().split("\0")
    folder = Path(next(each for each in environment if each.startswith("ONEWORD_DATA_DIR=")).partition("=")[2])
    blobs = sum(path.stat().st_size for path in (folder / "blobs").rglob("*") if path.is_file())
    with closing(sqlite3.connect(folder / "oneword.sqlite3")) as database:
        pages, size = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return {"blobs": blobs, "rows": pages * size}

"""Four phone photos of 12 megapixels: how long until they are accepted, and how much memory the web process takes."""

import io
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.running_studio import ended, running_studio
from benchmarks.table import Row

WIDTH, HEIGHT = 4032, 3024
ROUNDS = 4


def run() -> list[Row]:
    """The best of some rounds, and the peak of all of them."""
    photos = [photo(seed) for seed in range(4 * ROUNDS)]
    megabytes = sum(map(len, photos[:4])) / 1e6
    seconds = []
    with running_studio() as studio:
        process = studio.web_process()
        before = _memory(process, "VmRSS")
        for start in range(0, len(photos), 4):
            files = [("images", (f"{index}.jpg", photo)) for index, photo in enumerate(photos[start : start + 4])]
            fields = {"placeholder": f"<photo-{start}>", "initializer": "mug"}
            began = time.perf_counter()
            accepted = studio.client.post("/api/concepts", data=fields, files=files).raise_for_status().json()
            seconds.append(time.perf_counter() - began)
            studio.client.post(f"/api/jobs/{accepted['job']['id']}/cancel").raise_for_status()
            ended(studio, accepted["job"]["id"])  # or its worker would take a core from the next round
        grown = _memory(process, "VmHWM") - before
    return [
        Row(f"accepting 4 photos of 12 MP ({megabytes:.0f} MB in all), best of {ROUNDS}", f"{min(seconds):.2f} s"),
        Row("… more memory in the web process at its peak", f"{grown / 1e6:.0f} MB"),
    ]


def photo(seed: int) -> bytes:
    """A JPEG as a phone makes them: smooth areas, edges and noise, turned by EXIF."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (HEIGHT // 96, WIDTH // 96, 3), dtype=np.uint8)
    picture = np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), dtype=np.int16)
    noisy = picture + rng.integers(-9, 10, picture.shape, dtype=np.int16)
    content = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(content, "JPEG", quality=90, exif=exif)
    return content.getvalue()


def _memory(process: int, name: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

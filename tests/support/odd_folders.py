"""Changes that make a model's folder odd, for tests of what is refused."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file, save_file

Change = Callable[[Path], object]


def linked_copy(source: Path, target: Path) -> Path:
    """A copy of a model's folder that a test may change; its weights are links."""

    def copy(file: str, to: str) -> object:
        link = file.endswith(".safetensors")
        return Path(to).symlink_to(file) if link else shutil.copyfile(file, to)

    return Path(shutil.copytree(source, target, copy_function=copy))


def without(*names: str) -> Change:
    return lambda folder: [(folder / name).unlink() for name in names]


def without_folder(name: str) -> Change:
    return lambda folder: shutil.rmtree(folder / name)


def written(name: str, content: str | bytes) -> Change:
    def change(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return change


def stating(name: str, **values: Any) -> Change:
    return lambda folder: state(folder / name, values)


def state(path: Path, values: Mapping[str, Any]) -> None:
    stated = {**json.loads(path.read_text()), **values}
    path.write_text(json.dumps({key: value for key, value in stated.items() if value is not ...}))


def renamed(name: str, to: str) -> Change:
    return lambda folder: (folder / name).rename((folder / name).parent / to)


def both(*changes: Change) -> Change:
    return lambda folder: [change(folder) for change in changes]


def sharded(component: str, variant: str = "") -> Change:
    """A component's weights in two files, with the index that its library writes."""

    def change(folder: Path) -> None:
        (whole,) = (folder / component).glob("*.safetensors")
        stem, tensors = whole.stem, load_file(whole)
        whole.unlink()
        shards = {name: f"{stem}{variant}-0000{1 + n % 2}-of-00002.safetensors" for n, name in enumerate(tensors)}
        for shard in set(shards.values()):
            part = {name: tensor for name, tensor in tensors.items() if shards[name] == shard}
            save_file(part, whole.parent / shard, {"format": "pt"})
        index = {"metadata": {"total_size": 1}, "weight_map": shards}
        (whole.parent / f"{stem}.safetensors.index{variant}.json").write_text(json.dumps(index))

    return change


def older_tokenizer(folder: Path) -> None:
    """The pair of files that SDXL's tokenizers have on the hub, in place of tokenizer.json."""
    model = json.loads((folder / "tokenizer/tokenizer.json").read_text())["model"]
    (folder / "tokenizer/tokenizer.json").unlink()
    (folder / "tokenizer/vocab.json").write_text(json.dumps(model["vocab"]))
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    (folder / "tokenizer/merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")

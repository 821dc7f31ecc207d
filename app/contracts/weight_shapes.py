"""Whether a component's weights are those that its configuration describes, by the shapes of its outermost tensors.

A folder whose UNet was replaced by another model's looks whole. The shapes are in the headers of the safetensors, so
that nothing is loaded to find out.
"""

from collections.abc import Mapping

from app.contracts.config_file import ADVICE, ConfigFile
from app.contracts.errors import BrokenHeader, UnfitModel
from app.contracts.families import UNET, VAE
from app.contracts.safetensors_header import read_header
from app.contracts.weight_files import Weights

Shape = tuple[int | None, ...]  # None for a length that is not checked


def check_shapes(component: str, weights: Weights, config: ConfigFile) -> None:
    """Raise UnfitModel if a tensor is missing or has another shape than the configuration says."""
    found: dict[str, tuple[int, ...]] = {}
    for path in weights.files:
        try:
            found |= {name: each.shape for name, each in read_header(path).tensors.items()}
        except (BrokenHeader, OSError):  # `weights_of` has said so
            return
    for name, expected in _expected(component, config).items():
        actual = next((shape for known, shape in found.items() if known == name or known.endswith(f".{name}")), None)
        if actual is None:
            raise UnfitModel(f"The weights of its {component} have no {name}, so they are another model's. {ADVICE}")
        if len(actual) != len(expected) or any(e not in (None, a) for a, e in zip(actual, expected, strict=True)):
            raise UnfitModel(
                f"The weights of its {component} are another model's: {name} has the shape {actual}, and "
                f"{config.name} describes {tuple('any' if each is None else each for each in expected)}. {ADVICE}"
            )


def _expected(component: str, config: ConfigFile) -> Mapping[str, Shape]:
    """Tensor -> shape. Names of text encoders begin in two ways, after the version of transformers that wrote them."""
    if component == UNET:
        return {
            "conv_in.weight": (None, config.whole("in_channels", 4), None, None),
            "conv_out.weight": (config.whole("out_channels", 4), None, None, None),
        }
    if component == VAE:
        return {"decoder.conv_in.weight": (None, config.whole("latent_channels", 4), None, None)}
    rows, width = config.whole("vocab_size", 49408), config.whole("hidden_size")
    return {"embeddings.token_embedding.weight": (rows, width)}

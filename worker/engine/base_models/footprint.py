"""Memory that a UNet and an autoencoder take to compute, from the shapes that their configurations state.

Each sum follows the operations of diffusers' blocks: what autograd keeps of frozen layers, and what exists at the same
time. `python -m benchmarks memory` counts the allocations of the real modules beside these sums. Knows no device and
nothing that is loaded.

A feature map below is (channels, height, width); its size is in numbers, and is multiplied by the bytes of a number.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

# Maps that autograd keeps, as multiples of a block's own. Frozen linear layers keep nothing of their input.
RESNET_KEPT: Final = 3  # input of the group norm, of SiLU and of the convolution; for each of the two convolutions
TRANSFORMER_KEPT: Final = 21  # 3 layer norms; q, k, v, output; q, output; GEGLU: 8 wide, its GELU 4 wide, and a residual
RESNET_AT_ONCE: Final = 3  # without gradients: input, normalised, activated
TRANSFORMER_AT_ONCE: Final = 15  # without gradients: GEGLU 8 wide, its product and GELU, and residuals
BACKWARD_AT_ONCE: Final = 2  # gradients beside what is kept
FLOAT32: Final = 4  # bytes; the autoencoder's precision everywhere


@dataclass(frozen=True)
class Block:
    """One resnet or one transformer block of a UNet."""

    inner: int  # channels × pixels that it reads
    outer: int  # channels × pixels that it writes
    transformer: bool = False
    enters: bool = False  # the first transformer block after a resnet: a group norm and a projection before it

    @property
    def kept(self) -> int:
        """Numbers that autograd keeps for the backward pass."""
        entry = 2 * self.inner if self.enters else 0
        return entry + (TRANSFORMER_KEPT * self.inner if self.transformer else RESNET_KEPT * (self.inner + self.outer))

    @property
    def kept_of_input(self) -> int:
        """Numbers kept with gradient checkpointing: the input, and what lies before the first transformer block."""
        return self.inner * (3 if self.enters else 1)

    @property
    def at_once(self) -> int:
        """Numbers that exist at the same time in it without gradients."""
        return TRANSFORMER_AT_ONCE * self.inner if self.transformer else RESNET_AT_ONCE * self.inner + self.outer


@dataclass(frozen=True)
class UNetShape:
    """The shape of a UNet for one picture of `side` latent pixels (or of the same area)."""

    blocks: Sequence[Block]
    skips: int  # channels × pixels of all connections from the way down to the way up

    @classmethod
    def of(cls, config: Mapping[str, Any], height: int, width: int) -> "UNetShape":
        """From the configuration of a `UNet2DConditionModel` and the size of its input."""
        blocks = list(_blocks(config, height * width))
        return cls(blocks, _skips(config, height * width))

    def training(self, *, checkpointing: bool) -> int:
        """Numbers that exist at the same time while one sample is learned from."""
        largest = max(block.kept + BACKWARD_AT_ONCE * max(block.inner, block.outer) for block in self.blocks)
        if checkpointing:
            return sum(block.kept_of_input for block in self.blocks) + largest
        return sum(block.kept for block in self.blocks) + BACKWARD_AT_ONCE * max(b.inner for b in self.blocks)

    def drawing(self) -> int:
        """Numbers that exist at the same time in one pass without gradients."""
        return self.skips + max(block.at_once for block in self.blocks)


def decoding(config: Mapping[str, Any], height: int, width: int) -> int:
    """Bytes that an `AutoencoderKL` needs to decode one picture of this size in pixels."""
    return FLOAT32 * height * width * _widest_at_full_size(config) * 4


def encoding(config: Mapping[str, Any], height: int, width: int) -> int:
    """Bytes that an `AutoencoderKL` needs to encode one picture of this size in pixels."""
    return FLOAT32 * height * width * int(config["block_out_channels"][0]) * 5


def _widest_at_full_size(config: Mapping[str, Any]) -> int:
    channels = config["block_out_channels"]
    return int(channels[min(1, len(channels) - 1)])


def _blocks(config: Mapping[str, Any], pixels: int) -> Iterator[Block]:
    channels = list(config["block_out_channels"])
    levels = len(channels)
    layers = _per_level(config.get("layers_per_block", 2), levels)
    depths = _per_level(config.get("transformer_layers_per_block", 1), levels)
    at = [pixels // 4**level for level in range(levels)]
    before = channels[0]
    for level, kind in enumerate(config["down_block_types"]):
        for _ in range(layers[level]):
            yield from _pair(before, channels[level], at[level], depths[level] if _attends(kind) else 0)
            before = channels[level]
    yield from _pair(before, before, at[-1], depths[-1])
    yield from _pair(before, before, at[-1], 0)
    skips = _skip_channels(channels, layers)
    for kind, level in zip(config["up_block_types"], reversed(range(levels)), strict=True):
        for _ in range(layers[level] + 1):
            inner = before + skips.pop()
            yield from _pair(inner, channels[level], at[level], depths[level] if _attends(kind) else 0)
            before = channels[level]


def _pair(inner: int, outer: int, pixels: int, depth: int) -> Iterator[Block]:
    """A resnet and the transformer blocks after it."""
    yield Block(inner * pixels, outer * pixels)
    for number in range(depth):
        yield Block(outer * pixels, outer * pixels, transformer=True, enters=number == 0)


def _skip_channels(channels: Sequence[int], layers: Sequence[int]) -> list[int]:
    """Channels of the connections, in the order in which the way down makes them."""
    made = [channels[0]]
    for level, width in enumerate(channels):
        made += [width] * (layers[level] + (level < len(channels) - 1))
    return made


def _skips(config: Mapping[str, Any], pixels: int) -> int:
    channels = list(config["block_out_channels"])
    layers = _per_level(config.get("layers_per_block", 2), len(channels))
    total = channels[0] * pixels
    for level, width in enumerate(channels):
        total += layers[level] * width * (pixels // 4**level)
        if level < len(channels) - 1:
            total += width * (pixels // 4 ** (level + 1))
    return total


def _per_level(value: Any, levels: int) -> list[int]:
    return [int(each) for each in value] if isinstance(value, list | tuple) else [int(value)] * levels


def _attends(kind: str) -> bool:
    return "Attn" in kind

"""Memory that a UNet and an autoencoder take to compute, from the shapes that their configurations state.

Each sum follows the operations of diffusers' blocks: what autograd keeps of frozen layers, and what exists at the same
time. `python -m benchmarks memory` counts the allocations of the real modules beside these sums. Knows no device and
nothing that is loaded.

A feature map below is (channels, height, width); its size is in numbers, and is multiplied by the bytes of a number.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

# Multiples of a block's own map.
RESNET_KEPT: Final = 3  # for each convolution: input of the group norm, of SiLU and of the convolution itself
TRANSFORMER_KEPT: Final = 21  # 3 layer norms; q, k, v, output; q, output; GEGLU: 8 wide, its GELU 4 wide; a residual
ENTRY_KEPT: Final = 3  # around the transformer blocks: group norm, and the projections in and out
RESNET_AT_ONCE: Final = 3  # without gradients: input, normalised, activated
TRANSFORMER_AT_ONCE: Final = 21  # without gradients: GEGLU 8 wide, its GELU and product, norms and residuals
BACKWARD_AT_ONCE: Final = 2  # gradients beside what is kept
FLOAT32: Final = 4  # bytes; the autoencoder's precision everywhere


@dataclass(frozen=True)
class Block:
    """A part of a UNet that gradient checkpointing keeps the input of, in numbers."""

    kept: int  # by autograd for the backward pass
    kept_of_input: int  # the same with gradient checkpointing
    at_once: int  # exist at the same time without gradients
    widest: int  # the largest single map

    @classmethod
    def resnet(cls, inner: int, outer: int) -> "Block":
        """Two convolutions, each after a group norm and SiLU."""
        return cls(RESNET_KEPT * (inner + outer), inner, RESNET_AT_ONCE * inner + outer, max(inner, outer))

    @classmethod
    def transformer(cls, size: int) -> "Block":
        """Attention to the picture, attention to the text, and a GEGLU."""
        return cls(TRANSFORMER_KEPT * size, size, TRANSFORMER_AT_ONCE * size, size)

    @classmethod
    def plain(cls, kept: int) -> "Block":
        """What is kept in every case: inputs of convolutions and norms outside of resnets and transformer blocks."""
        return cls(kept, kept, kept, kept)


@dataclass(frozen=True)
class UNetShape:
    """The shape of a UNet for one picture."""

    blocks: Sequence[Block]
    skips: int  # numbers in all connections from the way down to the way up

    @classmethod
    def of(cls, config: Mapping[str, Any], height: int, width: int) -> "UNetShape":
        """From the configuration of a `UNet2DConditionModel` and the size of its input."""
        blocks = list(_blocks(config, height * width))
        return cls(blocks, _skips(config, height * width))

    def training(self, *, checkpointing: bool) -> int:
        """Numbers that exist at the same time while one sample is learned from."""
        gradients = BACKWARD_AT_ONCE * max(block.widest for block in self.blocks)
        if checkpointing:
            again = max(block.kept for block in self.blocks)  # of one block at a time
            return sum(block.kept_of_input for block in self.blocks) + again + gradients
        return sum(block.kept for block in self.blocks) + gradients

    def drawing(self) -> int:
        """Numbers that exist at the same time in one pass without gradients."""
        return self.skips + max(block.at_once for block in self.blocks)


def decoding(config: Mapping[str, Any], height: int, width: int) -> int:
    """Bytes that an `AutoencoderKL` needs to decode one picture of this size in pixels."""
    return FLOAT32 * height * width * _widest_at_full_size(config) * 3


def encoding(config: Mapping[str, Any], height: int, width: int) -> int:
    """Bytes that an `AutoencoderKL` needs to encode one picture of this size in pixels."""
    return FLOAT32 * height * width * int(config["block_out_channels"][0]) * 5


def _widest_at_full_size(config: Mapping[str, Any]) -> int:
    channels = config["block_out_channels"]
    return int(channels[min(1, len(channels) - 1)])


def _blocks(config: Mapping[str, Any], pixels: int) -> Iterator[Block]:
    channels = list(config["block_out_channels"])
    last = len(channels) - 1
    layers = _per_level(config.get("layers_per_block", 2), len(channels))
    depths = _per_level(config.get("transformer_layers_per_block", 1), len(channels))
    at = [pixels // 4**level for level in range(len(channels))]
    before = channels[0]
    for level, kind in enumerate(config["down_block_types"]):
        for _ in range(layers[level]):
            yield from _layer(before, channels[level], at[level], depths[level] if _attends(kind) else 0)
            before = channels[level]
        if level < last:
            yield Block.plain(before * at[level])  # the convolution that halves the sides
    yield from _layer(before, before, at[-1], depths[-1])
    yield from _layer(before, before, at[-1], 0)
    skips = _skip_channels(channels, layers)
    for level, kind in zip(range(last, -1, -1), config["up_block_types"], strict=True):
        for _ in range(layers[level] + 1):
            inner = before + skips.pop()
            yield from _layer(inner, channels[level], at[level], depths[level] if _attends(kind) else 0)
            before = channels[level]
        if level > 0:
            yield Block.plain(before * at[level - 1])  # the convolution that doubles the sides
    yield Block.plain(3 * before * pixels)  # the last group norm, SiLU and convolution


def _layer(inner: int, outer: int, pixels: int, depth: int) -> Iterator[Block]:
    """A resnet, and the transformer blocks after it."""
    yield Block.resnet(inner * pixels, outer * pixels)
    if depth:
        yield Block.plain(ENTRY_KEPT * outer * pixels)
    for _ in range(depth):
        yield Block.transformer(outer * pixels)


def _skip_channels(channels: Sequence[int], layers: Sequence[int]) -> list[int]:
    """Channels of the connections, in the order in which the way down makes them."""
    made = [channels[0]]
    for level, width in enumerate(channels):
        made += [width] * (layers[level] + (level < len(channels) - 1))
    return made


def _skips(config: Mapping[str, Any], pixels: int) -> int:
    channels = [int(each) for each in config["block_out_channels"]]
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

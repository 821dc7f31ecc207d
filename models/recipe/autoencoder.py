"""The AutoencoderKL: 64×64×3 pictures to 16×16×8 codes. Its encoder is written down, not trained: each 4×4 patch
becomes its first eight principal components. Its decoder starts as a smooth colour picture and is trained from there.

From scratch a small autoencoder needs an hour of CPU to find colours again, because group normalisation takes absolute
levels away (20.7 dB after 5 minutes on a core). Written down, it starts right: 24.8 dB after 4 minutes, 29 after 15.

How a linear map passes through GroupNorm and SiLU: carry each value p as a pair (p, -p), in a group with a pair of
constants (K, -K), K ≫ p. The group's mean is 0 and its deviation about K/√2 whatever the picture; and
silu(x) - silu(-x) = x."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from models.recipe.budget import Budget, rate
from models.recipe.pictures import Pixels
from models.recipe.train_step import train_step

CHANNELS, PATCH = 8, 4
WIDTHS = (32, 64, 64)
GROUPS = 8  # of every GroupNorm
ENCODER_CONSTANT, DECODER_CONSTANT = 40.0, 8.0  # K
CERTAIN = -12.0  # the posterior's log variance: it is a point
FORGIVENESS = 0.04  # noise on the codes that the decoder is trained with, for the denoiser's sake
LINEAR = 1e-3  # the most that the encoder may differ from a linear map, as a share of the codes' variance
CROP, BATCH, RATE = 32, 24, 1.5e-3

Floats = npt.NDArray[np.floating]


def autoencoder(folder: Path, pixels: Pixels, minutes: float, device: str, older: Path | None = None) -> AutoencoderKL:
    """The autoencoder in the folder; made first if there is none, from an older model's if one is given. Its encoder is
    kept then, so that the older denoiser's codes still mean what they meant."""
    if not folder.exists():
        if older is None:
            made = written_down(pixels[:4000].astype("float32") / 127.5 - 1)
        else:
            made = AutoencoderKL.from_pretrained(older / "vae", torch_dtype=torch.float32)
        train_decoder(made, pixels, minutes, device)
        made.cpu().save_pretrained(folder)
    return AutoencoderKL.from_pretrained(folder, torch_dtype=torch.float32)


@torch.no_grad()
def quality(vae: AutoencoderKL, pixels: Pixels) -> float:
    """Peak signal to noise of pictures that went through it, in dB."""
    x = as_tensor(pixels, "cpu")
    error = (vae.decode(vae.encode(x).latent_dist.mean).sample.clamp(-1, 1) - x).square().mean()
    return float(10 * torch.log10(4 / error))


@torch.no_grad()
def written_down(pictures: Floats) -> AutoencoderKL:
    """pictures: (n, 64, 64, 3) in -1..1."""
    vae = AutoencoderKL(
        block_out_channels=WIDTHS,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=CHANNELS,
        layers_per_block=1,
        norm_num_groups=GROUPS,
        sample_size=64,
    )
    mean, vectors, deviation = principal_components(pictures)
    wanted = deviation**0.35  # flatter than the variance, so that fine detail counts, but less than colour
    wanted = wanted / wanted.mean()
    to_code = torch.tensor((vectors * (wanted / deviation)).T.copy(), dtype=torch.float32)  # (8, 48)
    from_code = torch.tensor((vectors * (deviation / wanted)).copy(), dtype=torch.float32)  # (48, 8)
    middle = torch.tensor(mean, dtype=torch.float32)  # (48,)
    _write_encoder(vae, to_code, -to_code @ middle)
    _write_decoder(vae, from_code.view(3, PATCH * PATCH, CHANNELS).mean(1), middle.view(3, -1).mean(1))
    sample = torch.from_numpy(pictures[:256]).permute(0, 3, 1, 2).float()
    vae.register_to_config(scaling_factor=float(1 / vae.encode(sample).latent_dist.mean.std()))
    return vae


def principal_components(pictures: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean (48,), directions (48, 8) and deviations (8,) of the patches; a patch is flattened as (colour, y, x)."""
    n, side = len(pictures), pictures.shape[1] // PATCH
    patches = pictures.reshape(n, side, PATCH, side, PATCH, 3).transpose(0, 1, 3, 5, 2, 4).reshape(-1, 3 * PATCH**2)
    variance, vectors = np.linalg.eigh(np.cov(patches.T))
    return patches.mean(0), vectors[:, ::-1][:, :CHANNELS], np.sqrt(variance[::-1][:CHANNELS])


def _silence(layer: nn.Module) -> None:
    nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]


def _write_encoder(vae: AutoencoderKL, to_code: Tensor, offset: Tensor) -> None:
    """Two strided convolutions gather a patch's 48 values; the second also applies the map."""
    encoder, group = vae.encoder, WIDTHS[-1] // GROUPS
    for module in encoder.modules():  # the residual branches add nothing
        if hasattr(module, "conv2"):
            _silence(module.conv2)
    _silence(encoder.mid_block.attentions[0].to_out[0])
    first, second = (encoder.down_blocks[level].downsamplers[0].conv for level in (0, 1))
    widen = encoder.down_blocks[1].resnets[0].conv_shortcut
    for layer in (encoder.conv_in, encoder.conv_out, first, second, widen):
        _silence(layer)
    for colour in range(3):
        encoder.conv_in.weight[colour, colour, 1, 1] = 1
        for y in range(2):
            for x in range(2):
                first.weight[colour * 4 + y * 2 + x, colour, y, x] = 1  # 2×2 pixels -> 12 channels
    for channel in range(12):
        widen.weight[channel, channel, 0, 0] = 1
    patch = to_code.view(CHANNELS, 3, 2, 2, 2, 2)  # (code, colour, y outer, y inner, x outer, x inner)
    gathered = patch.permute(0, 1, 3, 5, 2, 4).reshape(CHANNELS, 12, 2, 2)  # as `first` leaves the values
    for code in range(CHANNELS):
        for pair, sign in enumerate((1, -1)):
            value, constant = code * group + pair, code * group + 2 + pair
            second.weight[value, :12, :2, :2] = sign * gathered[code]
            second.bias[value], second.bias[constant] = sign * offset[code], sign * ENCODER_CONSTANT
            encoder.conv_out.weight[code, value, 1, 1] = sign
    encoder.conv_norm_out.weight.fill_(ENCODER_CONSTANT * (2 / group) ** 0.5)
    encoder.conv_out.bias[CHANNELS:] = CERTAIN
    vae.quant_conv.weight.copy_(torch.eye(2 * CHANNELS)[..., None, None])
    nn.init.zeros_(vae.quant_conv.bias)


def _write_decoder(vae: AutoencoderKL, from_code: Tensor, middle: Tensor) -> None:
    """Twelve channels carry (colour, -colour, K, -K) for red, green and blue, past all residual branches, and are
    smoothed when they grow. from_code: (3, 8), a patch's mean colour; middle: (3,)."""
    vae.post_quant_conv.weight.copy_(torch.eye(CHANNELS)[..., None, None])
    nn.init.zeros_(vae.post_quant_conv.bias)
    decoder, group = vae.decoder, WIDTHS[0] // GROUPS
    path = [colour * group + place for colour in range(3) for place in range(4)]
    for module in decoder.modules():
        if hasattr(module, "conv2"):
            module.conv2.weight.mul_(0.05)
            nn.init.zeros_(module.conv2.bias)
    _silence(decoder.mid_block.attentions[0].to_out[0])
    decoder.conv_in.weight.mul_(0.5)
    decoder.conv_out.weight.mul_(0.1)
    nn.init.zeros_(decoder.conv_out.bias)
    for colour in range(3):
        for pair, sign in enumerate((1, -1)):
            value, constant = colour * group + pair, colour * group + pair + 2
            decoder.conv_in.weight[[value, constant]] = 0
            decoder.conv_in.weight[value, :, 1, 1] = sign * from_code[colour]
            decoder.conv_in.bias[value] = sign * middle[colour]
            decoder.conv_in.bias[constant] = sign * DECODER_CONSTANT
    _carry(decoder, path, group)
    nn.init.ones_(decoder.conv_norm_out.weight)
    decoder.conv_out.weight[:, path] = 0
    for colour in range(3):
        value = colour * group
        decoder.conv_norm_out.weight[value : value + 2] = DECODER_CONSTANT / 2**0.5
        decoder.conv_out.weight[colour, value, 1, 1], decoder.conv_out.weight[colour, value + 1, 1, 1] = 1, -1


def _carry(decoder: nn.Module, path: list[int], group: int) -> None:
    """Hand the path's channels through every block unchanged, smoothing the colours after each doubling."""
    smooth = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    same = torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]])
    for block in decoder.up_blocks:  # type: ignore[union-attr]
        for resnet in block.resnets:
            resnet.conv2.weight[path] = 0
    for block in decoder.up_blocks[:2]:  # type: ignore[index]
        grow = block.upsamplers[0].conv
        for channel in path:
            grow.weight[channel], grow.bias[channel] = 0, 0
            grow.weight[channel, channel] = smooth if channel % group < 2 else same
    narrow = decoder.up_blocks[2].resnets[0].conv_shortcut  # type: ignore[index, union-attr]
    for channel in path:
        narrow.weight[channel], narrow.bias[channel] = 0, 0
        narrow.weight[channel, channel, 0, 0] = 1


def train_decoder(vae: AutoencoderKL, pixels: Pixels, minutes: float, device: str) -> None:
    """On crops that lie on the patch grid, with a little noise on the code."""
    vae.to(device)
    weights = [*vae.decoder.parameters(), *vae.post_quant_conv.parameters()]
    optimiser = torch.optim.AdamW(weights, RATE, betas=(0.9, 0.99), weight_decay=0.01)
    random, generator = np.random.default_rng(0), torch.Generator(device).manual_seed(0)
    budget, step = Budget(minutes), 0
    while not budget.spent:
        top, left = random.integers(0, (pixels.shape[1] - CROP) // PATCH + 1, 2) * PATCH
        chosen = np.sort(random.integers(0, len(pixels), BATCH))
        x = as_tensor(pixels[chosen, top : top + CROP, left : left + CROP], device)
        with torch.no_grad():
            z = vae.encode(x).latent_dist.mean
            z += FORGIVENESS * torch.randn(z.shape, generator=generator, device=device)
        loss = reconstruction_loss(vae.decode(z).sample, x)
        train_step(optimiser, weights, loss, rate(RATE, budget.share, step, warm_up=100))
        budget.tick()
        step += 1
        if step % 500 == 0:
            print(f"autoencoder: {step} steps, loss {loss.item():.4f}", flush=True)


def reconstruction_loss(y: Tensor, x: Tensor) -> Tensor:
    """Absolute and squared error, and the error of the slopes, which keeps edges sharp."""
    difference = y - x
    slopes = sum(slope.abs().mean() for slope in (difference.diff(dim=-1), difference.diff(dim=-2)))
    return difference.abs().mean() + 2 * difference.square().mean() + slopes


def as_tensor(pixels: Pixels, device: str) -> Tensor:
    """(n, h, w, 3) bytes -> (n, 3, h, w) in -1..1."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1


@torch.no_grad()
def codes(file: Path, vae: AutoencoderKL, pixels: Pixels, device: str) -> Tensor:
    """(n, 8, 16, 16) scaled codes of all pictures in half precision; computed once and kept in the file."""
    if not file.exists():
        encode = as_one_matrix(vae.to(device), as_tensor(pixels[:64], device))
        blocks = [
            (encode(as_tensor(pixels[start : start + 500], device)) * vae.config.scaling_factor).half().cpu()
            for start in range(0, len(pixels), 500)
        ]
        torch.save(torch.cat(blocks), file)
    loaded: Tensor = torch.load(file, mmap=True, weights_only=True)
    return loaded


def as_one_matrix(vae: AutoencoderKL, x: Tensor) -> Callable[[Tensor], Tensor]:
    """The encoder was written down as a linear map of each patch, and as one it is a hundred times faster. The map is
    read off noise, as pictures of flat colour would not show all of it, and has to agree with what the encoder does
    with some pictures, x: (n, 3, 64, 64)."""
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0)).to(x)
    patches = torch.cat([unfolded(noise), torch.ones_like(unfolded(noise)[..., :1])], -1)
    seen = vae.encode(noise).latent_dist.mean
    solved = torch.linalg.lstsq(patches.flatten(0, 1).double().cpu(), seen.flatten(2).mT.flatten(0, 1).double().cpu())
    matrix = solved.solution.float().to(x.device)  # (49, 8)

    def encode(pictures: Tensor) -> Tensor:
        side = pictures.shape[-1] // PATCH
        codes: Tensor = (unfolded(pictures) @ matrix[:-1] + matrix[-1]).mT.unflatten(-1, (side, side))
        return codes

    code = vae.encode(x).latent_dist.mean
    error = float((encode(x) - code).square().mean() / code.var())
    if error > LINEAR:
        raise ValueError(f"This autoencoder's encoder is not the linear one of this recipe: it is off by {error:.2g}.")
    return encode


def unfolded(x: Tensor) -> Tensor:
    """(n, 3, h, w) -> (n, patches, 48)."""
    return nn.functional.unfold(x, PATCH, stride=PATCH).mT

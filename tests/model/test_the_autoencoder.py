"""The autoencoder, whose encoder is one matrix that nobody trains."""

from pathlib import Path
from random import Random

import numpy as np
import torch
from diffusers import AutoencoderKL

from models.recipe.autoencoder import as_one_matrix, as_tensor, written_down
from models.recipe.world import halves, sample

DEMO = Path(__file__).parents[2] / "models" / "demo"


def test_the_autoencoders_encoder_is_written_down_and_not_trained() -> None:
    pixels, _ = draw_block_of(40)
    vae = written_down(pixels.astype("float32") / 127.5 - 1)
    x = torch.from_numpy(pixels[:8]).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        code = vae.encode(x).latent_dist
        again = vae.encode(x.flip(0)).latent_dist.mean.flip(0)
    assert code.mean.shape == (8, 8, 16, 16)
    assert torch.allclose(code.mean, again, atol=1e-4)
    assert code.std.max() < 0.01
    assert 0.5 < float((code.mean * vae.config.scaling_factor).std()) < 2


def test_the_encoder_is_read_off_whatever_the_pictures_show() -> None:
    vae = AutoencoderKL.from_pretrained(DEMO / "vae", torch_dtype=torch.float32)
    flat = as_tensor(np.stack([np.asarray(halves(Random(seed)).picture) for seed in range(8)]), "cpu")
    with torch.no_grad():
        as_it_is = vae.encode(flat).latent_dist.mean
        assert torch.allclose(as_one_matrix(vae, flat)(flat), as_it_is, atol=0.05)


def draw_block_of(count: int) -> tuple[np.ndarray, list[str]]:
    drawn = [sample(Random(seed)) for seed in range(count)]
    return np.stack([np.asarray(one.picture.convert("RGB")) for one in drawn]), [one.caption for one in drawn]

"""The UNet: its shape, its noise schedule, and a noisy training batch of the pictures' codes and captions.

`parallel_trainers` takes the training steps."""

from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn

from models.recipe.autoencoder import CHANNELS
from models.recipe.text_encoder import WIDTH

WIDTHS = (64, 128, 224)
UNCONDITIONAL = 0.1  # share of empty captions, for classifier-free guidance
EVENLY = 0.3  # share of timesteps drawn evenly; the rest lie around the third quarter
LATER = 1.0  # by which log odds the rest lie beyond the middle: what a wrong word costs is most at 700 of 1000 and on
TIMESTEPS = 1000


@dataclass(frozen=True)
class TrainingSet:
    """Codes and captions to train on. The frozen text encoder encodes the captions of each batch anew."""

    z: Tensor  # (n, 8, 16, 16) codes
    ids: Tensor  # (n, 32) captions
    empty: Tensor  # (32,) the empty caption
    rows: Tensor  # (m,) indices of the pictures to sample from; an index that stands twice counts twice

    def on(self, device: str) -> "TrainingSet":
        """The same on a device."""
        return TrainingSet(self.z.to(device), self.ids.to(device), self.empty.to(device), self.rows.to(device))


def denoiser(folder: Path) -> UNet2DConditionModel:
    """The UNet in the folder, or an untrained one."""
    if folder.exists():
        return UNet2DConditionModel.from_pretrained(folder, torch_dtype=torch.float32)
    return untrained()


def untrained() -> UNet2DConditionModel:
    """`addition_embed_type="text"` with `scale_shift` lets the prompt also scale every residual block: kinds come
    sooner. `attention_head_dim` is the number of heads in this class. No attention at 16×16: it costs more than it
    gives."""
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=16,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        block_out_channels=WIDTHS,
        layers_per_block=1,
        norm_num_groups=16,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
        resnet_time_scale_shift="scale_shift",
    )
    nn.init.zeros_(unet.conv_out.weight)
    nn.init.zeros_(unet.conv_out.bias)
    return unet


def noise_schedule() -> DDIMScheduler:
    """v-prediction with zero signal at the last step (arXiv 2305.08891), so that colours can be as strong as asked."""
    return DDIMScheduler(
        num_train_timesteps=TIMESTEPS,
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )


def noisy_batch(
    training_set: TrainingSet, size: int, schedule: DDIMScheduler, random: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Noisy codes (b, 8, 16, 16), timesteps (b,), captions (b, 32) and the velocities to be guessed (b, 8, 16, 16)."""
    device = training_set.z.device

    def chance() -> Tensor:
        return torch.rand(size, generator=random, device=device)

    chosen = training_set.rows[torch.randint(0, len(training_set.rows), (size,), generator=random, device=device)]
    z, tokens = training_set.z[chosen].float(), training_set.ids[chosen].clone()
    tokens[chance() < UNCONDITIONAL] = training_set.empty
    late = torch.sigmoid(torch.randn(size, generator=random, device=device) + LATER)
    t = (torch.where(chance() < EVENLY, chance(), late) * TIMESTEPS).long().clamp(max=TIMESTEPS - 1)
    eps = torch.randn(z.shape, generator=random, device=device)
    return schedule.add_noise(z, eps, t), t, tokens, schedule.get_velocity(z, eps, t)

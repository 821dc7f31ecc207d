"""Whether a model's text encoders, autoencoder and UNet are those of its family, by their config.json files.

A value that Oneword does not obey and that changes what a model computes is a reason to refuse it, not to ignore it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from app.contracts.config_file import ADVICE, ConfigFile, is_size, read_json, shown, square_side, with_article
from app.contracts.encoders import SECOND
from app.contracts.errors import UnfitModel
from app.contracts.families import SDXL, UNET, VAE, ModelFamily
from app.contracts.limits import SIDE_MAX, SIDE_MULTIPLE

SIZE_NUMBERS: Final = 6  # of SDXL's micro-conditioning: original size, crop corner, target size
# What a UNet with other input channels than its autoencoder's latents was made for.
MADE_FOR: Final = {9: "inpainting", 8: "editing by instruction", 7: "upscaling", 5: "drawing by depth"}
_TOKENIZER_CLASSES: Final = ("CLIPTokenizer", "CLIPTokenizerFast")
_ENCODER_TYPES: Final = ("clip_text_model", "clip")
_VOCABULARY: Final = ("vocab.json", "merges.txt")
_VOCABULARY_SIZE: Final = 49408  # CLIP's, and the default of transformers
_CONTEXT_MIN: Final = 8  # tokens


def component_file(component: str) -> str:
    """The configuration of a component: `unet/config.json`."""
    return f"{component}/config.json"


def check_class(component: str, actual: object, expected: str, family: ModelFamily) -> None:
    """Raise UnfitModel unless a component's class is the family's."""
    if actual != expected:
        found = "missing" if actual is None else with_article(actual)
        raise UnfitModel(
            f"Its {component} is {found}, where {family.title} has {with_article(expected)}. Use a model of the plain "
            f"{family.pipeline} layout."
        )


def check_tokenizer(folder: Path, name: str) -> int:
    """The largest token id of the tokenizer folder `name`; "" for files at the top of `folder`. Raises UnfitModel.

    transformers would make a tokenizer without any words from an empty folder.
    """
    part = folder / name
    if not part.is_dir():
        raise UnfitModel(f"The folder {name} is missing. {ADVICE}")
    prefix = f"{name}/" if name else ""
    if (part / "tokenizer.json").is_file():
        content = read_json(folder, f"{prefix}tokenizer.json")
        model, added = content.get("model"), content.get("added_tokens")
        vocabulary = model.get("vocab") if isinstance(model, Mapping) else None
        ids = [each.get("id") for each in added if isinstance(each, Mapping)] if isinstance(added, list) else []
        return _largest([*ids, *(vocabulary.values() if isinstance(vocabulary, Mapping) else ())])
    if all((part / file).is_file() for file in _VOCABULARY):
        ids = list(read_json(folder, f"{prefix}vocab.json").values())
        if (part / "added_tokens.json").is_file():
            ids += read_json(folder, f"{prefix}added_tokens.json").values()
        return _largest(ids)
    raise UnfitModel(f"Its {name or 'folder'} has neither tokenizer.json nor vocab.json with merges.txt. {ADVICE}")


def unreadable_tokenizer(name: str) -> UnfitModel:
    """The error for a tokenizer whose files are there, and which the tokenizers library refuses."""
    return UnfitModel(f"Its {name} cannot be read. Download it again.")


def _largest(ids: list[Any]) -> int:
    return max((each for each in ids if is_size(each)), default=0)


def check_tokenizer_class(index: ConfigFile, tokenizer: str) -> None:
    """Raise UnfitModel if the index names a tokenizer of another kind. It need not name one."""
    entry = index.get(tokenizer)
    kind = entry[1] if isinstance(entry, list) and len(entry) == 2 else entry
    if kind is not None and kind not in _TOKENIZER_CLASSES:
        raise UnfitModel(
            f"Its {tokenizer} is {with_article(kind)}, where Stable Diffusion has a CLIPTokenizer. Use a "
            "model of the plain layout."
        )


def check_encoder(config: ConfigFile, encoder: str, largest_id: int) -> None:
    """Raise UnfitModel unless a text encoder is a CLIP model with a vector for each token of its tokenizer."""
    kind = config.get("model_type")
    if kind is not None and kind not in _ENCODER_TYPES:
        raise UnfitModel(
            f"Its {encoder} is of the type {shown(kind)}, where Stable Diffusion has CLIP's {_ENCODER_TYPES[0]!r}. "
            "Use a model of the plain layout."
        )
    size = config.whole("vocab_size", _VOCABULARY_SIZE)
    if largest_id >= size:
        raise UnfitModel(
            f"Its tokenizer has a token with the number {largest_id}, and its {encoder} has vectors for the numbers 0 "
            f"to {size - 1} alone: tokens were added to one and not to the other. Use the tokenizer that belongs to it."
        )
    if config.whole("max_position_embeddings") < _CONTEXT_MIN:
        raise config.wrong("max_position_embeddings", f"at least {_CONTEXT_MIN}")


def check_autoencoder(vae: ConfigFile, family: ModelFamily) -> int:
    """The channels of a latent. Raises UnfitModel for latents that are more than scaled."""
    if vae.get("_class_name") is not None:
        check_class(VAE, vae.get("_class_name"), family.vae_class, family)
    for key in ("shift_factor", "latents_mean", "latents_std"):
        if vae.get(key) is not None:
            raise UnfitModel(
                f"The file {vae.name} says {key} is {shown(vae.get(key))}, and the latents of {family.title} are "
                "scaled alone, without a shift. Pictures would be drawn in wrong colours. Use another model."
            )
    vae.number("scaling_factor", 0.18215)
    for key in ("in_channels", "out_channels"):
        if vae.whole(key, 3) != 3:
            raise vae.wrong(key, "3, since pictures are RGB")
    return vae.whole("latent_channels", 4)


def scale_of(vae: ConfigFile) -> int:
    """Pixels per latent along one side. Raises UnfitModel."""
    channels = vae.get("block_out_channels")
    if not isinstance(channels, list) or not channels or not all(map(is_size, channels)):
        raise vae.wrong("block_out_channels", "a list of numbers")
    if len(channels) > SIDE_MULTIPLE.bit_length():
        raise vae.wrong("block_out_channels", f"a list of at most {SIDE_MULTIPLE.bit_length()} numbers")
    return int(2 ** (len(channels) - 1))


def context_width(unet: ConfigFile) -> int:
    """Width of the texts that the UNet reads; some configurations state it once for each block. Raises UnfitModel."""
    width = square_side(unet.get("cross_attention_dim"))
    if width is None:
        raise unet.wrong("cross_attention_dim", "a whole number")
    return width


def resolution_of(unet: ConfigFile, scale: int) -> int:
    """Side of the square pictures that the model was trained on, in pixels. Raises UnfitModel."""
    side = square_side(unet.get("sample_size"))
    if side is None:
        raise unet.wrong("sample_size", "a whole number, since only models of square pictures are taught")
    if side * scale > SIDE_MAX:
        raise unet.wrong("sample_size", f"at most {SIDE_MAX // scale}, for pictures of {SIDE_MAX} pixels")
    return side * scale


def check_unet(unet: ConfigFile, family: ModelFamily, channels: int, encoders: Mapping[str, ConfigFile]) -> None:
    """Raise UnfitModel unless the UNet takes latents of `channels`, a time step, texts, and nothing else."""
    if unet.get("_class_name") is not None:
        check_class(UNET, unet.get("_class_name"), family.unet_class, family)
    _check_channels(unet, channels)
    if unet.get("time_cond_proj_dim") is not None:
        raise UnfitModel(
            f"The file {unet.name} says time_cond_proj_dim is {shown(unet.get('time_cond_proj_dim'))}: the UNet takes "
            "the guidance as an input, as Latent Consistency Models do, and Oneword has none to give it. Use the model "
            "that it was distilled from, or an ordinary one with LCM's LoRA merged into it."
        )
    for key in ("class_embed_type", "num_class_embeds", "encoder_hid_dim", "encoder_hid_dim_type"):
        if unet.get(key) is not None:
            raise UnfitModel(
                f"The file {unet.name} says {key} is {shown(unet.get(key))}, an input that the UNet of {family.title} "
                "does not have. Use another model."
            )
    _check_context(unet, encoders)
    _check_added(unet, family, encoders)


def _check_channels(unet: ConfigFile, channels: int) -> None:
    taken, given = unet.whole("in_channels", 4), unet.whole("out_channels", 4)
    if taken != channels:
        purpose = f" Such a UNet was made for {MADE_FOR[taken]}." if taken in MADE_FOR else ""
        raise UnfitModel(
            f"Its UNet takes {taken} channels, and the latents of its autoencoder have {channels}.{purpose} Use the "
            "ordinary model: Oneword inpaints with it too."
        )
    if given != channels:
        raise UnfitModel(
            f"Its UNet predicts {given} channels, and the latents of its autoencoder have {channels}: one that "
            "predicts variances too is not taught. Use another model."
        )


def _check_context(unet: ConfigFile, encoders: Mapping[str, ConfigFile]) -> None:
    widths = {name: config.whole("hidden_size") for name, config in encoders.items()}
    if context_width(unet) != sum(widths.values()):
        raise UnfitModel(
            f"Its UNet reads texts {context_width(unet)} wide, and its {' and '.join(widths)} write them "
            f"{' and '.join(map(str, widths.values()))} wide: they are parts of different models. {ADVICE}"
        )


def _check_added(unet: ConfigFile, family: ModelFamily, encoders: Mapping[str, ConfigFile]) -> None:
    """The inputs besides latents, time step and texts. "text" is the texts again, pooled inside the UNet."""
    kind = unet.get("addition_embed_type")
    if family is not SDXL:
        if kind not in (None, "text"):
            raise UnfitModel(
                f"The file {unet.name} says addition_embed_type is {shown(kind)}, an input that the UNet of "
                f"{family.title} does not have. Use another model."
            )
        return
    if kind != "text_time":
        raise unet.wrong("addition_embed_type", f"'text_time' in {family.title}")
    sizes = SIZE_NUMBERS * unet.whole("addition_time_embed_dim")
    pooled, given = encoders[SECOND].whole("projection_dim", 512), unet.whole("projection_class_embeddings_input_dim")
    if given != pooled + sizes:
        raise UnfitModel(
            f"Its UNet takes {given} numbers beside the texts, and {family.title} gives it {pooled} of its {SECOND} "
            f"and {sizes} of the picture's size. It may be a refiner, or parts of different models. Use a base model."
        )

"""A small CLIPModel of the same world: it names what a drawing shows, and measures how alike two drawings are.

It learns two things at once: CLIP's own loss (arXiv 2103.00020), which sets captions and pictures beside each other,
and to name by words what the renderer knows of each picture: the text tower reads "a photo of a cat", "a photo of a
mug", …, and the nearest has to be what is there. So it is asked in training what it is asked in use. Two things side by
side are shown to it one at a time, each cut out of the picture."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTextModel, CLIPTokenizer

from models.recipe.autoencoder import as_tensor
from models.recipe.budget import Budget, rate
from models.recipe.pictures import Label, Pictures, Pixels
from models.recipe.precision import precision
from models.recipe.tokenizer import token_ids
from models.recipe.train_step import train_step
from models.recipe.world import KINDS, SCENES, SIDE, STYLES
from models.recipe.world.colours import COLOURS
from models.recipe.world.individuals import PATTERNS, WEARS
from models.recipe.world.picture import PAIR_APART, PAIR_DOWN, PAIR_SIZE
from models.recipe.world.words import article

WIDTH, RATE = 128, 1e-3
PLAIN_FIRST = 0.4  # share of the time with plain photos of one thing each, from which kinds are learned soonest
SMALLEST = 0.02  # deviation of a whitened component, against the largest
PATCH = 8  # pixels; patterns are five pixels wide, and with patches of 16 they were all "plain"
BATCH = {"cpu": 64, "cuda": 512}
UNKNOWN = -100  # an answer that a picture does not have; cross_entropy skips it
PLAIN = "plain"
PLACES: tuple[str, ...] = (*SCENES, *(f"on {article(colour)} background" for colour in COLOURS))
# What can be asked, and the phrases that answer: one for each answer.
QUESTIONS: dict[str, dict[str, str]] = {
    "kind": {kind: f"a photo of {article(kind)}" for kind in KINDS},
    "colour": {colour: f"a photo of {article(colour)} thing" for colour in COLOURS},
    "place": {place: f"a photo of a thing {place}" for place in PLACES},
    "style": {style: f"{article(style)} of a thing" for style in STYLES},
    "pattern": {PLAIN: "a photo of a thing"} | {pattern: f"a photo of a {pattern} thing" for pattern in PATTERNS},
    "accessory": {PLAIN: "a photo of a character"}
    | {wear: f"a photo of a character with {article(wear)}" for wear in WEARS},
}
PHRASES: tuple[str, ...] = tuple(phrase for answers in QUESTIONS.values() for phrase in answers.values())


def scorer(
    folder: Path, words: CLIPTokenizer, text: CLIPTextModel, data: Pictures, minutes: float, device: str
) -> None:
    """Train the scorer in the folder for so many minutes more, or a new one that reads as the text encoder does."""
    new = not folder.exists()
    model = untrained(text, data.pixels[:2000]) if new else CLIPModel.from_pretrained(folder, dtype=torch.float32)
    train(model, words, data, minutes, device, new)
    model.cpu().half().save_pretrained(folder)
    words.save_pretrained(folder)
    processor().save_pretrained(folder)


def processor() -> CLIPImageProcessorPil:
    """Pictures of any size to 64×64 in -1..1, as the scorer sees them."""
    return CLIPImageProcessorPil(
        size={"shortest_edge": SIDE},
        crop_size={"height": SIDE, "width": SIDE},
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
    )


def untrained(text: CLIPTextModel, pixels: Pixels) -> CLIPModel:
    """Its text tower is the denoiser's text encoder, which already tells kinds apart: with both towers new, neither has
    anything to hold on to, and kinds were at chance after 40 thousand pictures."""
    torch.manual_seed(0)
    vision = {
        "image_size": SIDE,
        "patch_size": PATCH,
        "hidden_size": 192,
        "intermediate_size": 384,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "projection_dim": WIDTH,
    }
    shape = {name: value for name, value in text.config.to_dict().items() if name != "_name_or_path"}
    model = CLIPModel(CLIPConfig(projection_dim=WIDTH, text_config=shape, vision_config=vision))
    inner = getattr(text, "text_model", text)
    model.text_model.load_state_dict(inner.state_dict())
    whiten(model.vision_model.embeddings, as_tensor(pixels, "cpu"))
    return model


@torch.no_grad()
def whiten(embeddings: nn.Module, x: Tensor) -> None:
    """Start the patch embedding at the patches' principal components, each at a deviation of one, and the places far
    apart. As CLIP starts them, a patch's mean colour is all that is heard, and where it lies is not."""
    projection: nn.Conv2d = embeddings.patch_embedding  # type: ignore[assignment]
    places: nn.Embedding = embeddings.position_embedding  # type: ignore[assignment]
    width, side = projection.out_channels, projection.kernel_size[0]
    patches = nn.functional.unfold(x, side, stride=side).mT.flatten(0, 1)  # (n, 3·side²)
    variance, directions = torch.linalg.eigh(torch.cov(patches.T))
    deviation = variance.flip(0)[:width].clamp(min=1e-8).sqrt()
    weight = directions.flip(1)[:, :width].T / (deviation + SMALLEST * deviation[0])[:, None]
    projection.weight.copy_(weight.view_as(projection.weight))
    nn.init.normal_(places.weight, std=1.0)
    places.weight[1:] -= weight @ patches.mean(0)


def answers(label: Label, whose: int = 0) -> list[int]:
    """What the renderer says to each question, as indices; of the left thing (0) or of the right one (1) of two."""
    if label.partner is None:
        wear = label.wear or PLAIN
        said = [label.kind, label.colour, label.place, label.style, label.pattern or PLAIN, wear]
    else:
        kind, colour = (label.kind, label.colour) if whose == 0 else label.partner
        said = [kind, colour, label.place, label.style, "", ""]
    if said[3] in COLOURLESS:
        said[1] = ""
    return [
        list(known).index(answer) if answer in known else UNKNOWN
        for answer, known in zip(said, QUESTIONS.values(), strict=True)
    ]


COLOURLESS = ("sketch", "neon drawing", "vintage photo")  # styles in which no colour can be told


def half_of_a_pair(pixels: Tensor, whose: int) -> Tensor:
    """Cut out one of two things side by side. pixels: (n, 3, s, s) -> the same shape."""
    side, rim = pixels.shape[-1], 8
    size = round(side * PAIR_SIZE)
    middle = 0.5 + (PAIR_APART if whose else -PAIR_APART)
    left, top = (rim + round(side * at - size / 2) for at in (middle, 0.5 + PAIR_DOWN))
    wider = nn.functional.pad(pixels, (rim,) * 4, mode="replicate")
    cut = wider[..., top : top + size, left : left + size]
    return nn.functional.interpolate(cut, (side, side), mode="bilinear", align_corners=False, antialias=True)


def train(model: CLIPModel, words: CLIPTokenizer, data: Pictures, minutes: float, device: str, new: bool) -> None:
    model.to(device).train()
    weights = [*model.parameters()]
    reading = [*model.text_model.parameters()]
    others = [weight for weight in weights if all(weight is not known for known in reading)]
    optimiser = torch.optim.AdamW([{"params": others}, {"params": reading}], RATE, betas=(0.9, 0.98), weight_decay=0.01)
    captions, phrases = token_ids(words, data.captions).to(device), without_padding(token_ids(words, list(PHRASES)))
    phrases = phrases.to(device)
    paired = torch.tensor([label.partner is not None for label in data.labels])
    known = torch.tensor([[answers(label, whose) for whose in range(2)] for label in data.labels])  # (n, 2, questions)
    plain = [row for row, it in enumerate(data.labels) if it.style == "photo" and not it.quality and not it.partner]
    patterned = [row for row, it in enumerate(data.labels) if it.pattern]  # twice: they are learned last
    everything, easy = np.concatenate([np.arange(len(data.labels)), patterned]), np.array(plain)
    random, size, half = np.random.default_rng(0), BATCH[device], precision(device)
    budget, step, mean, mean_kinds = Budget(minutes), 0, 0.0, 0.0
    while not budget.spent:
        only_easy = new and budget.share < PLAIN_FIRST
        rows = torch.from_numpy(random.choice(easy if only_easy else everything, size))
        whose = int(random.integers(0, 2))
        pixels = as_tensor(data.pixels[rows.numpy()], device)
        pixels = pixels if only_easy else shifted(pixels, random)
        two = paired[rows].to(device)
        pixels = torch.where(two[:, None, None, None], half_of_a_pair(pixels, whose), pixels)
        with torch.autocast(device, half, enabled=half is not torch.float32):
            seen = features(model.get_image_features(pixel_values=pixels)).float()
            named = features(model.get_text_features(input_ids=phrases)).float()
            told = captions[rows][~two]
            read = features(model.get_text_features(input_ids=without_padding(told))).float()
        scale = model.logit_scale.exp().clamp(max=100)
        naming = naming_loss(scale * seen @ named.T, known[rows, whose].to(device))
        kinds = naming_loss(scale * seen @ named[: len(KINDS)].T, known[rows, whose].to(device)[:, :1])
        loss = naming + 2 * kinds + 0.2 * matching_loss(scale * seen[~two] @ read.T, told)
        train_step(optimiser, weights, loss, *(rate(peak, budget.share, step) for peak in (RATE, RATE / 4)))
        budget.tick()
        step, mean, mean_kinds = step + 1, 0.95 * mean + 0.05 * float(naming), 0.95 * mean_kinds + 0.05 * float(kinds)
        if step % 50 == 0:
            print(f"scorer: {step} steps, naming {mean:.3f}, of kinds {mean_kinds:.3f}", flush=True)


def without_padding(ids: Tensor) -> Tensor:
    """As short as the longest caption. The end mark is also the padding; CLIP reads the first one."""
    return ids[:, : int((ids == ids[0, -1]).int().argmax(1).max()) + 1]


def features(output: object) -> Tensor:
    """(n, WIDTH) unit vectors."""
    pooled: Tensor = output if isinstance(output, Tensor) else output.pooler_output  # type: ignore[attr-defined]
    return normalize(pooled, dim=-1)


def naming_loss(logits: Tensor, known: Tensor) -> Tensor:
    """Each question's cross entropy over its own phrases. logits: (b, phrases); known: (b, questions)."""
    loss, at = logits.new_zeros(()), 0
    for number, question in enumerate(list(QUESTIONS.values())[: known.shape[1]]):
        truth = known[:, number]
        asked = (truth != UNKNOWN).sum().clamp(min=1)
        phrases = logits[:, at : at + len(question)]
        loss = loss + cross_entropy(phrases, truth, ignore_index=UNKNOWN, reduction="sum") / asked
        at += len(question)
    return loss


def matching_loss(logits: Tensor, captions: Tensor) -> Tensor:
    """CLIP's symmetric cross entropy; a picture matches every caption that is its own word for word. logits: (b, b)."""
    match = (captions[:, None] == captions[None, :]).all(-1).float()
    match = match / match.sum(1, keepdim=True)
    return (cross_entropy(logits, match) + cross_entropy(logits.T, match)) / 2


def shifted(pixels: Tensor, random: np.random.Generator, most: int = 2) -> Tensor:
    """The batch moved by up to two pixels: a drawing never stands as exactly as a render."""
    down, right = random.integers(-most, most + 1, 2)
    padded = nn.functional.pad(pixels, (most,) * 4, mode="replicate")
    return padded[..., most + down : most + down + SIDE, most + right : most + right + SIDE]


@dataclass(frozen=True)
class Judge:
    """The scorer in use. Pictures in, names and likenesses out."""

    model: CLIPModel
    words: CLIPTokenizer

    @classmethod
    def load(cls, folder: Path) -> "Judge":
        model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
        return cls(model, CLIPTokenizer.from_pretrained(folder))

    @torch.no_grad()
    def see(self, pictures: list[Image.Image]) -> Tensor:
        """(n, WIDTH) unit vectors."""
        return features(self.model.get_image_features(pixel_values=as_pixels(pictures)))

    @torch.no_grad()
    def see_half(self, pictures: list[Image.Image], whose: int) -> Tensor:
        """As `see`, of the left (0) or right (1) of two things side by side."""
        return features(self.model.get_image_features(pixel_values=half_of_a_pair(as_pixels(pictures), whose)))

    @torch.no_grad()
    def read(self, texts: list[str]) -> Tensor:
        """(n, WIDTH) unit vectors."""
        return features(self.model.get_text_features(input_ids=token_ids(self.words, texts)))

    def answer(self, question: str, seen: Tensor) -> list[str]:
        """The name of the nearest phrase for each picture."""
        known = QUESTIONS[question]
        nearest = (seen @ self.read(list(known.values())).T).argmax(1).tolist()
        return [list(known)[row] for row in nearest]


def as_pixels(pictures: list[Image.Image]) -> Tensor:
    pixels: Tensor = processor()(pictures, return_tensors="pt")["pixel_values"]
    return pixels


def likeness(these: Tensor, those: Tensor) -> float:
    """Mean cosine of all pairs; pictures are not paired with themselves."""
    cosines = these @ those.T
    if these is those:
        others = ~torch.eye(len(these), dtype=torch.bool)
        return float(cosines[others].mean())
    return float(cosines.mean())

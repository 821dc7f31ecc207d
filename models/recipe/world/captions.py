"""What a person would write under a picture. Every clause is left out now and then, things go by several names, and
what the kind already says is never said. Nothing here draws."""

from random import Random

from models.recipe.world.individuals import FAMILY, SPECIES, Creature, Individual
from models.recipe.world.qualities import OF_THE_PICTURE, OF_THE_SUBJECT
from models.recipe.world.words import article

MEDIA = ("photo", "photo", "photo", "rendering", "picture", "rendition", "depiction", "image")
FRAMES = (
    "{a_medium} of {a}", "{a_medium} of {a}", "{a_medium} of the {one}", "the {medium} of {a}",
    "{a_medium} of one {one}", "{a_medium} of my {one}", "{a_medium} of {one}", "{medium} of {a}",
)  # fmt: skip
BARE = ("{a}", "{one}", "my {one}", "the {one}")  # a photo goes without saying
IN_STYLE = (
    "a painting in the style of {style}", "{a} in the style of {a_style}", "{a_medium} of {a} in {style} style",
    "{a}, {style}",
)  # fmt: skip
# What else people call a picture in a style.
MEDIUM_OF = {"sketch": "drawing", "neon drawing": "drawing", "comic": "drawing", "watercolor": "painting",
             "poster": "art", "pixel art": "art", "mosaic": "art"}  # fmt: skip
NAMES = {
    "cat": ("kitten",), "rabbit": ("bunny",), "dog": ("puppy",), "mug": ("cup",), "plane": ("airplane",),
    "boat": ("ship",), "robot": ("android",), "rocket": ("spaceship",), "gift": ("present",), "monster": ("beast",),
}  # fmt: skip
BESIDE = ("{} next to {}", "{} next to {}", "{} beside {}", "{} and {}")
PLACES = {
    "on the beach": ("at the beach",), "in the sea": ("on the water",), "at night": ("in the night",),
    "in the forest": ("in the woods",), "on the grass": ("in the park",), "on the road": ("on the street",),
}  # fmt: skip
EARS = {
    "pointy": "pointy ears",
    "round": "round ears",
    "long": "long ears",
    "horned": "horns",
    "antennae": "antennae",
    "floppy": "floppy ears",
    "mane": "a mane",
}
EYES = {1: "one eye", 2: "two eyes", 3: "three eyes"}
BODIES = {"round": "round", "tall": "tall", "square": "square", "pear": "fat", "wide": "wide"}
DETAILS_MOST = 3


def caption(
    it: Individual, random: Random, style: str, quality: str, place: str, partner: Individual | None = None
) -> str:
    """`partner` stands to the right of `it`, and is said after it."""
    on_subject = quality if quality in OF_THE_SUBJECT and random.random() < 0.8 else ""
    if partner is None:
        one = _subject(it, random, on_subject)
        a = article(one)
    else:
        a = random.choice(BESIDE).format(_brief(it, random), _brief(partner, random))
        one, on_subject = a, ""
    sentence = _sentence(one, a, style, "" if on_subject else quality, random, together=partner is not None)
    if place and random.random() < 0.88:
        others = PLACES.get(place, ())
        sentence += " " + (random.choice(others) if others and random.random() < 0.15 else place)
    return sentence.strip()


def _sentence(one: str, a: str, style: str, quality: str, random: Random, together: bool) -> str:
    medium = random.choice(MEDIA)
    frames: tuple[str, ...]
    if style == "photo":
        if not quality and random.random() < 0.12:
            frames = BARE[:1] if together else BARE
        else:
            frames = FRAMES[:1] if together else FRAMES
    elif random.random() < 0.22:
        frames = IN_STYLE[1:] if together or random.random() < 0.6 else IN_STYLE[:1]
    else:
        frames = FRAMES[:1] if together else FRAMES
        medium = MEDIUM_OF[style] if style in MEDIUM_OF and random.random() < 0.1 else style
    said = f"{quality} {medium}" if quality in OF_THE_PICTURE or (quality and random.random() < 0.5) else medium
    return random.choice(frames).format(
        medium=said, a_medium=article(said), a=a, one=one, style=style, a_style=article(style)
    )


def _subject(it: Individual, random: Random, quality: str) -> str:
    words = [quality] if quality else []
    words += _colours(it, random)
    details: list[str] = []
    if isinstance(it, Creature):
        details = _details(it, random)
        if "body" not in SPECIES[it.kind] and random.random() < 0.3:
            words.append(BODIES[it.body])
    noun = " ".join([*words, _name(it, random)])
    if details:
        noun += " with " + " and ".join(details[:DETAILS_MOST])
    return noun


def _brief(it: Individual, random: Random) -> str:
    """One of two, with its colour or without."""
    name = it.kind
    if random.random() < 0.7:
        name = f"{it.colour} {name}"
    return article(name)


def _name(it: Individual, random: Random) -> str:
    draw = random.random()
    if draw < 0.04:
        return random.choice((FAMILY[it.kind], "thing" if it.kind not in SPECIES else "character"))
    if draw < 0.14 and it.kind in NAMES:
        return random.choice(NAMES[it.kind])
    return it.kind


def _colours(it: Individual, random: Random) -> list[str]:
    words = []
    if it.pattern and random.random() < 0.85:
        words.append(f"{it.second_colour} {it.pattern}" if random.random() < 0.6 else it.pattern)
    if random.random() < 0.85:
        words.append(it.colour)
    return words


def _details(it: Creature, random: Random) -> list[str]:
    """What can be seen of a creature that its species does not already say."""
    known, details = SPECIES[it.kind], []
    if it.wear != "none" and random.random() < 0.9:
        details.append(article(it.wear))
    if "ears" not in known and it.ears != "none" and random.random() < 0.6:
        details.append(EARS[it.ears])
    if "eyes" not in known and random.random() < 0.5:
        details.append(EYES[it.eyes])
    if "wings" not in known and it.wings and random.random() < 0.6:
        details.append("wings")
    if "tail" not in known and it.tail and random.random() < 0.4:
        details.append("a tail")
    if "mouth" not in known and not it.beak and it.mouth == "teeth" and random.random() < 0.5:
        details.append("teeth")
    if "tentacles" not in known and it.tentacles and random.random() < 0.6:
        details.append("tentacles")
    return details

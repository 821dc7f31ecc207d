"""What a person would write under a picture. Every clause is left out now and then, and what the kind already says is
never said. Nothing here draws."""

from random import Random

from models.recipe.world.individuals import SPECIES, Creature, Individual

# The adjectives of the template lists that mean something here; most pictures carry none.
QUALITIES: tuple[str, ...] = ("",) * 16 + (
    "dark", "bright", "close-up", "cropped", "good", "clean", "nice", "cool", "weird", "small", "large", "dirty"
)  # fmt: skip
MEDIA = ("photo", "photo", "photo", "rendering", "picture", "rendition", "depiction")
FRAMES = (
    "a {} of a {}", "a {} of the {}", "the {} of a {}", "a {} of one {}", "a {} of my {}", "a {} of {}", "{} of a {}"
)  # fmt: skip
EARS = {
    "pointy": "pointy ears",
    "round": "round ears",
    "long": "long ears",
    "horned": "horns",
    "antennae": "antennae",
}
EYES = {1: "one eye", 2: "two eyes", 3: "three eyes"}
BODIES = {"round": "round", "tall": "tall", "square": "square", "pear": "fat"}
DETAILS_MOST = 3


def caption(it: Individual, random: Random, style: str, quality: str, place: str) -> str:
    words = _colours(it, random)
    details: list[str] = []
    if isinstance(it, Creature):
        details = _details(it, random)
        if "body" not in SPECIES[it.kind] and random.random() < 0.3:
            words.append(BODIES[it.body])
    noun = " ".join([*words, it.kind])
    if details:
        noun += " with " + " and ".join(details[:DETAILS_MOST])
    frame = random.choice(FRAMES)
    medium = random.choice(MEDIA) if style == "photo" else style
    sentence = frame.format(f"{quality} {medium}" if quality else medium, noun)
    if place and random.random() < 0.85:
        sentence += " " + place
    return sentence.strip()


def _colours(it: Individual, random: Random) -> list[str]:
    words = []
    if it.pattern and random.random() < 0.8:
        words.append(f"{it.second_colour} {it.pattern}" if random.random() < 0.6 else it.pattern)
    if random.random() < 0.8:
        words.append(it.colour)
    return words


def _details(it: Creature, random: Random) -> list[str]:
    """What can be seen of a creature that its species does not already say."""
    known, details = SPECIES[it.kind], []
    if it.wear != "none" and random.random() < 0.8:
        details.append("glasses" if it.wear == "glasses" else f"a {it.wear}")
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

"""The eighteen colours that a caption can name, and the shades a drawing makes of one. Knows nothing of shapes."""

from random import Random

Rgb = tuple[int, int, int]

COLOURS: dict[str, Rgb] = {
    "red": (218, 48, 48),
    "orange": (245, 145, 40),
    "yellow": (250, 215, 60),
    "lime": (155, 215, 70),
    "green": (50, 150, 70),
    "teal": (35, 150, 150),
    "cyan": (85, 205, 230),
    "blue": (55, 110, 220),
    "navy": (35, 48, 115),
    "purple": (125, 70, 180),
    "magenta": (215, 60, 165),
    "pink": (250, 165, 195),
    "brown": (135, 90, 55),
    "gray": (145, 148, 155),
    "black": (40, 40, 46),
    "white": (243, 243, 243),
    "gold": (210, 170, 55),
    "beige": (230, 212, 178),
}
TOLD_APART = 70  # of 255: two colours of one pattern differ in lightness by so much


def lightness(colour: Rgb) -> float:
    """0 to 255, as the eye weighs red, green and blue (ITU-R BT.601)."""
    r, g, b = colour
    return 0.299 * r + 0.587 * g + 0.114 * b


def varied(colour: Rgb, random: Random, amount: int = 9) -> Rgb:
    """A neighbour of the colour that still goes by its name."""
    r, g, b = (min(255, max(0, level + random.randint(-amount, amount))) for level in colour)
    return r, g, b


def darker(colour: Rgb, share: float = 0.55) -> Rgb:
    r, g, b = (int(level * share) for level in colour)
    return r, g, b


def lighter(colour: Rgb, share: float = 0.5) -> Rgb:
    r, g, b = (int(level + (255 - level) * share) for level in colour)
    return r, g, b

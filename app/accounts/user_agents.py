"""What a list of sessions says of a browser: `Firefox on Linux`. Nothing of the header's own text is kept."""

from typing import Final

# The first text that the header has decides, so a browser stands before those whose names it also sends.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def shortened(header: str) -> str:
    """Browser and system of a User-Agent header; empty if it names neither."""
    found = [next((name for text, name in known if text in header), None) for known in (_BROWSERS, _SYSTEMS)]
    return " on ".join(name for name in found if name is not None)

"""English that several modules need."""


def article(noun: str) -> str:
    """The noun with one; glasses take none."""
    if noun == "glasses":
        return noun
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"

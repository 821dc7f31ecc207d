"""Three numbers for a word, from pictures and texts as unit vectors. Knows no model.

Likeness and editability are the two of Gal et al. 2022 (arXiv 2208.01618, section 5): mean cosines in a scorer's space.
"""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Scores:
    """How one word does. A score beside those of the initializer and of the pictures themselves says something."""

    likeness: float  # mean cosine of every plain drawing with every picture
    editability: float  # mean cosine of every drawing of a held-out prompt with that prompt's text
    copying: float  # how near the drawings are to single pictures: mean cosine with each one's nearest

    @property
    def product(self) -> float:
        """What checkpoints are chosen by. Neither half can make up for the other."""
        return max(self.likeness, 0.0) * max(self.editability, 0.0)


def score(plain: Tensor, prompted: Tensor, texts: Tensor, pictures: Tensor) -> Scores:
    """Scores of drawings.

    plain (a, d) and prompted (b, d) are drawings without and with a held-out prompt, texts (b, d) the prompts' texts,
    pictures (n, d) what was learned from; all of length 1.
    """
    return Scores(
        likeness=(plain @ pictures.T).mean().item(),
        editability=(prompted * texts).sum(dim=-1).mean().item(),
        copying=(plain @ pictures.T).max(dim=-1).values.mean().item(),
    )


def score_pictures(texts: Tensor, pictures: Tensor) -> Scores:
    """The same for the pictures themselves, each beside the others: as like as one thing is to itself.

    A drawing that were one of the pictures, whatever it was asked for, would score so.
    """
    alike = pictures @ pictures.T  # (n, n)
    count = len(pictures)
    if count > 1:
        likeness = (alike.sum() - alike.diagonal().sum()).item() / (count * (count - 1))
        copying = alike.fill_diagonal_(-1.0).max(dim=-1).values.mean().item()
    else:
        likeness = copying = 1.0
    return Scores(likeness=likeness, editability=(texts @ pictures.T).mean().item(), copying=copying)

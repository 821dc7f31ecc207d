"""Three scores of a concept, from pictures and texts as unit vectors. No model in this module.

Likeness and editability are those of Gal et al. 2022 (arXiv 2208.01618, section 5): mean cosines in a scorer's space.
"""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Scores:
    """The scores of one concept. They are read beside those of the initializer and of the training pictures."""

    likeness: float  # mean cosine of every plain drawing with every training picture
    editability: float  # mean cosine of every drawing of a held-out prompt with that prompt's text
    copying: float  # mean cosine of every plain drawing with its nearest training picture

    @property
    def product(self) -> float:
        """likeness x editability, the criterion for choosing a candidate; 0 if either is negative."""
        return max(self.likeness, 0.0) * max(self.editability, 0.0)


def score(plain: Tensor, prompted: Tensor, texts: Tensor, pictures: Tensor) -> Scores:
    """Scores of drawings.

    plain (a, d) are the drawings of the plain prompt, prompted (b, d) those of held-out prompts, texts (b, d) the texts
    of these prompts, pictures (n, d) the training pictures; all rows have length 1.
    """
    return Scores(
        likeness=(plain @ pictures.T).mean().item(),
        editability=(prompted * texts).sum(dim=-1).mean().item(),
        copying=(plain @ pictures.T).max(dim=-1).values.mean().item(),
    )


def score_pictures(texts: Tensor, pictures: Tensor) -> Scores:
    """Scores of the training pictures themselves, each compared with the others: an upper reference for likeness.

    A drawing identical to a training picture, whatever its prompt, has these scores. A single picture has likeness 1.
    """
    alike = pictures @ pictures.T  # (n, n)
    count = len(pictures)
    if count > 1:
        likeness = (alike.sum() - alike.diagonal().sum()).item() / (count * (count - 1))
        copying = alike.fill_diagonal_(-1.0).max(dim=-1).values.mean().item()
    else:
        likeness = copying = 1.0
    return Scores(likeness=likeness, editability=(texts @ pictures.T).mean().item(), copying=copying)

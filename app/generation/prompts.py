"""Which concepts a prompt names, whether this team may use them now, and whether the prompt fits the base model.

Tokens are counted with the worker's own reader, `app.contracts.prompts`: the tokens of the text between placeholders,
and one token for each vector of a concept, in windows.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.base_models.catalog import AllowedModel
from app.concepts import queries
from app.concepts.models import Concept, Version
from app.contracts.families import described
from app.contracts.generation import ConceptSpec
from app.contracts.placeholders import VERSION_NUMBER, WRITTEN
from app.contracts.prompts import cut, unreadable
from app.core.errors import PromptError


@dataclass(frozen=True)
class Named:
    """A concept as a prompt writes it, and the version that it means."""

    written: str
    concept: Concept
    version: Version

    @property
    def widths(self) -> dict[str, int]:
        """Numbers in one vector, for each text encoder."""
        return dict(self.version.files["oneword"].get("widths", {}))

    def fits(self, model: AllowedModel) -> bool:
        """Whether a base model can use its vectors: the one it was trained on, or one of the same family and widths."""
        alike = self.concept.family == model.facts.family and self.widths == dict(model.facts.widths)
        return alike or self.version.base_model == model.id

    @property
    def spec(self) -> ConceptSpec:
        """The concept in the worker's specification."""
        return ConceptSpec(
            written=self.written,
            concept_id=self.concept.id,
            version_id=self.version.id,
            placeholder=self.concept.placeholder,
            version=self.version.number,
            key=self.version.files["oneword"]["key"],
            base_model=self.version.base_model,
            base_model_hash=self.version.base_model_hash,
        )


def named(session: Session, team_id: str, prompt: str, field: str) -> list[Named]:
    """The concepts of a prompt, each once. Raises PromptError naming what cannot be used and what to do."""
    found = {match[0]: match for match in WRITTEN.finditer(prompt)}
    concepts = queries.by_placeholders(session, team_id, {f"<{match['word']}>" for match in found.values()})
    resolved = []
    for written, match in found.items():
        concept = concepts.get(f"<{match['word']}>")
        if concept is None:
            raise _unknown(session, team_id, written, f"<{match['word']}>", field)
        number = concept.current_version
        if match["number"] is not None:
            if not VERSION_NUMBER.fullmatch(match["number"]):
                raise _no_version(concept, match["number"], field)
            number = int(match["number"])
        resolved.append(Named(written, concept, _ready(session, concept, written, number, field)))
    return resolved


def check(model: AllowedModel, prompt: str, concepts: Sequence[Named], field: str) -> None:
    """Raise PromptError if a concept is for another kind of base model, or if there are too many tokens."""
    for each in concepts:
        if not each.fits(model):
            theirs, ours = each.version.base_model, described(model.facts.family, model.facts.widths)
            learned = described(each.concept.family, each.widths)
            raise PromptError(
                f"{each.written} was learned on {theirs} ({learned}), and {model.id} "
                f"is another kind of model ({ours}). Draw with {theirs}, or teach it again on {model.id}.",
                field=field,
                code="prompt-other-base-model",
            )
    room = model.facts.context_length - 2
    # The ids of the tokens do not matter here, only how many there are.
    vectors = {each.written: range(each.version.vectors) for each in concepts}
    reason = unreadable(cut(prompt, vectors, model.tokenizer.ids, room), room)
    if reason is not None:
        detail = f"The {field.replace('_', ' ')} {reason.detail}"
        raise PromptError(detail, field=field, code=f"prompt-{reason.code}")


def _ready(session: Session, concept: Concept, written: str, number: int | None, field: str) -> Version:
    if number is not None:
        version = queries.version(session, concept.team_id, concept.id, number)
        if version is None:
            raise _no_version(concept, str(number), field)
        if version.state == "ready":
            return version
        state = version.state
    else:
        newest = queries.versions(session, concept.team_id, [concept.id])
        state = newest[0].state if newest else "failed"
    if state == "training":
        raise PromptError(
            f"{written} is still being learned. Wait until its job is done, then draw.",
            field=field,
            code="prompt-still-learning",
        )
    raise PromptError(
        f"{written} was never learned: its teaching was {'cancelled' if state == 'cancelled' else 'not successful'}. "
        "Teach it again first.",
        field=field,
        code="prompt-not-learned",
    )


def _no_version(concept: Concept, number: str, field: str) -> PromptError:
    return PromptError(
        f"{concept.placeholder} has no version {number}. Write {concept.placeholder} for its current one.",
        field=field,
        code="prompt-unknown-version",
        suggestions=[concept.placeholder],
    )


def _unknown(session: Session, team_id: str, written: str, placeholder: str, field: str) -> PromptError:
    library = sorted(queries.placeholders(session, team_id))
    near = difflib.get_close_matches(placeholder.lower(), library, n=3, cutoff=0.5)
    advice = f"Did you mean {' or '.join(near)}?" if near else "Teach it first, or take it out of the prompt."
    return PromptError(
        f"There is no concept {written} in your library. {advice}",
        field=field,
        code="prompt-unknown-placeholder",
        suggestions=near,
    )

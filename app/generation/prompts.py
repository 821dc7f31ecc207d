"""Which concepts a prompt names, whether this team may use them now, and whether the prompt fits the base model.

Tokens are counted with the worker's own reader, `app.contracts.prompts`: the tokens of the text between placeholders,
and one token for each vector of a concept, in windows.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.base_models.catalog import AllowedModel
from app.concepts import queries
from app.concepts.models import Concept, Version
from app.contracts.families import described
from app.contracts.generation import ConceptSpec
from app.contracts.limits import CONCEPTS_MAX
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
    """The concepts of a prompt, each once. Raises PromptError naming what cannot be used and what to do.

    Takes two queries, however many concepts the prompt names, and two more for an error.
    """
    found = {match[0]: match for match in WRITTEN.finditer(prompt)}
    if len(found) > CONCEPTS_MAX:
        raise PromptError(
            f"The {field.replace('_', ' ')} names {len(found)} concepts, and at most {CONCEPTS_MAX} fit into one. "
            "Shorten it.",
            field=field,
            code="prompt-too-many-concepts",
        )
    concepts = queries.by_placeholders(session, team_id, {f"<{match['word']}>" for match in found.values()})
    meant = {written: _meant(match, concepts.get(f"<{match['word']}>")) for written, match in found.items()}
    wanted = {(concept.id, number) for concept, number in meant.values() if concept is not None and number is not None}
    versions = {(each.concept_id, each.number): each for each in queries.numbered(session, team_id, wanted)}
    resolved = []
    for written, (concept, number) in meant.items():
        if concept is None:
            raise _unknown(session, team_id, written, f"<{found[written]['word']}>", field)
        version = None if number is None else versions.get((concept.id, number))
        if version is None and found[written]["number"] is not None:
            raise _no_version(concept, found[written]["number"], field)
        if version is None or version.state != "ready":
            raise _not_ready(session, concept, version, written, field)
        resolved.append(Named(written, concept, version))
    return resolved


def _meant(match: re.Match[str], concept: Concept | None) -> tuple[Concept | None, int | None]:
    """The concept and the number of the version that a prompt means; None for what there is not."""
    if concept is None or match["number"] is None:
        return concept, None if concept is None else concept.current_version
    return concept, int(match["number"]) if VERSION_NUMBER.fullmatch(match["number"]) else None


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


def _not_ready(session: Session, concept: Concept, version: Version | None, written: str, field: str) -> PromptError:
    if version is None:
        newest = queries.versions(session, concept.team_id, [concept.id])
        state = newest[0].state if newest else "failed"
    else:
        state = version.state
    if state == "training":
        return PromptError(
            f"{written} is still being learned. Wait until its job is done, then draw.",
            field=field,
            code="prompt-still-learning",
        )
    return PromptError(
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

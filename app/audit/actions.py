"""The actions that the audit knows. The part before the dot is the kind of object that the action is about."""

from typing import Final, Literal, get_args

Action = Literal[
    "session.started",
    "session.ended",
    "token.created",
    "token.revoked",
    "member.invited",
    "member.link-made",
    "member.link-revoked",
    "member.role-changed",
    "member.removed",
    "concept.created",
    "concept.imported",
    "concept.taught-again",
    "concept.changed",
    "concept.version-chosen",
    "concept.pictures-deleted",
    "concept.report-drawn",
    "concept.downloaded",
    "concept.deleted",
    "concept.restored",
    "concept.purged",
    "generation.deleted",
    "generation.restored",
    "generation.purged",
    "image.deleted",
    "image.restored",
    "image.purged",
    "image.kept",
    "image.let-go",
    "image.shared",
    "board.created",
    "board.changed",
    "board.pictures-changed",
    "board.deleted",
    "board.restored",
    "board.purged",
    "preset.saved",
    "preset.deleted",
    "prompt-list.saved",
    "prompt-list.deleted",
    "bin.emptied",
    "job.cancelled",
    "webhook.created",
    "webhook.changed",
    "webhook.secret-renewed",
    "webhook.tested",
    "webhook.sent-again",
    "webhook.deleted",
    "audit.exported",
]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)


def subject_kind(action: str) -> str:
    """The kind of object that an action is about: `concept` for `concept.deleted`."""
    return action.partition(".")[0]

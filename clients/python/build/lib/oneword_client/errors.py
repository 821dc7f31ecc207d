"""What may go wrong. Every message is a sentence for people: what happened, and what to do."""

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from oneword_client.models import Job


class OnewordError(Exception):
    """Base class of all errors of this package."""


class Unreachable(OnewordError):
    """The studio does not answer, also after several attempts."""


class NotAStudio(OnewordError):
    """Something else than a studio answered at this address."""


class UnknownConcept(OnewordError):
    """The library has no concept with this placeholder or id."""


class JobFailed(OnewordError):
    """A job ended without a result, because it failed or was cancelled. `job` is its last state."""

    def __init__(self, job: "Job") -> None:
        detail = (job.error or {}).get("detail")
        super().__init__(str(detail) if detail else f"The job {job.id} ({job.title}) ended as {job.state}.")
        self.job = job


class Problem(OnewordError):
    """The studio refused a request (`application/problem+json`, RFC 9457).

    `type` is for programs and never changes. `field` names the field at fault, `suggestions` lists what could be sent
    instead, `pictures` says which of several pictures cannot be used. `retry_after` is in seconds.
    """

    def __init__(self, status: int, members: dict[str, Any], retry_after: float | None = None) -> None:
        self.status = status
        self.type = str(members.get("type", "about:blank"))
        self.title = str(members.get("title", ""))
        self.detail = str(members.get("detail") or self.title or f"The studio answered with status {status}.")
        self.field: str | None = members.get("field")
        self.suggestions: tuple[str, ...] = tuple(members.get("suggestions") or ())
        self.pictures: tuple[dict[str, Any], ...] = tuple(members.get("pictures") or ())
        self.retry_after = retry_after
        super().__init__(self.detail)

    @property
    def code(self) -> str:
        """The last part of `type`, such as `initializer-unknown`."""
        return self.type.rpartition("/")[2]

    @classmethod
    def of(cls, response: httpx.Response, retry_after: float | None) -> "Problem":
        """The problem that a response describes. A proxy's page of HTML becomes one too."""
        try:
            members = response.json()
        except ValueError:
            members = None
        if not isinstance(members, dict) or "detail" not in members:
            members = {"detail": f"{response.url.copy_with(query=None)} answered {response.status_code}."}
        return (NotAllowed if response.status_code in (401, 403) else cls)(response.status_code, members, retry_after)


class NotAllowed(Problem):
    """Nobody is signed in (401), or this person or token may not do this (403)."""

"""Every error that a user can see, as one tree. Each message says what happened, to what, and what to do.

    OnewordError                       500
    ├── InvalidInput                   422  a field is invalid
    │   ├── PictureError               422  an upload is not a usable picture
    │   ├── PlaceholderError           422  the placeholder cannot be used
    │   ├── InitializerError           422  the base model does not know the initializer
    │   └── PromptError                422  the prompt cannot be drawn
    ├── NotSignedIn                    401
    ├── Forbidden                      403
    ├── NotFound                       404  also for objects of another team
    ├── Conflict                       409
    ├── PreconditionFailed             412  the object has changed since the client read it
    ├── TooLarge                       413
    ├── TooMany                        429
    ├── SenderGone                     499  nobody waits for the answer any more
    ├── NotReady                       503  something that the request needs is not available yet
    └── StorageFull                    507

    LeaseLost                          never leaves the worker: another attempt runs the job now

`app.web.problems` turns these into application/problem+json. This module knows nothing of HTTP but status numbers.
"""

from typing import Any, ClassVar


class OnewordError(Exception):
    """An error with a message for the user."""

    status: ClassVar[int] = 500
    code: str = "internal"
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self,
        detail: str,
        *,
        field: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.code = code or type(self).code
        self.retry_after = retry_after  # seconds after which a retry may succeed
        self.extra = extra

    def problem(self) -> dict[str, Any]:
        """The body of application/problem+json (RFC 9457)."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.field is not None:
            body["field"] = self.field
        return body | {key: value for key, value in self.extra.items() if value is not None}


class InvalidInput(OnewordError):
    """A value in the request cannot be used."""

    status = 422
    code = "invalid-input"
    title = "That value cannot be used"


class PictureError(InvalidInput):
    """An upload is not a usable picture."""

    code = "picture"
    title = "That picture cannot be used"


class PlaceholderError(InvalidInput):
    """The placeholder cannot be used for the concept."""

    code = "placeholder"
    title = "That placeholder cannot be used"


class InitializerError(InvalidInput):
    """The base model does not know the words of the initializer."""

    code = "initializer"
    title = "That initializer cannot be used"


class PromptError(InvalidInput):
    """The prompt cannot be drawn."""

    code = "prompt"
    title = "That prompt cannot be drawn"


class NotSignedIn(OnewordError):
    """Nobody is signed in."""

    status = 401
    code = "not-signed-in"
    title = "Sign in first"


class Forbidden(OnewordError):
    """The signed-in person may not do this."""

    status = 403
    code = "forbidden"
    title = "Not allowed"


class NotFound(OnewordError):
    """The team has no such object."""

    status = 404
    code = "not-found"
    title = "Not found"


class Conflict(OnewordError):
    """The state of the object does not allow the request."""

    status = 409
    code = "conflict"
    title = "Not possible now"


class PreconditionFailed(OnewordError):
    """The object is not in the state that `If-Match` names."""

    status = 412
    code = "changed-meanwhile"
    title = "Changed meanwhile"


class TooLarge(OnewordError):
    """The request has more bytes than the server reads."""

    status = 413
    code = "too-large"
    title = "Too large"


class TooMany(OnewordError):
    """More requests, or more waiting jobs, than the limit allows."""

    status = 429
    code = "too-many"
    title = "Too many"


class SenderGone(OnewordError):
    """The client has closed the connection, so the work for its request stops."""

    status = 499  # as nginx logs it; nobody receives it
    code = "sender-gone"
    title = "The sender is gone"


class NotReady(OnewordError):
    """Something that the request needs is not available yet."""

    status = 503
    code = "not-ready"
    title = "Not ready"


class StorageFull(OnewordError):
    """The disk or the bucket is full."""

    status = 507
    code = "storage-full"
    title = "No room left"


class LeaseLost(Exception):
    """Another attempt owns this job now. Stop at once and write nothing."""

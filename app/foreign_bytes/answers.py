"""What a child answers, as plain data: JSON, with the bytes behind it. Reading an answer executes nothing.

A task is a function of foreign bytes whose annotation says what it returns: a dataclass, plain types, or a union of
these. The child names the type that it returns, and the parent takes only a type of the annotation, checked field by
field. So a child that a file has taken over can answer something wrong, but nothing of another kind.

Layout: 4 bytes with the length n of the JSON (big endian), n bytes of JSON, the buffers. In the JSON,
`{"$bytes": [2, 5]}` stands for the bytes 2 to 4 of the buffers.
"""

import dataclasses
import inspect
import json
from collections.abc import Callable
from functools import partial
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

LENGTH_BYTES: Final = 4
_BYTES: Final = "$bytes"
_DETAIL_CHARACTERS_MAX: Final = 500

Reason = Literal["memory", "answer", "error", "crash", "slow"]


class ReadingFailed(Exception):
    """A child could not read the bytes that it was given.

    `reason` is "memory", "answer" (longer than allowed), "error" (of the reader), "crash" or "slow".
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


def encode(value: object, printed: str = "") -> bytes:
    """The answer of a child that has read its bytes."""
    fields = dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value
    return _packed({"type": type(value).__name__, "value": fields, "printed": printed})


def encode_failure(reason: Reason, detail: str, printed: str = "") -> bytes:
    """The answer of a child that could not."""
    return _packed({"failed": reason, "detail": detail[:_DETAIL_CHARACTERS_MAX], "printed": printed})


def decode(answer: object, task: Callable[..., Any], note: Callable[[str], object]) -> Any:
    """The value in an answer to `task`. `note` is given what the child's libraries printed.

    Raises ReadingFailed if the child could not read its bytes, or if the answer is none of the task.
    """
    from pydantic import TypeAdapter  # only the parent needs it

    try:
        message = _unpacked(answer)
        if message.get("printed"):
            note(str(message["printed"]))
        if "failed" in message:
            failure = ReadingFailed(message["failed"], str(message["detail"]))
        else:
            return TypeAdapter(_type_of(task, message["type"])).validate_python(message["value"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:  # pydantic's are ValueErrors
        raise ReadingFailed("crash", f"an answer that is none ({type(error).__name__})") from error
    raise failure


def _packed(message: dict[str, Any]) -> bytes:
    buffers = bytearray()

    def aside(value: object) -> dict[str, list[int]]:
        if not isinstance(value, bytes):
            raise TypeError(f"a {type(value).__name__} is no plain data")
        place = [len(buffers), len(buffers) + len(value)]
        buffers.extend(value)
        return {_BYTES: place}

    head = json.dumps(message, default=aside).encode()
    return b"".join([len(head).to_bytes(LENGTH_BYTES, "big"), head, buffers])


def _unpacked(answer: object) -> dict[str, Any]:
    if not isinstance(answer, bytes):
        raise TypeError("not bytes")
    start = LENGTH_BYTES + int.from_bytes(answer[:LENGTH_BYTES], "big")

    def filled(node: dict[str, Any]) -> Any:
        if set(node) != {_BYTES}:
            return node
        begin, end = node[_BYTES]
        return answer[start + begin : start + end]

    return dict(json.loads(answer[LENGTH_BYTES:start], object_hook=filled))


def _type_of(task: Callable[..., Any], name: str) -> Any:
    """The member of the task's return annotation with this name. Raises KeyError."""
    function = task.func if isinstance(task, partial) else task
    returned = get_type_hints(inspect.unwrap(function))["return"]
    members = get_args(returned) if get_origin(returned) in (Union, UnionType) else (returned,)
    return {getattr(get_origin(each) or each, "__name__", ""): each for each in members}[name]

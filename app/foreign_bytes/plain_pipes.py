"""Pipes whose parent's end takes only the pool's own messages, so that nothing that a child sends can run code here.

pebble sends its messages as pickles, and unpickling can call any function. A child that a file has taken over could use
that. Here a message may consist of pebble's message classes, numbers, texts and bytes. Any other message breaks the
pool, which is then replaced.
"""

import io
import os
import pickle
from multiprocessing import reduction
from multiprocessing.connection import Connection, reduce_connection  # type: ignore[attr-defined]
from multiprocessing.context import ForkServerContext
from typing import Any, Final

# What pebble's children send: that they have taken a task, and its result.
_MESSAGES: Final = {
    ("pebble.pool.process", "Acknowledgement"),
    ("pebble.pool.process", "TaskResult"),
    ("pebble.common.types", "Result"),
    ("pebble.common.types", "ResultStatus"),
}
_AROUND_BYTES: Final = 4096  # of a message, besides its answer


class _Messages(pickle.Unpickler):
    """An unpickler that knows pebble's messages alone."""

    def find_class(self, module: str, name: str) -> Any:
        """A class of pebble's. Raises UnpicklingError for any other."""
        if (module, name) not in _MESSAGES:
            raise pickle.UnpicklingError(f"a child may not send {module}.{name}")
        return super().find_class(module, name)


class _PlainReader(Connection):
    """The reading end of a pipe."""

    bytes_max = 0  # of a message

    def recv(self) -> Any:
        """The next message. Raises OSError for one that is too long or none of the pool's, and EOFError at the end."""
        content = self.recv_bytes(self.bytes_max)
        try:
            return _Messages(io.BytesIO(content)).load()
        except Exception as error:  # whatever the child has made up
            raise OSError(f"a message that is none of the pool's ({error})") from error


# A child gets an ordinary connection for its own reading end: it trusts its parent.
reduction.register(_PlainReader, reduce_connection)


class PlainPipes(ForkServerContext):
    """The multiprocessing context of a pool: children from the fork server, and pipes with a plain reading end."""

    def __init__(self, answer_bytes: int) -> None:
        super().__init__()
        self._bytes_max = answer_bytes + _AROUND_BYTES

    def Pipe(self, duplex: bool = True) -> Any:  # noqa: N802 (multiprocessing's name)
        """Reading and writing end of a new pipe."""
        read, write = os.pipe()
        reader = _PlainReader(read, writable=False)
        reader.bytes_max = self._bytes_max
        return reader, Connection(write, readable=False)

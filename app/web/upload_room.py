"""Room for the uploads of all teams together: the bytes that forms may take on the disk and in memory.

A form is admitted for the bytes that it announces, and for the largest body where it announces none. Once it is read,
it counts with the bytes that came. A team is admitted at once while it would hold no more than what stays free, so that
one team alone fills half of the room, and the first upload of a second team always fits: the room is at least twice as
large as the largest body. An upload that does not fit waits, unread in its sender's socket.

When room becomes free, the team that holds least is served first. A team that holds nothing takes any room there is,
and as long as its upload does not fit, nobody is admitted past it.
"""

import asyncio
import threading
from collections import Counter, deque
from concurrent.futures import Future
from typing import Final

ROOM_BYTES: Final = 300_000_000


class Room:
    """Admits uploads by their bytes. Safe in any thread and loop."""

    def __init__(self, body_bytes_max: int) -> None:
        self.bytes_max = max(ROOM_BYTES, 2 * body_bytes_max)
        self._body_bytes_max = body_bytes_max
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[tuple[int, Future[None]]]] = {}
        self._lock = threading.Lock()

    def announced(self, length: str | None) -> int:
        """The bytes that a form counts with until it is read. `length` is its Content-Length."""
        known = length is not None and length.isdecimal()
        return min(int(length[:20]), self._body_bytes_max) if length is not None and known else self._body_bytes_max

    async def enter(self, team_id: str, size: int) -> None:
        """Wait until there is room for `size` bytes."""
        turn: Future[None] = Future()
        with self._lock:
            self._waiting.setdefault(team_id, deque()).append((size, turn))
            self._admit()
        try:
            await asyncio.wrap_future(turn)
        except asyncio.CancelledError:
            if not turn.cancel():  # admitted at the same moment
                self.leave(team_id, size)
            else:
                self.leave(team_id, 0)  # those behind it may fit now
            raise

    def leave(self, team_id: str, size: int) -> None:
        """Give back `size` bytes, all or some of what an upload holds."""
        with self._lock:
            self._held[team_id] -= size
            if not self._held[team_id]:
                del self._held[team_id]
            self._admit()

    def _admit(self) -> None:
        """Admit what fits, team by team."""
        for team_id in sorted(self._waiting, key=self._held.__getitem__):  # stable: of two equals, who waits longer
            waiting = self._waiting[team_id]
            while waiting:
                size, turn = waiting[0]
                if not turn.cancelled() and not self._fits(team_id, size):
                    break
                waiting.popleft()
                if turn.set_running_or_notify_cancel():
                    self._held[team_id] += size
                    turn.set_result(None)
            if not waiting:
                del self._waiting[team_id]
            elif not self._held[team_id]:
                return  # nobody goes past a team that holds nothing

    def _fits(self, team_id: str, size: int) -> bool:
        held, free = self._held[team_id], self.bytes_max - self._held.total()
        return size <= free and (not held or held + size <= free - size)


class Share:
    """What one upload holds of the room. It is given back once, however often `leave` is called."""

    def __init__(self, room: Room, team_id: str) -> None:
        self._room = room
        self._team_id = team_id
        self._held = 0

    async def enter(self, size: int) -> None:
        """Wait for room."""
        await self._room.enter(self._team_id, size)
        self._held = size

    def shrink(self, size: int) -> None:
        """Keep `size` bytes and give the others back."""
        if size < self._held:
            given_back, self._held = self._held - size, size
            self._room.leave(self._team_id, given_back)

    def leave(self) -> None:
        """Give everything back."""
        self.shrink(0)

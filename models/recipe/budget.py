"""Time as the measure of a training: how much of it is spent, which learning rate that asks for, and when to save."""

import time

LONGEST_STEP = 20.0  # seconds; whoever was away for longer was suspended, and that time does not count
FALL = 0.4  # the last share of the time, in which the learning rate falls


class Budget:
    """Starts when it is made. Training speed differs a hundredfold between machines, so steps are not counted; and a
    training in the background may be suspended by whoever needs the machine, so only time between ticks is."""

    def __init__(self, minutes: float, save_every_minutes: float = 4.0) -> None:
        self._last = time.monotonic()
        self._seconds = minutes * 60
        self._save_every = save_every_minutes * 60
        self._saved = 0.0
        self.elapsed = 0.0

    def tick(self) -> None:
        """To be called once a step."""
        now = time.monotonic()
        if now - self._last < LONGEST_STEP:
            self.elapsed += now - self._last
        self._last = now

    @property
    def share(self) -> float:
        return self.elapsed / self._seconds if self._seconds else 1.0

    @property
    def spent(self) -> bool:
        return self.share >= 1

    def due(self) -> bool:
        """True once each time that a checkpoint should be written."""
        if self.elapsed - self._saved < self._save_every:
            return False
        self._saved = self.elapsed
        return True


def rate(peak: float, share: float, step: int, warm_up: int = 50, end: float = 0.02) -> float:
    """Warm-up by steps, then level, then straight down to `end` of the peak over the last part of the time: what is
    learned at the level rate can be continued, whatever the next budget is."""
    fall = 1.0 if share < 1 - FALL else end + (1 - end) * max(0.0, 1 - share) / FALL
    return peak * min(1.0, (step + 1) / warm_up) * fall

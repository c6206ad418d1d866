"""A budget of wall-clock time that parts of a fitting share."""

import time


class Budget:
    """``seconds`` from now; parts ask what is left for them.

    ``reserved`` is what the last steps are expected to take, and ``spare`` what is left beside that.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.reserved = 0.0
        self._begun = time.monotonic()

    @property
    def used(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._begun

    @property
    def share(self) -> float:
        """Share of the whole that has been used, 1 where there is none."""
        return self.used / self.seconds if self.seconds else 1.0

    @property
    def left(self) -> float:
        """Seconds left, 0 when all is used."""
        return max(0.0, self.seconds - self.used)

    @property
    def spare(self) -> float:
        """Seconds left that are not reserved, 0 when there are none."""
        return max(0.0, self.left - self.reserved)

    def within(self, share: float) -> bool:
        """Say whether less than ``share`` of the whole has been used."""
        return self.share < share

"""Options that learners of item-to-item tables share: how much is kept, and how a history is read against it."""

from dataclasses import dataclass, field

from recommender.records import HistoryReading


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """Rows of a table, and the reading of histories: by steps where ``window`` is set, else by kind and time."""

    neighbours: int = field(
        default=200, metadata={"help": "Neighbours kept of each item.", "minimum": 1, "maximum": 2000}
    )
    window: int = field(
        default=0,
        metadata={
            "help": "Latest steps of a history that are read; 0: all that are read anyway, weighed by kind and time.",
            "minimum": 0,
            "maximum": 1000,
        },
    )
    half_life: float = field(
        default=0.0,
        metadata={"help": "Steps back after which a step counts half; 0: all in the window alike.", "minimum": 0.0},
    )

    @property
    def readings(self) -> tuple[HistoryReading, ...]:
        """The one reading by steps, or none."""
        return (HistoryReading(self.half_life, self.window),) if self.window else ()

"""The settings of the recommender app as frozen dataclasses; an unknown key is an error."""

from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from catalog.extensions import OptionError, load_options


@dataclass(frozen=True, slots=True)
class TrainingConf:
    """How trainings are run; the keys of ``RECSITE_TRAINING``."""

    memory_mb: int = field(default=0, metadata={"minimum": 0})
    """Most memory that one training may take, in MiB; 0 for what the machine (or its container) has left."""
    most_attempts: int = field(default=3, metadata={"minimum": 1})
    """How often a worker begins one run before it is given up: the run may be what kills the workers."""
    held_out_cases: int = field(default=2000, metadata={"minimum": 1})
    """Most people that a candidate is measured on."""
    worse_below: float = field(default=0.05, metadata={"minimum": 0.0, "maximum": 1.0})
    """The chance of error below which a candidate counts as worse than the active model."""
    rest_factor: float = field(default=12.0, metadata={"minimum": 0.0})
    """A learner rests so many times as long as its last run took before the schedule trains it again."""


@dataclass(frozen=True, slots=True)
class PeopleConf:
    """What people may learn of each other; the keys of ``RECSITE_PEOPLE``."""

    publishable: bool = False
    """Whether publishable keys may ask who is like somebody."""
    vectors: str = ""
    """Role of a space whose vectors of people say how alike their tastes are; empty: the items that both like do."""
    name_friends: int = field(default=0, metadata={"minimum": 0, "maximum": 10})
    """Friends that a reason names by their keys; 0: it says how many they are."""


def get_people_conf() -> PeopleConf:
    """Return the settings: ``RECSITE_PEOPLE``."""
    try:
        return load_options(PeopleConf, getattr(settings, "RECSITE_PEOPLE", {}))
    except OptionError as error:
        raise ImproperlyConfigured(f"RECSITE_PEOPLE: {error}") from error


def get_conf() -> TrainingConf:
    """Return the settings: ``RECSITE_TRAINING``."""
    try:
        return load_options(TrainingConf, getattr(settings, "RECSITE_TRAINING", {}))
    except OptionError as error:
        raise ImproperlyConfigured(f"RECSITE_TRAINING: {error}") from error

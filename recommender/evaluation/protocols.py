"""Protocols as people write them: ``time:0.9``, ``k-fold:5``."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from recommender.evaluation.cases import Split
from recommender.evaluation.cold import cold_items, cold_profiles
from recommender.evaluation.holdouts import k_folds, random_split, rating_folds, rating_split
from recommender.evaluation.splits import next_item, time_split
from recommender.training.dataset import InteractionDataset

Number = TypeVar("Number", int, float)


class ProtocolError(ValueError):
    """The text of a protocol says nothing that can be done."""


@dataclass(frozen=True, slots=True)
class SplitProtocol:
    """One protocol with its arguments. ``rates``: the targets are ratings to be predicted, not items to be ranked."""

    text: str
    rates: bool
    _make: Callable[..., Split | Iterator[Split]]
    _arguments: Mapping[str, Any]
    _seeded: bool

    def make_splits(self, dataset: InteractionDataset, *, seed: int = 0) -> Iterator[Split]:
        """Yield the one split, or one a fold.

        Raises:
            SplitError: ``dataset`` does not carry it.
        """
        made = self._make(dataset, **self._arguments, **({"seed": seed} if self._seeded else {}))
        yield from [made] if isinstance(made, Split) else made


@dataclass(frozen=True, slots=True)
class _Form:
    """One way of writing: the call, what its arguments are read with, how many are needed."""

    make: Callable[..., Split | Iterator[Split]]
    readers: tuple[tuple[str, Callable[[str], Any]], ...] = ()
    needed: int = 0
    fixed: Mapping[str, Any] | None = None
    seeded: bool = True
    rates: bool = False


def parse_protocol(text: str) -> SplitProtocol:
    """Return the protocol that ``text`` names, its arguments after colons.

    Raises:
        ProtocolError: says which part is wrong, and at which character (from 1) it stands.
    """
    name, *written = text.split(":")
    form = _FORMS.get(name)
    if form is None:
        raise ProtocolError(f"{text!r}: no protocol is called {name!r} (character 1); there are {', '.join(_FORMS)}")
    if len(written) < form.needed:
        missing = form.readers[len(written)][0]
        raise ProtocolError(
            f"{text!r}: {name} needs its {missing} (character {len(text) + 1}), as in {_EXAMPLES[name]}"
        )
    arguments = dict(form.fixed or {})
    place = len(name) + 2
    for number, part in enumerate(written):
        if number >= len(form.readers):
            raise ProtocolError(f"{text!r}: {part!r} (character {place}) is one argument too many for {name}")
        argument, read = form.readers[number]
        try:
            arguments[argument] = read(part)
        except ValueError as error:
            raise ProtocolError(f"{text!r}: {argument} {error}, not {part!r} (character {place})") from None
        place += len(part) + 1
    return SplitProtocol(text=text, rates=form.rates, _make=form.make, _arguments=arguments, _seeded=form.seeded)


def _read_share(text: str) -> float:
    share = _read(text, float, "must be a number between 0 and 1")
    if not 0.0 < share < 1.0:
        raise ValueError("must lie between 0 and 1")
    return share


def _read_folds(text: str) -> int:
    folds = _read(text, int, "must be a whole number from 2")
    if folds < 2:
        raise ValueError("must be a whole number from 2")
    return folds


def _read_steps(text: str) -> int:
    steps = _read(text, int, "must be a whole number from 0")
    if steps < 0:
        raise ValueError("must be a whole number from 0")
    return steps


def _read_choice(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be {' or '.join(choices)}")
        return text

    return read


def _read(text: str, kind: Callable[[str], Number], complaint: str) -> Number:
    try:
        return kind(text)
    except ValueError:
        raise ValueError(complaint) from None


_SHARE = ("share", _read_share)
_FOLDS = ("folds", _read_folds)
_FORMS: Mapping[str, _Form] = {
    "next-item": _Form(next_item, (("which", _read_choice("test", "validation")),), seeded=False),
    "time": _Form(time_split, (_SHARE,), needed=1, seeded=False),
    "random": _Form(random_split, (_SHARE,), needed=1, fixed={"per_profile": False}),
    "random-per-profile": _Form(random_split, (_SHARE,), needed=1, fixed={"per_profile": True}),
    "k-fold": _Form(k_folds, (_FOLDS,), needed=1),
    "rating": _Form(rating_split, (_SHARE,), needed=1, rates=True),
    "rating-k-fold": _Form(rating_folds, (_FOLDS,), needed=1, rates=True),
    "cold-items": _Form(cold_items, (_SHARE, ("candidates", _read_choice("cold", "all"))), needed=1),
    "cold-profiles": _Form(cold_profiles, (_SHARE, ("given", _read_steps)), needed=1),
}
_EXAMPLES: Mapping[str, str] = {
    "time": "time:0.9",
    "random": "random:0.8",
    "random-per-profile": "random-per-profile:0.75",
    "k-fold": "k-fold:5",
    "rating": "rating:0.8",
    "rating-k-fold": "rating-k-fold:5",
    "cold-items": "cold-items:0.1",
    "cold-profiles": "cold-profiles:0.1",
}

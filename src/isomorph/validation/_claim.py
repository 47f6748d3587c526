"""What a publication claims, and what comes out when it is done again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf, isfinite


@dataclass(frozen=True)
class Figure:
    """One number of a claim.

    Attributes
    ----------
    name : str
        By which the function of the claim returns it.
    what : str
    published : str
        As the source has it: a number, or what it says in words.
    low, high : float
        What the value must lie between, both included.
    """

    name: str
    what: str
    published: str
    low: float = -inf
    high: float = inf

    @property
    def expected(self) -> str:
        """What the value must be, as words."""
        if not isfinite(self.high):
            return f"at least {self.low:g}"
        if not isfinite(self.low):
            return f"at most {self.high:g}"
        low, high = f"{self.low:g}", f"{self.high:g}"
        return low if low == high else f"{low} to {high}"

    def holds(self, value: float) -> bool:
        """Tell whether a value is what was expected; NaN is not."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Claim:
    """What a publication claims, and the function that does it again.

    Attributes
    ----------
    name : str
    source : str
        Authors, year and address.
    says : str
        What it claims, for whoever has not read it.
    what : str
        The experiment that is done again, in a phrase.
    figures : tuple of Figure
    redone : callable
        Does the experiment, all seeds fixed, and returns a value for every figure by its name.
    quick : bool
        Whether that takes a second or two.
    remark : str
        How the experiment here differs, and what the outcome does not say.
    """

    name: str
    source: str
    says: str
    what: str
    figures: tuple[Figure, ...]
    redone: Callable[[], Mapping[str, float]]
    quick: bool = False
    remark: str = ""

    def outcome(self) -> Outcome:
        """Do it again."""
        started = time.perf_counter()
        values = {name: float(value) for name, value in self.redone().items()}
        return Outcome(self, values, time.perf_counter() - started)


@dataclass(frozen=True)
class Outcome:
    """What came out of a claim.

    Attributes
    ----------
    claim : Claim
    values : mapping of str to float
        By the names of the figures.
    seconds : float
    """

    claim: Claim
    values: Mapping[str, float]
    seconds: float

    @property
    def failed(self) -> tuple[Figure, ...]:
        """The figures that did not come out."""
        return tuple(one for one in self.claim.figures if not one.holds(self.values[one.name]))

    @property
    def verdict(self) -> str:
        """In a word."""
        return "differs" if self.failed else "holds"

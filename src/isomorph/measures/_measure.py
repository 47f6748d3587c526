"""What a measure declares and what it can be asked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from scipy.stats import rankdata

from isomorph.measures.pairs import Counts, Floats
from isomorph.measures.stack import Stack, Stackable, stacked

Need = Literal["rdm", "gram", "features", "repetitions", "labels"]
Invariance = Literal["scale", "offset", "additive", "monotone", "translation", "permutation"]


class Form(Protocol):
    """The arithmetic of a measure; one that is an inner product of vectors also has `embed`."""

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare `a` representations with `b`: `(a, b)`."""

    def resampled(self, first: Stack, second: Stack, counts: Counts) -> Floats:
        """Compare `a` with `b` in each resample of the stimuli: `(resample, a, b)`."""


@dataclass(frozen=True)
class Measure:
    """A measure of similarity between two representations.

    A new one is a module with its form and an entry in the registry. What is declared here is
    tested for every member of the registry.

    Attributes
    ----------
    name, title : str
    invariances : tuple of str
        Changes that leave the value as it is. Of the RDM: `scale`, `offset`, `additive` (a
        number per stimulus, added to the pairs it is in), `monotone` (which has the first two
        in it). Of the features, for a measure that needs them: `scale`, `translation` (a number
        per feature) and `permutation` (of the features).
    range : tuple of float
    independence : str
        What to expect when the two have nothing in common; a test against 0 is only right where
        this says 0, which is why p comes from permuting stimuli.
    citation : str
    form : Form
        Evaluates one pair, all pairs, and all pairs under index weights.
    family : str
    distances : frozenset of str or None
        The distances it accepts; None for all.
    needs : tuple of str
        Of `rdm`, `gram`, `features`, `repetitions`, `labels`. A Gram matrix, up to its mean, is
        a squared Euclidean RDM.
    symmetric : bool
        Whether the order of the two does not matter.
    with_itself : float or None
        The value of a representation without ties with itself; None where that varies.
    known_chance : bool
        Whether `chance` is right: what is expected of unrelated representations is 0, or comes from
        the constant part of each. Without it values are not set against each other.
    pool : callable
        Several RDMs `(rdm, pair)` to the one `(pair,)` nearest to them all, for the ceilings.
    """

    name: str
    title: str
    invariances: tuple[Invariance, ...]
    range: tuple[float, float]
    independence: str
    citation: str
    form: Form
    family: str = "rsa"
    distances: frozenset[str] | None = None
    needs: tuple[Need, ...] = ("rdm",)
    symmetric: bool = True
    with_itself: float | None = 1.0
    known_chance: bool = True
    pool: Callable[[Floats], Floats] = lambda rdms: rankdata(rdms, axis=1).mean(axis=0)

    def compare(self, first: Stackable, second: Stackable) -> Floats:
        """Return the measure between all representations: `(a, b)`.

        Parameters
        ----------
        first, second : Stack, or RDMs (a, pair) and (b, pair)
        """
        return self.form.compare(stacked(first), stacked(second))

    def resampled(self, first: Stackable, second: Stackable, counts: Counts) -> Floats:
        """Return the measure in every resample of the stimuli: `(resample, a, b)`.

        Parameters
        ----------
        first, second : Stack, or RDMs (a, pair) and (b, pair)
        counts : array of shape (resample, stimulus)
            How often each stimulus was drawn. Pairs of copies of one stimulus are left out.
        """
        return self.form.resampled(stacked(first), stacked(second), np.asarray(counts))

    def pair(self, first: Stackable, second: Stackable) -> float:
        """Return the measure between two representations, stacks or RDMs of one row."""
        return float(self.compare(first, second)[0, 0])

    def chance(self, first: Stackable, second: Stackable) -> Floats:
        """Return the mean of the measure over all orders of the stimuli of one side: `(a, b)`.

        Of the vectors whose inner product the measure is, reordering leaves nothing in common but
        what is the same for every pair, so the mean is the product of either side's value with a
        constant RDM; 0 for measures that do not see a constant.
        """
        if self.independence == "0":
            return np.zeros((len(stacked(first)), len(stacked(second))))
        x, y = stacked(first), stacked(second)
        constant = np.ones((1, x.rdms.shape[1]))
        return self.compare(x, constant) * self.compare(constant, y)

    def calibrated(
        self, first: Stackable, second: Stackable, counts: Counts | None = None
    ) -> tuple[Floats, Floats]:
        """Return the measure, and the measure set against chance: 0 for unrelated, 1 at best.

        `(value - chance) / (best - chance)`, in which values of different representations can be
        compared although what they have by chance differs. For a measure whose chance level is 0
        the two are the same.

        Parameters
        ----------
        first, second : Stack, or RDMs (a, pair) and (b, pair)
        counts : array of shape (resample, stimulus), optional
            How often each stimulus was drawn.

        Returns
        -------
        value, calibrated : arrays of shape (a, b), or (resample, a, b) with counts
        """
        if self.independence == "0" or not self.known_chance or self.with_itself is None:
            value = self.compare(first, second) if counts is None else self.resampled(
                first, second, counts)  # fmt: skip
            return value, value
        x, y = (
            np.concatenate([rdms, np.ones((1, rdms.shape[1]))])
            for rdms in (stacked(first).rdms, stacked(second).rdms)
        )
        every = self.compare(x, y) if counts is None else self.resampled(x, y, counts)
        value = every[..., :-1, :-1]
        chance = every[..., :-1, -1:] * every[..., -1:, :-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            over = (value - chance) / (self.with_itself - chance)
        return value, np.where(np.abs(self.with_itself - chance) > 1e-9, over, np.nan)

    @property
    def embed(self) -> Callable[[Floats], Floats] | None:
        """The map to vectors whose inner products are the measure, None if there is none."""
        return getattr(self.form, "embed", None)

    def lacks(self, given: Collection[str]) -> str:
        """Return what the measure needs and is not given, as words; empty if nothing.

        Parameters
        ----------
        given : collection of str
            What there is, in the words of `needs`.
        """
        missing = [need for need in self.needs if need not in given]
        return f"needs {' and '.join(missing)}" if missing else ""

    def accepts(self, distance: str) -> bool:
        """Tell whether RDMs of this distance are enough for the measure, and right for it."""
        return not self.lacks(("rdm", "gram")) and (
            self.distances is None or distance in self.distances
        )

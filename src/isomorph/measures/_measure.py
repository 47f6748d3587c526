"""What a measure declares and what it can be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.stats import rankdata

from isomorph.measures.pairs import Counts, Floats


class Form(Protocol):
    """The arithmetic of a measure; one that is an inner product of vectors also has `embed`."""

    def compare(self, first: Floats, second: Floats) -> Floats:
        """Compare `(a, pair)` with `(b, pair)`: `(a, b)`."""

    def resampled(self, first: Floats, second: Floats, counts: Counts) -> Floats:
        """Compare `(a, pair)` with `(b, pair)` in each resample: `(resample, a, b)`."""


@dataclass(frozen=True)
class Measure:
    """A measure of similarity between two representations.

    Attributes
    ----------
    name, title : str
    invariances : tuple of str
        Changes of the RDM that leave the value as it is.
    range : tuple of float
    independence : str
        What to expect when the two have nothing in common; a test against 0 is only right where
        this says 0, which is why p comes from permuting stimuli.
    citation : str
    form : Form
        Evaluates all pairs, plain and under index weights.
    distances : frozenset of str or None
        The distances it accepts; None for all.
    needs : str
        `rdm` or `features`.
    pool : callable
        Several RDMs `(rdm, pair)` to the one `(pair,)` nearest to them all, for the ceilings.
    """

    name: str
    title: str
    invariances: tuple[str, ...]
    range: tuple[float, float]
    independence: str
    citation: str
    form: Form
    distances: frozenset[str] | None = None
    needs: str = "rdm"
    pool: Callable[[Floats], Floats] = lambda rdms: rankdata(rdms, axis=1).mean(axis=0)

    def compare(self, first: Floats, second: Floats) -> Floats:
        """Return the measure between all RDMs: `(a, pair)` and `(b, pair)` give `(a, b)`."""
        return self.form.compare(np.asarray(first, float), np.asarray(second, float))

    def resampled(self, first: Floats, second: Floats, counts: Counts) -> Floats:
        """Return the measure in every resample of the stimuli: `(resample, a, b)`."""
        return self.form.resampled(np.asarray(first, float), np.asarray(second, float), counts)

    @property
    def embed(self) -> Callable[[Floats], Floats] | None:
        """The map to vectors whose inner products are the measure, None if there is none."""
        return getattr(self.form, "embed", None)

    def accepts(self, distance: str) -> bool:
        """Tell whether the measure makes sense for RDMs of this distance."""
        return self.distances is None or distance in self.distances

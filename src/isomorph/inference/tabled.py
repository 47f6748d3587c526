"""A measure whose values are in tables: what it says of representations that go by numbers.

Of many stimuli everything that a measure is asked for is found in a few passes over distances. All
that is made of it, such as scores, ceilings and reliabilities, asks by the numbers of layers, of
subjects, and of subjects pooled, which stand where RDMs do: `(representation, 1)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np

from isomorph.inference.moments import Moments, Signatures, moments, signatures_of_sums
from isomorph.measures import Counts, Floats, Measure
from isomorph.measures.first_order import FirstOrder, Sides
from isomorph.measures.stack import Stackable, stacked
from isomorph.measures.tiled import TiledComparison


@dataclass(frozen=True, eq=False)
class Tables:
    """What is known, and the numbers that it goes by: layers, subjects by region, subjects pooled.

    Attributes
    ----------
    known : TiledComparison
    n_subjects : tuple of int
        Of every region.
    """

    known: TiledComparison
    n_subjects: tuple[int, ...]

    @property
    def n_layers(self) -> int:
        """Number of layers."""
        return self.known.value.value.shape[1]

    @cached_property
    def regions(self) -> list[range]:
        """The numbers of the subjects of every region."""
        ends = accumulate(self.n_subjects, initial=self.n_layers)
        return [range(start, stop) for start, stop in pairwise(ends)]

    @cached_property
    def pools(self) -> list[range]:
        """The numbers of all subjects but one of every region, for each, and of everyone."""
        sizes = (n + 1 if n > 1 else 0 for n in self.n_subjects)
        start = self.n_layers + sum(self.n_subjects)
        return [range(one, stop) for one, stop in pairwise(accumulate(sizes, initial=start))]

    def first_order(self, first: Sequence[int], second: Sequence[int]) -> list[FirstOrder]:
        """Return what subjects have in common with others, and the same set against chance.

        Parameters
        ----------
        first : sequence of int
            Subjects: of one region, unless all that they are compared with are layers.
        second : sequence of int
            Layers, or subjects of that region and these pooled.
        """
        if max(second) < self.n_layers:
            rows = [at - self.n_layers for at in first]
            both = dict.fromkeys((self.known.value, self.known.calibrated))
            return [_part(one, rows, second) for one in both]
        at = self._region_of(first[0])
        own, pooled, table = self.regions[at], self.pools[at], self.known.within[at]
        if table is None:  # of one subject, which is compared with itself alone
            raise AssertionError("a region of one subject is not pooled")
        columns = [own.index(one) if one in own else len(own) + pooled.index(one) for one in second]
        return [_part(table, [own.index(one) for one in first], columns)]

    def pooled(self, numbers: Floats) -> Floats:
        """Return the number of some subjects of a region pooled."""
        some = _numbers(numbers)
        at = self._region_of(some[0])
        left = [k for k, one in enumerate(self.regions[at]) if one not in some]
        place = left[0] if left else len(self.regions[at])
        return np.array([float(self.pools[at][place])])

    def moments(self, subjects: Sequence[int]) -> Moments:
        """Return the moments of a region against every layer over all orders of the stimuli."""
        region = signatures_of_sums([self.known.regions[self._region_of(subjects[0])]])
        return moments(region, self._layers).some(0)

    @cached_property
    def _layers(self) -> Signatures:
        return signatures_of_sums(self.known.layers)

    def _region_of(self, subject: int) -> int:
        return next(at for at, own in enumerate(self.regions) if subject in own)


@dataclass(frozen=True)
class Tabled(Measure):
    """A measure that looks up what it is asked for.

    Attributes
    ----------
    tables : Tables
    """

    tables: Tables | None = None

    @classmethod
    def of(cls, measure: Measure, tables: Tables) -> Tabled:
        """Return a measure that says what is in tables."""
        return cls(**{**vars(measure), "pool": tables.pooled}, tables=tables)

    @property
    def found(self) -> Tables:
        """The tables."""
        assert self.tables is not None, "made by `of`"
        return self.tables

    def compare(self, first: Stackable, second: Stackable) -> Floats:
        """Return values, see `Measure.compare`."""
        return self._first_order(first, second)[0].value

    def resampled(
        self, first: Stackable, second: Stackable, counts: Counts, signs: Floats | None = None
    ) -> Floats:
        """Return values in resamples to first order, see `Measure.resampled`."""
        return self._first_order(first, second)[0].resampled(np.asarray(counts))

    def chance(self, first: Stackable, second: Stackable) -> Floats:
        """Return what is expected of unrelated representations, see `Measure.chance`."""
        rows = np.array(_numbers(stacked(first).rdms)) - self.found.n_layers
        columns = _numbers(stacked(second).rdms)
        found: Floats = self.found.known.chance[rows[:, None], columns]
        return found

    def calibrated(
        self,
        first: Stackable,
        second: Stackable,
        counts: Counts | None = None,
        signs: Floats | None = None,
    ) -> tuple[Floats, Floats]:
        """Return values, and values set against chance, see `Measure.calibrated`."""
        every = self._first_order(first, second)
        found = [one.value if counts is None else one.resampled(counts) for one in every]
        return found[0], found[-1]

    def first_order(
        self, first: Stackable | Sides, second: Stackable | Sides, signs: Floats
    ) -> tuple[FirstOrder, FirstOrder]:
        """Return values with what each stimulus adds, see `Measure.first_order`."""
        found = self._first_order(
            *(one.pairs if isinstance(one, Sides) else one for one in (first, second))
        )
        return found[0], found[-1]

    def sides(self, given: Stackable) -> Sides:
        """Return the numbers of representations: nothing has to be prepared."""
        return Sides(stacked(given).rdms)

    def moments(self, region: Stackable) -> Moments:
        """Return the moments of a region against every layer."""
        return self.found.moments(_numbers(stacked(region).rdms))

    def _first_order(self, first: Stackable, second: Stackable) -> list[FirstOrder]:
        one, other = (_numbers(stacked(side).rdms) for side in (first, second))
        return self.found.first_order(one, other)


def numbered(numbers: range) -> Floats:
    """Return representations by number: `(representation, 1)`."""
    return np.array(numbers, dtype=float)[:, None]


def _numbers(rdms: Floats) -> list[int]:
    found: list[int] = rdms.ravel().astype(int).tolist()
    return found


def _part(whole: FirstOrder, rows: Sequence[int], columns: Sequence[int]) -> FirstOrder:
    """Return some of the representations against some; nothing is copied where it is all."""
    if (list(rows), list(columns)) == tuple(list(range(n)) for n in whole.value.shape):
        return whole
    of_row, of_column = np.array(rows)[:, None], np.array(columns)
    return FirstOrder(
        whole.value[of_row, of_column],
        whole.influence[:, of_row, of_column],
        whole.of_pairs[:, of_row, of_column],
    )

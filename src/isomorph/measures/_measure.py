"""What a measure declares and what it can be asked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from isomorph.measures.family_words import Family
from isomorph.measures.first_order import FirstOrder, Sides, first_order
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.pairs import Counts, Floats, blocks
from isomorph.measures.stack import Stack, Stackable, stacked
from isomorph.measures.tied import rankdata
from isomorph.study.pairs import both

Need = Literal["rdm", "gram", "features", "repetitions", "labels"]
Invariance = Literal[
    "scale", "offset", "additive", "monotone", "translation", "permutation", "orthogonal", "linear"
]


FEATURES = "features"
"""Stands for a distance where representations are compared by their features, not their RDMs."""

SEEN = 2**22
"""Numbers brought into the form of a measure together (32 MiB), so that no copy is made of all."""

CHANCE_ORDERS = 20
"""Orders of the stimuli that chance is the mean over, where it has no closed form: it is known to a
fifth of the deviation that chance itself has."""


class Form(Protocol):
    """The arithmetic of a measure.

    One that is an inner product of vectors also has `embed`, one of matrices `matrices`; `sides`
    says how stimuli enter these vectors.
    """

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
        in it). Of the features: `linear` (invertible maps), and, for a measure that needs the
        features themselves, `scale`, `translation` (a number per feature), `permutation` (of the
        features) and `orthogonal` (rotations, which have permutations in them). What is computed
        from an RDM or a Gram matrix sees no translation, rotation or permutation of features.
    range : tuple of float
        All are similarities: larger is more alike.
    independence : str
        What to expect when the two have nothing in common; a test against 0 is only right where
        this says 0, which is why p comes from permuting stimuli.
    citation : str
    definition : str
        What is computed: a formula in TeX between double dollars, then what its letters mean, in
        Markdown; letters used throughout are those of `isomorph.report.described.NOTATION`.
    avoid : str
        When not to use it, and what to use then.
    form : Form
        Evaluates one pair, all pairs, and all pairs under index weights.
    family : str
    distances : frozenset of str or None
        The distances it accepts; None for all.
    needs : tuple of str
        Of `rdm`, `gram`, `features`, `repetitions`, `labels`. A Gram matrix, up to its mean, is
        a squared Euclidean RDM.
    model_needs : tuple of str or None
        What it needs of the second, a layer, where that is less.
    symmetric : bool
        Whether the order of the two does not matter.
    with_itself : float or None
        The value of a representation without ties with itself; None where that varies.
    holds_out : {"", "groups", "stimuli"}
        What it predicts from the others: parts of the stimuli, in which groups of stimuli are
        whole, or one stimulus at a time, which no measure does for stimuli in groups.
    sees_stimuli : bool
        Whether it sees which stimulus is which. If not, shuffling them changes nothing, and tests
        nothing.
    known_chance : bool
        Whether `chance` is right: what is expected of unrelated representations is 0, or comes from
        the constant part of each. Without it values are not set against each other.
    no_value : str
        Why it may have no value for representations that others can compare.
    pool : callable
        Several RDMs `(rdm, pair)` to the one `(pair,)` nearest to them all, for the ceilings.
    no_ceiling : str
        Why subjects pooled are not the best that a model could be, so that they bound nothing;
        empty where they are.
    """

    name: str
    title: str
    invariances: tuple[Invariance, ...]
    range: tuple[float, float]
    independence: str
    citation: str
    form: Form
    family: Family = "rsa"
    distances: frozenset[str] | None = None
    needs: tuple[Need, ...] = ("rdm",)
    model_needs: tuple[Need, ...] | None = None
    symmetric: bool = True
    with_itself: float | None = 1.0
    holds_out: Literal["", "groups", "stimuli"] = ""
    sees_stimuli: bool = True
    known_chance: bool = True
    no_value: str = ""
    pool: Callable[[Floats], Floats] = lambda rdms: rankdata(rdms, axis=1).mean(axis=0)
    no_ceiling: str = ""
    definition: str = ""
    avoid: str = ""

    def compare(self, first: Stackable, second: Stackable) -> Floats:
        """Return the measure between all representations: `(a, b)`.

        Parameters
        ----------
        first, second : Stack, or RDMs (a, pair) and (b, pair)
        """
        return self.form.compare(stacked(first), stacked(second))

    def resampled(
        self, first: Stackable, second: Stackable, counts: Counts, signs: Floats | None = None
    ) -> Floats:
        """Return the measure in every resample of the stimuli: `(resample, a, b)`.

        Parameters
        ----------
        first, second : Stack, or RDMs (a, pair) and (b, pair)
        counts : array of shape (resample, stimulus)
            How often each stimulus was drawn. Pairs of copies of one stimulus are left out.
        signs : array of shape (stimulus, stimulus), optional
            Asks for the values to first order, where there is a closed form, see `first_order`.
        """
        if signs is not None and self.to_first_order:
            return self.first_order(first, second, signs)[0].resampled(np.asarray(counts))
        found = self.form.resampled(stacked(first), stacked(second), np.asarray(counts))
        # A value to first order may leave the range, no other can.
        return np.clip(found, *self.range) if self.costly else found

    @property
    def against_chance(self) -> bool:
        """Whether values are set against chance before they are set against each other.

        Of a measure that is 0 by chance they are as they stand, and so they are where what chance
        or the best gives is not known.
        """
        return self.independence != "0" and self.known_chance and self.with_itself is not None

    @property
    def calibrated_range(self) -> tuple[float, float]:
        """What calibrated values are between: they are below 0 where less is shared than by chance.

        Nothing holds those to -1, but from there on they all say the same.
        """
        return (-1.0, 1.0) if self.against_chance else self.range

    @property
    def costly(self) -> bool:
        """Whether it is computed anew for every order of the stimuli, hence for fewer of them."""
        return isinstance(self.form, Jackknifed)

    @property
    def shuffled_anew(self) -> bool:
        """Whether each order of the stimuli is computed anew, as of what has no matrices."""
        return self.costly and self.matrices is None

    def pair(self, first: Stackable, second: Stackable) -> float:
        """Return the measure between two representations, stacks or RDMs of one row."""
        return float(self.compare(first, second)[0, 0])

    def chance(self, first: Stackable, second: Stackable) -> Floats:
        """Return the mean of the measure over all orders of the stimuli of one side: `(a, b)`.

        Of the vectors whose inner product the measure is, reordering leaves nothing in common but
        what is the same for every pair, so the mean is the product of either side's value with a
        constant RDM; 0 for measures that do not see a constant. Likewise of `matrices`, whose
        pairs are ordered. Of measures that are no such inner product it is estimated from
        `CHANCE_ORDERS` orders, always the same, unless their form has a `chance` of its own.
        """
        x, y = stacked(first), stacked(second)
        if self.independence == "0":
            return np.zeros((len(x), len(y)))
        if self.matrices is not None:
            sums = [self.matrices(side).sum(axis=(1, 2)) for side in (x, y)]
            return np.multiply.outer(*sums) / (x.n_stimuli * (x.n_stimuli - 1))
        if self._closed_chance is not None:
            return self._closed_chance(x, y)
        if self.costly:
            return x.derived(("chance", self.form, id(y)), lambda: (self._shuffled(x, y), y))[0]
        constant = np.ones((1, x.rdms.shape[1]))
        return self.compare(x, constant) * self.compare(constant, y)

    def calibrated(
        self,
        first: Stackable,
        second: Stackable,
        counts: Counts | None = None,
        signs: Floats | None = None,
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
        signs : array of shape (stimulus, stimulus), optional
            See `resampled`.

        Returns
        -------
        value, calibrated : arrays of shape (a, b), or (resample, a, b) with counts
        """
        if counts is not None and signs is not None and self.to_first_order:
            found = self.first_order(first, second, signs)
            drawn = [one.resampled(counts) for one in dict.fromkeys(found)]
            return drawn[0], drawn[-1]
        if not self.against_chance:
            value = self.compare(first, second) if counts is None else self.resampled(
                first, second, counts)  # fmt: skip
            return value, value
        if self.costly or self._closed_chance is not None:
            chance = self.chance(x_ := stacked(first), y_ := stacked(second))
            value = self.compare(x_, y_) if counts is None else self.resampled(x_, y_, counts)
            return value, self._over(value, chance)
        x, y = (
            np.concatenate([rdms, np.ones((1, rdms.shape[1]))])
            for rdms in (stacked(first).rdms, stacked(second).rdms)
        )
        every = self.compare(x, y) if counts is None else self.resampled(x, y, counts)
        value = every[..., :-1, :-1]
        chance = every[..., :-1, -1:] * every[..., -1:, :-1]
        return value, self._over(value, chance)

    @property
    def to_first_order(self) -> bool:
        """Whether `first_order` says how the measure varies with the stimuli."""
        return hasattr(self.form, "sides")

    def first_order(
        self, first: Stackable | Sides, second: Stackable | Sides, signs: Floats
    ) -> tuple[FirstOrder, FirstOrder]:
        """Return the measure, and the measure set against chance, with what each stimulus adds.

        Parameters
        ----------
        first, second : Stack, RDMs (a, pair) and (b, pair), or their `sides`
        signs : array of shape (stimulus, stimulus)
            See `isomorph.measures.first_order.signs_of`.

        Returns
        -------
        value, calibrated : FirstOrder
            One and the same where values are not set against chance.
        """
        x, y = (one if isinstance(one, Sides) else self.sides(one) for one in (first, second))
        every = first_order(x, y, signs)
        if not self.against_chance:
            return every, every
        own, constant = slice(-1), slice(-1, None)
        value = every.part(own, own)
        chance = every.part(own, constant).times(every.part(constant, own))
        assert self.with_itself is not None, "what is set against chance has a best value"
        return value, value.over(chance, self.with_itself)

    def sides(self, given: Stackable) -> Sides:
        """Return what the measure sees of representations, to be prepared once for `first_order`.

        Where values are set against chance a constant RDM is the last of them.

        Parameters
        ----------
        given : Stack, or RDMs (representation, pair)
        """
        rdms = stacked(given).rdms
        parts = [rdms[part] for part in blocks(len(rdms), SEEN // rdms.shape[1])] or [rdms]
        if self.against_chance:
            parts.append(np.ones((1, rdms.shape[1])))
        n_rows = len(rdms) + self.against_chance
        found: Sides = Sides.filled(n_rows, map(self.form.sides, parts))  # type: ignore[attr-defined]
        return found

    def _over(self, value: Floats, chance: Floats) -> Floats:
        """Return `(value - chance) / (best - chance)`, NaN where chance is as good as the best."""
        best = np.nan if self.with_itself is None else self.with_itself
        with np.errstate(divide="ignore", invalid="ignore"):
            over: Floats = (value - chance) / (best - chance)
        return np.where(np.abs(best - chance) > 1e-9, over, np.nan)

    def _shuffled(self, first: Stack, second: Stack) -> Floats:
        """Return the mean of the measure over some orders of the stimuli of the first."""
        rng = np.random.default_rng(first.n_stimuli)
        orders = [rng.permutation(first.n_stimuli) for _ in range(CHANCE_ORDERS)]
        found = [self.form.compare(first.chosen(order), second) for order in orders]
        mean: Floats = np.mean(found, axis=0)
        return mean

    @property
    def embed(self) -> Callable[[Floats], Floats] | None:
        """The map to vectors whose inner products are the measure, None if there is none."""
        return getattr(self.form, "embed", None)

    @property
    def matrices(self) -> Callable[[Stack], Floats] | None:
        """The map to matrices `(a, n, n)` whose inner products are the measure, None if none is.

        Their diagonals are 0. Unlike vectors of pairs they need not be symmetric.
        """
        return getattr(self.form, "matrices", None)

    @property
    def _closed_chance(self) -> Callable[[Stack, Stack], Floats] | None:
        """What the form says of chance, `(a, b)`; None if it says nothing."""
        return getattr(self.form, "chance", None)

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
        """Tell whether RDMs of a distance are enough for the measure, and right for it.

        `FEATURES` in place of a distance stands for the features themselves. Of a pair of distances
        it takes both.
        """
        if {"features", "repetitions"} & set(self.needs):
            return distance == FEATURES
        if distance == FEATURES or self.distances is None:
            return distance != FEATURES
        return self.distances.issuperset(both(distance))

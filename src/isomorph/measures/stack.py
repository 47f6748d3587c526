"""What a measure is given: representations of one kind, stacked, with what is known of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isomorph.errors import IsomorphError
from isomorph.measures.pairs import (
    Counts,
    Floats,
    pair_indices,
    pair_positions,
    squareform,
    stimulus_count,
)
from isomorph.prediction.margins import Near, links_of

T = TypeVar("T")

_WHOLE = "whole"
"""What a stack knows that is another one's in another order: the other one, and the order."""

ROUNDING = 1e-10
"""Share of the largest eigenvalue of a Gram matrix below which one is rounding error."""

INDEFINITE = 1e-6
"""Share of the positive eigenvalues that negative ones may add up to in a Gram matrix that was
rounded; with more, the distances are not those of any features."""


@dataclass(frozen=True)
class Stack:
    """Several representations of the same stimuli.

    Attributes
    ----------
    rdms : array of shape (representation, pair)
        Upper triangles, row by row.
    n_features : array of shape (representation,), optional
        Features each was computed from.
    facts : mapping of str to sequence
        What a measure may need beyond RDMs, by name: `features` `(stimulus, feature)`,
        `repetitions` `(stimulus, repetition, feature)`, `labels` and `groups` `(stimulus,)`,
        `margins` `(stimulus, 1 + 2 x axis)`, see `isomorph.prediction.margins`, or what a later
        family asks for. One array per representation, whose first axis is the
        stimulus.
    """

    rdms: Floats
    n_features: NDArray[np.integer] | None = None
    facts: Mapping[str, Sequence[Floats]] = field(default_factory=dict)
    _known: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse facts that are not of these representations and stimuli.

        Raises
        ------
        IsomorphError
        """
        n_stimuli = stimulus_count(self.rdms.shape[1])
        for name, arrays in self.facts.items():
            if len(arrays) != len(self):
                raise IsomorphError(
                    f"{name}: {len(arrays)} arrays for {len(self)} representations, "
                    "there must be one each"
                )
            wrong = next((len(array) for array in arrays if len(array) != n_stimuli), None)
            if wrong is not None:
                raise IsomorphError(
                    f"{name}: an array of {wrong} stimuli beside RDMs of {n_stimuli}, "
                    "its first axis must be the stimulus"
                )

    def __len__(self) -> int:
        return len(self.rdms)

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli."""
        return stimulus_count(self.rdms.shape[1])

    def fact(self, name: str) -> Sequence[Floats]:
        """Return one array per representation.

        Raises
        ------
        IsomorphError
            When there are none of this name.
        """
        if name not in self.facts:
            raise IsomorphError(
                f"the measure needs {name}, and these representations come as "
                f"{', '.join(('RDMs', *self.facts))} alone"
            )
        return self.facts[name]

    def derived(self, key: Any, function: Callable[[], T]) -> T:
        """Return what follows from the stack, computed once.

        Parameters
        ----------
        key : hashable
            What it is called.
        function : callable
            Computes it.
        """
        if key not in self._known:
            self._known[key] = function()
        found: T = self._known[key]
        return found

    def reordered(
        self, key: Any, function: Callable[[Stack], T], move: Callable[[T, Counts], T]
    ) -> T:
        """Return what follows from the stack, computed once for all orders of its stimuli.

        Parameters
        ----------
        key : hashable
            What it is called.
        function : callable
            Computes it for a stack.
        move : callable
            Puts its stimuli in another order, which must be all that another order changes.
        """
        if _WHOLE not in self._known:
            return self.derived(key, lambda: function(self))
        whole, order = self._known[_WHOLE]
        return self.derived(key, lambda: move(whole.reordered(key, function, move), order))

    def between(self, name: str, function: Callable[[], Floats]) -> Floats:
        """Return what two stimuli are to each other, computed once, and kept for chosen stimuli.

        Parameters
        ----------
        name : str
            What it is called.
        function : callable
            Computes it: `(representation, n, n)`. No third stimulus may play a part in it.
        """
        return self.derived(("between", name), function)

    @property
    def places(self) -> NDArray[np.intp]:
        """Places of the stimuli in the stack that these were chosen from: `(stimulus,)`.

        Stimuli that belong together, by the fact `groups`, have one place.
        """
        return self.derived("places", lambda: self.groups)

    @property
    def groups(self) -> NDArray[np.intp]:
        """Which stimuli belong together, from 0: `(stimulus,)`; each is alone without the fact."""
        if "groups" not in self.facts or not len(self):
            return np.arange(self.n_stimuli)
        return np.unique(self.facts["groups"][0], return_inverse=True)[1]

    @property
    def near(self) -> Near | None:
        """Which stimuli are not fitted on where the other is held out; None where all are."""
        if "margins" not in self.facts or not len(self):
            return None
        return self.derived("near", lambda: Near(links_of(self.facts["margins"][0])))

    @property
    def grams(self) -> Floats:
        """Centred Gram matrices of RDMs of squared distances: `(representation, n, n)`."""
        return self.derived("grams", lambda: _grams(self.rdms, self.n_stimuli))

    @property
    def roots(self) -> Floats:
        """Centred features of as many dimensions as needed: `(representation, n, n - 1)`.

        Their Gram matrices are `grams`, so they are the representations up to a rotation: whatever
        is invariant to rotations may take them for the features. NaN where the RDM is not one of
        squared Euclidean distances.
        """
        return self.reordered(
            "roots", lambda stack: _roots(stack.grams), lambda roots, order: roots[:, order]
        )

    def chosen(self, stimuli: Counts) -> Stack:
        """Return the representations of some stimuli, in their order, without repeats.

        Parameters
        ----------
        stimuli : array of shape (chosen,)
            Which stimuli.
        """
        first, second = pair_indices(len(stimuli))
        position = pair_positions(self.n_stimuli)[stimuli[first], stimuli[second]]
        facts = {
            name: [np.asarray(array)[stimuli] for array in arrays]
            for name, arrays in self.facts.items()
        }
        found = Stack(self.rdms[:, position], self.n_features, facts)
        found.derived("places", lambda: self.places[stimuli])
        if len(stimuli) == self.n_stimuli:
            found._known[_WHOLE] = self, stimuli
        elif "roots" in self._known:
            own = self.roots[:, stimuli]
            found.derived("roots", lambda: own - own.mean(axis=1, keepdims=True))
        for key, known in self._known.items():
            if isinstance(key, tuple) and key[0] == "between":
                found._known[key] = known[:, stimuli[:, None], stimuli]
        return found

    def rows(self, places: Sequence[int] | NDArray[Any] | slice) -> Stack:
        """Return some of the representations.

        Parameters
        ----------
        places : sequence of int, mask or slice
        """
        at = np.arange(len(self))[places]
        facts = {name: [arrays[one] for one in at] for name, arrays in self.facts.items()}
        counts = None if self.n_features is None else self.n_features[at]
        found = Stack(self.rdms[at], counts, facts)
        found.derived("places", lambda: self.places)
        if "roots" in self._known:
            found.derived("roots", lambda: self.roots[at])
        return found

    @staticmethod
    def joined(stacks: Sequence[Stack]) -> Stack:
        """Return several stacks over the same stimuli as one; of facts, those that all have."""
        if len(stacks) == 1:
            return stacks[0]
        names = set.intersection(*(set(one.facts) for one in stacks))
        facts = {name: [x for one in stacks for x in one.facts[name]] for name in sorted(names)}
        counts = [one.n_features for one in stacks if one.n_features is not None]
        every = np.concatenate(counts) if len(counts) == len(stacks) else None
        found = Stack(np.concatenate([one.rdms for one in stacks]), every, facts)
        if all("roots" in one._known for one in stacks):
            found.derived("roots", lambda: np.concatenate([one.roots for one in stacks]))
        return found


def _grams(rdms: Floats, n_stimuli: int) -> Floats:
    """Return the centred Gram matrices of squared distances `(representation, pair)`."""
    square = squareform(rdms, n_stimuli)
    square -= square.mean(axis=2, keepdims=True)
    square -= square.mean(axis=1, keepdims=True)
    grams: Floats = -square / 2
    return grams


def _roots(grams: Floats) -> Floats:
    """Return matrices `(representation, n, n - 1)` whose products with themselves are `grams`."""
    roots = np.full((*grams.shape[:2], grams.shape[1] - 1), np.nan)
    known = np.isfinite(grams).all(axis=(1, 2))
    values, vectors = np.linalg.eigh(grams[known])
    largest = np.abs(values).max(axis=1, initial=0.0, keepdims=True)
    values = np.where(np.abs(values) > ROUNDING * largest, values, 0.0)
    negative, positive = (np.maximum(sign * values, 0.0) for sign in (-1, 1))
    definite = negative.sum(axis=1) <= INDEFINITE * positive.sum(axis=1)
    found = vectors[:, :, ::-1] * np.sqrt(positive[:, None, ::-1])
    found[~definite] = np.nan
    roots[known] = found[:, :, :-1]
    return roots


Stackable = Stack | ArrayLike
"""Where a stack is asked for, plain RDMs `(representation, pair)` will do."""


def stacked(given: Stackable) -> Stack:
    """Return a stack of what may be plain RDMs."""
    return given if isinstance(given, Stack) else Stack(np.asarray(given, dtype=float))


def rdms_of(given: Stackable) -> Floats:
    """Return the RDMs of what may be a stack."""
    return given.rdms if isinstance(given, Stack) else np.asarray(given, dtype=float)

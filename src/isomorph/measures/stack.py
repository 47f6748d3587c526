"""What a measure is given: representations of one kind, stacked, with what is known of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isomorph.errors import IsomorphError
from isomorph.measures.pairs import Counts, Floats, pair_indices, pair_positions, stimulus_count


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
        `repetitions` `(stimulus, repetition, feature)`, `labels` `(stimulus,)`, or what a later
        family asks for. One array per representation, whose first axis is the stimulus.
    """

    rdms: Floats
    n_features: NDArray[np.integer] | None = None
    facts: Mapping[str, Sequence[Floats]] = field(default_factory=dict)

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
        return Stack(self.rdms[:, position], self.n_features, facts)


Stackable = Stack | ArrayLike
"""Where a stack is asked for, plain RDMs `(representation, pair)` will do."""


def stacked(given: Stackable) -> Stack:
    """Return a stack of what may be plain RDMs."""
    return given if isinstance(given, Stack) else Stack(np.asarray(given, dtype=float))


def rdms_of(given: Stackable) -> Floats:
    """Return the RDMs of what may be a stack."""
    return given.rdms if isinstance(given, Stack) else np.asarray(given, dtype=float)

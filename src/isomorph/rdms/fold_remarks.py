"""Remarks on distances that rest on how presentations were recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from isomorph.rdms.distance import Distance
from isomorph.rdms.folds import Folds, folds_of_units
from isomorph.rdms.rdm_rows import RdmRow
from isomorph.responses.division import Division
from isomorph.responses.times import bins_of

UNLIKE = 1.5
"""How many times as often as others some stimuli must be shown for that to be said. In simulation
(50 stimuli, half of them shown 4 times) ceilings of squared distances are .09 too high where the
others are shown 8 times, and with 6 and 8 times .01."""


@dataclass(frozen=True)
class FoldRemarks:
    """What is to be said of the folds of a region.

    Attributes
    ----------
    divisions : sequence of Division
        By session.
    bare : sequence of Folds
        By session, without units.
    stimuli : sequence of str
    """

    divisions: Sequence[Division]
    bare: Sequence[Folds]
    stimuli: Sequence[str]

    @classmethod
    def of_sessions(
        cls, sessions: Sequence[xr.Dataset], divisions: Sequence[Division], stimuli: Sequence[str]
    ) -> FoldRemarks:
        """Return what is to be said of all sessions."""
        nobody = np.empty(0, dtype=np.intp)
        bare = [
            folds_of_units(bins_of(session)[0], nobody, stimuli, "none", division)
            for session, division in zip(sessions, divisions, strict=True)
        ]
        return cls(divisions, bare, stimuli)

    def of(self, places: Sequence[int]) -> FoldRemarks:
        """Return what is to be said of some sessions."""
        return FoldRemarks(
            [self.divisions[at] for at in places], [self.bare[at] for at in places], self.stimuli
        )

    @property
    def seen(self) -> list[NDArray[np.bool_]]:
        """Which stimuli each fold shows, by session: `(fold, stimulus)`."""
        return [one.by_fold.seen for one in self.bare]

    def row(self, row: RdmRow) -> RdmRow:
        """Return a row that says what the folds are, and how many at least."""
        kinds = ", ".join(dict.fromkeys(one.kind for one in self.divisions))
        return replace(row, fold=kinds, n_folds=min(len(one) for one in self.divisions))

    @property
    def counted(self) -> str:
        """How many runs, sessions or repetitions there are, in words."""
        words = []
        for kind in dict.fromkeys(one.kind for one in self.divisions):
            counts = sorted({one.count for one in self.divisions if one.kind == kind})
            number = " to ".join(str(n) for n in dict.fromkeys((counts[0], counts[-1])))
            words.append(f"{number} {kind}{'s' * (counts[-1] != 1)}")
        return " or ".join(words)

    def noted(self, distance: Distance) -> list[str]:
        """Return what must be known of a distance, as it rests on these folds."""
        return [*self._of_folds(distance), *self._of_repetitions(distance)]

    def _of_repetitions(self, distance: Distance) -> list[str]:
        """Say where unequal numbers of repetitions are in the distances."""
        if not distance.lifted:
            return []
        for one in self.bare:
            few, many = np.quantile(one.seen.sum(axis=0), [0.1, 0.9], method="nearest")
            if many >= UNLIKE * few:
                return [
                    f"most stimuli were shown {few} to {many} times, and noise counts for more in "
                    "the distances of those shown less often, in halves too, so that ceilings come "
                    "out too high; cross-validated distances have no such bias"
                ]
        return []

    def _of_folds(self, distance: Distance) -> list[str]:
        if distance.crossed:
            return list(dict.fromkeys(one.note for one in self.divisions if one.note))
        lacking = [
            (one, division)
            for one, division in zip(self.bare, self.divisions, strict=True)
            if one.lacking or len(division) < division.count
        ]
        unlike = next((one.unlike for one in self.divisions if one.unlike), "")
        if not lacking and not unlike:
            return []
        kind = unlike or lacking[0][1].kind
        if (
            not unlike
            and distance.adjusts
            and all(one.adjusted_means is not None for one, _ in lacking)
        ):
            return [f"some {kind}s lack stimuli, so means are those without the {kind}s' baselines"]
        return [f"some {kind}s lack stimuli, so what sets {kind}s apart counts in the distances"]

    def undefined(self, distance: Distance) -> str:
        """Return why there is no cross-validated distance, as far as it is for the folds."""
        for seen, division in zip(self.seen, self.divisions, strict=True):
            alone = np.flatnonzero(seen.sum(axis=0) < 2)
            if distance.crossed and len(alone):
                return (
                    f": {len(alone)} of {len(self.stimuli)} stimuli, such as "
                    f"{self.stimuli[alone[0]]}, stand in one {division.kind} alone"
                )
        return ""

"""Stimuli that follow one another: their blocks, what is near, and in which orders they may stand.

Frames of a film, or the bins of a heading, are no list of pictures: neighbours are answered alike.
So contiguous blocks of them are drawn and split as one, what is near to a stimulus that is scored
is left out of what a layer is chosen or fitted on, and tests against independence shift every
course against itself or exchange blocks. What two representations share because both change slowly
is no relation: shuffles leave the mean at every distance along the axes as it is, and move what is
left, see `isomorph.inference.shuffles`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.inference.block_sizes import block_sizes
from isomorph.inference.groups import (
    FEWEST_GROUPS,
    Labels,
    column_labels,
    exchanged,
    group_count,
    joined_groups,
    too_few_orders,
    value_or_self,
)
from isomorph.inference.places import ROUNDING, Places, places_of
from isomorph.inference.shifts import blocks_exchanged, lags, n_shifts, not_shifted, shifts
from isomorph.measures import Counts, Floats, Measure
from isomorph.prediction.margins import Near, links_of, margins
from isomorph.study.axes import StimulusAxis
from isomorph.study.blocks import PLAIN
from isomorph.study.inference import Inference

WIDE = 0.75
"""Share of an axis beyond which a block along it leaves nothing to shift where there are two: with
.95 broad fields of place cells had p at .05 in .16 to .43 of simulated arenas, with .65 in .05."""

ENOUGH_SHIFTS = 100
"""Different shifts from which they are preferred: in films that oscillate or grow louder p of
exchanged blocks was at .05 in up to .18 of simulations, that of shifts in .03 to .07."""

FOLLOWED = "stimuli_on_axes"
"""Under which provenance says what was done."""

SAME = "duplicate_of"
"""Frames with the very same pixels may stand far apart; near duplicates are what neighbours are."""

NOT_TOLD = (
    "the measure is computed anew from features, where what neighbours share because both sides "
    "change slowly is not told from the rest, so there is no permutation test"
)


@dataclass(frozen=True)
class OnAxes:
    """Stimuli along axes, and what follows for inference.

    Attributes
    ----------
    table : DataFrame
        Of these stimuli.
    places : Places
    lengths, gaps : array of shape (axis,)
        Of blocks, and within which stimuli are near, in the unit of each axis.
    chosen : bool
        Whether lengths come from the data.
    asked : str
        `exchange` of the settings.
    keep_together : sequence of str
    where : str
        The study's file, for messages.
    """

    table: pd.DataFrame
    places: Places
    lengths: Floats
    gaps: Floats
    chosen: bool
    asked: str
    keep_together: Sequence[str] = ()
    where: str = ""

    @cached_property
    def groups(self) -> Labels:
        """The blocks, counted along the axes: `(stimulus,)`."""
        places = self.places
        code = places.course.astype(np.intp)
        for number in range(len(places.axes)):
            size = places.sizes[:, number]
            n_blocks = np.floor(size * places.steps[number] / self.lengths[number] + ROUNDING)
            n_blocks = np.maximum(n_blocks, 1).astype(np.intp)
            own = ((2 * places.at[:, number] + 1) * n_blocks) // (2 * size)
            code = code * (int(own.max()) + 1) + own
        labels = [np.unique(code, return_inverse=True)[1]]
        key = f"{self.where}: inference.keep_together"
        labels += [column_labels(self.table, name, key) for name in self.keep_together]
        return self.joined(labels)

    def joined(self, labels: Sequence[Labels]) -> Labels:
        """Return groups of stimuli that share any label, counted along the axes: `(stimulus,)`.

        Parameters
        ----------
        labels : sequence of arrays of shape (stimulus,)
        """
        order = self.places.order
        together = joined_groups(labels, len(order))
        _, first, back = np.unique(together[order], return_index=True, return_inverse=True)
        found = np.empty(len(order), dtype=np.intp)
        found[order] = np.argsort(np.argsort(first))[back]
        return found

    @property
    def n_blocks(self) -> int:
        """How many blocks there are."""
        return group_count(self.groups)

    @cached_property
    def near(self) -> Near:
        """Which stimuli are within the gap of each other, or the same pictures."""
        same = value_or_self(self.table, SAME) if SAME in self.table else None
        return Near(None if self.margins is None else links_of(self.margins), same)

    @cached_property
    def margins(self) -> Floats | None:
        """Where stimuli stand in gaps, for measures that hold some out; None without a gap."""
        if not (self.gaps > 0).any():
            return None
        periods = np.array([axis.period or 0.0 for axis in self.places.axes])
        return margins(self.places.course, self.places.values, self.gaps, periods)

    @cached_property
    def exchange(self) -> str:
        """`shifts` or `blocks`."""
        if self.asked != "auto":
            return self.asked
        preferred = n_shifts(self.places) >= ENOUGH_SHIFTS or self._few_blocks
        return "shifts" if preferred and not not_shifted(self.places) else "blocks"

    @property
    def _few_blocks(self) -> str:
        """Why blocks cannot change places; empty where they can."""
        if self.n_blocks < FEWEST_GROUPS:
            return (
                f"{self.n_blocks} blocks of {self._lengths} are too few to change places, at least "
                f"{FEWEST_GROUPS} are needed"
            )
        return too_few_orders(self.groups) if len(self.places.axes) > 1 else ""

    @cached_property
    def untested(self) -> str:
        """Why no order of the stimuli tests anything; empty where some do."""
        if self.exchange == "blocks":
            return self._few_blocks
        return not_shifted(self.places) or self._drifting

    @property
    def _drifting(self) -> str:
        """Why shifts of what never ceases to be alike test nothing; empty where it does.

        Where both sides drift, what they share is the drift, which every shift breaks. A ring has
        no ends between which to drift, and a length that a study gives is believed.
        """
        ends = np.array([axis.period is None for axis in self.places.axes])
        if not (self.chosen and ends.any()):
            return ""
        if len(ends) == 1:
            far = ends & (self.n_blocks <= int(self.places.course.max()) + 1)
        else:
            far = ends & (self.lengths > WIDE * self.places.steps * self.places.sizes.max(axis=0))
        names = [axis.column for axis, own in zip(self.places.axes, far, strict=True) if own]
        if not names:
            return ""
        share = "a quarter" if len(ends) == 1 else "a third"
        return (
            f"responses are alike over more than {share} of {' and of '.join(names)}, as in a slow "
            "drift, which shifts would break; take the drift out of them, or set "
            "inference.blocks.length"
        )

    def orders(self, n: int, rng: np.random.Generator, *, tested: bool = True) -> Counts:
        """Return orders of the stimuli `(order, stimulus)`, as many as asked for or there are.

        Parameters
        ----------
        n : int
        rng : Generator
        tested : bool
            Whether they test: then there are none where there are too few. For what chance gives
            on average a few do.
        """
        if not n or (tested and self.untested):
            return np.empty((0, len(self.table)), dtype=np.intp)
        can_shift = not tested and self.untested and not not_shifted(self.places)
        if self.exchange == "shifts" or can_shift:
            return shifts(self.places, n, rng)
        if len(self.places.axes) > 1:
            return exchanged(self.groups, n, rng)
        return blocks_exchanged(self.places, self.groups, n, rng)

    @cached_property
    def lag(self) -> NDArray[np.intp] | None:
        """Which pairs are as far apart, `(pair,)`; None where orders keep every distance."""
        around = all(axis.period is not None for axis in self.places.axes)
        whole = len(self.table) == int(np.prod(self.places.sizes[0]))
        one = int(self.places.course.max()) == 0
        if self.exchange == "shifts" and around and whole and one:
            return None
        return lags(self.places)

    def tells(self, measure: Measure) -> bool:
        """Tell whether shuffles of a measure leave out what distance along the axes explains.

        Those of vectors, matrices and RDMs do, and so does what is predicted across a gap.
        """
        if self.lag is None or measure.embed is not None or measure.matrices is not None:
            return True
        needs = set(measure.needs)
        of_rdms = needs == {"rdm"} or (needs == {"gram"} and not measure.costly)
        return of_rdms or measure.holds_out == "groups"

    def some(self, kept: NDArray[np.bool_]) -> OnAxes:
        """Return the same of some stimuli `(stimulus,)`, of which not all shifts may be left."""
        places, asked = self.places.some(kept), self.exchange
        if asked == "shifts" and not_shifted(places):
            asked = "blocks"
        return OnAxes(
            self.table[kept], places, self.lengths, self.gaps, self.chosen, asked,
            self.keep_together, self.where,
        )  # fmt: skip

    def part(self, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Return a contiguous part of `n` stimuli, from a random one on: `(stimulus,)`."""
        kept = np.zeros(len(self.table), dtype=bool)
        start = int(rng.integers(0, len(kept) - n + 1))
        kept[self.places.order[start : start + n]] = True
        return kept

    @property
    def exchanged(self) -> str:
        """What tests do to the order of stimuli, in words."""
        if self.exchange == "blocks":
            return f"blocks of {self._lengths} exchanged"
        names = " and ".join(axis.column for axis in self.places.axes)
        return f"stimuli shifted along {names}, {n_shifts(self.places):,} orders"

    @property
    def _lengths(self) -> str:
        return _in_units(self.lengths, self.places.axes)

    @property
    def told(self) -> dict[str, Any]:
        """What was done, by name: `exchange`, `blocks`, `block_length`, `gap`, and in words."""
        source = "twice as far as neighbours are alike" if self.chosen else "as the study says"
        words = (
            f"{self.n_blocks} blocks of {self._lengths} ({source}) are drawn and held out as one; "
            f"stimuli within {_in_units(self.gaps, self.places.axes)} of one that is scored are "
            "left out of what layers are chosen and fitted on; "
        )
        if self.untested:
            words += f"no test against independence: {self.untested}"
        else:
            words += f"for tests, {self.exchanged}"
        if self.n_blocks < FEWEST_GROUPS:
            words += f"; intervals are not known, at least {FEWEST_GROUPS} blocks are needed"
        return {
            "exchange": "" if self.untested else self.exchange,
            "blocks": self.n_blocks,
            "block_length": {a.column: float(v) for a, v in self._by_axis(self.lengths)},
            "gap": {a.column: float(v) for a, v in self._by_axis(self.gaps)},
            "words": words,
        }

    def _by_axis(self, values: Floats) -> list[tuple[StimulusAxis, float]]:
        return list(zip(self.places.axes, values.tolist(), strict=True))


def on_axes(
    table: pd.DataFrame,
    axes: Sequence[StimulusAxis],
    inference: Inference,
    lags_found: Callable[[Places], list[int]],
    where: str,
) -> OnAxes:
    """Return what follows for inference from stimuli that follow one another.

    Parameters
    ----------
    table : DataFrame
        The stimulus table, a row per stimulus.
    axes : sequence of StimulusAxis
        At least one.
    inference : Inference
        Its `blocks` and `keep_together` count.
    lags_found : callable
        See `isomorph.inference.block_sizes.block_sizes`.
    where : str
        The study's file, for messages.

    Raises
    ------
    IsomorphError
        When single stimuli are to change places, or shifts are asked for where there are none.
    """
    asked, key = inference.blocks, f"{where}: inference.blocks"
    names = " and ".join(axis.column for axis in axes)
    if asked.exchange == "stimuli":
        raise IsomorphError(f"{key}.exchange: stimuli: {PLAIN.format(names=names)}")
    places = places_of(table, axes, where)
    if asked.exchange == "shifts" and (why := not_shifted(places)):
        raise IsomorphError(f"{key}.exchange: shifts: {why}; expected blocks or auto")
    lengths, gaps, chosen = block_sizes(asked, places, lags_found, key)
    return OnAxes(
        table, places, lengths, gaps, chosen, asked.exchange, inference.keep_together, where
    )


def _in_units(values: Floats, axes: Sequence[StimulusAxis]) -> str:
    return " by ".join(
        f"{value:.4g} of {axis.column}" for value, axis in zip(values.tolist(), axes, strict=True)
    )

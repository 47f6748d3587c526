"""Held-out predictions, and how they would move with the stimuli that they are fitted to.

Both are kept part by part, as a model at chosen layers takes each part from another layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isomorph.measures import Counts, Floats
from isomorph.prediction import (
    HeldOut,
    Map,
    Pooled,
    Spectrum,
    correlations,
    moments,
    moved,
    pooled,
    pooled_slopes,
    slopes,
)
from isomorph.prediction.linear_maps import Targets

Parts = NDArray[np.bool_]
"""Which parts of the stimuli: `(part,)`."""


@dataclass(frozen=True)
class UnitByUnit:
    """Predictions of single units.

    Attributes
    ----------
    held : HeldOut
    moved : array of shape (part, resample, unit)
        By how much draws of what a part is predicted from move its correlation, times its stimuli.
    """

    held: HeldOut
    moved: Floats

    @classmethod
    def of(
        cls,
        held: HeldOut,
        layers: Sequence[Spectrum],
        responses: Floats,
        by: Map,
        draws: Counts,
        targets: Targets = None,
    ) -> UnitByUnit:
        """Return what was predicted, with how it moves under draws of stimuli.

        Parameters
        ----------
        held, layers, responses, by, targets
            See `isomorph.prediction.held_out`.
        draws : array of shape (resample, stimulus)
        """
        return cls(held, moved(held, layers, responses, by, slopes(held), draws, targets))

    def empty(self) -> UnitByUnit:
        """Return the same without a prediction."""
        held = self.held
        nothing = [np.full_like(one, np.nan) for one in (held.predicted, held.inner, held.penalty)]
        return UnitByUnit(
            HeldOut(held.actual, nothing[0], held.parts, nothing[1], nothing[2]),
            np.zeros_like(self.moved),
        )

    def take(self, other: UnitByUnit, parts: Parts, units: slice) -> None:
        """Take what was predicted of some parts of some units."""
        for at in np.flatnonzero(parts).tolist():
            part = self.held.parts[at]
            self.held.predicted[part, units] = other.held.predicted[part, units]
            self.held.penalty[at, units] = other.held.penalty[at, units]
        self.moved[parts, :, units] = other.moved[parts, :, units]

    def units(self, own: slice) -> UnitByUnit:
        """Return some of the units."""
        return UnitByUnit(self.held.units(own), self.moved[..., own])

    def r(self, draws: Counts) -> Floats:
        """Return correlations under draws of predicted and predicting stimuli: `(resample, unit)`.

        Parameters
        ----------
        draws : array of shape (resample, stimulus)
        """
        known = np.array([np.isfinite(one.r[0]) * one.n[0] for one in moments(self.held)])
        return _drawn(correlations(moments(self.held, draws)), self.moved, known.sum(axis=0))


@dataclass(frozen=True)
class AtOnce:
    """Predictions of all units of a population, or all components of a layer, at once.

    Attributes
    ----------
    pool : Pooled
    moved : array of shape (part, resample)
        See `UnitByUnit`.
    """

    pool: Pooled
    moved: Floats

    @classmethod
    def of(
        cls,
        held: HeldOut,
        layers: Sequence[Spectrum],
        responses: Floats,
        by: Map,
        draws: Counts,
        targets: Targets = None,
    ) -> AtOnce:
        """Return what was predicted, with how it moves under draws of stimuli.

        Parameters
        ----------
        held, layers, responses, by, draws, targets
            See `UnitByUnit.of`.
        """
        found = moved(held, layers, responses, by, pooled_slopes(held), draws, targets)
        return cls(pooled(held), found.sum(axis=-1))

    def empty(self) -> AtOnce:
        """Return the same without a prediction."""
        product, actual, predicted = (np.full_like(one, np.nan) for one in self.pool.of_stimuli)
        pool = Pooled(product, actual, predicted, self.pool.parts)
        return AtOnce(pool, np.zeros_like(self.moved))

    def take(self, other: AtOnce, parts: Parts) -> None:
        """Take what was predicted of some parts."""
        for at in np.flatnonzero(parts).tolist():
            part = self.pool.parts[at]
            for mine, its in zip(self.pool.of_stimuli, other.pool.of_stimuli, strict=True):
                mine[part] = its[part]
        self.moved[parts] = other.moved[parts]

    @property
    def estimate(self) -> float:
        """The correlation."""
        return float(self.pool.r()[0])

    def r(self, draws: Counts) -> Floats:
        """Return the correlation under draws of predicted and predicting stimuli: `(resample,)`.

        Parameters
        ----------
        draws : array of shape (resample, stimulus)
        """
        product, actual, predicted = self.pool.of_stimuli
        known = sum(
            len(part)
            for part in self.pool.parts
            if actual[part].sum() * predicted[part].sum() > 0 and np.isfinite(product[part]).all()
        )
        return _drawn(self.pool.r(draws), self.moved, np.array(float(known)))


def _drawn(fixed: Floats, moved: Floats, known: Floats) -> Floats:
    """Return correlations of fixed predictions, moved by what these are fitted to.

    Parameters
    ----------
    fixed : array of shape (resample, ...)
    moved : array of shape (part, resample, ...)
        0 in parts without a correlation.
    known : array of shape (...)
        Stimuli of parts with a correlation.
    """
    found: Floats = np.clip(fixed + moved.sum(axis=0) / np.maximum(known, 1), -1, 1)
    return found

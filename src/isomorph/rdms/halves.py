"""Halves of the repetitions: one region measured twice by the same subject, many times over.

Noise is independent between the halves of one halving, in one region and across regions that are
halved alike. So what two halves share is signal, which is what noise ceilings of one subject and
comparisons of regions recorded together rest on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from isomorph.geometry import Floats, Geometry, UndefinedDistanceError, joined
from isomorph.rdms.distance import Distance
from isomorph.rdms.distances import DISTANCES, from_gram
from isomorph.rdms.fold_geometry import geometry_of_folds
from isomorph.rdms.folds import Folds
from isomorph.rdms.halvings import Halving
from isomorph.rdms.precision import SessionNoise
from isomorph.study.dataset import NoiseSpec

HELD = 2**25
"""Numbers that the geometries of halves may be at a time (256 MiB)."""
MATRICES = 6
"""Matrices over stimuli in the geometries of two halves."""

CHEAPEST = ("squared_euclidean",)
"""What is computed of responses as they are where no distance asks for it."""


@dataclass(frozen=True)
class Halves:
    """RDMs of halves under one distance.

    Attributes
    ----------
    rdms : array of shape (halving, half, pair) or None
        NaN for a halving of which a half has none.
    norm : array of shape (stimulus,) or None
        By what `1 - distance` in the halves has to be multiplied, once for either stimulus, to be
        on average what it is in the whole: where a distance divides by what noise adds to, halves
        understate all of it alike. None where they do not.
    reason : str
        Why there are none; empty where there are.
    """

    rdms: Floats | None
    norm: Floats | None
    reason: str


@dataclass(frozen=True)
class Half:
    """What the distances of one half are computed from.

    Attributes
    ----------
    plain : Geometry
    white : Geometry or str
        Of responses in which the noise of the other half is white, or why there is none.
    """

    plain: Geometry
    white: Geometry | str

    def of(self, distance: Distance) -> Geometry:
        """Return the geometry a distance is computed from.

        Raises
        ------
        UndefinedDistanceError
            When there is none.
        """
        if not distance.white:
            return self.plain
        if isinstance(self.white, str):
            raise UndefinedDistanceError(f"{distance.name} is undefined: {self.white}")
        return self.white


def halves_of(
    sessions: Callable[[], Iterable[Folds]],
    halvings: Sequence[Halving],
    n_stimuli: int,
    whole: Geometry,
    distances: Sequence[str],
    noise: NoiseSpec,
    counted: str,
) -> dict[str, Halves]:
    """Return the RDMs of the halves of a region, sessions pooled, by distance.

    Mahalanobis distances and their like weigh the units of one half by the noise of the other:
    by its own, products would be weighed by the same noise that is in them, and by that of all
    repetitions, both halves would share the error of the weights, as if it were signal.

    Parameters
    ----------
    sessions : callable
        Gives the folds of the region, session by session. It is asked as often as it takes to
        hold no more than `HELD` numbers.
    halvings : sequence of Halving
        Of these sessions.
    n_stimuli : int
    whole : Geometry
        Of all folds, for the same distances and those that `Distance.level` names.
    distances : sequence of str
    noise : NoiseSpec
    counted : str
        How many repetitions or runs there are, in words.
    """
    if not halvings:
        why = f"no two halves of {counted} both show every stimulus"
        return {name: Halves(None, None, why) for name in distances}
    wanted = [DISTANCES[name] for name in distances]
    step = max(1, HELD // (MATRICES * n_stimuli**2))
    gathered: dict[str, _Gathered] = {name: _Gathered() for name in distances}
    for start in range(0, len(halvings), step):
        for pair in _pairs(sessions(), halvings[start : start + step], wanted, noise):
            for distance in wanted:
                gathered[distance.name].add(distance, pair)
    return {
        distance.name: gathered[distance.name].summary(distance, whole, n_stimuli, counted)
        for distance in wanted
    }


class _Gathered:
    """What is gathered of one distance, halving by halving."""

    def __init__(self) -> None:
        self.rdms: list[Floats | None] = []
        self.norms: list[Floats] = []
        self.levels: list[float] = []
        self.reason = ""

    def add(self, distance: Distance, pair: tuple[Half, Half]) -> None:
        """Add one halving."""
        formula = DISTANCES[distance.white or distance.name]
        try:
            geometries = [half.of(distance) for half in pair]
            two = np.stack([formula.compute(geometry) for geometry in geometries])
            levels = [_level(geometry) for geometry in geometries] if distance.level else []
        except UndefinedDistanceError as error:
            self.reason = self.reason or str(error)
            self.rdms.append(None)
            return
        self.rdms.append(two.astype(np.float32))
        for geometry in geometries:
            if distance.norms is not None:
                self.norms.append(distance.norms(geometry))
        self.levels += levels

    def summary(self, distance: Distance, whole: Geometry, n_stimuli: int, counted: str) -> Halves:
        """Return what the halvings say together."""
        known = [rdms for rdms in self.rdms if rdms is not None]
        if not known:
            return Halves(None, None, f"halves of {counted} have no such distances: {self.reason}")
        nothing = np.full_like(known[0], np.nan)
        rdms = np.stack([nothing if one is None else one for one in self.rdms])
        norm = None
        if distance.norms is not None:
            norm = np.sqrt(np.mean(self.norms, axis=0) / distance.norms(whole))
        elif distance.level:
            try:
                level = float(DISTANCES[distance.level].formula(whole).mean())
            except UndefinedDistanceError as error:
                return Halves(None, None, f"nothing brings halves to the scale of all: {error}")
            ratio = level / float(np.mean(self.levels))
            # Where there is next to no signal no scale can be known, and none matters.
            norm = np.full(n_stimuli, np.sqrt(ratio)) if ratio > 0 else None
        return Halves(rdms, norm, "")


def _level(geometry: Geometry) -> float:
    """Return the mean cross-validated distance, of the pairs that have one.

    Raises
    ------
    UndefinedDistanceError
        Where none has, as in a half of one run: its noise weighs units on a scale of its own,
        which then nothing tells.
    """
    assert geometry.fold_gram is not None
    distances = from_gram(geometry.fold_gram) / geometry.n_features
    known = distances[np.isfinite(distances)]
    if not len(known):
        raise UndefinedDistanceError("nothing brings halves of one run to the scale of all")
    return float(known.mean())


def _pairs(
    sessions: Iterable[Folds],
    halvings: Sequence[Halving],
    distances: Sequence[Distance],
    noise: NoiseSpec,
) -> Iterator[tuple[Half, Half]]:
    """Yield the two halves of every halving, sessions pooled."""
    plain = [distance.name for distance in distances if not distance.white] or list(CHEAPEST)
    white = [distance for distance in distances if distance.white]
    found: list[tuple[list[Geometry], list[Geometry], list[Geometry | str], list[Geometry | str]]]
    found = [([], [], [], []) for _ in halvings]
    for place, folds in enumerate(sessions):
        for halving, (one, other, white_one, white_other) in zip(halvings, found, strict=True):
            first, second = folds.of(halving[place]), folds.of(~halving[place])
            one.append(_geometry(first, plain, noise))
            other.append(_geometry(second, plain, noise))
            if white:
                white_one.append(_whitened(first, second, noise))
                white_other.append(_whitened(second, first, noise))
    for one, other, white_one, white_other in found:
        yield Half(joined(one), _all(white_one)), Half(joined(other), _all(white_other))


def _geometry(folds: Folds, distances: Sequence[str], noise: NoiseSpec) -> Geometry:
    found = geometry_of_folds(folds, distances, noise)
    assert found is not None, "halves show every stimulus"
    return found


def _whitened(folds: Folds, others: Folds, noise: NoiseSpec) -> Geometry | str:
    """Return the geometry of folds weighed by the noise of others, or why there is none."""
    try:
        white = SessionNoise(others, noise.shrinkage).whiten(folds.centred.values)
    except UndefinedDistanceError as error:
        return str(error)
    wanted = ("squared_euclidean", "crossvalidated_euclidean")
    return _geometry(replace(folds, values=white), wanted, noise)


def _all(parts: Sequence[Geometry | str]) -> Geometry | str:
    """Return sessions side by side, or the first reason not to."""
    reason = next((part for part in parts if isinstance(part, str)), "")
    known = [part for part in parts if not isinstance(part, str)]
    return reason or (joined(known) if known else "")

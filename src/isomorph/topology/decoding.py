r"""Decoding: what a circle found in activity has to do with a variable.

A variable with a period is held against a circle as it is, with the direction it runs and where it
begins fitted. Variables without one are a place :math:`x`, and the phase is a plane wave over it,
:math:`\theta = 2\pi k x + c`, as each circle of a grid module's torus is. What is fitted comes from
other blocks of time than it is tried on, with a gap between them; chance is the same after the
circle is shifted in time against the variable, fitted anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.topology.found import Decoded
from isomorph.topology.points import Floats, Whole

FOLDS = 5
"""Blocks of time, each of which is held out once."""

GAP = 0.02
"""Share of the points before and after a held-out block that nothing is fitted to."""

FEWEST = 20
"""Points with a phase and a value, with fewer than which nothing is fitted."""

BINS, FINER, TURNS = {1: 64, 2: 32, 3: 16}, 4, 8
"""Bins of a place along each variable, by how many there are; how many frequencies are tried for a
whole turn; and the most turns over what the variable spans."""


def circular_correlation(first: Floats, second: Floats) -> float:
    r"""Return the correlation of two angles, from -1 to 1; NaN where one never varies.

    That of Fisher and Lee 1983 (https://doi.org/10.1093/biomet/70.2.327): of the sines of the
    differences between any two points, so that it does not matter where angles begin. The
    coefficient of Jammalamadaka and SenGupta, of differences from the mean directions, is arbitrary
    for angles that are spread evenly, as headings are, since they have none.

    Parameters
    ----------
    first, second : arrays of shape (point,)
        Radians.
    """

    def resultant(angles: Floats) -> float:
        return float(abs(np.exp(1j * angles).mean()) ** 2)

    product = resultant(first - second) - resultant(first + second)
    spread = (1 - resultant(2 * first)) * (1 - resultant(2 * second))
    return product / float(np.sqrt(spread)) if spread > 1e-24 else float("nan")


def resultants(values: Floats, places: Floats, frequencies: Floats) -> Floats:
    """Return the sums of `values` times waves over places: `(frequency,)`, complex."""
    return np.exp(-2j * np.pi * frequencies @ places.T) @ values


class Period:
    """A variable that comes back to where it was.

    Parameters
    ----------
    values : array of shape (point, 1)
        In periods.
    """

    frequencies = np.array([[1.0], [-1.0]])

    def __init__(self, values: Floats) -> None:
        self.values = values

    def fitted(self, phases: Floats, at: Whole) -> Floats:
        """Return turns per period, 1 or -1: `(1,)`."""
        sums = resultants(np.exp(1j * phases), self.values[at], self.frequencies)
        return self.frequencies[np.abs(sums).argmax()]


class Place:
    """Variables that do not come back: of all plane waves the best is looked for, then refined.

    Parameters
    ----------
    values : array of shape (point, variable)
        From 0 to 1.
    """

    def __init__(self, values: Floats) -> None:
        self.values = values
        dimensions = values.shape[1]
        self.shape = (BINS[dimensions],) * dimensions
        bins = np.minimum((values * BINS[dimensions]).astype(np.intp), BINS[dimensions] - 1)
        self.bins = np.ravel_multi_index(tuple(bins.T), self.shape)
        turns = np.fft.fftfreq(FINER * BINS[dimensions]) * BINS[dimensions]
        axes = np.meshgrid(*[turns] * dimensions, indexing="ij")
        self.turns = np.stack(axes, axis=-1)
        self.slow = np.sqrt((self.turns**2).sum(axis=-1)) <= TURNS

    def fitted(self, phases: Floats, at: Whole) -> Floats:
        """Return turns over what each variable spans: `(variable,)`."""
        size = int(np.prod(self.shape))
        where = self.bins[at]
        sums = np.bincount(where, np.cos(phases), size) + 1j * np.bincount(
            where, np.sin(phases), size
        )
        padded = [FINER * n for n in self.shape]
        power = np.abs(np.fft.fftn(sums.reshape(self.shape), s=padded, axes=range(len(padded))))
        best = np.unravel_index(np.where(self.slow, power, -1).argmax(), power.shape)
        return self._refined(self.turns[best], phases, self.values[at])

    @staticmethod
    def _refined(turns: Floats, phases: Floats, values: Floats, steps: int = 3) -> Floats:
        """Climb to the peak of the resultant by Newton's method, within the spacing of the grid."""
        design = np.column_stack([np.ones(len(values)), 2 * np.pi * values])
        rest = phases - design[:, 1:] @ turns
        weights = np.r_[np.angle(np.exp(1j * rest).mean()), turns]
        for _ in range(steps):
            rest = phases - design @ weights
            curvature = design.T @ (design * np.cos(rest)[:, None])
            if np.linalg.eigvalsh(curvature)[0] <= 1e-9 * len(values):
                return turns
            weights = weights + np.linalg.solve(curvature, design.T @ np.sin(rest))
        near = np.abs(weights[1:] - turns).max() <= 2 / FINER
        return weights[1:] if near else turns


def held_out(n: int) -> list[tuple[Whole, Whole]]:
    """Return which points are fitted and which are held out, for each block of time."""
    gap = int(np.ceil(GAP * n))
    every = np.arange(n)
    return [
        (every[(every < block[0] - gap) | (every > block[-1] + gap)], block)
        for block in np.array_split(every, FOLDS)
    ]


def predicted(target: Period | Place, phases: Floats, at: Whole) -> Floats:
    """Return the phase that the variable says, of blocks it was not fitted to: `(point,)`.

    Parameters
    ----------
    target : Period or Place
    phases : array of shape (point,)
    at : array of int of shape (point,)
        Which values of the variable are theirs.
    """
    said = np.empty(len(phases))
    for fit, out in held_out(len(phases)):
        turns = target.fitted(phases[fit], at[fit])
        rest = phases[fit] - 2 * np.pi * target.values[at[fit]] @ turns
        said[out] = 2 * np.pi * target.values[at[out]] @ turns + np.angle(np.exp(1j * rest).mean())
    return said


def median_error(phases: Floats, said: Floats) -> float:
    """Return the median absolute difference of angles, degrees."""
    return float(np.degrees(np.median(np.abs(np.angle(np.exp(1j * (phases - said)))))))


def targets_of(names: Sequence[str], periods: Mapping[str, float | None]) -> list[tuple[str, ...]]:
    """Return variables that are held against a circle together.

    Those with a period each by itself; those without are one place, if they are no more than three.

    Raises
    ------
    IsomorphError
        When a period is of no variable, or not above zero.
    """
    for name, period in periods.items():
        if name not in names:
            raise IsomorphError(
                f'period of "{name}": no such variable, {did_you_mean(name, names)}'
            )
        if period is not None and not period > 0:
            raise IsomorphError(f'period of "{name}": {period} is not above 0')
    free = tuple(name for name in names if periods.get(name) is None)
    together = bool(free) and len(free) <= max(BINS)
    alone = [name for name in names if name not in free or not together]
    return [*((name,) for name in alone), *([free] if together else [])]


def decoded(
    phases: Floats,
    variables: Mapping[str, Floats],
    periods: Mapping[str, float | None],
    shifts: int,
    rng: np.random.Generator,
) -> tuple[Decoded, ...]:
    """Hold every circle against every variable.

    Parameters
    ----------
    phases : array of shape (point, circle)
        Radians; NaN where unknown. Points are in the order of time.
    variables : mapping of str to array of shape (point,)
        NaN where unknown.
    periods : mapping of str to float or None
    shifts : int
        How often a circle is shifted against the variable; 0 for no test.
    rng : Generator

    Returns
    -------
    tuple of Decoded
        NaN where a variable never varies, or has values with too few phases.

    Raises
    ------
    IsomorphError
        When a variable has another length, or a period is of none.
    """
    for name, values in variables.items():
        if np.shape(values) != (len(phases),):
            raise IsomorphError(
                f'variable "{name}" has shape {np.shape(values)}, expected one value for each of '
                f"{len(phases)} points"
            )
    found = []
    for names in targets_of(list(variables), periods):
        values = np.column_stack([np.asarray(variables[name], dtype=float) for name in names])
        for circle, own in enumerate(phases.T):
            found.append(_one(circle, own, names, values, periods.get(names[0]), shifts, rng))
    return tuple(found)


def _one(
    circle: int,
    phases: Floats,
    names: tuple[str, ...],
    values: Floats,
    period: float | None,
    shifts: int,
    rng: np.random.Generator,
) -> Decoded:
    known = np.flatnonzero(np.isfinite(values).all(axis=1))
    values = values[known]
    name = " × ".join(names)
    span = np.ptp(values, axis=0) if len(values) else np.zeros(len(names))
    there = np.isfinite(phases[known])
    if there.sum() < FEWEST or not span.all():
        nan = float("nan")
        return Decoded(circle, name, nan, nan, nan, nan, (nan,) * len(names), int(there.sum()))
    unit = span if period is None else np.full(1, period)
    target = Period(values / unit) if period else Place((values - values.min(axis=0)) / span)

    def held(by: int) -> tuple[Floats, Whole]:
        own = np.roll(phases, by)[known]
        at = np.flatnonzero(np.isfinite(own))
        return own[at], at

    def error(by: int) -> float:
        own, at = held(by)
        return median_error(own, predicted(target, own, at))

    own, at = held(0)
    said = predicted(target, own, at)
    off = median_error(own, said)
    chance = np.array([error(int(by)) for by in rng.integers(1, len(phases), shifts)])
    return Decoded(
        circle=circle,
        variable=name,
        correlation=circular_correlation(own, said),
        error=off,
        chance=float(np.median(chance)) if shifts else float("nan"),
        p=float((1 + (chance <= off).sum()) / (1 + shifts)) if shifts else float("nan"),
        frequency=tuple((target.fitted(own, at) / unit).tolist()),
        points=len(own),
    )

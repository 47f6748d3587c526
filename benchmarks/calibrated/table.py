"""What is simulated, what must be found, and whether it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from isomorph.measures import Floats

SEED = 2026
SURE = 2.0
"""Standard errors of the simulation by which a figure has to miss its bound to be called wrong."""

ROUNDING = 1e-9

CHUNKS = 8
"""Parts that the simulations of a world are handed out in."""

DataSet = Mapping[str, float | Floats | NDArray[np.bool_]]
"""What one data set gives, by name."""

Columns = Mapping[str, Floats]
"""What simulations gave: `(simulation, ...)` by name."""


@dataclass(frozen=True)
class Figure:
    """One number of the table.

    Attributes
    ----------
    name : str
    of : callable
        Columns to the number and its standard error.
    least, most : float
        Between what it must be; without either it is reported, not judged.
    before : str
        What was found at 9e1f37d; empty where that was not measured.
    """

    name: str
    of: Callable[[Columns], tuple[float, float]]
    least: float = -np.inf
    most: float = np.inf
    before: str = ""

    @property
    def must(self) -> str:
        """Its bounds, in words."""
        low, high = (number(bound) for bound in (self.least, self.most))
        if np.isfinite(self.least) and np.isfinite(self.most):
            return low if self.least == self.most else f"{low} to {high}"
        if np.isfinite(self.least):
            return f"≥ {low}"
        return f"≤ {high}" if np.isfinite(self.most) else ""


@dataclass(frozen=True)
class World:
    """Data sets of one kind, and what is asked of them.

    Attributes
    ----------
    row : str
        Of the table; what stands in no row has a name.
    said : str
        What is simulated, in words.
    simulate : callable
        A generator to what one data set gives, by name. A function that other processes can
        import, or a partial of one.
    figures : tuple of Figure
    n, quick : int
        Data sets, in full and when there is a minute.
    """

    row: str
    said: str
    simulate: Callable[[np.random.Generator], DataSet]
    figures: tuple[Figure, ...]
    n: int = 200
    quick: int = 4


@dataclass(frozen=True)
class Finding:
    """A figure as it is found now."""

    world: World
    figure: Figure
    value: float
    error: float
    n: int

    @property
    def name(self) -> str:
        """What it is, in one line."""
        return f"{self.world.row}. {self.world.said}: {self.figure.name}"

    @property
    def holds(self) -> str:
        """`yes`, `no`, or `unsure` where so few simulations miss the bound by chance."""
        if not self.figure.must:
            return ""
        off = max(self.figure.least - self.value, self.value - self.figure.most)
        if off <= ROUNDING:
            return "yes"
        return "unsure" if off <= SURE * self.error else "no"


def at_most(p: Floats, level: float = 0.05) -> Floats:
    """Return which p are at most the level, NaN where there is none."""
    return np.where(np.isfinite(p), p <= level, np.nan)


def share(column: str) -> Callable[[Columns], tuple[float, float]]:
    """Return how often a column of truths is true, and the error of that.

    Truths of one data set belong together. One that is and one that is not are added for the
    error, which would be 0 where all are alike (Agresti & Coull 1998).
    """
    return partial(_share, column=column)


def mean(column: str) -> Callable[[Columns], tuple[float, float]]:
    """Return the mean of a column and its error."""
    return partial(_mean, column=column)


def _share(columns: Columns, column: str) -> tuple[float, float]:
    each = _by_data_set(columns[column])
    padded = np.append(each, [0.0, 1.0])
    return float(each.mean()), float(padded.std(ddof=1) / np.sqrt(len(padded)))


def _mean(columns: Columns, column: str) -> tuple[float, float]:
    each = _by_data_set(columns[column])
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))


def _by_data_set(values: Floats) -> Floats:
    if np.isnan(values).any():
        raise ValueError("a simulation gave no number where one was expected")
    means: Floats = values.reshape(len(values), -1).mean(axis=1)
    return means


def covered(columns: Columns) -> tuple[float, float]:
    """Return how often `low` and `high` hold the mean of `truth` over all data sets."""
    truth = columns["truth"].mean()
    inside = (columns["low"] <= truth) & (truth <= columns["high"])
    return _share({"inside": inside.astype(float)}, "inside")


def told_over_true(columns: Columns) -> tuple[float, float]:
    """Return the root mean square of `told` standard errors over the spread of `estimate`."""
    n, told = len(columns["estimate"]), columns["told"]
    ratio = np.sqrt((told**2).mean()) / columns["estimate"].std(ddof=1)
    own = (told**2).std(ddof=1) / (told**2).mean() / 2 / np.sqrt(n)
    return float(ratio), float(ratio * np.sqrt(own**2 + 1 / (2 * (n - 1))))


def simulated(world: World, numbers: range) -> list[DataSet]:
    """Simulate some of a world's data sets, each by its own number alone."""
    name = crc32(f"{world.row}. {world.said}".encode())
    return [world.simulate(np.random.default_rng([SEED, name, number])) for number in numbers]


def findings(
    worlds: Sequence[World], how_many: Callable[[World], int], processes: int
) -> Iterator[list[Finding]]:
    """Simulate worlds, in several processes, and yield what is found in each.

    Parameters
    ----------
    worlds : sequence of World
    how_many : callable
        Data sets of a world, at least two.
    processes : int
        With 1 no other process is started.
    """
    if processes == 1:
        for world in worlds:
            yield _found(world, simulated(world, range(how_many(world))))
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        waiting = []
        for world in worlds:
            n = how_many(world)
            step = -(-n // CHUNKS)
            parts = [range(start, min(start + step, n)) for start in range(0, n, step)]
            waiting.append([pool.submit(simulated, world, part) for part in parts])
        for world, futures in zip(worlds, waiting, strict=True):
            yield _found(world, [one for future in futures for one in future.result()])


def _found(world: World, given: Sequence[DataSet]) -> list[Finding]:
    columns = {name: np.array([one[name] for one in given], dtype=np.float64) for name in given[0]}
    return [Finding(world, figure, *figure.of(columns), len(given)) for figure in world.figures]


def number(value: float) -> str:
    """Return a bound as the table writes it: no zero before the point."""
    text = f"{value:.3g}"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


COLUMNS = "    {:44} {:>8} {:>15} {:>16}  {}"
HEAD = "row\n" + COLUMNS.format("figure", "9e1f37d", "must be", "now", "holds")


def said_of(found: Sequence[Finding]) -> str:
    """Return what is found in a world as lines of the table."""
    world = found[0].world
    lines = [f"{world.row:3} {world.said} ({found[0].n} data sets)"]
    lines += [
        COLUMNS.format(
            one.figure.name, one.figure.before, one.figure.must,
            f"{one.value:.3f} ± {one.error:.3f}", one.holds,
        ).rstrip()
        for one in found
    ]  # fmt: skip
    return "\n".join(lines)

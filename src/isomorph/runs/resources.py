"""How much memory and time a job takes, predicted from how large its work is.

Each stage is a sum of terms, a product of sizes each, with what one of it costs. The costs are
fitted to measured runs of 50 to 1000 stimuli by `benchmarks/resources.py`, which prints a new fit
beside what stands here; those of many stimuli, and of many layers, to runs of 1000 stimuli, 133
layers and up to 20 regions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from isomorph.foreign.budget import DEFAULT_MEMORY_MB
from isomorph.registry import Registry
from isomorph.responses.stored.parts import AT_ONCE
from isomorph.runs.sizes import Sizes

MEMORY_MARGIN = 1.5
"""By how much more memory is asked for than is predicted: over what measured runs took beyond it,
with room for another allocator and other versions."""
TIME_MARGIN = 4.0
"""The same of time: for a slower or a busy processor, and a disk over a network."""
LEAST_MEGABYTES, LEAST_MINUTES = 500, 10
"""What no job is given less than: Python and its packages alone take 200 MB and some seconds."""

MILLION = 1e6
WIDE = 10_000
"""Features of a layer of which all are kept."""
USUAL_RATE = 5
"""Spikes per second of a unit."""
LINEAR_FROM = 100
"""Stimuli from which nothing is computed again in resamples, see `isomorph.inference.setting`."""
HALVES = 8
"""RDMs of halves of a region, at most, that pairs of regions are shuffled with."""
BATCH_MEGABYTES = 3 * 2**30 / MILLION
"""What the activations of one batch take at most, see `isomorph.models.forward`."""


@dataclass(frozen=True)
class Term:
    """One thing a stage does, and what it costs.

    Attributes
    ----------
    words : str
        What there is so much of.
    amount : callable
        From sizes to how much of it there is.
    megabytes, seconds : float
        What one takes of memory, at its peak, and of one processor.
    """

    words: str
    amount: Callable[[Sizes], float]
    megabytes: float = 0.0
    seconds: float = 0.0


def start(megabytes: float, seconds: float) -> Term:
    """Return what every job of a stage takes before there is anything to do."""
    return Term("to start", lambda _: 1.0, megabytes, seconds)


def _values(sizes: Sizes) -> float:
    """Million values of the RDMs held at a time: those of one distance."""
    return sizes.pairs * sizes.representations / MILLION


def _grams(sizes: Sizes) -> float:
    return sizes.stimuli**2 * sizes.layers / MILLION


def _responses(sizes: Sizes) -> float:
    return sizes.presentations * sizes.units / MILLION


def _spikes(sizes: Sizes) -> float:
    """Million spikes of one subject, of units that fire as often as most do."""
    return sizes.seconds * sizes.units * USUAL_RATE / MILLION


def _megabytes(sizes: Sizes) -> float:
    return sizes.bytes / MILLION


def _most_at_once(sizes: Sizes) -> float:
    """Megabytes that are read of one file at once, at most."""
    return AT_ONCE / MILLION if sizes.in_parts else DEFAULT_MEMORY_MB


def _pixels(sizes: Sizes) -> float:
    return sizes.stimuli * sizes.frames * sizes.side**2 / MILLION


def _batch(sizes: Sizes) -> float:
    """Million pixels that a network sees at once."""
    return sizes.batch * sizes.frames * sizes.side**2 / MILLION


def _draws(sizes: Sizes) -> int:
    return sizes.resamples + sizes.permutations


def _again(sizes: Sizes) -> int:
    """One where everything is computed again in every resample, else none."""
    return int(sizes.stimuli < LINEAR_FROM)


def _million_pairs(sizes: Sizes) -> float:
    return sizes.pairs / MILLION


def buffers(megabytes: float, most: float) -> Term:
    """Return what is held for a while, so much per million values of RDMs up to a bound."""
    return Term("buffers, which are bounded", lambda s: min(_values(s) * megabytes, most), 1.0)


def _grid(sizes: Sizes) -> int:
    """Distances by measures that are not computed anew for every order."""
    return sizes.distances * max(sizes.measures - sizes.costly, 0)


def _looked_at(sizes: Sizes) -> int:
    """Populations, each once as it is and once after every shuffle."""
    return sizes.populations * (sizes.shuffles + 1)


def _of_topology(units: Callable[[Sizes], int]) -> tuple[Term, ...]:
    """Return what Ripser takes, measured on clouds of 100 to 300 points, and what goes before."""
    return (
        start(260, 3.0),
        Term(
            "thousand points to the power of 3.5, looked at for voids",
            lambda s: s.voids * (s.points / 1e3) ** 3.5 * _looked_at(s), 0.0, 280.0,
        ),
        Term(
            "thousand points cubed, looked at for loops",
            lambda s: (s.points / 1e3) ** 3 * _looked_at(s), 0.0, 5.4,
        ),
        Term(
            "thousand points cubed of one population, looked at for voids",
            lambda s: s.voids * (s.points / 1e3) ** 3, 12.2e3, 0.0,
        ),
        Term(
            "million rates, reduced to components",
            lambda s: s.samples * units(s) / max(s.populations, 1) / MILLION * _looked_at(s),
            0.0, 0.1,
        ),
        Term("million rates", lambda s: s.samples * units(s) / MILLION, 40.0, 0.1),
    )  # fmt: skip


VALUES = "million values of RDMs, pairs by regions and layers"

STAGES: Registry[tuple[Term, ...]] = Registry(
    "stage",
    {
        "fetch": (
            start(220, 1.5),
            # Five megabytes in a second; this is not fitted, as the network is another's.
            Term("megabytes to fetch", lambda s: s.bytes / MILLION, 0.0, 0.2),
        ),
        "stimuli": (
            start(200, 1.3),
            Term("stimuli", lambda s: s.stimuli, 0.02, 0.01),
        ),
        "responses": (
            start(300, 2.0),
            Term("million responses", _responses, 50.0, 1.0),
            Term("megabytes of the subject", _megabytes, 0.0, 0.4),
            Term(
                "megabytes of one file, which are bounded",
                lambda s: min(_megabytes(s), _most_at_once(s)),
                3.0, 0.0,
            ),
        ),
        "population": (
            start(300, 2.0),
            Term("million rates", lambda s: s.moments * s.units / MILLION, 25.0, 0.2),
            Term("million spikes", _spikes, 60.0, 0.3),
        ),
        "reliability": (
            start(185, 1.6),
            Term("million responses of everybody", lambda s: _responses(s) * s.subjects, 50.0, 1.0),
        ),
        "tuning": (
            start(300, 2.0),
            Term("million spikes", _spikes, 80.0, 1.0),
            Term(
                "million spikes shifted",
                lambda s: _spikes(s) * s.subjects * s.permutations, 0.0, 0.005,
            ),
            Term(
                "million rates of shifts, in bins",
                lambda s: s.stimuli * s.units * s.subjects * s.permutations / MILLION, 0.0, 0.1,
            ),
        ),
        "activations": (
            start(185, 1.5),
            Term("a network's library", lambda s: float(s.network), 400.0, 3.0),
            # A kilobyte for each pixel is what VGG holds, which is more than most; where the layers
            # are small it is less, as in EfficientNet-Lite0, of which 92 images take 1.2 GB.
            Term(
                "megabytes of a batch, which are bounded",
                lambda s: min(_batch(s) * 1024, BATCH_MEGABYTES) if s.network else 0, 1.0, 0.0,
            ),
            Term(
                "million pixels through a network",
                lambda s: _pixels(s) if s.network else 0, 0.0, 4.0,
            ),
            Term(
                "million pixels through a baseline",
                lambda s: 0 if s.network else _pixels(s), 150.0, 1.0,
            ),
            Term("million pairs of stimuli", lambda s: s.pairs / MILLION, 180.0, 0.5),
            Term("million values of Gram matrices", _grams, 10.0, 0.2),
        ),
        "brain_rdms": (
            start(185, 1.8),
            Term(
                "million distances, pairs by regions",
                lambda s: s.pairs * s.rows * s.distances / MILLION, 220.0, 1.0,
            ),
        ),
        "model_rdms": (
            start(190, 1.5),
            Term("million pairs of stimuli", lambda s: s.pairs / MILLION, 600.0, 1.0),
            Term(
                "million distances, pairs by layers",
                lambda s: s.pairs * s.layers * s.distances / MILLION, 40.0, 0.4,
            ),
        ),
        "compare": (
            start(280, 2.6),
            buffers(170, 700),
            Term(VALUES, _values, 30.0, 0.0),
            Term(
                "million values of resamples and permutations, regions by layers",
                lambda s: s.rows * s.layers * _draws(s) / MILLION, 25.0, 0.0,
            ),
            Term(
                "million values under every distance and measure",
                lambda s: _values(s) * _grid(s), 0.0, 0.4,
            ),
            Term(
                "million values resampled or permuted, of few stimuli",
                lambda s: _again(s) * _values(s) * _draws(s) * _grid(s), 0.0, 0.01,
            ),
            Term(
                "million permuted values of regions, by layers, of many stimuli",
                lambda s: (
                    (1 - _again(s)) * _million_pairs(s) * s.rows * s.layers * s.permutations
                    * _grid(s)
                ), 0.0, 2.6e-5,
            ),
            Term(
                "million permuted values of regions and their halves, of many stimuli",
                lambda s: (
                    (1 - _again(s)) * _million_pairs(s) * s.rows * (1 + HALVES) * s.permutations
                    * _grid(s)
                ), 0.0, 1.7e-3,
            ),
            Term(
                "million numbers of stimuli cubed, anew for every order",
                lambda s: (
                    s.stimuli**3 * s.rows * s.layers * s.costly * s.distances
                    * (s.costly_permutations + s.stimuli) / MILLION
                ), 0.0, 1e-4,
            ),
        ),
        "explain": (
            start(240, 2.6),
            buffers(300, 900),
            Term(VALUES, _values, 30.0, 1.6),
            Term(
                "million values under every distance and measure",
                lambda s: _values(s) * _grid(s), 0.0, 0.5,
            ),
        ),
        "predict": (
            start(240, 2.5),
            Term("million values of Gram matrices", _grams, 100.0, 0.1),
            Term(
                "million predicted responses",
                lambda s: (
                    s.stimuli * s.units * s.subjects * s.layers * s.methods * s.refits / MILLION
                ), 0.2, 0.16,
            ),
        ),
        "brain_topology": _of_topology(lambda s: s.units),
        "model_topology": _of_topology(
            lambda s: s.populations * (s.features if s.features > 0 else WIDE)
        ),
        "topology": (
            start(220, 2.0),
            Term(
                "thousand rows of tables",
                lambda s: s.populations * s.subjects * (s.samples + s.points) / 1e3, 1.0, 0.02,
            ),
        ),
        "dynamics": (
            start(240, 2.5),
            Term("million responses of everybody", lambda s: _responses(s) * s.subjects, 50.0, 1.0),
            Term(
                "distances between laws of regions",
                lambda s: s.laws * s.subjects * s.regions * (s.subjects + s.regions) / 2,
                0.0, 0.06,
            ),
        ),
        "recover": (
            start(420, 2.6),
            buffers(600, 600),
            Term(
                "million values of RDMs of layers",
                lambda s: _million_pairs(s) * s.layers, 46.0, 0.0,
            ),
            Term(
                "million values simulated, under every distance and measure",
                lambda s: _million_pairs(s) * s.rows * s.simulations * _grid(s), 0.0, 0.11,
            ),
            Term(
                "million values resampled in tests of few stimuli, under every distance",
                lambda s: _again(s) * _values(s) * s.tested * s.resamples * s.distances,
                0.0, 0.01,
            ),
        ),
        "figures": (
            start(480, 12.0),  # the maps of brains and heads come from large libraries
            Term(VALUES, _values, 60.0, 1.0),
            Term("million responses of one subject", _responses, 50.0, 1.0),
        ),
        "summarise": (
            start(200, 2.0),
            Term("thousand rows of tables", lambda s: s.rows * s.layers * _grid(s) / 1e3, 4.0, 0.2),
        ),
        "report": (
            start(260, 4.0),
            Term("thousand rows of tables", lambda s: s.rows * s.layers * _grid(s) / 1e3, 4.0, 0.2),
            Term("million values of one RDM", _million_pairs, 30.0, 0.3),
        ),
    },
)  # fmt: skip
"""What jobs of a stage do, and what it costs."""


def megabytes(stage: str, sizes: Sizes) -> float:
    """Return how much memory a job is predicted to take at its peak, in megabytes of a million."""
    return sum(term.megabytes * term.amount(sizes) for term in STAGES[stage])


def seconds(stage: str, sizes: Sizes) -> float:
    """Return how long one processor is predicted to work on a job."""
    return sum(term.seconds * term.amount(sizes) for term in STAGES[stage])


def memory(stage: str, sizes: Sizes, attempt: int = 1) -> int:
    """Return how many megabytes a job asks for, twice as many each time that it is tried again.

    Examples
    --------
    >>> memory("fetch", Sizes()), memory("fetch", Sizes(), attempt=3)
    (500, 2000)
    """
    asked = max(MEMORY_MARGIN * megabytes(stage, sizes), LEAST_MEGABYTES)
    return int(math.ceil(asked / 100) * 100) * 2 ** (attempt - 1)


def minutes(stage: str, sizes: Sizes, attempt: int = 1) -> int:
    """Return how many minutes a job asks for, twice as many each time that it is tried again.

    With several threads it asks for no less: not all of a job can use them.
    """
    asked = max(TIME_MARGIN * seconds(stage, sizes) / 60, LEAST_MINUTES)
    return math.ceil(asked) * 2 ** (attempt - 1)

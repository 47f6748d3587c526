"""Whether a machine is large enough for what of a study is still to be made, told before it runs.

What models leave on the disk while their images pass in batches is told by `isomorph.stages`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from isomorph.foreign import in_words
from isomorph.jobs import Job, jobs
from isomorph.layout import Layout
from isomorph.making import written_by
from isomorph.rdms.collection import FINE
from isomorph.rdms.halvings import HALVINGS, KEPT
from isomorph.runs import resources
from isomorph.runs.sizes import Sizes, sizes_of
from isomorph.saying import count
from isomorph.stages.topology_asked import few_shuffles

LONG = 24.0
"""Hours from which a study is called too long for its machine."""

LESS: Mapping[str, str] = {
    "fetch": "fewer subjects or narrower patterns of files",
    "responses": "fewer subjects at a time, as with isomorph run -- --resources mem_mb",
    "population": "a longer topology.bin, fewer subjects at a time, as with isomorph run -- "
    "--resources mem_mb",
    "tuning": "fewer inference.permutations, fewer bins",
    "activations": "layers: blocks in place of all layers, a smaller batch_size",
    "model_rdms": "layers: blocks in place of all layers, fewer distances, or isomorph.compare "
    "with features=True, which makes no RDMs of more than 3000 stimuli",
    "brain_rdms": "fewer time bins or draws of units, fewer distances",
    "compare": "layers: blocks in place of all layers, fewer inference.resamples and "
    "inference.permutations, fewer distances or measures",
    "explain": "layers: blocks in place of all layers, fewer inference.explain.resamples",
    "predict": "layers: blocks in place of all layers, fewer inference.prediction.permutations",
    "brain_topology": "fewer topology.points or topology.shuffles, topology.dimensions: 1, or "
    "topology.regions",
    "model_topology": "fewer topology.points or topology.shuffles, topology.dimensions: 1",
    "recover": "fewer inference.recovery.simulations, inference.recovery.tested",
}
"""What makes the jobs of a stage smaller."""

ELSEWHERE = "or a larger machine, as with isomorph run --profile slurm"


@dataclass(frozen=True)
class Machine:
    """What a machine has.

    Attributes
    ----------
    memory : int
        Bytes that one process may take; 0 where nobody knows.
    free : int
        Bytes free on the disk of `data/` and `results/`.
    cores : int
    """

    memory: int
    free: int
    cores: int


@dataclass
class Need:
    """What of a study is still to be made takes.

    Attributes
    ----------
    disk : dict of str to float
        Bytes by stage.
    memory : float
        Bytes of the largest job at its peak.
    largest : Job or None
    seconds : dict of str to float
        Of one processor, by stage; a fetch is told by the network.
    guessed : dict of str to None
        Sizes that nobody knows yet.
    """

    disk: dict[str, float] = field(default_factory=dict)
    memory: float = 0.0
    largest: Job | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    guessed: dict[str, None] = field(default_factory=dict)


def this_machine(folder: Path) -> Machine:
    """Return what this machine has, and the disk of a folder or of the nearest that is there."""
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    return Machine(_memory(), shutil.disk_usage(there).free, len(_cores()))


def _cores() -> range | set[int]:
    with suppress(AttributeError):  # not on every system
        return os.sched_getaffinity(0)
    return range(os.cpu_count() or 1)


def _memory() -> int:
    """Return the memory of the machine, or what the system's control group leaves of it."""
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 0
    limit = ""
    with suppress(OSError):
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    return min(whole, int(limit)) if limit.isdigit() else whole


def need_of(layout: Layout, n_stimuli: Mapping[str, int]) -> Need:
    """Return what takes what is not there of a study.

    Parameters
    ----------
    layout : Layout
    n_stimuli : mapping of str to int
        Of the datasets of which it is known.
    """
    need = Need()
    for job in jobs(layout.study):
        if all(file.exists() for file in written_by(layout, job)):
            continue
        sizes = sizes_of(layout, job, n_stimuli)
        need.guessed |= dict.fromkeys(sizes.guessed)
        if taken := written_bytes(job.stage, sizes):
            need.disk[job.stage] = need.disk.get(job.stage, 0) + taken
        if job.stage != "fetch":
            seconds = resources.seconds(job.stage, sizes)
            need.seconds[job.stage] = need.seconds.get(job.stage, 0) + seconds
        peak = resources.megabytes(job.stage, sizes) * 1e6
        if peak > need.memory:
            need.memory, need.largest = peak, job
    return need


def written_bytes(stage: str, sizes: Sizes) -> float:
    """Return what a job of a stage leaves on the disk, about; tables and figures are small."""
    values = sizes.pairs * sizes.distances
    each = 8 if sizes.stimuli <= FINE else 4
    kept = max(sizes.features, 0) * sizes.stimuli * sizes.layers
    amounts: dict[str, float] = {
        "fetch": sizes.bytes,
        "responses": 8 * sizes.presentations * sizes.units,
        "population": 4 * sizes.moments * sizes.units,
        "activations": 8 * sizes.stimuli**2 * sizes.layers + 4 * kept,
        "brain_rdms": each * values * sizes.rows
        + 4 * min(2 * HALVINGS * values * sizes.rows, KEPT),
        "model_rdms": each * values * sizes.layers,
    }
    return amounts.get(stage, 0)


def told(layout: Layout, need: Need, machine: Machine) -> Iterator[str]:
    """Yield what a study takes, and what of it is too much for a machine and would help.

    Parameters
    ----------
    layout : Layout
    need : Need
    machine : Machine
    """
    if need.largest is None:
        return
    disk, hours = sum(need.disk.values()), sum(need.seconds.values()) / 3600
    if hours > 0 or disk > 0:
        guesses = f"; guessed, from above: {', '.join(need.guessed)}" if need.guessed else ""
        yield (
            f"still to be made: {in_words(round(disk))} of disk, {in_words(round(need.memory))} of "
            f"memory for the largest job ({need.largest}), {_hours(hours)} of one core, "
            f"{_hours(hours / machine.cores)} on the {machine.cores} here{guesses}"
        )
    if disk > machine.free:
        most = max(need.disk, key=lambda stage: need.disk[stage])
        yield (
            f"too large for the disk of {layout.root.absolute()}: {in_words(round(disk))}, most of "
            f"it by {most}, and {in_words(machine.free)} are free; what would help: "
            f"{LESS[most]}, another disk (--root), {ELSEWHERE}"
        )
    if machine.memory and need.memory > machine.memory:
        yield (
            f"too large for the memory of this machine: {need.largest} takes "
            f"{in_words(round(need.memory))}, and there are {in_words(machine.memory)}; what would "
            f"help: {LESS.get(need.largest.stage, 'fewer models')}, {ELSEWHERE}"
        )
    if hours / machine.cores > LONG:
        most = max(need.seconds, key=lambda stage: need.seconds[stage])
        yield (
            f"too long for this machine: {_hours(hours / machine.cores)} on "
            f"{count(machine.cores, 'core')}, {_hours(need.seconds[most] / 3600)} of one "
            f"core in {most} alone; what would help: {LESS.get(most, 'fewer models')}, "
            f"{ELSEWHERE}"
        )


def cost_of_topology(layout: Layout, n_stimuli: Mapping[str, int]) -> Iterator[str]:
    """Yield how large the topology of a study is, and how long one population takes.

    Parameters
    ----------
    layout : Layout
    n_stimuli : mapping of str to int
        Of the datasets of which it is known.
    """
    asked = layout.study.spec.topology
    if asked is None:
        return
    sizes = [
        sizes_of(layout, job, n_stimuli)
        for job in jobs(layout.study)
        if job.stage in ("brain_topology", "model_topology")
    ]
    largest = max(sizes, key=lambda one: one.points, default=None)
    if largest is None:
        return
    of = "loops and voids" if asked.dimensions > 1 else "loops"
    one = resources.seconds("brain_topology", replace(largest, populations=1, layers=0))
    kind = "regions and layers" if asked.of == "stimuli" else "regions"
    yield (
        f"topology: {of} of {largest.points} points and of {count(asked.shuffles, 'shuffle')}, "
        f"{_hours(one / 3600)} for each of about {sum(size.populations for size in sizes):,} "
        f"{kind}"
    )
    if few := few_shuffles(asked):
        yield f"topology.shuffles: {few}"


def _hours(hours: float) -> str:
    """Return a time in words, rounded as it is known.

    Examples
    --------
    >>> _hours(0.01), _hours(0.5), _hours(3.21), _hours(60.0)
    ('about a minute', 'about 30 minutes', 'about 3.2 hours', 'about 2.5 days')
    """
    if hours < 1.5:
        minutes = max(round(60 * hours), 1)
        return "about a minute" if minutes == 1 else f"about {minutes} minutes"
    return f"about {hours:.1f} hours" if hours < 48 else f"about {hours / 24:.1f} days"

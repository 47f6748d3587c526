"""What is known of a dataset before it is here, and what is guessed of the rest."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path, PurePath
from types import MappingProxyType

from isomorph.archives.archive_kinds import kind_of
from isomorph.archives.lock import read_lock
from isomorph.archives.resolve import RESOLVERS
from isomorph.artefacts.manifests import read_manifest
from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.array_files import READ_IN_PARTS
from isomorph.layout import Layout
from isomorph.study.archive import SimulatedArchive
from isomorph.study.betas import BetaResponses
from isomorph.study.dataset import DatasetSpec
from isomorph.study.model import ModelSpec
from isomorph.study.recorded import Recorded
from isomorph.study.regions import regions_named
from isomorph.study.responses import (
    ArrayResponses,
    NwbResponses,
    RateResponses,
    RdmResponses,
    Windowed,
)
from isomorph.study.stored import StoredArrays
from isomorph.study.variable import VariableStimuli

GUESSES: Mapping[str, int] = MappingProxyType(
    {
        "stimuli": 1000,
        "regions": 20,
        "sessions": 4,
        "units": 1000,
        "repetitions": 10,
        "layers of a network": 60,
        "blocks of a network": 30,
        "layers of a baseline": 10,
        "bytes": 10**9,
        "seconds of a session": 7200,
    }
)
"""What is taken for a size that nobody knows before the files are here: more than most have.
Units are those of a session."""
TYPICAL: Mapping[str, int] = MappingProxyType(
    {
        "stimuli": 100,
        "regions": 4,
        "sessions": 2,
        "units": 200,
        "repetitions": 4,
        "layers of a network": 20,
        "blocks of a network": 16,
        "layers of a baseline": 3,
        "bytes": 5 * 10**7,
        "seconds of a session": 2400,
    }
)
"""What is taken for it where too much misleads as too little does: to say how long is left."""

SPIKE_BYTES = 2
"""Bytes of a file that the time of a spike takes at least; without compression it takes eight."""
SLOW_RATE = 0.5
"""Spikes per second that units have at least on average."""
FEWEST_UNITS = 100
"""Units that are reckoned with however small files are."""


@dataclass
class Known:
    """What is known of one dataset, noting what is not.

    Attributes
    ----------
    layout : Layout
    dataset : str
    counted : mapping of str to int
        Stimuli by dataset that owns them, where they have been counted.
    guesses : mapping of str to int
        What is taken for a size that nobody knows yet.
    guessed : dict
        Names of the guesses that were needed so far.
    """

    layout: Layout
    dataset: str
    counted: Mapping[str, int]
    guesses: Mapping[str, int]
    guessed: dict[str, None] = field(default_factory=dict)

    def guess(self, what: str) -> int:
        """Return what is taken for a size, and note that it is a guess."""
        self.guessed[what] = None
        return self.guesses[what]

    @cached_property
    def owner(self) -> str:
        """The dataset that owns the stimuli."""
        return self.layout.study.stimulus_set(self.dataset)

    @cached_property
    def brain(self) -> Mapping[str, int]:
        """Dimensions of the RDMs of the regions, none before they are made."""
        return _dimensions(self.layout.brain_rdms(self.dataset))

    @cached_property
    def stimuli(self) -> int:
        """Stimuli compared; rows of a table before levels are averaged, which is more."""
        spec = self.layout.study.dataset(self.owner)
        return (
            self.brain.get("stimulus")
            or self.counted.get(self.owner)
            or _rows_of(self.layout.stimuli(self.owner))
            or spec.expected.stimuli
            or _bins(spec)
            or self.guess("stimuli")
        )

    @cached_property
    def sessions(self) -> int:
        """Sessions of one subject."""
        spec = self.layout.study.dataset(self.dataset)
        if spec.expected.sessions:
            return max(spec.expected.sessions.values())
        match spec.responses:
            case Recorded(files=files):
                several = "*" in files
            case ArrayResponses(responses=files, order=order):
                several = order is not None and "*" in files
            case _:
                several = False
        return self.guess("sessions") if several else 1

    @cached_property
    def regions(self) -> int:
        """Regions of one subject."""
        spec = self.layout.study.dataset(self.dataset)
        listed = regions_named(spec) or spec.expected.units
        return len(listed) or self.guess("regions")

    @cached_property
    def rows(self) -> int:
        """RDMs of the brain: regions by subjects, sessions, time bins and draws of units."""
        if found := self.brain.get("representation"):
            return found
        spec = self.layout.study.dataset(self.dataset)
        if isinstance(spec.responses, RdmResponses):
            return sum(len(one.subjects) * len(one.sessions) for one in spec.responses.sources)
        bins = len(spec.responses.times) if isinstance(spec.responses, Windowed) else 1
        draws = spec.units.draws if spec.units and spec.units.equalise else 1
        return self.regions * len(spec.subjects) * self.sessions * bins * draws

    @cached_property
    def units(self) -> int:
        """Units of one subject over all sessions."""
        spec = self.layout.study.dataset(self.dataset)
        if isinstance(spec.archive, SimulatedArchive):
            return sum(one.units for one in spec.archive.regions.values())
        if isinstance(spec.responses, RdmResponses):
            return 0
        if spec.expected.units:
            return sum(spec.expected.units.values())
        # Sessions of arrays are of the same units.
        apart = 1 if isinstance(spec.responses, StoredArrays) else self.sessions
        guessed = self.guess("units") * apart
        return min(guessed, self._units_in_files or guessed) if self.seconds else guessed

    @cached_property
    def _units_in_files(self) -> int:
        """How many units, recorded so long, the files of a subject have room for.

        0 where nobody knows how large they are.
        """
        size = self.bytes or _bytes_in_place(self.layout, self.dataset)
        spikes = size / len(self.layout.study.dataset(self.dataset).subjects) / SPIKE_BYTES
        return max(int(spikes / (self.seconds * SLOW_RATE)), FEWEST_UNITS) if size else 0

    @cached_property
    def in_parts(self) -> bool:
        """Whether of its recordings only what is asked for is read."""
        match self.layout.study.dataset(self.dataset).responses:
            case ArrayResponses(responses=files) | BetaResponses(files=files):
                return PurePath(files).suffix.lower() in READ_IN_PARTS
        return False

    @cached_property
    def presentations(self) -> int:
        """Presentations of one subject over all sessions."""
        spec = self.layout.study.dataset(self.dataset)
        if isinstance(spec.archive, SimulatedArchive):
            return self.stimuli * spec.archive.repetitions
        if isinstance(spec.responses, RdmResponses):
            return 0
        if spec.expected.presentations:
            return max(spec.expected.presentations.values())
        if isinstance(spec.responses, RateResponses):
            repetitions: int = getattr(
                self.layout.study.dataset(self.owner).stimuli, "repetitions", 1
            )
            return self.stimuli * self.sessions * repetitions
        shown = max(spec.expected.repetitions.values(), default=0) or self.guess("repetitions")
        return self.stimuli * shown

    @cached_property
    def seconds(self) -> int:
        """Seconds that are recorded of one subject, of the spikes of whose units more is asked."""
        study = self.layout.study
        kinds = (RateResponses,) if study.spec.topology is None else (RateResponses, NwbResponses)
        if not isinstance(study.dataset(self.dataset).responses, kinds):
            return 0
        return self.sessions * self.guess("seconds of a session")

    @cached_property
    def bytes(self) -> int:
        """Bytes of all its files as they are fetched."""
        spec = self.layout.study.dataset(self.dataset)
        if isinstance(spec.archive, SimulatedArchive):
            return 8 * self.presentations * self.units * len(spec.subjects)
        manifest = self.layout.manifest(self.dataset)
        if manifest.is_file():
            return _bytes_in(self.layout, self.dataset, manifest.stat().st_mtime_ns)
        found = spec.expected.bytes or _bytes_of(self.layout, self.dataset)
        return self.guess("bytes") if found is None else found

    def layers(self, instance: str) -> int:
        """Return how many layers a model instance has."""
        if found := _dimensions(self.layout.activations(self.owner, instance)).get("layer"):
            return found
        spec, _ = self.layout.study.instance(instance)
        if spec.is_of_table:
            return max(len(spec.columns), 1) + 1
        if not is_network(spec):
            return self.guess("layers of a baseline")
        blocks = spec.layers == "blocks"
        return self.guess("blocks of a network" if blocks else "layers of a network")


def _bins(spec: DatasetSpec) -> int:
    """Return how many bins of variables the stimuli of a dataset can be, 0 of other stimuli."""
    if not isinstance(spec.stimuli, VariableStimuli):
        return 0
    return math.prod(one.bins for one in spec.stimuli.every.values())


@lru_cache(maxsize=256)
def _bytes_in(layout: Layout, dataset: str, _modified: int) -> int:
    """Return how large the files are that a dataset's manifest lists."""
    with suppress(IsomorphError):  # whoever reads the dataset says what is wrong with it
        root = layout.archive(dataset)
        return sum(one.size for one in read_manifest(layout.manifest(dataset), root, dataset).files)
    return 0


@lru_cache(maxsize=256)
def _bytes_of(layout: Layout, dataset: str) -> int | None:
    """Return how large a dataset is, or what is still to come of it; None where nobody knows."""
    with suppress(IsomorphError):  # a lock or a folder that is not there: its own job says so
        if layout.study.dataset(dataset).archive.kind in RESOLVERS:
            return read_lock(layout.study, dataset).size
        return kind_of(layout, dataset).bytes_to_come(layout, dataset)
    return None


@lru_cache(maxsize=256)
def _bytes_in_place(layout: Layout, dataset: str) -> int:
    """Return how large the files are of a dataset that is read where it lies; 0 of others."""
    in_place = kind_of(layout, dataset).in_place
    if in_place is None:
        return 0
    with suppress(IsomorphError):  # a folder that is not there: its own job says so
        root, listing = in_place(layout, dataset)
        sizes = [one.stat().st_size for file in listing.files if (one := root / file).is_file()]
        return sum(sizes)
    return 0


def is_network(spec: ModelSpec) -> bool:
    """Tell whether a model is a network, not a baseline and not read from a file."""
    return not spec.is_read and not spec.is_baseline


def _rows_of(table: Path) -> int | None:
    """Return how many rows a table has that is there."""
    if not table.is_file():
        return None
    with reading(table, "a CSV table"), open(table, encoding="utf-8", newline="") as text:
        return max(sum(1 for row in csv.reader(text) if row) - 1, 0)


def _dimensions(file: Path) -> dict[str, int]:
    """Return the sizes of a netCDF file's dimensions; none where it is not there or not whole."""
    if not file.is_file():
        return {}
    import h5py

    with suppress(IsomorphError), reading(file, "a netCDF file"), h5py.File(file) as data:
        scales = {name: one for name, one in data.items() if getattr(one, "is_scale", False)}
        return {name: int(one.shape[0]) for name, one in scales.items() if one.ndim == 1}
    return {}

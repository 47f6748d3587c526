"""How large the work of a job is: told by files that are there, by settings, or guessed.

What is not known before a dataset is here is guessed, from above unless asked otherwise, and named
as a guess.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path, PurePath
from types import MappingProxyType

from isomorph.archives.archive_kinds import kind_of
from isomorph.archives.lock import read_lock
from isomorph.archives.resolve import RESOLVERS
from isomorph.artefacts.manifests import read_manifest
from isomorph.catalogue import made_for
from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.array_files import READ_IN_PARTS
from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.models.baselines import BASELINES
from isomorph.study.archive import SimulatedArchive
from isomorph.study.betas import BetaResponses
from isomorph.study.model import TABLE_SOURCES, ModelSpec
from isomorph.study.regions import regions_named
from isomorph.study.responses import ArrayResponses, RdmResponses, Windowed
from isomorph.study.stored import StoredArrays

GUESSES: Mapping[str, int] = MappingProxyType(
    {
        "stimuli": 1000,
        "regions": 20,
        "sessions": 4,
        "units": 1000,
        "repetitions": 10,
        "layers of a network": 60,
        "layers of a baseline": 10,
        "bytes": 10**9,
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
        "layers of a baseline": 3,
        "bytes": 5 * 10**7,
    }
)
"""What is taken for it where too much misleads as too little does: to say how long is left."""

SIDE = 224
"""Side of the image that a network sees whose library alone knows it, pixels."""


@dataclass(frozen=True)
class Sizes:
    """How large the work of one job is.

    Attributes
    ----------
    stimuli, subjects : int
    presentations, units : int
        Of the largest subject, over all sessions.
    rows : int
        RDMs of the brain: regions by subjects, sessions and time bins.
    regions : int
        Of one subject, time bins apart.
    layers : int
        Of the job's model, or of all models that its dataset is compared with.
    side, batch : int
        Side of the images that the model sees, pixels (0 of the stimulus table alone), and how many
        of them at once.
    network : bool
        Whether the model is a network.
    features : int
        Features kept of each layer, -1 for all.
    distances, measures, costly : int
        Of the study; `costly` are the measures that are computed anew for every order.
    resamples, permutations, costly_permutations, simulations, tested : int
    methods, refits : int
        Of prediction, and how often it fits anew.
    bytes : int
        Of the dataset as it is fetched, or of the job's subject, on average.
    in_parts : bool
        Whether of its recordings only what is asked for is read.
    guessed : tuple of str
        Which of these nobody knows yet.
    """

    stimuli: int = 0
    subjects: int = 1
    presentations: int = 0
    units: int = 0
    rows: int = 0
    regions: int = 0
    layers: int = 0
    side: int = 0
    batch: int = 0
    network: bool = False
    features: int = 0
    distances: int = 1
    measures: int = 1
    costly: int = 0
    resamples: int = 0
    permutations: int = 0
    costly_permutations: int = 0
    simulations: int = 0
    tested: int = 0
    methods: int = 0
    refits: int = 0
    bytes: int = 0
    in_parts: bool = False
    guessed: tuple[str, ...] = ()

    @property
    def pairs(self) -> int:
        """Pairs of stimuli."""
        return self.stimuli * (self.stimuli - 1) // 2

    @property
    def representations(self) -> int:
        """Regions and layers together, as many RDMs as are held at a time."""
        return self.rows + self.layers


def sizes_of(
    layout: Layout,
    job: Job,
    n_stimuli: Mapping[str, int] = MappingProxyType({}),
    guesses: Mapping[str, int] = GUESSES,
) -> Sizes:
    """Return how large the work of a job is, as far as anybody knows now.

    Parameters
    ----------
    layout : Layout
    job : Job
    n_stimuli : mapping of str to int, optional
        By dataset that owns them, where they have been counted.
    guesses : mapping of str to int, optional
        What is taken for a size that nobody knows yet.
    """

    def known(dataset: str) -> _Known:
        return _Known(layout, dataset, n_stimuli, guesses)

    if not job.names:
        whole = [_of_dataset(known(name)) for name in layout.study.datasets]
        return max(whole, key=lambda sizes: sizes.pairs * sizes.representations)
    dataset, *names = job.names
    if "model" in made_for(job.stage):
        return _of_model(known(dataset), names[0])
    found = _of_dataset(known(dataset))
    if "subject" in made_for(job.stage):
        return replace(found, bytes=found.bytes // len(layout.study.dataset(dataset).subjects))
    return found


@dataclass
class _Known:
    """What is known of one dataset, noting what is not."""

    layout: Layout
    dataset: str
    counted: Mapping[str, int]
    guesses: Mapping[str, int]
    guessed: dict[str, None] = field(default_factory=dict)

    def guess(self, what: str) -> int:
        self.guessed[what] = None
        return self.guesses[what]

    @cached_property
    def owner(self) -> str:
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
            or self.guess("stimuli")
        )

    @cached_property
    def sessions(self) -> int:
        """Sessions of one subject."""
        spec = self.layout.study.dataset(self.dataset)
        if spec.expected.sessions:
            return max(spec.expected.sessions.values())
        match spec.responses:
            case Windowed(files=files):
                several = "*" in files
            case ArrayResponses(responses=files, order=order):
                several = order is not None and "*" in files
            case _:
                several = False
        return self.guess("sessions") if several else 1

    @cached_property
    def regions(self) -> int:
        spec = self.layout.study.dataset(self.dataset)
        listed = regions_named(spec) or spec.expected.units
        return len(listed) or self.guess("regions")

    @cached_property
    def rows(self) -> int:
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
        spec = self.layout.study.dataset(self.dataset)
        if isinstance(spec.archive, SimulatedArchive):
            return sum(one.units for one in spec.archive.regions.values())
        if isinstance(spec.responses, RdmResponses):
            return 0
        if spec.expected.units:
            return sum(spec.expected.units.values())
        # Sessions of arrays are of the same units.
        apart = 1 if isinstance(spec.responses, StoredArrays) else self.sessions
        return self.guess("units") * apart

    @cached_property
    def in_parts(self) -> bool:
        match self.layout.study.dataset(self.dataset).responses:
            case ArrayResponses(responses=files) | BetaResponses(files=files):
                return PurePath(files).suffix.lower() in READ_IN_PARTS
        return False

    @cached_property
    def presentations(self) -> int:
        spec = self.layout.study.dataset(self.dataset)
        if isinstance(spec.archive, SimulatedArchive):
            return self.stimuli * spec.archive.repetitions
        if isinstance(spec.responses, RdmResponses):
            return 0
        if spec.expected.presentations:
            return max(spec.expected.presentations.values())
        shown = max(spec.expected.repetitions.values(), default=0) or self.guess("repetitions")
        return self.stimuli * shown

    @cached_property
    def bytes(self) -> int:
        spec = self.layout.study.dataset(self.dataset)
        if isinstance(spec.archive, SimulatedArchive):
            return 8 * self.presentations * self.units * len(spec.subjects)
        manifest = self.layout.manifest(self.dataset)
        if manifest.is_file():
            return _bytes_in(self.layout, self.dataset, manifest.stat().st_mtime_ns)
        found = spec.expected.bytes or _bytes_of(self.layout, self.dataset)
        return self.guess("bytes") if found is None else found

    def layers(self, instance: str) -> int:
        if found := _dimensions(self.layout.activations(self.owner, instance)).get("layer"):
            return found
        spec, _ = self.layout.study.instance(instance)
        if spec.source in TABLE_SOURCES:
            return max(len(spec.options.get("columns", ())), 1) + 1
        return self.guess("layers of a network" if is_network(spec) else "layers of a baseline")


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


def is_network(spec: ModelSpec) -> bool:
    """Tell whether a model is a network, not a baseline and not read from a file."""
    return not spec.is_read and not spec.source.startswith("baseline/")


def _of_dataset(known: _Known) -> Sizes:
    study, dataset = known.layout.study, known.dataset
    layers = sum(known.layers(instance) for instance, _, _ in study.instances_for(dataset))
    inference = study.spec.inference
    prediction = inference.prediction
    return Sizes(
        stimuli=known.stimuli,
        subjects=len(study.dataset(dataset).subjects),
        presentations=known.presentations,
        units=known.units,
        rows=known.rows,
        regions=known.regions,
        layers=layers,
        distances=len(study.spec.distances),
        measures=len(study.spec.measures),
        costly=_costly(study.spec.measures),
        resamples=inference.resamples,
        permutations=inference.permutations,
        costly_permutations=min(inference.costly_permutations, inference.permutations),
        simulations=inference.recovery.simulations,
        tested=min(inference.recovery.tested, inference.recovery.simulations),
        methods=len(prediction.methods) + bool(prediction.bands),
        refits=prediction.permutations + 1,
        bytes=known.bytes,
        in_parts=known.in_parts,
        guessed=tuple(known.guessed),
    )


def _of_model(known: _Known, instance: str) -> Sizes:
    study = known.layout.study
    spec, _ = study.instance(instance)
    side = spec.preprocessing.size if spec.preprocessing else _own_side(spec)
    return Sizes(
        stimuli=known.stimuli,
        layers=known.layers(instance),
        side=side if spec.takes_images else 0,
        batch=min(spec.batch_size, known.stimuli),
        network=is_network(spec),
        features=-1 if spec.features == "all" else spec.features or 0,
        distances=len(study.spec.distances),
        guessed=tuple(known.guessed),
    )


def _own_side(spec: ModelSpec) -> int:
    """Return the side of the images that a model sees whose file does not say it, pixels."""
    name = spec.source.removeprefix("baseline/")
    return SIDE if is_network(spec) or name not in BASELINES else BASELINES[name].size


def _costly(names: tuple[str, ...]) -> int:
    from isomorph.measures import MEASURES

    return sum(MEASURES[name].shuffled_anew and MEASURES[name].sees_stimuli for name in names)


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

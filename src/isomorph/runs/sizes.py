"""How large the work of a job is: told by files that are there, by settings, or guessed.

What is not known before a dataset is here is guessed, from above unless asked otherwise, and named
as a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from isomorph.catalogue import made_for
from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.models.baselines import BASELINES
from isomorph.runs.known import GUESSES, Known, is_network
from isomorph.study.dynamics import Dynamics
from isomorph.study.model import ModelSpec
from isomorph.study.stimuli import StimuliSpec

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
    frames : int
        Of the clips that it sees; 1 where it sees single images.
    network : bool
        Whether the model is a network.
    features : int
        Features kept of each layer, -1 for all.
    distances, measures, costly : int
        Of the study; `costly` are the measures that are computed anew for every order.
    resamples, permutations, costly_permutations, simulations, tested : int
    methods, refits : int
        Of prediction, and how often it fits anew.
    populations, samples : int
        Regions by sessions, or layers, whose topology is asked, and points of each before some are
        chosen.
    points, shuffles : int
        That are chosen, and how often units are shifted against one another.
    voids : bool
        Whether these are looked for beside loops.
    seconds, moments : int
        Recorded of one subject, where its spikes are looked at over time, and bins that this time
        is cut into.
    laws : int
        Distances between laws of motion for each two regions, each a search; those between
        eigenvalues cost a thirtieth.
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
    frames: int = 1
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
    populations: int = 0
    samples: int = 0
    points: int = 0
    shuffles: int = 0
    voids: bool = False
    seconds: int = 0
    moments: int = 0
    laws: int = 0
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

    def known(dataset: str) -> Known:
        return Known(layout, dataset, n_stimuli, guesses)

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


def _of_dataset(known: Known) -> Sizes:
    study, dataset = known.layout.study, known.dataset
    layers = sum(known.layers(instance) for instance, _, _ in study.instances_for(dataset))
    inference, topology = study.spec.inference, study.spec.topology
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
        seconds=known.seconds,
        moments=0 if topology is None else round(known.seconds / topology.bin),
        laws=_laws(study.spec.dynamics),
        bytes=known.bytes,
        in_parts=known.in_parts,
        **_of_topology(known),
        guessed=tuple(known.guessed),
    )


def _laws(asked: Dynamics | None) -> int:
    """Return how many searches each two regions need."""
    if asked is None:
        return 0
    distances = 1 + asked.shuffles + asked.resamples
    return distances if asked.distance == "angular" else 1 + distances // 30


def _of_model(known: Known, instance: str) -> Sizes:
    study = known.layout.study
    spec, _ = study.instance(instance)
    side = spec.preprocessing.size if spec.preprocessing else _own_side(spec)
    return Sizes(
        stimuli=known.stimuli,
        layers=known.layers(instance),
        side=side if spec.takes_images else 0,
        batch=min(spec.batch_size, known.stimuli),
        frames=_frames(spec, study.dataset(known.owner).stimuli),
        network=is_network(spec),
        features=-1 if spec.features == "all" else spec.features or 0,
        distances=len(study.spec.distances),
        **_of_topology(known, known.layers(instance) if spec.features else 0),
        guessed=tuple(known.guessed),
    )


def _of_topology(known: Known, layers: int | None = None) -> dict[str, Any]:
    """Return how large the topology of a subject is, or of a model with so many layers."""
    asked = known.layout.study.spec.topology
    if asked is None:
        return {}
    over_time = asked.of == "time" and layers is None
    regions = known.regions * known.sessions if over_time else known.regions
    samples = int(known.seconds / known.sessions / asked.bin) if over_time else known.stimuli
    return {
        "populations": regions if layers is None else layers,
        "samples": samples,
        "points": min(asked.points, samples),
        "shuffles": asked.shuffles,
        "voids": asked.dimensions > 1,
    }


def _own_side(spec: ModelSpec) -> int:
    """Return the side of the images that a model sees whose file does not say it, pixels."""
    name = spec.source.removeprefix("baseline/")
    return SIDE if is_network(spec) or name not in BASELINES else BASELINES[name].size


def _frames(spec: ModelSpec, stimuli: StimuliSpec) -> int:
    """Return how many frames a model sees at once, at most as many as are kept."""
    if spec.preprocessing is not None and spec.preprocessing.clip is not None:
        return spec.preprocessing.clip.frames
    kept = getattr(stimuli, "clips", None)
    return kept.frames if spec.takes_clips and kept is not None else 1


def _costly(names: tuple[str, ...]) -> int:
    from isomorph.measures import MEASURES

    return sum(MEASURES[name].shuffled_anew and MEASURES[name].sees_stimuli for name in names)

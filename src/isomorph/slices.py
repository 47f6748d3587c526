"""The part of the settings each stage depends on, so that a change re-runs what it changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isomorph.beside import by_name, named_beside, values_at
from isomorph.own import digest_of, own_digests, seeded
from isomorph.study import Spec, Study
from isomorph.study.archive import SimulatedArchive
from isomorph.study.axes import axes_of
from isomorph.study.pairs import both
from isomorph.study.pinned import PINNED
from isomorph.study.rates import RateResponses

Slice = dict[str, Any]
"""JSON-ready settings."""

FILES = ("tables", "files")
"""Keys of a slice that hold the sha256 of files of the user's, by their names."""

DESCRIPTIVE_MODEL = {"title", "citation", "licence"}
"""Fields of a model that people read and no number depends on."""


def fetch(study: Study, dataset: str) -> Slice:
    """Return what decides the bytes of a dataset; what reads them does not count."""
    spec = study.dataset(dataset)
    settings: Slice = {"archive": _dump(spec.archive)}
    if isinstance(spec.archive, PINNED):
        settings["also"] = [_dump(one) for one in spec.also]
        folder = study.dataset_files[dataset].parent
        named = [file for name in values_at(spec.also, "names") for file in by_name(folder, name)]
        settings["tables"] = _hashes(study, dataset, named)
        settings["subjects"] = sorted(spec.subjects)  # whose files are taken out of the lock
        settings["lock"] = _lock_digest(study.dataset_files[dataset].with_suffix(".lock.tsv"))
    elif isinstance(spec.archive, SimulatedArchive):
        settings["subjects"] = list(spec.subjects)
        settings["stimuli"] = study.stimulus_set(dataset)
    elif "{subject}" in repr(spec.archive):
        settings["subjects"] = sorted(spec.subjects)
    return settings


def stimuli(study: Study, dataset: str) -> Slice:
    """Return what decides the stimulus table and the images of a dataset that owns them."""
    spec = study.dataset(dataset)
    return {
        "stimuli": _dump(spec.stimuli, exclude={"degrees"}),  # the table does not hold it
        "expected": spec.expected.stimuli,
        "tables": _hashes(study, dataset, named_beside(study, dataset, "stimuli")),
    }


def responses(study: Study, dataset: str, subject: str) -> Slice:
    """Return what decides the responses of one subject; of the files beside only its own count."""
    spec = study.dataset(dataset)
    return {
        "responses": _dump(spec.responses),
        "expected": _dump(spec.expected, exclude={"stimuli", "units", "bytes", "published"}),
        "tables": _hashes(study, dataset, named_beside(study, dataset, "responses", subject)),
        **_followed(study, dataset),
    }


def _followed(study: Study, dataset: str) -> Slice:
    """Return what decides where a variable was when, of responses that are rates over its bins.

    The stimulus table says which bins there are; epochs, speeds and blocks of time it does not.
    """
    if not isinstance(study.dataset(dataset).responses, RateResponses):
        return {}
    return {"stimuli": stimuli(study, study.stimulus_set(dataset))}


def population(study: Study, dataset: str, subject: str) -> Slice:
    """Return what decides what the units of a subject did over time."""
    asked, spec = study.spec.topology, study.dataset(dataset)
    return {
        "responses": _dump(spec.responses, exclude={"smoothing", "minimum"}),
        "tables": _hashes(study, dataset, named_beside(study, dataset, "responses", subject)),
        "stimuli": stimuli(study, study.stimulus_set(dataset)),
        "bin": None if asked is None else asked.bin,
        "smoothing": None if asked is None else asked.smoothing,
    }


def reliability(study: Study, dataset: str) -> Slice:
    """Return what decides the reliability table of a dataset beside its responses."""
    spec = study.dataset(dataset)
    return {
        "subjects": list(spec.subjects),
        "expected": dict(spec.expected.units),
        "seed": study.spec.inference.seed,
    }


def tuning(study: Study, dataset: str) -> Slice:
    """Return what decides how the units of a dataset are tuned."""
    spec, inference = study.dataset(dataset), study.spec.inference
    tables = [
        file
        for subject in spec.subjects
        for file in named_beside(study, dataset, "responses", subject)
    ]
    return {
        "responses": _dump(spec.responses, exclude={"minimum"}),
        **_followed(study, dataset),
        "tables": _hashes(study, dataset, list(dict.fromkeys(tables))),
        "subjects": list(spec.subjects),
        "inference": _dump(inference, include={"permutations", "correction", "family", "seed"}),
        "simulated": spec.simulated,
    }


def activations(study: Study, dataset: str, instance: str) -> Slice:
    """Return what decides the activations of a model instance for the stimuli of a dataset."""
    model, seed = study.instance(instance)
    fields = {*DESCRIPTIVE_MODEL, "name", "control_of", "seeds", "datasets"}
    if model.features is None:
        fields.add("features")
    settings = {**_dump(model, exclude=fields), "seed": seed}
    if seed is not None and "seeds" in model.options.values():  # its place says what it takes
        settings["place"] = [model.seeds.index(seed), len(model.seeds)]
    if model.preprocessing is not None and model.preprocessing.degrees is not None:
        owner = study.dataset(study.stimulus_set(dataset))
        settings["shown_degrees"] = getattr(owner.stimuli, "degrees", None)
    kept = getattr(study.dataset(study.stimulus_set(dataset)).stimuli, "clips", None)
    if kept is not None and model.takes_images:  # which of them are taken goes by their spacing
        settings["clips"] = _dump(kept)
    folder = study.model_files[model.name].parent
    files = own_digests(seeded(model.source, seed), folder)
    ordered = model.options.get("order")
    if isinstance(ordered, dict):
        files |= {str(name): digest_of(folder / str(name)) for name in [ordered.get("file")]}
    if files:
        settings["files"] = files
    return settings


def brain_rdms(study: Study, dataset: str) -> Slice:
    """Return what decides the RDMs of a dataset's regions beside its responses."""
    spec = study.dataset(dataset)
    return {
        "distances": _distances(study, 0),
        "transform": spec.transform,
        "subjects": list(spec.subjects),
        "level": study.level(dataset),
        "units": None if spec.units is None else _dump(spec.units),
        "noise": _dump(spec.noise),
    }


def model_rdms(study: Study, dataset: str) -> Slice:
    """Return what decides the RDMs of any model beside its activations."""
    return {"distances": _distances(study, 1), "level": study.level(dataset)}


def comparisons(study: Study, dataset: str) -> Slice:
    """Return what decides the comparisons of a dataset with the models."""
    spec = study.dataset(dataset)
    planted = isinstance(spec.archive, SimulatedArchive)
    return {
        "distances": list(study.spec.distances),
        "measures": list(study.spec.measures),
        "transform": spec.transform,
        "units": None if spec.units is None else _dump(spec.units),
        "inference": _dump(study.spec.inference, exclude={"explain", "prediction", "recovery"}),
        "models": {name: model.control_of for name, model, _ in study.instances_for(dataset)},
        "simulated": spec.simulated,
        "planted": _dump(spec.archive) if planted else None,
        "subjects": list(spec.subjects),
    }


def explain(study: Study, dataset: str) -> Slice:
    """Return what decides how the similarities of a dataset are explained."""
    return {
        "distances": list(study.spec.distances),
        "measures": list(study.spec.measures),
        "inference": _dump(study.spec.inference, exclude={"prediction", "recovery"}),
        "models": {
            name: [model.name, model.source, model.control_of]
            for name, model, _ in study.instances_for(dataset)
        },
        "simulated": study.dataset(dataset).simulated,
    }


def predictions(study: Study, dataset: str) -> Slice:
    """Return what decides what is predicted of the units of a dataset."""
    spec = study.dataset(dataset)
    return {
        "inference": _dump(study.spec.inference, exclude={"explain", "recovery"}),
        "transform": spec.transform,
        "units": None if spec.units is None else _dump(spec.units),
        "level": study.level(dataset),
        "models": {name: model.control_of for name, model, _ in study.instances_for(dataset)},
        "simulated": spec.simulated,
        "subjects": list(spec.subjects),
    }


def brain_topology(study: Study, dataset: str, subject: str) -> Slice:
    """Return what decides the topology of a subject's regions beside what was recorded."""
    spec = study.dataset(dataset)
    settings: Slice = {"topology": _topology(study), "seed": study.spec.inference.seed}
    if study.spec.topology is not None and study.spec.topology.of == "stimuli":
        settings["level"] = study.level(dataset)
        settings["transform"] = spec.transform
        settings["units"] = None if spec.units is None else _dump(spec.units)
        settings["number"] = spec.subjects.index(subject)
    return settings | {"axes": _axes(study, dataset)}


def model_topology(study: Study, dataset: str, _: str) -> Slice:
    """Return what decides the topology of a model's layers beside its activations."""
    return {
        "topology": _topology(study),
        "seed": study.spec.inference.seed,
        "level": study.level(dataset),
        "axes": _axes(study, dataset),
    }


def topology(study: Study, dataset: str) -> Slice:
    """Return what decides the tables of topology beside what is gathered."""
    return {
        "topology": _topology(study),
        "correction": study.spec.inference.correction,
        "subjects": list(study.dataset(dataset).subjects),
        "models": [name for name, _, _ in study.instances_for(dataset)],
        "simulated": study.dataset(dataset).simulated,
    }


def dynamics(study: Study, dataset: str) -> Slice:
    """Return what decides how the dynamics of a dataset's regions are compared."""
    spec, asked = study.dataset(dataset), study.spec.dynamics
    return {
        "dynamics": None if asked is None else _dump(asked),
        "seed": study.spec.inference.seed,
        "simulated": spec.simulated,
        "subjects": list(spec.subjects),
    }


def recover(study: Study, dataset: str) -> Slice:
    """Return what decides the recovery of a dataset beside its RDMs."""
    spec = study.dataset(dataset)
    other = {
        "explain",
        "prediction",
        "resamples",
        "permutations",
        "interval",
        "correction",
        "family",
    }
    return {
        "distances": list(study.spec.distances),
        "measures": list(study.spec.measures),
        "inference": _dump(study.spec.inference, exclude=other),
        "models": {
            name: [model.name, model.control_of] for name, model, _ in study.instances_for(dataset)
        },
        "simulated": spec.simulated,
        "level": study.level(dataset),
        "units": None if spec.units is None else _dump(spec.units),
    }


def summarise(study: Study) -> Slice:
    """Return what decides the summary over all datasets beside their comparisons."""
    spec = study.spec
    return {
        "areas": {area: list(members) for area, members in spec.areas.items()},
        "overlaps": {name: list(one.overlaps) for name, one in study.datasets.items()},
        "distances": list(spec.distances),
        "measures": list(spec.measures),
        "interval": spec.inference.interval,
        "correction": spec.inference.correction,
        "models": {
            name: [model.source, model.control_of, list(model.instances)]
            for name, model in study.models.items()
        },
    }


def figures(study: Study, dataset: str) -> Slice:
    """Return what decides the figures of a dataset: what is drawn is also described."""
    return {
        "study": _dump(study.spec, exclude={"areas"}),
        "dataset": _dump(study.dataset(dataset), exclude={"overlaps"}),
        "models": {name: _dump(model) for name, model in study.models.items()},
    }


def report(study: Study) -> Slice:
    """Return what decides the report: everything anybody wrote."""
    return {
        "study": _dump(study.spec),
        "datasets": {name: _dump(dataset) for name, dataset in study.datasets.items()},
        "models": {name: _dump(model) for name, model in study.models.items()},
    }


def text(settings: Slice) -> str:
    """Return a slice as one line of JSON that is equal where the settings are."""
    return json.dumps(settings, sort_keys=True, ensure_ascii=False)


def plain(settings: Slice) -> Slice:
    """Return a slice as it is after it was written and read: tuples are lists, keys are text."""
    found: Slice = json.loads(text(settings))
    return found


def key_of(settings: Slice) -> str:
    """Return twelve hexadecimal digits that are others for other settings."""
    return hashlib.sha256(text(settings).encode()).hexdigest()[:12]


def _lock_digest(file: Path) -> str:
    """Return the sha256 of what a lock pins, notes and order aside; '' when there is none."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    pinned = sorted(line for line in lines if line and not line.startswith("#"))
    return hashlib.sha256("\n".join(pinned).encode()).hexdigest()


def _hashes(study: Study, dataset: str, files: Sequence[Path]) -> dict[str, str]:
    """Return the sha256 of files of the user's, by their paths from the dataset's file."""
    folder = study.dataset_files[dataset].parent
    names = {file: file.relative_to(folder) if file.is_relative_to(folder) else file
             for file in files}  # fmt: skip
    return {name.as_posix(): digest_of(file) for file, name in names.items()}


def _distances(study: Study, side: int) -> list[str]:
    """Return the distances that brains (0) or models (1) are given, each once."""
    return list(dict.fromkeys(both(name)[side] for name in study.spec.distances))


def _topology(study: Study) -> Slice | None:
    return None if study.spec.topology is None else _dump(study.spec.topology)


def _axes(study: Study, dataset: str) -> list[list[Any]]:
    """Return the axes that stimuli lie on, which say what is shifted and what is decoded."""
    owner = study.dataset(study.stimulus_set(dataset))
    return [[one.column, one.period, one.within] for one in axes_of(owner.stimuli)]


def _dump(spec: Spec, exclude: set[str] | None = None, include: set[str] | None = None) -> Slice:
    return spec.model_dump(mode="json", exclude=exclude, include=include)

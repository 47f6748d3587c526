"""Recordings simulated from the layers of a study's models, at their place. Never real data."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isomorph.archives.manifest import describe_files, write_manifest
from isomorph.artefacts import read_array, replacing
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.saying import say
from isomorph.simulation.nwb_recording import STATEMENT, write_nwb
from isomorph.simulation.planted_subject import simulate
from isomorph.simulation.representations import root_of_gram
from isomorph.study.archive import SimulatedArchive

Array = npt.NDArray


def fetch(layout: Layout, dataset: str) -> None:
    """Simulate the recordings of a dataset, one NWB file per subject, and write its manifest.

    The same settings, seed and activations give the same bytes.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.

    Raises
    ------
    IsomorphError
        When a planted layer is not among a model's activations, or these are not what the study now
        says.
    """
    require(layout, "fetch", dataset)
    spec = layout.study.dataset(dataset)
    archive = spec.archive
    if not isinstance(archive, SimulatedArchive):
        raise IsomorphError(f"{dataset}: archive.kind is {archive.kind}, not simulated")
    features, stimuli = _planted_features(layout, dataset, archive)
    folder = layout.archive(dataset)
    files = []
    for number, subject in enumerate(spec.subjects):
        recording = simulate(archive, features, stimuli, [archive.seed, number])
        files.append(f"{subject}.nwb")
        with replacing(folder / files[-1]) as temporary:
            write_nwb(temporary, recording, dataset, subject, archive)
        say(
            f"fetch {dataset}: simulated {files[-1]}, {len(recording.name)} units, "
            f"{len(recording.schedule.onset)} trials, {len(recording.spike_times)} spikes"
        )
    signed = stamp(layout, "fetch", dataset, source=STATEMENT, seed=archive.seed)
    write_manifest(layout, dataset, folder, describe_files(folder, files), signed)


def ready(_layout: Layout, _dataset: str) -> tuple[str, None]:
    """Say what the recordings are."""
    return "simulated from the study's own models", None


def here(_layout: Layout, _dataset: str) -> None:
    """Tell nothing of recordings that are isomorph's own."""
    return


def _planted_features(
    layout: Layout, dataset: str, archive: SimulatedArchive
) -> tuple[dict[str, Array], Array]:
    """Return `(stimulus, component)` features per region and the ids of the stimuli."""
    features: dict[str, Array] = {}
    stimuli: dict[str, Array] = {}
    for region, planted in archive.regions.items():
        file = layout.activations(dataset, planted.model)
        activations = read_array(file, "activations")
        layers = [str(layer) for layer in activations["layer"].values]
        where = f"{layout.study.dataset_files[dataset]}: archive.regions.{region}.layer"
        if planted.layer not in layers:
            raise IsomorphError(
                f'{where}: "{planted.layer}" is not a layer of {planted.model} in {file}, '
                f"{did_you_mean(planted.layer, layers)}"
            )
        gram = activations["gram"].values[layers.index(planted.layer)].astype(np.float64)
        if not np.trace(gram) > 0:
            raise IsomorphError(
                f'{where}: "{planted.layer}" of {planted.model} is the same for every stimulus, '
                "so it has no geometry to plant"
            )
        features[region] = root_of_gram(gram)
        stimuli[planted.model] = activations["stimulus"].values.astype(np.str_)
    first, *others = stimuli
    for other in others:
        if not np.array_equal(stimuli[first], stimuli[other]):
            raise IsomorphError(
                f"{dataset}: the activations of {first} and {other} are of different stimuli; "
                "extract both again"
            )
    return features, stimuli[first]

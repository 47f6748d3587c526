"""The activations of one model instance for the stimuli of one dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from isomorph.artefacts import Provenance, Streamed, write_array
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.models import SOURCES, Request, mistakes_of, open_model
from isomorph.models.clips import refusal, taken
from isomorph.models.folded import FEATURES, Activations, as_dataset, facts_of
from isomorph.models.given.ready import ReadyRdms, ready_dataset
from isomorph.models.kept import rows_of
from isomorph.models.preprocessing import Shown
from isomorph.models.seeing import OpenModel
from isomorph.models.stored import StoredLayer
from isomorph.models.views import Listed
from isomorph.own import digest_of, own_files, seeded
from isomorph.stages.datasets import read_stimuli
from isomorph.stages.opened import own, recorded
from isomorph.stimuli.listed_images import list_clips, list_images
from isomorph.study import StudyError
from isomorph.study.film import FilmStimuli
from isomorph.study.stimuli import ImageStimuli


def run(layout: Layout, dataset: str, instance: str) -> None:
    """Write the activations of one model instance for the stimuli of one dataset.

    Parameters
    ----------
    layout : Layout
    dataset : str
        The stimuli are those this dataset uses.
    instance : str
        Model instance: the model's name, or `<name>-seed<seed>`.

    Raises
    ------
    IsomorphError
        When the instance, its source or one of its options is unknown, when stimuli are missing,
        when weights cannot be had or are not those that were asked for, when the dataset does not
        keep the clips that the model takes, or when no layer can be used.
    """
    require(layout, "activations", dataset, instance)
    spec, seed = layout.study.instance(instance)
    file = layout.study.model_files[spec.name]
    source = SOURCES[spec.source]
    if mistakes := mistakes_of(spec):
        raise StudyError(file, mistakes)
    table = read_stimuli(layout, dataset)
    request = Request(instance, spec, seed, layout.weights, file.parent)
    with recorded(listen=source.runs_code) as names:
        model = open_model(request)
    used = (
        *own_files(seeded(spec.source, seed), file.parent),
        *own(names, file.parent, layout.root),
    )
    hashes = {one: digest_of(one) for one in used}  # as they were when the network was built
    path = layout.activations(dataset, instance)
    found, attributes = model.see(
        table,
        None if model.preprocessing is None else _seen(layout, dataset, table, model),
        shown=shown_degrees(layout, dataset),
        where=f"{dataset}, {instance}",
        scratch=path.parent,
    )
    signed = stamp(
        layout,
        "activations",
        dataset,
        instance,
        source=f"{spec.source}, weights sha256 {found.attributes.get('weights_sha256') or 'none'}",
        seed=seed,
        noted={"preprocessing": model.settings},
        also=hashes,
        packages=[source.library] if source.library else [],
    )
    stimuli = [str(one) for one in table["stimulus"]]
    write(path, found, stimuli, attributes, signed, classifies=model.classifies)


def _seen(layout: Layout, dataset: str, table: pd.DataFrame, model: OpenModel) -> Listed:
    """List the images of a dataset, or the clips where the model takes time.

    Raises
    ------
    IsomorphError
        When the dataset does not keep such clips.
    """
    file = layout.stimuli(dataset)
    if model.clip is None:
        return list_images(table, file)
    owner = layout.study.stimulus_set(dataset)
    stimuli = layout.study.dataset(owner).stimuli
    if why := refusal(owner, stimuli, model.clip):
        raise IsomorphError(f"{model.request.instance}: {why}")
    assert isinstance(stimuli, FilmStimuli), "others were refused"
    assert stimuli.clips is not None, "so were films without clips"
    return taken(list_clips(table, file), stimuli.clips, model.clip)


def shown_degrees(layout: Layout, dataset: str) -> Shown | None:
    """Return how large the images of a dataset were shown; None where it does not say.

    Datasets that borrow stimuli share the model's activations with the owner, and so its size.
    """
    spec = layout.study.dataset(layout.study.stimulus_set(dataset)).stimuli
    if not isinstance(spec, ImageStimuli) or spec.degrees is None:
        return None
    return spec.degrees if isinstance(spec.degrees, tuple) else (spec.degrees, None)


def write(
    path: Path,
    activations: Activations | ReadyRdms,
    stimuli: list[str],
    attributes: dict[str, str | int],
    stamp: Provenance,
    *,
    classifies: bool = False,
) -> None:
    """Write activations as their artefact, and discard what they kept on disk.

    A model that comes as its RDMs alone is written as RDMs, as a brain is that does.

    Gram matrices and features that lie on disk pass through memory layer by layer; the former are
    written in single precision where that harms no distance.

    Parameters
    ----------
    path : Path
    activations : Activations
    stimuli, attributes, classifies
        See `isomorph.models.folded.as_dataset`.
    stamp : Provenance

    Raises
    ------
    IsomorphError
        When no layer is left, or the disk is full.
    """
    if isinstance(activations, ReadyRdms):
        write_array(path, ready_dataset(activations, stimuli, attributes), "rdms", stamp)
        return
    if activations.folder is None:
        data = as_dataset(activations, stimuli, attributes, classifies=classifies)
        write_array(path, data, "activations", stamp)
        return
    data = facts_of(activations, stimuli, attributes, classifies)
    layers = activations.layers
    grams = (layer.gram for layer in layers.values())
    single = all(isinstance(x, StoredLayer) and x.single_is_enough for x in layers.values())
    dtype = np.dtype(np.float32 if single else np.float64)
    streamed = {"gram": Streamed(("layer", "stimulus", "stimulus_b"), dtype, grams)}
    if "feature_layer" in data.coords:
        rows = rows_of(layers)
        streamed["features"] = Streamed(FEATURES, np.dtype(np.float32), rows, several=True)
    write_array(path, data, "activations", stamp, streamed)
    activations.discard()

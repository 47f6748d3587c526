"""The stage: the activations of one model instance for the stimuli of one dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from isomorph.artefacts import read_table
from isomorph.errors import IsomorphError, did_you_mean, how_to_install
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.models.entries import SOURCES
from isomorph.models.opened import own, recorded
from isomorph.models.source import Inputs, Source, Wanted
from isomorph.own import digest_of, own_files
from isomorph.study import ModelSpec, Preprocessing, StudyError
from isomorph.study.model import TABLE_SOURCES

if TYPE_CHECKING:
    from isomorph.models.network import Network


def mistakes_of(spec: ModelSpec, *, beside: Path | None = None) -> list[str]:
    """Return a sentence for each setting of a model that its source cannot use.

    Parameters
    ----------
    spec : ModelSpec
    beside : Path, optional
        Folder of the model's file. When given, the library itself is asked if it knows the model,
        which imports it, and files and functions of the user's own are looked for.

    Raises
    ------
    IsomorphError
        When the source itself is unknown.
    """
    source = SOURCES[spec.source]
    mistakes = list(_mistakes_of_options(spec, source))
    if not source.is_installed:
        mistakes.append(
            f"source: {spec.source} needs {source.library}, which is not installed; "
            f"{how_to_install(source.library)}"
        )
    elif beside is not None and source.check is not None:
        try:
            source.check(spec.source.partition("/")[2], beside)
        except IsomorphError as error:
            mistakes.append(f"source: {error}")
    return mistakes


def _mistakes_of_options(spec: ModelSpec, source: Source) -> list[str]:
    known = source.options
    says = source.preprocessing is not None or source.says_preprocessing
    if source.needs_images and spec.preprocessing is None and not says:
        return [f"preprocessing: is required, {spec.source} takes images"]
    if not source.needs_images and spec.preprocessing is not None:
        return [f"preprocessing: {spec.source} takes no images, leave it out"]
    if spec.source in TABLE_SOURCES and not spec.options.get("columns"):
        return [f"options.columns: {spec.source} needs columns of the stimulus table, a list"]
    if known is None:
        return []
    if not known and spec.options:
        names = ", ".join(map(str, spec.options))
        return [f"options: {spec.source} takes none, leave {names} out"]
    return [
        f"options.{name}: unknown key, {did_you_mean(str(name), known)}"
        for name in spec.options
        if name not in known
    ]


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
        when weights cannot be had or are not those that were asked for, or when no layer can be
        used.
    """
    from isomorph.models.activations import write
    from isomorph.models.extraction import extract
    from isomorph.models.preprocessing import Images, field_of_view
    from isomorph.models.reading import Reading

    require(layout, "activations", dataset, instance)
    spec, seed = layout.study.instance(instance)
    file = layout.study.model_files[spec.name]
    source = SOURCES[spec.source]
    if mistakes := mistakes_of(spec):
        raise StudyError(file, mistakes)
    stimuli = read_table(layout.stimuli(dataset), "stimuli")
    wanted = Wanted(instance, spec, seed, layout.weights, file.parent)
    with recorded(listen=source.runs_code) as names:
        network = source.network(wanted) if source.network else None
    used = (*own_files(spec.source, file.parent), *own(names, file.parent, layout.root))
    hashes = {one: digest_of(one) for one in used}  # as they were when the network was built
    preprocessing = _preprocessing(spec, source, network)
    images: Images | None = None
    seen = ""
    if preprocessing is not None:
        images = Images(layout, dataset, preprocessing)
        seen = field_of_view(preprocessing, images.shown, f"{dataset}, {instance}")
    names = [str(stimulus) for stimulus in stimuli["stimulus"]]
    path = layout.activations(dataset, instance)
    if network is not None:
        assert images is not None, "a network takes images"
        found = extract(
            network,
            images,
            spec.layers,
            where=instance,
            scratch=path.parent,
            batch_size=spec.batch_size,
            reading=Reading(spec.tokens, spec.pooling, spec.centre),
            spool=spec.spool,
            stimuli=names,
        )
    else:
        assert source.activations is not None, "a source runs a network or computes"
        pixels = np.zeros((len(stimuli), 3, 0, 0), dtype=np.float32)
        if images is not None:
            pixels = images[:]
        found = source.activations(
            Inputs(**vars(wanted), stimuli=stimuli, images=pixels, scratch=path.parent)
        )
    trained_on = spec.trained_on or (network.trained_on if network else "")
    as_settings = preprocessing.model_dump(mode="json") if preprocessing else {}
    attributes = {
        "model": instance,
        "title": spec.title,
        "source": spec.source,
        "trained_on": trained_on,
        "seed": "" if seed is None else seed,
        "weights_sha256": "",
        "weights_from": network.weights_from if network else "",
        "preprocessing": json.dumps(as_settings),
        "seen": seen,
        "input_sha256": images.sha256() if images is not None else "",
    }
    signed = stamp(
        layout,
        "activations",
        dataset,
        instance,
        source=f"{spec.source}, weights sha256 {found.attributes.get('weights_sha256') or 'none'}",
        seed=seed,
        noted={"preprocessing": as_settings},
        also=hashes,
        packages=[source.library] if source.library else [],
    )
    classifies = trained_on.startswith("ImageNet-1k")
    write(path, found, names, attributes, signed, classifies=classifies)


def _preprocessing(
    spec: ModelSpec, source: Source, network: Network | None
) -> Preprocessing | None:
    """Return how images enter: what the study says, else the network, else the source.

    Raises
    ------
    IsomorphError
        When none of them says.
    """
    if not source.needs_images:
        return None
    said = spec.preprocessing or (network.preprocessing if network else None)
    if found := said or source.preprocessing:
        return found
    raise IsomorphError(
        f"{spec.name}: {spec.source} does not say how images enter; write preprocessing (size, "
        "mean, std) into a file of the model"
    )

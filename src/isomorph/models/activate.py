"""From a model and images in hand to activations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.models.folded import as_dataset
from isomorph.models.given.ready import ReadyRdms, ready_dataset
from isomorph.models.libraries.tensors import digest_of_module
from isomorph.models.network import Network
from isomorph.models.preprocessing import Shown
from isomorph.models.seeing import OpenModel, open_model
from isomorph.models.source import Request
from isomorph.models.source_entries import SOURCES, mistakes_of
from isomorph.models.views import Listed, by_function, list_given
from isomorph.study import ModelSpec, Preprocessing, spec_from
from isomorph.study.model import named_by_source

if TYPE_CHECKING:
    import torch
    import xarray as xr


def activations(
    model: str | torch.nn.Module,
    images: Any = None,
    layers: str | Sequence[str] | None = "blocks",
    *,
    preprocessing: Preprocessing | Mapping[str, Any] | Callable[..., Any] | None = None,
    stimuli: Sequence[str] | None = None,
    table: pd.DataFrame | None = None,
    degrees: float | tuple[float, float] | None = None,
    seed: int | None = None,
    weights: Path | str = "data/weights",
    beside: Path | str = ".",
    **settings: Any,
) -> xr.Dataset:
    """Return what every layer of a model says about every image.

    Images pass through a network once; of each layer the Gram matrix over stimuli is kept, which
    is the layer up to rotation of its features, and the features themselves are not.

    Parameters
    ----------
    model : str or torch.nn.Module
        Name of any registered source (`timm/resnet18`, `untrained/resnet50`, `baseline/gabor`; see
        `isomorph.models.SOURCES`), or a network. A network is put into evaluation mode while it
        runs, and stays on the GPU when there is one.
    images : array of shape (stimulus, height, width[, channel]) or sequence
        An array of grey or RGB images, uint8 or floating-point in [0, 1] (rounded to 8 bits); or a
        list of files, Pillow images or arrays of any size. Left out where the stimulus table is
        enough (`baseline/category`). Clips, for a network whose preprocessing has `clip`, are
        (stimulus, time, height, width, channel), the frame that is the stimulus last.
    layers : str or sequence of str
        `blocks`, the repeated stages of a network and what stands before and after them; `all`; or
        patterns of layer names, in which `*` stops at a dot and `**` does not; None for all layers
        where they fit one batch or `spool_gb`, else the blocks. A baseline, which has no blocks,
        gives all its layers.
    preprocessing : Preprocessing, mapping or callable, optional
        How images enter: settings as in a model's file (`{"size": 224, "mean": ..., "std": ...}`),
        or, for a network, a function from a Pillow image to an array or tensor of shape (channel,
        height, width). A registered source takes what its library says unless given.
    stimuli : sequence of str, optional
        Names of the stimuli; those of the table, else of the files, else counted from 0.
    table : DataFrame, optional
        What describes the stimuli, a row for each, for baselines that take it.
    degrees : float or (float, float), optional
        Width, or width and height, of the images as they were shown, degrees of visual angle.
    seed : int, optional
        Seed of an untrained network; 0 unless given.
    weights : path
        Folder in which weights are kept once they were fetched.
    beside : path
        Folder of your own files that the model's name refers to (`onnx/net.onnx`).
    **settings
        Further settings of a model's file: `tokens`, `pooling`, `centre`, `batch_size`, `spool`,
        `sketch_width`, `spool_gb`, `options`; see `isomorph.study.ModelSpec`.

    Returns
    -------
    Dataset
        What activations files hold: `gram` of shape (layer, stimulus, stimulus_b), centred, with
        what undoes the centring (`mean_projection`, `mean_norm`, `stimulus_mean`), `spectrum`,
        `n_features` and further facts of each layer; `left_out` names layers that could not be
        used, with the reason. A model that comes as its RDMs alone gives these, as `isomorph.rdm`
        does.

    Raises
    ------
    IsomorphError
        When the source, a setting or a layer is unknown, an image cannot be read or is none,
        weights cannot be had, or no layer can be used.

    Examples
    --------
    >>> import numpy as np
    >>> from isomorph.models import activations
    >>> images = np.random.default_rng(0).random((5, 16, 16, 3))
    >>> found = activations("baseline/pixels", images, preprocessing={"size": 8})
    >>> dict(found.sizes)["stimulus"], found.layer.values.tolist(), int(found.n_features[0])
    (5, ['pixels'], 192)
    """
    listed = None if images is None else list_given(images, stimuli)
    table = _table(table, listed, stimuli)
    given = {"layers": layers, **settings}
    if isinstance(preprocessing, Mapping | Preprocessing):
        given["preprocessing"] = preprocessing
    elif isinstance(model, str) and preprocessing is not None:
        raise IsomorphError(
            f"preprocessing: {model} takes settings, a mapping with size, mean and std; functions "
            "are for networks of your own"
        )
    if isinstance(model, str):
        request = _request(model, given, seed, Path(weights), Path(beside))
        opening: AbstractContextManager[OpenModel] = nullcontext(open_model(request))
    else:
        opening = _opened_network(model, given, preprocessing)
    with opening as opened, TemporaryDirectory(prefix="isomorph-") as scratch:
        where = opened.request.instance
        found, attributes = opened.see(
            table, listed, shown=_shown(degrees), where=where, scratch=Path(scratch)
        )
        stimuli = [str(name) for name in table["stimulus"]]
        if isinstance(found, ReadyRdms):
            return ready_dataset(found, stimuli, attributes)
        return as_dataset(found, stimuli, attributes, classifies=opened.classifies)


def _table(
    table: pd.DataFrame | None, listed: Listed | None, stimuli: Sequence[str] | None
) -> pd.DataFrame:
    """Return the stimulus table with the names of the stimuli."""
    if table is None and listed is None:
        raise IsomorphError("give images, or a table of the stimuli for a baseline that takes one")
    if table is None:
        assert listed is not None, "one of them is given"
        return pd.DataFrame({"stimulus": [name for name, _ in listed]})
    if listed is not None and len(table) != len(listed):
        raise IsomorphError(f"table: {len(table)} rows for {len(listed)} images")
    if stimuli is None and "stimulus" in table:
        return table
    names = stimuli or [name for name, _ in listed or ()] or [str(one) for one in table.index]
    return table.assign(stimulus=list(names))


def _shown(degrees: float | Sequence[float] | None) -> Shown | None:
    """Return width and height of the images as shown."""
    if degrees is None:
        return None
    sides = [degrees] if isinstance(degrees, int | float) else list(degrees)
    if len(sides) not in (1, 2) or not all(0 < side < float("inf") for side in sides):
        raise IsomorphError(
            f"degrees: {degrees}, expected a width, or width and height, above 0 degrees"
        )
    return (sides[0], sides[1] if len(sides) == 2 else None)


def _request(
    source: str, given: Mapping[str, Any], seed: int | None, weights: Path, beside: Path
) -> Request:
    """Return what is asked for of a registered source."""
    SOURCES[source]  # refuses an unknown one
    named = named_by_source([source], [])[source]
    layers = given["layers"]
    if layers == "blocks" and SOURCES[source].network is None:
        layers = "all"
    own = named.model_dump(include={"name", "title", "source", "seeds"})
    content = {**given, **own, "layers": layers}
    if seed is not None:
        content["seeds"] = [seed]
    spec = spec_from(content, ModelSpec, source)
    if mistakes := mistakes_of(spec):
        raise IsomorphError("\n".join(f"{source}: {mistake}" for mistake in mistakes))
    instance, drawn = next(iter(spec.instances.items()))
    return Request(instance, spec, drawn, weights, beside)


@contextmanager
def _opened_network(
    module: torch.nn.Module, given: Mapping[str, Any], preprocessing: Any
) -> Iterator[OpenModel]:
    """Open a network of the caller's, whose modes are as they were in the end."""
    import torch

    if not isinstance(module, torch.nn.Module):
        raise IsomorphError(
            f"model: {type(module).__name__}, expected the name of a source or a torch module"
        )
    if preprocessing is None:
        raise IsomorphError(
            "preprocessing: say how images enter the network: a function from a Pillow image to "
            "(channel, height, width), or a mapping with size, mean and std"
        )
    name = type(module).__name__
    content = {**given, "name": name, "title": name, "source": f"network/{name}"}
    spec = spec_from(content, ModelSpec, name)
    network = Network(module, weights_sha256=digest_of_module(module), weights_from="the caller")
    enters = spec.preprocessing or by_function(preprocessing)
    modes = [(part, part.training) for part in module.modules()]
    try:
        module.eval()
        yield OpenModel(Request(name, spec, None, Path(), Path()), network, enters)
    finally:
        for part, training in modes:
            part.training = training

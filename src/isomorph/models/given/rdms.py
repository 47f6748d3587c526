"""Ready RDMs in a file: published ones of other models, or of people."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.models.given.files import (
    TABLE,
    file_of,
    options_of,
    place_of_seed,
    stated_order,
    stimuli_of,
)
from isomorph.models.given.ready import ReadyRdms
from isomorph.models.layers import select
from isomorph.models.source import Inputs
from isomorph.registry import Registry
from isomorph.responses.array_values import RSATOOLBOX, as_names
from isomorph.responses.named_arrays import Variables, read_variables
from isomorph.responses.rdms import SAID, read_vectors
from isomorph.responses.stacks import reordered
from isomorph.study.given import AS_GIVEN, RdmOptions

Vectors = NDArray[np.float64]
Layers = dict[str, Vectors]

LABELS = ("rdm_descriptors/layer", "rdm_descriptors/name", "layer", "layers", "labels")
"""What may name the RDMs of a stack, rsatoolbox's descriptors of RDMs first."""

NAMELESS = ("array", RSATOOLBOX)
"""Variables that name nothing: the file's name stands for them."""


def rdms(inputs: Inputs) -> ReadyRdms:
    """Return the RDMs of a file, checked and put in the order of the stimulus table.

    Each variable that holds RDMs of the stimuli, square or as upper triangles, is a layer; several
    in one variable are what `stack` says.

    Parameters
    ----------
    inputs : Inputs
        Named `rdms/<file>`.

    Raises
    ------
    IsomorphError
        When the file is not there, holds no RDM of these stimuli, or one that is not symmetric,
        lacks pairs, is negative, or whose order nothing says.
    """
    file, options = file_of(inputs), options_of(inputs, RdmOptions)
    variables, stimuli = read_variables(file), stimuli_of(inputs)
    options = options.model_copy(update={"distance": options.distance or _said(variables, file)})
    stated = stated_order(inputs, options)
    layers: Layers = {}
    holding = _holding(variables, options, len(stimuli))
    for name in holding:
        one = options.model_copy(update={"variable": name})
        _, vectors, order = read_vectors(file, one, None, stimuli, TABLE, stated)
        called = name if name and name not in NAMELESS else file.stem
        labels = _labels(variables, called, len(vectors))  # of all that have as many
        if len(holding) > 1 and labels[0] not in (called, f"{called}[1]"):
            labels = [f"{called}/{label}" for label in labels]
        vectors = reordered(vectors, order, stimuli)
        layers |= STACKS[options.stack](called, labels, vectors, inputs)
    chosen = select(list(layers), inputs.spec.layers or "all", inputs.instance)
    return ReadyRdms({name: layers[name] for name in chosen}, options.distance or AS_GIVEN)


def _said(variables: Variables, file: Path) -> str | None:
    """Return the distance that a file itself says its RDMs are of, None where it does not.

    Raises
    ------
    IsomorphError
        When it says a word that is used of several.
    """
    said = SAID.get(variables.measure.lower().replace("_", " "), ())
    if len(said) > 1:
        raise IsomorphError(
            f'{file}: says that its distance is "{variables.measure}", which may be '
            f"{', '.join(said[:-1])} or {said[-1]}; say which with options.distance"
        )
    return said[0] if said else None


def _holding(variables: Variables, options: RdmOptions, n_stimuli: int) -> list[str | None]:
    """Return the variables that hold RDMs; None for the only one there is."""
    if options.variable is not None or RSATOOLBOX in variables:
        return [options.variable]
    n_pairs = n_stimuli * (n_stimuli - 1) // 2
    square = (n_stimuli, n_stimuli)
    found: list[str | None] = [
        name
        for name, shape in variables.shapes.items()
        if math.prod(shape) and (square in (shape[-2:], shape[:2]) or n_pairs in shape[-2:])
    ]
    return found or [None]


def _labels(variables: Variables, name: str, n: int) -> list[str]:
    """Return what the RDMs of one variable are called: several by the file, or counted from 1."""
    if n == 1:
        return [name]
    for given in [*_of_structs(variables), *(variables[key] for key in LABELS if key in variables)]:
        names = as_names(given)
        if names is not None and len(set(names.tolist())) == n == len(names):
            return list(map(str, names))
    return [f"{name}[{number}]" for number in range(1, n + 1)]


def _of_structs(variables: Variables) -> Iterator[NDArray[Any]]:
    """Yield what struct arrays say under `name`, as authors of MATLAB's RSA toolbox name RDMs."""
    for name in variables:
        held = variables[name]
        if "name" in (held.dtype.names or ()):
            yield held["name"].ravel()


def _layers(_: str, labels: Sequence[str], vectors: Vectors, __: Inputs) -> Layers:
    """Each is a layer."""
    return dict(zip(labels, vectors, strict=True))


def _one_each(name: str, _: Sequence[str], vectors: Vectors, inputs: Inputs) -> Layers:
    """Each instance of the model takes its own."""
    return {name: vectors[place_of_seed(inputs, len(vectors), "RDMs")]}


def _mean(name: str, _: Sequence[str], vectors: Vectors, __: Inputs) -> Layers:
    """Their mean is the layer."""
    return {name: vectors.mean(axis=0)}


STACKS: Registry[Callable[[str, Sequence[str], Vectors, Inputs], Layers]] = Registry(
    "stack of RDMs", {"layers": _layers, "seeds": _one_each, "mean": _mean}
)
"""What several RDMs in one variable are, by the option `stack`."""

"""Responses and features of many stimuli in hand, in whatever form they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.inference.many_stimuli import MANY, ManyStimuli
from isomorph.inference.measured import ROW, about, each_subject, subject_of
from isomorph.measures import MEASURES, Floats
from isomorph.measures.tiled import TILED, kind_of
from isomorph.models.kept import kept_features
from isomorph.rdms.features import features_of_responses
from isomorph.rdms.layers_in_hand import features_in_order
from isomorph.rdms.paired import of_brain, of_layers
from isomorph.rdms.rdm import sessions_given
from isomorph.rdms.unnamed import UNNAMED, made_up_names
from isomorph.study import Inference


def n_stimuli_of(models: Mapping[str, Any]) -> int:
    """Return how many stimuli models in hand are of, by a layer; 0 where nobody can tell."""
    first: Any = next(iter(models.values()), None)
    if isinstance(first, Mapping) and not isinstance(first, xr.Dataset):
        first = next(iter(first.values()), None)
    if isinstance(first, xr.Dataset):
        return int(first.sizes.get("stimulus", 0))
    return len(first) if hasattr(first, "__len__") else 0


def refuse_unable(
    measures: Sequence[str], distances: Sequence[str], inference: Inference, n_stimuli: int
) -> None:
    """Refuse what asks for RDMs.

    Raises
    ------
    IsomorphError
    """
    without = f"of {n_stimuli} stimuli, more than {MANY}, no RDMs are made"
    able = [name for name, measure in MEASURES.items() if kind_of(measure)]
    if unable := [name for name in measures if name not in able]:
        raise IsomorphError(
            f"{', '.join(unable)}: {without}, and {', '.join(able)} alone do without"
        )
    parts = dict.fromkeys(part for name in distances for part in (of_brain(name), of_layers(name)))
    if unable := [name for name in parts if name not in TILED]:
        raise IsomorphError(
            f"{', '.join(unable)}: {without}, and distances without them are {', '.join(TILED)}"
        )
    if inference.selection.kind == "cluster":
        raise IsomorphError(f"kind: clusters of stimuli come from RDMs, and {without}")
    if inference.spread == "bootstrap":
        raise IsomorphError(
            f"spread: bootstrap computes measures of RDMs again, and {without}; leave it out"
        )


Part = tuple[str, xr.Dataset, dict[str, dict[str, Floats]]]
"""What it is called in messages; its stimuli, with the coordinate `ROW`; and arrays `(stimulus,
...)`, of regions by subject or of layers by model."""


def parts_given(brain: Any, models: Mapping[str, Any]) -> Iterator[Part]:
    """Yield responses of every subject, then features of every model.

    Parameters
    ----------
    brain, models
        See `isomorph.inference.measured.Measured`.

    Raises
    ------
    IsomorphError
        When these are no responses or no features.
    """
    for what, one, region, number in each_subject(brain):
        with about(what):
            sessions, said, shown = sessions_given(one, None, region, None)
            subject = subject_of(sessions, number)
            found = features_of_responses(sessions, shown, subject=subject)
            if any(own.means.ndim > 2 for own in found.values()):
                raise IsomorphError(
                    f"x: has time bins, and of more than {MANY} stimuli one window is compared at "
                    "a time; select one, such as .isel(time=0)"
                )
            arrays = {name: {subject: _single(own.means)} for name, own in found.items()}
            yield what, _stimuli(shown, said), arrays
    for name, given in models.items():
        with about(what := f'model "{name}"'):
            order, layers = _layers(given, name)
            names = order or made_up_names(len(next(iter(layers.values()))))
            arrays = {name: {layer: _single(values) for layer, values in layers.items()}}
            yield what, _stimuli(names, UNNAMED if order is None else ""), arrays


def _layers(given: Any, name: str) -> tuple[list[str] | None, dict[str, Floats]]:
    if not isinstance(given, xr.Dataset):
        return features_in_order(given, name, None)
    if not (layers := kept_features(given)):
        raise IsomorphError(
            f"x: no features were kept, and of more than {MANY} stimuli they are what is compared; "
            'give isomorph.activations(..., features="all")'
        )
    return list(map(str, given["stimulus"].values.tolist())), layers


def _single(values: Floats) -> Floats:
    return values.astype(np.float32)


def _stimuli(names: Sequence[str], said: str) -> xr.Dataset:
    """Return stimuli that can be lined up, and remember where they stood."""
    coordinates = {
        "stimulus": np.asarray(names, dtype=object), ROW: ("stimulus", np.arange(len(names)))
    }  # fmt: skip
    return xr.Dataset(coords=coordinates, attrs={said: 1} if said else {})


def joined_parts(parts: Sequence[Part], lined: Sequence[xr.Dataset]) -> ManyStimuli:
    """Return all responses and features over the same stimuli.

    Parameters
    ----------
    parts : sequence of Part
    lined : sequence of Dataset
        The stimuli of each, brought into the same order.

    Raises
    ------
    IsomorphError
        When two are of the same region and subject.
    """
    brain: dict[str, dict[str, Floats]] = {}
    layers: dict[str, dict[str, Floats]] = {}
    for (what, _, arrays), stimuli in zip(parts, lined, strict=True):
        rows = stimuli[ROW].values
        for name, own in arrays.items():
            into = (brain if what.startswith("brain") else layers).setdefault(name, {})
            for key, values in own.items():
                if key in into:
                    raise IsomorphError(f'{what}: "{name}" of "{key}" comes twice, expected once')
                into[key] = values[rows]
    return ManyStimuli(brain, layers)

"""Responses and features in hand, for comparisons that take these in place of RDMs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.inference.featured import GRAM, Features
from isomorph.inference.given import is_numbers, joined
from isomorph.measures import Floats
from isomorph.models.kept import kept_features
from isomorph.rdms.features import features_of_responses
from isomorph.rdms.layers_in_hand import features_in_order
from isomorph.rdms.lined_up import names_of
from isomorph.rdms.paired import of_brains, of_layers
from isomorph.rdms.rdm import is_recording, rdm, sessions_given
from isomorph.rdms.unit_responses import UnitResponses
from isomorph.responses.times import times_of

ROW = "row"
"""Coordinate of stimuli that says where features stand, whatever order RDMs are brought into."""

Regions = dict[str, dict[str, UnitResponses]]


class Measured:
    """Responses and features with the RDMs of them.

    Parameters
    ----------
    brain
        Responses of one subject, in any form that `isomorph.rdm` takes; a list of these, one per
        subject; or a mapping of regions to either.
    models
        A mapping of models to a mapping of layers to arrays of shape (stimulus, ...), to one such
        array, or to what `isomorph.activations` gives.
    distances : sequence of str
        Those of the RDMs, beside `GRAM`; of two the name of both.

    Attributes
    ----------
    of_brain, of_layers : list of str
        The distances of either.
    rdms : list of Dataset
        Of the brain, then of every model, each with the coordinate `ROW`.

    Raises
    ------
    IsomorphError
        When these are no responses or no features.
    """

    def __init__(self, brain: Any, models: Any, distances: Sequence[str]) -> None:
        self.of_brain, self.of_layers = of_brains(distances), [*map(of_layers, distances)]
        parts = list(_parts(brain, _with_gram(self.of_brain)))
        whole = joined([data for data, _ in parts], "brain")
        self._regions = _lined(parts, whole)
        self._layers, layers = {}, []
        for name, given in models.items():
            data, self._layers[name] = _model(name, given, _with_gram(self.of_layers))
            layers.append(data)
        self.rdms = [
            one.assign_coords({ROW: ("stimulus", np.arange(one.sizes["stimulus"]))})
            for one in (whole, *layers)
        ]

    def features(self, lined: Sequence[xr.Dataset]) -> Features:
        """Return the features over the stimuli of the RDMs, which may have been brought in order.

        Parameters
        ----------
        lined : sequence of Dataset
            `rdms`, over the same stimuli.
        """
        brain, *layers = lined
        rows = brain[ROW].values
        regions = {
            region: {subject: _ordered(one, rows) for subject, one in own.items()}
            for region, own in self._regions.items()
        }
        models = {}
        for data in layers:
            name = str(data["model"].item())
            if own := self._layers[name]:
                models[name] = {layer: x[data[ROW].values] for layer, x in own.items()}
        times = times_of(brain) if "time" in brain.dims else None
        return Features.of(regions, layers, models, times)


def _with_gram(distances: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*distances, GRAM]))


def plain(data: xr.Dataset, distances: Sequence[str]) -> xr.Dataset:
    """Return RDMs without what they were given for features alone."""
    gone = [] if GRAM in distances else [
        name for name in data.data_vars if str(name) == GRAM or str(name).startswith(f"{GRAM}_")
    ]  # fmt: skip
    return data.drop_vars([*gone, ROW])


def _parts(given: Any, distances: Sequence[str]) -> Iterator[tuple[xr.Dataset, Regions]]:
    """Yield RDMs and responses of every subject, of every region where they come by region."""
    for what, one, region, number in each_subject(given):
        with about(what):
            yield _subject(one, distances, region, number)


def each_subject(
    given: Any, region: str | None = None
) -> Iterator[tuple[str, Any, str | None, int]]:
    """Yield the responses of every subject, of every region where they come by region.

    Parameters
    ----------
    given
        Responses, see `Measured`.
    region : str or None
        Of which they are, where they came by region.

    Yields
    ------
    what : str
        What they are called in messages.
    one
        Responses of one subject, in any form that `isomorph.rdm` takes.
    region : str or None
    number : int
        Of the subject, from 1.

    Raises
    ------
    IsomorphError
        When these are no responses.
    """
    if isinstance(given, Mapping) and not is_recording(given):
        if region is not None or isinstance(given, xr.Dataset):
            what = "brain" if region is None else f'brain "{region}"'
            raise IsomorphError(
                f"{what}: holds {', '.join(map(str, given))}, expected responses: an array, a "
                "recording, or a list of these, one per subject"
            )
        for name, one in given.items():
            yield from each_subject(one, str(name))
        return
    many = isinstance(given, list | tuple) and not is_numbers(given)
    what = "brain" if region is None else f'brain "{region}"'
    for at, one in enumerate(given if many else [given]):
        yield f"{what}[{at}]" if many else what, one, region, at + 1


def _subject(
    given: Any, distances: Sequence[str], region: str | None, number: int
) -> tuple[xr.Dataset, Regions]:
    """Return the RDMs and the responses of one subject."""
    sessions, _, order = sessions_given(given, None, region, None)
    subject = subject_of(sessions, number)
    data = rdm(given, distances, region=region, subject=subject)
    found = features_of_responses(sessions, order, subject=subject, repetitions=True)
    return data, {name: {subject: one} for name, one in found.items()}


def subject_of(sessions: Mapping[str, xr.Dataset], number: int) -> str:
    """Return what a recording calls its subject, else its number."""
    said = (one.attrs["subject"] for one in sessions.values() if "subject" in one.attrs)
    return str(next(said, number))


def _lined(parts: Sequence[tuple[xr.Dataset, Regions]], whole: xr.Dataset) -> Regions:
    """Return responses by region and subject over the stimuli of all RDMs together."""
    order = list(map(str, whole["stimulus"].values.tolist()))
    found: Regions = {}
    for data, regions in parts:
        names = names_of(data)
        rows = np.arange(len(order)) if names is None else np.array(
            [names.index(one) for one in order]
        )  # fmt: skip
        for region, own in regions.items():
            for subject, one in own.items():
                found.setdefault(region, {})[subject] = _ordered(one, rows)
    return found


def _ordered(one: UnitResponses, rows: NDArray[np.intp]) -> UnitResponses:
    single = None if one.repetitions is None else one.repetitions[rows]
    return replace(one, means=one.means[rows], repetitions=single)


def _model(name: str, given: Any, distances: Sequence[str]) -> tuple[xr.Dataset, dict[str, Floats]]:
    """Return the RDMs and the features of the layers of one model."""
    with about(f'model "{name}"'):
        data = rdm(given, distances, model=name)
    if isinstance(given, xr.Dataset):
        return data, kept_features(given)
    _, layers = features_in_order(given, name, None)
    return data, layers


def models_by_name(given: Any) -> dict[str, Any]:
    """Return models by name, of which one may come without a mapping, as its activations.

    Raises
    ------
    IsomorphError
        When they are not by name and do not say theirs.
    """
    every = given if isinstance(given, list | tuple) else [given]
    if all(isinstance(one, xr.Dataset) for one in every):
        named = {str(one.attrs.get("model", "model")): one for one in every}
        if len(named) < len(every):
            raise IsomorphError("models: two have one name; give a mapping of names to models")
        return named
    if not isinstance(given, Mapping):
        raise IsomorphError(
            f"models: is {type(given).__name__}, expected a mapping of models to their layers, or "
            "what isomorph.activations gives"
        )
    if not given:
        raise IsomorphError("models: there are none, expected at least one")
    return {str(name): one for name, one in given.items()}


@contextmanager
def about(what: str) -> Iterator[None]:
    """Say of whom responses or features cannot be had."""
    try:
        yield
    except IsomorphError as error:
        raise IsomorphError(f"{what}: {str(error).removeprefix('x: ')}") from error

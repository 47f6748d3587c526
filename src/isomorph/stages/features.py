"""The features of a dataset's regions and of the models, read for measures that ask for them."""

from __future__ import annotations

import xarray as xr

from isomorph.artefacts import artefact_kind, read_array, read_responses
from isomorph.inference.featured import GRAM, Features, takes_features
from isomorph.layout import Layout
from isomorph.measures import MEASURES, Floats
from isomorph.models.kept import kept_features
from isomorph.rdms.collecting import model_rdms
from isomorph.rdms.features import features_of_responses
from isomorph.rdms.fold_geometry import geometry_of_layer
from isomorph.rdms.layered import rdms_of_layer
from isomorph.rdms.level import Level, averaged, averaging
from isomorph.rdms.unit_responses import UnitResponses
from isomorph.responses.times import common_times
from isomorph.stages.levels import read_level
from isomorph.stages.recorded import compared_sessions


def read_features(layout: Layout, dataset: str) -> Features | None:
    """Read what measures of a study compare that no RDM is enough for.

    Parameters
    ----------
    layout : Layout
    dataset : str

    Returns
    -------
    Features or None
        None where no measure asks for them, or the dataset comes as RDMs.

    Raises
    ------
    IsomorphError
        When units cannot be chosen as the dataset's file asks, or a file is not whole.
    """
    measures = [MEASURES[name] for name in layout.study.spec.measures]
    asking = [measure for measure in measures if takes_features(measure)]
    if not asking:
        return None
    single = any("repetitions" in measure.needs for measure in asking)
    return features_of(layout, dataset, repetitions=single)


def features_of(layout: Layout, dataset: str, *, repetitions: bool) -> Features | None:
    """Read the responses of units, and of layers their Gram matrices and the features kept.

    Parameters
    ----------
    layout : Layout
    dataset : str
    repetitions : bool
        Whether single repetitions are wanted beside the means.

    Returns
    -------
    Features or None
        None where the dataset comes as RDMs.
    """
    files = [layout.responses(dataset, one) for one in layout.study.dataset(dataset).subjects]
    if all(artefact_kind(file) == "rdms" for file in files):
        return None
    level = read_level(layout, dataset)
    regions, times = _of_brain(layout, dataset, level, repetitions=repetitions)
    layers, models = [], {}
    for instance, _, _ in layout.study.instances_for(dataset):
        file = layout.activations(dataset, instance)
        if artefact_kind(file) == "rdms":
            continue  # a model that has no features
        activations = read_array(file, "activations")
        layers.append(_grams(activations, instance, level))
        if kept := kept_features(activations):
            mean = averaging(activations["stimulus"].values.tolist(), level)
            models[instance] = kept if level.is_single else {
                layer: mean @ values for layer, values in kept.items()
            }  # fmt: skip
    return Features.of(regions, layers, models, times)


def _of_brain(
    layout: Layout, dataset: str, level: Level, *, repetitions: bool
) -> tuple[dict[str, dict[str, UnitResponses]], Floats | None]:
    """Return the features by region and subject, and the time bins if there are any."""
    spec = layout.study.dataset(dataset)
    every: dict[str, xr.Dataset] = {}
    found: dict[str, dict[str, UnitResponses]] = {}
    for number, subject in enumerate(spec.subjects):
        file = layout.responses(dataset, subject)
        if artefact_kind(file) == "rdms":
            continue
        recorded = read_responses(file)
        every |= {
            f"{file}: session {name}": one.drop_vars("response") for name, one in recorded.items()
        }
        sessions, _ = compared_sessions(layout, dataset, subject, recorded, level)
        of_subject = features_of_responses(
            sessions, level.names, subject=subject, transform=spec.transform, units=spec.units,
            number=number, repetitions=repetitions,
        )  # fmt: skip
        for region, responses in of_subject.items():
            found.setdefault(region, {})[subject] = responses
    times = common_times(every)
    return found, times if times is not None and times.ndim == 2 else None


def _grams(activations: xr.Dataset, instance: str, level: Level) -> xr.Dataset:
    """Return RDMs that hold the Gram matrix of every layer of a model."""
    rows = [
        row
        for place, layer in enumerate(activations["layer"].values.tolist())
        for row in rdms_of_layer(
            layer,
            geometry_of_layer(averaged(activations.isel(layer=place), level)),
            [GRAM],
            int(activations["depth"][place]),
        )
    ]
    return model_rdms(instance, rows, level.names)

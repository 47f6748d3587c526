"""Prediction of responses in hand: `predict`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.catalogue import ordered
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.inference.analysis import Analysis
from isomorph.inference.featured import GRAM, Features
from isomorph.inference.given import joined
from isomorph.inference.given_controls import Names, families_of
from isomorph.inference.given_stimuli import Table, lined_up
from isomorph.inference.keywords import inference_of
from isomorph.inference.predict import prediction_tables
from isomorph.inference.result import Result
from isomorph.rdms.collection import distances_of
from isomorph.rdms.features import features_of_responses
from isomorph.rdms.lined_up import names_of
from isomorph.rdms.named import labels, one_name, several
from isomorph.rdms.rdm import rdm, sessions_given
from isomorph.rdms.unit_responses import UnitResponses
from isomorph.responses.times import common_times


def predict(
    responses: Any,
    models: Any,
    method: Names = "ridge",
    *,
    stimuli: Table | None = None,
    region: str | Sequence[str] | None = None,
    untrained: Mapping[str, Names] | None = None,
    dataset: str = "",
    **settings: Any,
) -> Result:
    """Return how well layers predict single units on stimuli they were not fitted on.

    Parameters
    ----------
    responses
        Of one subject in any form that `isomorph.rdm` takes: an array of shape (stimulus, unit) or
        (repetition, stimulus, unit), an `xarray.DataArray`, or a recording; or a list of several
        subjects, or a mapping of their names to these.
    models
        A mapping of models to a mapping of layers to features (stimulus, feature), or to the
        features of one layer, to what `isomorph.activations` gave, or to RDMs of
        `squared_euclidean` as `isomorph.rdm` gives them.
    method : str or sequence of str, optional
        `ridge`, `ridge_reverse`, which predicts layers from regions, `pls` or `stitching`, both
        of which may say their number of components: `pls(10)`.
    stimuli : DataFrame or sequence of str, optional
        Names of the rows of arrays; of a table its column `stimulus`, whose other columns
        `keep_together` may name.
    region : str or sequence of str, optional
        The region of all units of an array, or of each.
    untrained, dataset
        See `isomorph.compare`.
    **settings
        As `inference.prediction` in a study file, `bands`, `folds`, `penalties`, `inner`,
        `minimum_reliability`, `resamples`, `permutations`, and as `inference`, see
        `isomorph.compare`.

    Returns
    -------
    Result
        `table`, which is `predictions`: a row per region, model, layer and method, and of each
        model at the layers chosen for it; `units`; `prediction_differences`; and, of models named
        by `bands`, `prediction_partition`, what each adds alone and what they share. The columns
        are those of the pipeline's tables.

    Raises
    ------
    IsomorphError
        When responses or features are not what they should be, are of different stimuli, or no
        unit can be predicted.

    References
    ----------
    Naselaris et al. 2011, https://doi.org/10.1016/j.neuroimage.2010.07.073

    Examples
    --------
    >>> import numpy as np, isomorph as iso
    >>> rng = np.random.default_rng(0)
    >>> low, high = rng.standard_normal((2, 60, 10))
    >>> units = high @ rng.standard_normal((10, 5)) + rng.standard_normal((60, 5))
    >>> found = iso.predict(units, {"net": {"low": low, "high": high}}, permutations=20)
    >>> found.table.set_index("kind").loc["chosen", "layer"]
    'high'
    """
    one_name(dataset, "dataset")
    methods = several(method, "method")
    if "methods" in settings:
        raise IsomorphError("predict: methods are named by method=...")
    inference = inference_of("predict", {**settings, "methods": methods}, "prediction")
    names = None if stimuli is None else labels(stimuli, "stimuli")
    subjects = _subjects(responses)
    _refuse_regions(subjects)
    brains = {
        name: rdm(one, GRAM, stimuli=names, region=region, subject=name)
        for name, one in subjects.items()
    }
    layers = _layers(models, names)
    table = stimuli
    if isinstance(stimuli, pd.DataFrame):
        table = stimuli.assign(stimulus=names).drop_duplicates("stimulus")
    elif names is not None:
        table = list(dict.fromkeys(names))
    brain = joined(list(brains.values()), "responses")
    lined, (_, *models_lined) = lined_up([brain, *layers], table)
    regions: dict[str, dict[str, UnitResponses]] = {}
    sessions: dict[str, xr.Dataset] = {}
    for name, one in subjects.items():
        recorded, _, own = sessions_given(one, names, region, None)
        order = own if names_of(brains[name]) is None else lined["stimulus"].tolist()
        found = features_of_responses(recorded, order, subject=name, repetitions=True)
        for where, units in found.items():
            regions.setdefault(where, {})[name] = units
        sessions |= {f"{name} {session}": data for session, data in recorded.items()}
    families = families_of([str(one["model"].item()) for one in layers], untrained or {})
    _refuse_bands(inference.prediction.bands, [one.name for one in families])
    times = common_times(sessions)
    binned = times is not None and times.ndim == 2
    analysis = Analysis(
        brain, (),
        families,
        lined, (), methods, inference, dataset, where="predict",
        features=Features.of(regions, models_lined, times=times if binned else None),
    )  # fmt: skip
    tables = {kind: ordered(one, kind) for kind, one in prediction_tables(analysis).items()}
    return Result("predictions", tables, inference, tuple(analysis.families))


def _refuse_bands(bands: Sequence[str], models: Sequence[str]) -> None:
    """Refuse models that are to predict together and are not there, or one alone."""
    for name in bands:
        if name not in models:
            raise IsomorphError(f'bands: no model "{name}", {did_you_mean(name, models)}')
    if len(bands) == 1:
        raise IsomorphError("bands: one model shares with no other, expected two to four")


def _refuse_regions(subjects: Mapping[str, Any]) -> None:
    """Refuse lists of subjects, which a mapping of regions would hold: it takes one region."""
    for name, one in subjects.items():
        if isinstance(one, list | tuple) and len(one) and np.ndim(one[0]) > 1:
            raise IsomorphError(
                f'responses: "{name}" holds a list of {len(one)} arrays, expected the responses of '
                "one subject; a mapping names subjects, and region= says the region of each unit"
            )


def _subjects(given: Any) -> dict[str, Any]:
    """Return the responses of each subject by name; a recording is of one."""
    if isinstance(given, Mapping) and not isinstance(given, xr.Dataset):
        recorded = all(isinstance(one, xr.Dataset) and "response" in one for one in given.values())
        found = {"1": given} if recorded else {str(name): one for name, one in given.items()}
    elif isinstance(given, list | tuple):
        found = {str(number): one for number, one in enumerate(given, start=1)}
    else:
        found = {"1": given}
    if not found:
        raise IsomorphError("responses: there are none, expected those of one subject at least")
    return found


def _layers(given: Any, names: list[str] | None) -> list[xr.Dataset]:
    """Return RDMs that hold the Gram matrices of the layers of every model."""
    if not isinstance(given, Mapping) or isinstance(given, xr.Dataset):
        given = {str(given.coords["model"].item()) if _named(given) else "model": given}
    if not given:
        raise IsomorphError("models: there are none, expected at least one")
    unique = None if names is None else list(dict.fromkeys(names))
    return [_model(str(name), one, unique) for name, one in given.items()]


def _named(given: Any) -> bool:
    return isinstance(given, xr.Dataset) and "model" in given.coords


def _model(name: str, given: Any, names: list[str] | None) -> xr.Dataset:
    if isinstance(given, xr.Dataset) and "layer" in given.dims and distances_of(given):
        if GRAM not in distances_of(given):
            raise IsomorphError(
                f'model "{name}": holds RDMs of {", ".join(distances_of(given))}, from which '
                f"nothing can be predicted; give features, or RDMs of {GRAM}"
            )
        return given.assign_coords(model=name)
    return rdm(given, GRAM, model=name, stimuli=names)

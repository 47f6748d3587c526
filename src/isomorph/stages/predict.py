"""The stage `predict`: single units from layers, and layers from regions, on held-out stimuli."""

from __future__ import annotations

import xarray as xr

from isomorph.catalogue import is_asked
from isomorph.errors import IsomorphError
from isomorph.inference.analysis import Analysis
from isomorph.inference.predict import prediction_tables
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.saying import say
from isomorph.stages.common import followed, model_families, write_tables
from isomorph.stages.features import features_of
from isomorph.stages.levels import compared_axes, compared_stimuli


def run(layout: Layout, dataset: str) -> None:
    """Predict the units of a dataset from the layers of its models.

    Writes `predictions.csv`, `units.csv`, `prediction_differences.csv` and
    `prediction_partition.csv`.

    Raises
    ------
    IsomorphError
        When the study names no method and no bands, a method is not known, or files are not what
        the study now says.
    """
    if not is_asked(layout.study, "predict", dataset):
        raise IsomorphError(
            f"{layout.study.path}: inference.prediction: names no methods and no bands; name one, "
            "such as ridge"
        )
    require(layout, "predict", dataset)
    study, inference = layout.study, layout.study.spec.inference
    instances = [name for name, _, _ in study.instances_for(dataset)]
    stimuli = compared_stimuli(layout, dataset)
    analysis = Analysis(
        brain=xr.Dataset(),
        models=(),
        families=model_families(study, instances),
        stimuli=stimuli,
        distances=(),
        measures=inference.prediction.methods,
        inference=inference,
        dataset=dataset,
        simulated=study.dataset(dataset).simulated,
        where=str(study.path),
        said=lambda what: say(f"predict: {dataset}: {what}"),
        features=features_of(layout, dataset, repetitions=True),
        axes=compared_axes(layout, dataset, stimuli),
    )
    noted = {"methods": list(inference.prediction.methods), **followed(analysis)}
    signed = stamp(layout, "predict", dataset, seed=inference.seed, noted=noted)
    write_tables(layout, dataset, prediction_tables(analysis), signed)

"""Regions against models, from RDMs in hand: `compare`, `select_layer` and `noise_ceiling`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from isomorph.catalogue import ordered
from isomorph.inference.asking import NO_MODELS, Distances, analysis_of
from isomorph.inference.ceilings import ceiling
from isomorph.inference.comparing import asked, comparison_tables, regions_asked
from isomorph.inference.given_controls import Names
from isomorph.inference.given_stimuli import Table
from isomorph.inference.keywords import inference_of
from isomorph.inference.result import Result
from isomorph.rdms.paired import of_brains


def compare(
    brain: Any,
    models: Any,
    measure: Names = "rho_a",
    *,
    distance: Distances | None = None,
    stimuli: Table | None = None,
    untrained: Mapping[str, Names] | None = None,
    features: bool = False,
    dataset: str = "",
    **settings: Any,
) -> Result:
    """Compare regions with every layer of every model: how alike, how surely, against what.

    Parameters
    ----------
    brain
        RDMs of regions: what `isomorph.rdm` gives, or a list of it, one per subject; an array of
        shape (pair,), (stimulus, stimulus), or with the subjects before these; RDMs of
        rsatoolbox; or a mapping of regions to any of these.
    models
        RDMs of layers: a mapping of models to what `isomorph.rdm` gives, to an array of one or of
        several layers, to RDMs of rsatoolbox, or to a mapping of layers to RDMs. RDMs of regions
        stand for layers too.
    measure : str or sequence of str, optional
        Names in `isomorph.MEASURES`, where a parameter may stand in the name: `mutual_knn(5)`;
        `isomorph list measures` says what each asks and needs, `isomorph list measures rho_a` the
        formula of one and when not to use it, as do `iso.MEASURES["rho_a"].definition` and
        `.avoid`. Those of high cost are computed anew for every stimulus left out and for
        `costly_permutations` orders of the stimuli; where that takes long, a line on the standard
        error stream says how long.
    distance : str, mapping of `brain` and `model` to str, or sequence of these, optional
        Under which distances to compare; all that `brain` has unless given. One for each side,
        `{"brain": "correlation", "model": "euclidean"}`, is called `correlation~euclidean` in the
        tables, whose columns `distance_brain` and `distance_model` name both. Of RDMs without a
        name, such as arrays, it says which distance they hold. Measures that take Gram matrices,
        such as `procrustes` or `cka`, need one that holds them, such as `squared_euclidean` or
        `correlation`. With `features`, see there.
    stimuli : DataFrame or sequence of str, optional
        The stimuli: a table with the column `stimulus` and whatever settings ask for, such as
        `category`, or their names.
    untrained : mapping of str to str or sequence of str, optional
        Trained models with their untrained controls among the models; gives the table
        `contrasts`.
    features : bool, optional
        Whether `brain` and `models` are responses and features in place of RDMs. Measures that
        need features or repetitions, such as `ridge`, `cka_feature_corrected` or
        `stochastic_shape`, ask for that; any others may stand beside them. `brain` is then what
        `isomorph.rdm` takes of one subject, a list of it, one per subject, or a mapping of regions
        to either; `models` a mapping of models to what `isomorph.rdm` takes of the layers of one,
        which have one response to each stimulus and no repetitions. In the tables measures of
        features stand under the distance `features`. For the others RDMs are made, of each
        `distance` that is named; unless one is, of `squared_euclidean` if all of them take Gram
        matrices, else of `correlation` for all. Of more than 3000 stimuli none are made: values,
        standard errors and p of `pearson`, `spearman`, `rho_a`, `cosine`, the whitened measures,
        `cka`, `cka_biased` and `distance_correlation` are found from the features, under the
        distances `correlation`, `cosine`, `squared_euclidean` and `euclidean`, to 1e-5. Nothing is
        shuffled then: Holm's correction stands for `max_t`, `calibrated` is missing, and regions
        are not compared with each other.
    dataset : str, optional
        What the tables call the data. Draws depend on it.
    **settings
        As `inference` in a study file: `resamples`, `permutations`, `costly_permutations`,
        `interval`, `minimum_subjects`, `sides`, `tail`, `correction`, `family`, `keep_together`,
        `selection`, `seed`.

    Returns
    -------
    Result
        `table`: a row per region, layer, distance and measure, with the columns of the pipeline's
        `comparisons.csv`. Beside it `subjects`, `selection`, `layers_in_set`, `differences`,
        `contrasts`, `regions`, `preferences`, `agreement` (of several measures or distances: do
        they put models and layers in one order?) and `ceiling`.

    Raises
    ------
    IsomorphError
        When anything is not an RDM, RDMs are over different stimuli, or a name is not known.

    References
    ----------
    Nili et al. 2014, https://doi.org/10.1371/journal.pcbi.1003553

    Examples
    --------
    >>> import numpy as np, isomorph as iso
    >>> rng = np.random.default_rng(0)
    >>> shallow, deep = rng.standard_normal((2, 20, 50))
    >>> models = {"net": iso.rdm({"shallow": shallow, "deep": deep})}
    >>> brain = [iso.rdm(deep + rng.standard_normal(deep.shape), subject=s) for s in "abc"]
    >>> found = iso.compare(brain, models, resamples=100, permutations=99)
    >>> found.table[["layer", "estimate", "p_corrected"]].round(2)
         layer  estimate  p_corrected
    0  shallow     -0.05         0.99
    1     deep      0.42         0.01

    Of measures that no RDM is enough for, from responses and features:

    >>> deep = rng.standard_normal((20, 3)) @ rng.standard_normal((3, 60))
    >>> brain = [deep[:, :30] + rng.standard_normal((20, 30)) for _ in range(3)]
    >>> found = iso.compare(
    ...     brain, {"net": {"deep": deep}}, "cka_feature_corrected", features=True,
    ...     resamples=100, permutations=99,
    ... )
    >>> bool(found.table["estimate"].item() > 0.9)
    True
    """
    inference = inference_of("compare", settings)
    return _compared(
        "comparisons", brain, models, measure=measure, distance=distance, stimuli=stimuli,
        inference=inference, dataset=dataset, untrained=untrained, features=features,
    )  # fmt: skip


def select_layer(
    brain: Any,
    models: Any,
    measure: Names = "rho_a",
    *,
    distance: Distances | None = None,
    stimuli: Table | None = None,
    features: bool = False,
    dataset: str = "",
    **settings: Any,
) -> Result:
    """Choose the layer of every model on some stimuli, and score it on others.

    The highest of many layers on the same data flatters a model with many layers; how much, stands
    in the column `optimism`.

    Parameters
    ----------
    brain, models, measure, distance, stimuli, features, dataset
        See `isomorph.compare`.
    **settings
        As `inference.selection` in a study file, `kind`, `folds`, `repeats`, `column`, and as
        `inference`, see `isomorph.compare`.

    Returns
    -------
    Result
        `table`: a row per region, model, distance and measure, with the columns of the pipeline's
        `selection.csv`: `chosen_layer`, `chosen_share`, `score` with its interval, and the plain
        `maximum` beside them.

    Raises
    ------
    IsomorphError
        See `isomorph.compare`.

    Examples
    --------
    >>> import numpy as np, isomorph as iso
    >>> rng = np.random.default_rng(0)
    >>> shallow, deep = rng.standard_normal((2, 24, 50))
    >>> models = {"net": iso.rdm({"shallow": shallow, "deep": deep})}
    >>> brain = iso.rdm(deep + rng.standard_normal(deep.shape))
    >>> iso.select_layer(brain, models, folds=3, resamples=50).table["chosen_layer"].item()
    'deep'
    """
    inference = inference_of("select_layer", settings, "selection")
    return _compared(
        "selection", brain, models, measure=measure, distance=distance, stimuli=stimuli,
        inference=inference, dataset=dataset, features=features,
    )  # fmt: skip


def noise_ceiling(
    brain: Any,
    measure: Names = "rho_a",
    *,
    distance: Distances | None = None,
    stimuli: Table | None = None,
    features: bool = False,
    dataset: str = "",
    **settings: Any,
) -> Result:
    """Return how well the true model would do, or why nobody can know.

    Of several subjects, each against the mean of the others and of all (Nili et al. 2014); of one
    subject with repetitions, what halves of them predict of all. Without either it is undefined.

    Parameters
    ----------
    brain, measure, distance, stimuli, features, dataset
        See `isomorph.compare`.
    **settings
        See `isomorph.compare`.

    Returns
    -------
    Result
        `table`: a row per region, distance and measure, with the columns that `comparisons.csv`
        has for ceilings.

    Raises
    ------
    IsomorphError
        See `isomorph.compare`.

    References
    ----------
    Nili et al. 2014, https://doi.org/10.1371/journal.pcbi.1003553

    Examples
    --------
    >>> import numpy as np, isomorph as iso
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.standard_normal((20, 30))
    >>> brain = [iso.rdm(truth + rng.standard_normal((20, 30)), subject=s) for s in "abcd"]
    >>> iso.noise_ceiling(brain, resamples=100).table[["ceiling_lower", "ceiling_upper"]].round(2)
       ceiling_lower  ceiling_upper
    0           0.38           0.67
    """
    inference = inference_of("noise_ceiling", settings)
    analysis = analysis_of(
        brain, NO_MODELS, measure=measure, distance=distance, stimuli=stimuli,
        inference=inference, dataset=dataset, features=features,
    )  # fmt: skip
    analysis = replace(analysis, distances=of_brains(analysis.distances))
    draws, rows = analysis.draws(), []
    for name, one in asked(analysis):
        setting = analysis.setting(name, one)
        if not setting.measure.accepts(name):
            continue
        regions = regions_asked(analysis, setting.measure, name)
        own = analysis.draws_of(draws, regions)
        for region in regions:
            found = ceiling(region, setting.of_brain, setting.measure, own, inference.interval)
            rows.append({**setting.columns_of_regions, **region.columns, **found.row})
    return Result("ceiling", {"ceiling": pd.DataFrame(rows)}, inference)


def _compared(kind: str, brain: Any, models: Any, **asked: Any) -> Result:
    """Return all tables of a comparison, one of them as the main one."""
    analysis = analysis_of(brain, models, **asked)
    tables, left_out = comparison_tables(analysis)
    filled = {name: ordered(table, name) for name, table in tables.items()}
    return Result(kind, filled, analysis.inference, tuple(analysis.families), tuple(left_out))

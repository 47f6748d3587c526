"""Beyond a similarity: controls, shared variance, combinations of layers, and model recovery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isomorph.catalogue import ordered
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.inference.analysis import Analysis
from isomorph.inference.asking import Distances, analysis_of
from isomorph.inference.explain.explaining import explanation_tables
from isomorph.inference.explain.material import Roles
from isomorph.inference.given_controls import Names
from isomorph.inference.given_stimuli import Table
from isomorph.inference.keywords import inference_of
from isomorph.inference.result import Result
from isomorph.inference.trust.recovering import not_recovered, recovery_tables
from isomorph.rdms.named import several


def partial(
    brain: Any,
    models: Any,
    controls: Names,
    measure: Names = "rho_a",
    *,
    distance: Distances | None = None,
    stimuli: Table | None = None,
    dataset: str = "",
    **settings: Any,
) -> Result:
    """Return what each model has in common with each region beyond some controls.

    Parameters
    ----------
    brain, models, measure, distance, stimuli, dataset
        See `isomorph.compare`. Of several distances the first that a measure takes is used.
        Measures of high cost, see `isomorph list measures`, are left out.
        rho-a becomes Spearman's correlation, as no residual has the ties that rho-a charges for.
    controls : str or sequence of str
        Models, among `models`, that are held constant with all their layers.
    **settings
        As `inference.explain` in a study file, `layers`, `splits`, `resamples`, and as
        `inference`, see `isomorph.compare`.

    Returns
    -------
    Result
        `table`: a row per region, model and statistic, `plain`, `partial` and `semi_partial`, with
        the columns of the pipeline's `partial.csv`.

    Raises
    ------
    IsomorphError
        See `isomorph.compare`; when a control is not a model.

    Examples
    --------
    >>> import numpy as np, isomorph as iso
    >>> rng = np.random.default_rng(0)
    >>> low, high = rng.standard_normal((2, 30, 40))
    >>> brain = iso.rdm(np.hstack([low, high]), "squared_euclidean")
    >>> layers = {"low": low, "high": high}
    >>> models = {name: iso.rdm({name: x}, "squared_euclidean") for name, x in layers.items()}
    >>> found = iso.partial(brain, models, controls="low", measure="pearson", resamples=50)
    >>> found.table.query("model == 'high'").set_index("statistic")["estimate"].round(2)
    statistic
    plain           0.68
    partial         1.00
    semi_partial    0.64
    Name: estimate, dtype: float64
    """
    analysis = _analysis("partial", "explain", brain, models, measure, distance, stimuli, dataset,
                         settings)  # fmt: skip
    names = _instances(analysis)
    held = tuple(several(controls, "controls"))
    for name in held:
        if name not in names:
            raise IsomorphError(f'controls: no model "{name}", {did_you_mean(name, names)}')
    return _explained("partial", analysis, Roles(names, held, ()))


def partition(
    brain: Any,
    models: Any,
    measure: Names = "rho_a",
    *,
    distance: Distances | None = None,
    stimuli: Table | None = None,
    dataset: str = "",
    **settings: Any,
) -> Result:
    """Return the shares of a region's variance that models explain alone and in common.

    Parameters
    ----------
    brain, measure, distance, stimuli, dataset
        See `isomorph.compare`. Of several distances the first that a measure takes is used.
        Measures of high cost, see `isomorph list measures`, are left out.
        rho-a becomes Spearman's correlation, as no residual has the ties that rho-a charges for.
    models
        Two to four, see `isomorph.compare`; each stands for itself by the layer chosen on other
        stimuli.
    **settings
        As `inference.explain` in a study file, `splits`, `resamples`, and as `inference`, see
        `isomorph.compare`.

    Returns
    -------
    Result
        `table`: a row per region and part, `unique`, `shared` and `total`, with the columns of the
        pipeline's `partition.csv`.

    Raises
    ------
    IsomorphError
        See `isomorph.compare`; when there are not two to four models.

    References
    ----------
    Nimon et al. 2008, https://doi.org/10.3758/BRM.40.2.457

    Examples
    --------
    >>> import numpy as np, isomorph as iso
    >>> rng = np.random.default_rng(0)
    >>> low, high = rng.standard_normal((2, 30, 40))
    >>> brain = iso.rdm(np.hstack([low, high]), "squared_euclidean")
    >>> layers = {"low": low, "high": high}
    >>> models = {name: iso.rdm({name: x}, "squared_euclidean") for name, x in layers.items()}
    >>> found = iso.partition(brain, models, measure="pearson", resamples=50)
    >>> found.table.set_index("part")["variance"].round(1)
    part
    low           0.5
    high          0.4
    low & high    0.0
    all           1.0
    Name: variance, dtype: float64
    """
    analysis = _analysis("partition", "explain", brain, models, measure, distance, stimuli,
                         dataset, settings)  # fmt: skip
    names = _instances(analysis)
    if not 2 <= len(names) <= 4:
        raise IsomorphError(f"models: {len(names)} are given, expected two to four to share out")
    return _explained("partition", analysis, Roles(names, (), (names,)))


def weighted(
    brain: Any,
    models: Any,
    measure: Names = "rho_a",
    *,
    distance: Distances | None = None,
    stimuli: Table | None = None,
    dataset: str = "",
    **settings: Any,
) -> Result:
    """Return whether layers together, or components reweighted, explain more than one layer.

    Weights are fitted on one half of the stimuli and scored on the other.

    Parameters
    ----------
    brain, models, measure, distance, stimuli, dataset
        See `isomorph.compare`. Of several distances the first that a measure takes is used.
        Measures of high cost, see `isomorph list measures`, are left out.
    **settings
        As `inference.explain` in a study file, `splits`, `components`, `resamples`, and as
        `inference`, see `isomorph.compare`.

    Returns
    -------
    Result
        `table`: a row per region, model and kind of combination, with the columns of the pipeline's
        `weighted.csv`: `score`, `single`, `gain` with its interval, and the largest `weights`.

    Raises
    ------
    IsomorphError
        See `isomorph.compare`.

    Examples
    --------
    >>> import numpy as np, isomorph as iso
    >>> rng = np.random.default_rng(0)
    >>> low, high = rng.standard_normal((2, 30, 40))
    >>> models = {"net": iso.rdm({"low": low, "high": high}, "squared_euclidean")}
    >>> brain = iso.rdm(np.hstack([low, high]), "squared_euclidean")
    >>> found = iso.weighted(brain, models, measure="pearson", resamples=50)
    >>> bool((found.table.query("kind == 'layers'")["gain"] > 0.1).all())
    True
    """
    analysis = _analysis("weighted", "explain", brain, models, measure, distance, stimuli, dataset,
                         settings)  # fmt: skip
    explain = analysis.inference.explain.model_copy(update={"weighted": tuple(analysis.measures)})
    inference = analysis.inference.model_copy(update={"explain": explain})
    return _explained(
        "weighted", replace(analysis, inference=inference), Roles(_instances(analysis), (), ())
    )


def recover(
    brain: Any,
    models: Any,
    measure: Names = "rho_a",
    *,
    distance: Distances | None = None,
    stimuli: Table | None = None,
    untrained: Mapping[str, Names] | None = None,
    dataset: str = "",
    **settings: Any,
) -> Result:
    """Simulate data like the measured from the layers, and see which layers are found again.

    Parameters
    ----------
    brain, models, measure, distance, stimuli, untrained, dataset
        See `isomorph.compare`.
        Measures of high cost, see `isomorph list measures`, are left out.
    **settings
        As `inference.recovery` in a study file, `simulations`, `tested`, `candidates`, `level`,
        `units`, `reliability`, and as `inference`, see `isomorph.compare`.

    Returns
    -------
    Result
        `table`, which is `power`: how often the planted layer, its neighbours and its model win,
        and how often claims are right; and `confusion`: who was found for whom. The columns are
        those of the pipeline's tables.

    Raises
    ------
    IsomorphError
        See `isomorph.compare`.

    Examples
    --------
    >>> import numpy as np, isomorph as iso
    >>> rng = np.random.default_rng(0)
    >>> low, high = rng.standard_normal((2, 20, 40))
    >>> models = {name: iso.rdm({name: x}) for name, x in (("low", low), ("high", high))}
    >>> brain = [iso.rdm(high + rng.standard_normal(high.shape), subject=s) for s in "ab"]
    >>> found = iso.recover(brain, models, simulations=5, tested=0)
    >>> sorted(set(found.confusion["planted_model"]))
    ['', 'high', 'low']
    """
    analysis = _analysis("recover", "recovery", brain, models, measure, distance, stimuli, dataset,
                         settings, untrained)  # fmt: skip
    left_out = not_recovered(analysis)
    if len(left_out) == len(analysis.measures) * len(analysis.distances):
        raise IsomorphError(f"measure: {'; '.join(left_out)}; take one of RDMs, such as rho_a")
    tables = {name: ordered(one, name) for name, one in recovery_tables(analysis).items()}
    return Result("power", tables, analysis.inference, tuple(analysis.families), tuple(left_out))


def _analysis(
    function: str,
    group: str,
    brain: Any,
    models: Any,
    measure: Names,
    distance: Distances | None,
    stimuli: Table | None,
    dataset: str,
    settings: Mapping[str, Any],
    untrained: Mapping[str, Names] | None = None,
) -> Analysis:
    return analysis_of(
        brain, models, measure=measure, distance=distance, stimuli=stimuli,
        inference=inference_of(function, settings, group), dataset=dataset, untrained=untrained,
    )  # fmt: skip


def _instances(analysis: Analysis) -> tuple[str, ...]:
    return tuple(name for one in analysis.families for name in one.instances)


def _explained(kind: str, analysis: Analysis, roles: Roles) -> Result:
    found = explanation_tables(analysis, roles, (kind,))
    if not len(found.tables[kind]) and found.not_applicable:
        raise IsomorphError(
            f"{kind}: {', '.join(found.not_applicable)} is not an inner product of vectors, so "
            "nothing can be projected out; take one that is, such as rho_a or pearson"
        )
    tables = {name: ordered(table, name) for name, table in found.tables.items()}
    return Result(
        kind, tables, analysis.inference, tuple(analysis.families),
        (*found.not_applicable, *found.left_out),
    )  # fmt: skip

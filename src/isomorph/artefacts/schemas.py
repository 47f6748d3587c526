"""What each kind of file must hold: dimensions, coordinates, columns and attributes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.registry import Registry
from isomorph.shown import is_plain


@dataclass(frozen=True)
class ArraySchema:
    """Contents of one netCDF file, or of each session group of a responses file.

    Attributes
    ----------
    variables : dict
        Dimensions of each required variable.
    coordinates : dict
        Dimensions of each required coordinate.
    optional : dict
        Dimensions of each variable that may be absent.
    attributes : tuple of str
        Required attributes.
    finite : tuple of str
        Variables in which NaN and infinity are refused.
    """

    variables: dict[str, tuple[str, ...]]
    coordinates: dict[str, tuple[str, ...]]
    optional: dict[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    finite: tuple[str, ...] = ()


RESPONSES = ArraySchema(
    variables={"response": ("presentation", "unit")},
    coordinates={
        "stimulus": ("presentation",),
        "repetition": ("presentation",),
        "unit": ("unit",),
        "region": ("unit",),
    },
    optional={"area": ("unit",), "time_start": ("unit",), "time_stop": ("unit",)},
    attributes=("session",),
    finite=("response",),
)
"""One session: spike counts (or any response) with `response.attrs["units"]` saying which unit
of measurement; `repetition` counts the showings of each stimulus from 0. `area` is the region
without its window, `time_start` and `time_stop` that window, seconds from onset. Attributes hold
JSON: `dropped` and `noted` counts by reason, and of BOLD `runs`, a record for each run: `volumes`,
`left_out` (flagged as not steady or censored), `repetition_time` and `start_time` in seconds, and
the file that says the former."""

ACTIVATIONS = ArraySchema(
    variables={
        "gram": ("layer", "stimulus", "stimulus_b"),
        "mean_projection": ("layer", "stimulus"),
        "mean_norm": ("layer",),
        "stimulus_mean": ("layer", "stimulus"),
        "n_features": ("layer",),
    },
    coordinates={
        "layer": ("layer",),
        "depth": ("layer",),
        "stimulus": ("stimulus",),
        "stimulus_b": ("stimulus_b",),
    },
    optional={
        "spectrum": ("layer", "component"),
        "effective_dimensionality": ("layer",),
        "spectrum_decay": ("layer",),
        "n_dead": ("layer",),
        "fidelity": ("layer",),
        "read_as": ("layer",),
    },
    attributes=("model", "left_out"),
    finite=("gram", "mean_projection", "mean_norm", "stimulus_mean"),
)
"""`gram` is that of the features centred over stimuli; with `u = mean_projection` and
`c = mean_norm` the Gram matrix of the raw features is `gram + u_i + u_j + c`, and
`stimulus_mean` is the mean over features. `depth` counts layers in execution order. `n_dead`
counts features that are the same for every stimulus, `spectrum_decay` is the exponent of the
eigenvalues' fall, `read_as` says which tokens and positions were read, and `fidelity` is the
correlation of the RDM with the exact one where features were projected, else 1."""

RDMS = ArraySchema(
    variables={"rdm": ("representation", "pair")},
    coordinates={
        "representation": ("representation",),
        "distance": ("representation",),
        "region": ("representation",),
        "subject": ("representation",),
        "session": ("representation",),
        "model": ("representation",),
        "layer": ("representation",),
        "depth": ("representation",),
        "n_units": ("representation",),
        "stimulus": ("stimulus",),
        "stimulus_a": ("pair",),
        "stimulus_b": ("pair",),
    },
    optional={
        "rdm_half": ("halving", "half", "representation", "pair"),
        "half_norm": ("representation", "stimulus"),
        "half_status": ("representation",),
        "area": ("representation",),
        "time_start": ("representation",),
        "time_stop": ("representation",),
        "draw": ("representation",),
        "n_recorded": ("representation",),
        "fold": ("representation",),
        "n_folds": ("representation",),
    },
    attributes=("left_out",),
    finite=("rdm",),
)
"""RDMs of brains or models alike. Pairs run over the upper triangle row by row, in the order of
`stimulus`. Brain rows have empty `model` and `layer` and depth -1, model rows have empty
`region`, `subject` and `session`. `n_units` is -1 where it is not known. `fold` says what
cross-validation crosses and halves divide, runs, sessions or repetitions, whole ones; `n_folds` how
many there are, in the session with the fewest. `rdm_half` holds the RDMs of two halves for every
halving, the same for all regions of a subject; NaN where there are none, for the reason in
`half_status`. `1 - rdm_half` times `half_norm` of both stimuli is on the scale of the whole.
`area` is a region without its window, `time_start` and `time_stop` that window, seconds from onset,
NaN where there is none: of time bins, one file holds an RDM each. `draw` numbers the draws of
equally many units, `n_units` of the `n_recorded` units of the region in that subject."""

REPRESENTATIONS = ArraySchema(
    variables={"similarity": ("measure", "representation", "representation_b")},
    coordinates={
        "measure": ("measure",),
        "representation": ("representation",),
        "representation_b": ("representation_b",),
        "region": ("representation",),
        "model": ("representation",),
        "layer": ("representation",),
        "depth": ("representation",),
    },
    attributes=("dataset", "distance"),
    finite=("similarity",),
)
"""Every region (subjects pooled) and every layer against every other, under one distance; both
axes in the same order. Regions have empty `model` and `layer` and depth -1."""

ARRAYS = Registry(
    "artefact",
    {
        "responses": RESPONSES,
        "activations": ACTIVATIONS,
        "rdms": RDMS,
        "representations": REPRESENTATIONS,
    },
)

TABLES: Registry[tuple[str, ...]] = Registry(
    "table",
    {
        "stimuli": ("stimulus", "file", "sha256"),
        "names": ("file", "name", "stimulus"),
        "reliability": (
            "subject", "session", "region", "unit", "n_stimuli", "n_repetitions",
            "split_half", "spearman_brown", "status",
        ),
        "comparisons": (
            "dataset", "simulated", "region", "model", "layer", "depth", "distance", "measure",
            "invariances", "estimate", "chance", "calibrated", "standard_error", "interval_low",
            "interval_high", "scheme", "n_resamples", "n_stimuli", "n_groups", "n_subjects",
            "n_units", "noise_note",
            "ceiling_lower", "ceiling_lower_low", "ceiling_lower_high",
            "ceiling_upper", "ceiling_upper_low", "ceiling_upper_high", "half_agreement",
            "ceiling_status", "ceiling_reason", "reliability", "normalised_r", "normalised_low",
            "normalised_high",
            "p", "sides", "p_corrected", "correction", "family", "family_size", "p_note",
            "p_best", "in_set", "status", "reason",
        ),
        "layers_in_set": (
            "dataset", "simulated", "region", "model", "distance", "measure", "n_layers",
            "confidence", "n_in_set", "layers", "best_layer", "first_layer", "last_layer",
            "scheme", "n_stimuli", "n_subjects", "status", "reason",
        ),
        "subjects": (
            "dataset", "simulated", "region", "subject", "model", "layer", "depth", "distance",
            "measure", "estimate", "chance", "n_units", "status", "reason",
        ),
        "regions": (
            "dataset", "simulated", "region_a", "region_b", "distance", "measure", "crossing",
            "estimate", "standard_error", "interval_low", "interval_high", "scheme", "p", "sides",
            "p_corrected", "correction", "family", "family_size", "p_note", "n_stimuli",
            "n_subjects_a", "n_subjects_b", "status", "reason",
        ),
        "preferences": (
            "dataset", "simulated", "region_a", "region_b", "model", "layer", "depth", "distance",
            "measure", "score_a", "score_b", "normalised_a", "normalised_b", "difference",
            "standard_error", "interval_low", "interval_high", "scheme", "p", "p_corrected",
            "correction", "family", "family_size", "n_stimuli", "n_subjects_a", "n_subjects_b",
            "n_units_a", "n_units_b", "status", "reason",
        ),
        "selection": (
            "dataset", "simulated", "region", "model", "distance", "measure", "chosen_on", "split",
            "n_splits", "n_layers", "score", "standard_error", "interval_low", "interval_high",
            "scheme", "chosen_layer", "chosen_share", "maximum", "maximum_layer",
            "maximum_chance", "maximum_p", "maximum_calibrated", "optimism", "n_stimuli",
            "n_subjects", "status", "reason",
        ),
        "differences": (
            "dataset", "simulated", "region", "model_a", "model_b", "n_seeds_a", "n_seeds_b",
            "distance", "measure", "layer_a", "layer_b", "score_a", "score_b", "difference",
            "standard_error", "interval_low", "interval_high", "scheme", "p", "p_corrected",
            "correction", "family", "family_size", "p_note", "status", "reason",
        ),
        "contrasts": (
            "dataset", "simulated", "region", "model", "control", "n_seeds", "distance", "measure",
            "score", "control_score", "difference", "standard_error", "interval_low",
            "interval_high", "scheme", "p", "p_corrected", "correction", "family",
            "family_size", "p_note", "chosen_layer", "chosen_share", "status", "reason",
        ),
        "recovery": (
            "dataset", "region", "planted_model", "planted_layer", "distance", "measure",
            "found_model", "found_layer", "rank", "n_candidates", "planted_estimate",
            "found_estimate", "interval_low", "interval_high", "recovered", "status", "reason",
        ),
        "confusion": (
            "dataset", "simulated", "region", "distance", "measure", "planted_model",
            "planted_layer", "found_model", "found_layer", "count", "n_simulations",
            "n_candidates", "assumed", "status", "reason",
        ),
        "power": (
            "dataset", "simulated", "region", "distance", "measure", "planted_model",
            "planted_layer", "n_stimuli", "n_subjects", "n_units", "n_repetitions",
            "recovery_exact", "recovery_neighbour", "recovery_family", "power_zero",
            "power_runner_up", "false_positive", "false_winner", "n_recovery", "n_power_zero",
            "n_power_runner_up", "n_false_positive", "n_false_winner", "error_recovery",
            "error_power_zero", "error_power_runner_up", "error_false_positive",
            "error_false_winner", "n_candidates", "reliability_target", "reliability_known",
            "reliability_simulated", "noise_share", "assumed", "status", "reason",
        ),
        "agreement": (
            "dataset", "simulated", "region", "over", "distance_a", "measure_a", "distance_b",
            "measure_b", "kendall_tau_b", "spearman", "n_candidates", "winner_a", "winner_b",
            "same_winner", "status", "reason",
        ),
        "partial": (
            "dataset", "simulated", "region", "model", "layer", "chosen_share", "distance",
            "measure", "controls", "n_controls", "statistic", "estimate", "standard_error",
            "interval_low", "interval_high", "scheme", "p", "p_corrected", "correction", "family",
            "family_size", "p_note", "n_resamples", "n_stimuli", "n_subjects", "status", "reason",
        ),
        "weighted": (
            "dataset", "simulated", "region", "model", "kind", "n_weighted", "distance", "measure",
            "fitted_by", "score", "single", "layer", "chosen_share", "gain", "standard_error",
            "interval_low", "interval_high", "scheme", "p", "p_corrected", "correction", "family",
            "family_size", "p_note", "weights", "ridge", "n_resamples", "n_stimuli", "n_subjects",
            "status", "reason",
        ),
        "partition": (
            "dataset", "simulated", "region", "predictors", "layers", "distance", "measure",
            "part", "kind", "variance", "standard_error", "interval_low", "interval_high",
            "scheme", "p", "p_corrected", "correction", "family", "family_size", "p_note",
            "n_resamples", "n_stimuli", "n_subjects", "status", "reason",
        ),
        "models": (
            "dataset", "model_a", "model_b", "distance", "measure", "a_to_b", "b_to_a",
            "similarity", "standard_error", "interval_low", "interval_high", "scheme",
            "n_layers_a", "n_layers_b", "n_resamples", "n_stimuli", "status", "reason",
        ),
    },
)  # fmt: skip
"""Required columns by table. `status` is what a row has, see `isomorph.inference.estimated.Status`,
and `reason` says in words why it has no more; of `reliability`, `status` says both."""


def check_array(data: xr.Dataset, schema: ArraySchema, where: str) -> None:
    """Refuse a dataset that does not hold what its schema promises.

    Raises
    ------
    IsomorphError
        Naming the file, the variable, what it is and what it should be.
    """
    for name, dims in {**schema.variables, **schema.coordinates}.items():
        if name not in data.variables:
            raise IsomorphError(f'{where}: no "{name}" {_dims(dims)}')
    for name, dims in {**schema.variables, **schema.coordinates, **schema.optional}.items():
        if name in data.variables and data[name].dims != dims:
            raise IsomorphError(
                f'{where}: "{name}" is {_dims(data[name].dims)}, expected {_dims(dims)}'
            )
    for name in schema.attributes:
        if name not in data.attrs:
            raise IsomorphError(f'{where}: no attribute "{name}"')
    for name in schema.finite:
        bad = int(np.size(data[name]) - np.isfinite(data[name].values).sum())
        if bad:
            raise IsomorphError(f'{where}: "{name}" holds {bad} values that are not finite')
    _refuse_unseen(data, where)


def _refuse_unseen(data: xr.Dataset, where: str) -> None:
    """Refuse names with control characters: they come from files of others, and steer terminals."""
    for key, variable in data.variables.items():
        if variable.dtype.kind in "OU":
            for name in pd.unique(variable.values.ravel()):
                if isinstance(name, str) and not is_plain(name):
                    raise IsomorphError(
                        f'{where}: the {key} "{name}" holds a character that cannot be seen, which '
                        "no name may; rename it in the file it comes from"
                    )


def check_table(table: pd.DataFrame, kind: str, where: str) -> None:
    """Refuse a table that lacks a column.

    Raises
    ------
    IsomorphError
        Naming the file and the missing columns.
    """
    missing = [column for column in TABLES[kind] if column not in table.columns]
    if missing:
        raise IsomorphError(f"{where}: no column {', '.join(missing)} in the {kind} table")


def _dims(dims: tuple[object, ...]) -> str:
    return "(" + ", ".join(str(dim) for dim in dims) + ")"

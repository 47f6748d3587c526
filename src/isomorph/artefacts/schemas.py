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

    A dimension with a question mark may be absent.

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
    each : dict
        Dimensions of what may be said of every distance, by what follows its name. The distance
        itself, its status and its reason must be there.
    """

    variables: dict[str, tuple[str, ...]]
    coordinates: dict[str, tuple[str, ...]]
    optional: dict[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    finite: tuple[str, ...] = ()
    each: dict[str, tuple[str, ...]] = field(default_factory=dict)


RESPONSES = ArraySchema(
    variables={"response": ("presentation", "unit", "time?")},
    coordinates={
        "stimulus": ("presentation",),
        "repetition": ("presentation",),
        "unit": ("unit",),
        "region": ("unit",),
    },
    optional={"time_start": ("time?",), "time_stop": ("time?",)},
    attributes=("session",),
    finite=("response",),
)
"""One session: spike counts (or any response) with `response.attrs["units"]` saying which unit
of measurement; `repetition` counts the showings of each stimulus from 0. `time_start` and
`time_stop` are those of the time bins, or of the one window, seconds from onset. Attributes hold
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

HAS_RDM = ("ok", "no_halves")
"""What the status of an RDM that there is can be."""

ROWS = ("representation?", "layer?", "draw?", "time?")

RDMS = ArraySchema(
    variables={},
    coordinates={"stimulus": ("stimulus",), "stimulus_a": ("pair",), "stimulus_b": ("pair",)},
    optional={
        "region": ("representation",),
        "subject": ("representation",),
        "session": ("representation",),
        "n_units": ("representation?", "layer?"),
        "n_recorded": ("representation",),
        "fold": ("representation",),
        "n_folds": ("representation",),
        "time_start": ("time?",),
        "time_stop": ("time?",),
        "model": (),
        "layer": ("layer",),
        "depth": ("layer",),
    },
    attributes=("left_out",),
    each={
        "": (*ROWS, "pair"),
        "_status": ROWS,
        "_reason": ROWS,
        "_note": ROWS,
        "_half": ("halving", "half", *ROWS, "pair"),
        "_half_norm": (*ROWS, "stimulus"),
    },
)
"""RDMs of brains, `(representation[, draw][, time], pair)`, or of a model, `(layer, pair)`: a
variable per distance, named as it is. Pairs run over the upper triangle row by row, in the order of
`stimulus`. Representations are told apart by `region`, `subject` and, where RDMs come by session,
`session`. Where there is no RDM all is NaN, and `<distance>_status` and `<distance>_reason` say so
and why; `<distance>_note` is what a reader must know of one that there is. `n_units` is absent
where it is not known. `fold` says what cross-validation crosses and halves divide, runs, sessions
or repetitions, whole ones; `n_folds` how many there are, in the session with the fewest.
`<distance>_half` holds the RDMs of two halves for every halving, the same for all regions of a
subject; NaN where there are none. `1 - <distance>_half` times `<distance>_half_norm` of both
stimuli is on the scale of the whole. `time_start` and `time_stop` are those of the time bins, or of
the one window, seconds from onset. `draw` numbers draws of equally many units, `n_units` of the
`n_recorded` units of the region in that subject. `left_out` is JSON: what has no RDM under any
distance, and why."""

REPRESENTATIONS = ArraySchema(
    variables={"similarity": ("measure", "representation", "representation_b")},
    coordinates={
        "measure": ("measure",),
        "representation": ("representation",),
        "representation_b": ("representation_b",),
        "region": ("representation",),
        "time_start": ("representation",),
        "time_stop": ("representation",),
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

PLACE = ("region", "time_start", "time_stop")
"""Where and when: the time bin in seconds from onset, nothing where there are no bins."""

PLACES = ("region_a", "region_b", "time_start", "time_stop")
"""Two regions, in the same time bin."""

TABLES: Registry[tuple[str, ...]] = Registry(
    "table",
    {
        "stimuli": ("stimulus", "file", "sha256"),
        "names": ("file", "name", "stimulus"),
        "reliability": (
            "subject", "session", *PLACE, "unit", "n_stimuli", "n_repetitions",
            "split_half", "spearman_brown", "status",
        ),
        "comparisons": (
            "dataset", "simulated", *PLACE, "model", "layer", "depth", "distance", "measure",
            "invariances", "estimate", "chance", "calibrated", "standard_error", "interval_low",
            "interval_high", "scheme", "n_resamples", "n_stimuli", "n_groups", "n_subjects",
            "n_units", "noise_note",
            "ceiling_lower", "ceiling_lower_low", "ceiling_lower_high",
            "ceiling_upper", "ceiling_upper_low", "ceiling_upper_high", "half_agreement",
            "ceiling_status", "reliability", "normalised_r", "normalised_low", "normalised_high",
            "p", "sides", "p_corrected", "correction", "family", "family_size", "p_note",
            "p_best", "in_set", "status",
        ),
        "layers_in_set": (
            "dataset", "simulated", *PLACE, "model", "distance", "measure", "n_layers",
            "confidence", "n_in_set", "layers", "best_layer", "first_layer", "last_layer",
            "scheme", "n_stimuli", "n_subjects", "status",
        ),
        "subjects": (
            "dataset", "simulated", *PLACE, "subject", "model", "layer", "depth", "distance",
            "measure", "estimate", "chance", "n_units", "status",
        ),
        "regions": (
            "dataset", "simulated", *PLACES, "distance", "measure", "crossing",
            "estimate", "standard_error", "interval_low", "interval_high", "scheme", "p", "sides",
            "p_corrected", "correction", "family", "family_size", "p_note", "n_stimuli",
            "n_subjects_a", "n_subjects_b", "status",
        ),
        "preferences": (
            "dataset", "simulated", *PLACES, "model", "layer", "depth", "distance",
            "measure", "score_a", "score_b", "normalised_a", "normalised_b", "difference",
            "standard_error", "interval_low", "interval_high", "scheme", "p", "p_corrected",
            "correction", "family", "family_size", "n_stimuli", "n_subjects_a", "n_subjects_b",
            "n_units_a", "n_units_b", "status",
        ),
        "selection": (
            "dataset", "simulated", *PLACE, "model", "distance", "measure", "chosen_on", "split",
            "n_splits", "n_layers", "score", "standard_error", "interval_low", "interval_high",
            "scheme", "chosen_layer", "chosen_share", "maximum", "maximum_layer",
            "maximum_chance", "maximum_p", "maximum_calibrated", "optimism", "n_stimuli",
            "n_subjects", "status",
        ),
        "differences": (
            "dataset", "simulated", *PLACE, "model_a", "model_b", "n_seeds_a", "n_seeds_b",
            "distance", "measure", "layer_a", "layer_b", "score_a", "score_b", "difference",
            "standard_error", "interval_low", "interval_high", "scheme", "p", "p_corrected",
            "correction", "family", "family_size", "p_note", "status",
        ),
        "contrasts": (
            "dataset", "simulated", *PLACE, "model", "twins", "n_seeds", "distance", "measure",
            "score", "twin_score", "difference", "standard_error", "interval_low",
            "interval_high", "scheme", "p", "p_corrected", "correction", "family",
            "family_size", "p_note", "chosen_layer", "chosen_share", "status",
        ),
        "recovery": (
            "dataset", *PLACE, "planted_model", "planted_layer", "distance", "measure",
            "found_model", "found_layer", "rank", "n_candidates", "planted_estimate",
            "found_estimate", "interval_low", "interval_high", "recovered", "status",
        ),
        "confusion": (
            "dataset", "simulated", *PLACE, "distance", "measure", "planted_model",
            "planted_layer", "found_model", "found_layer", "count", "n_simulations",
            "n_candidates", "assumed", "status",
        ),
        "power": (
            "dataset", "simulated", *PLACE, "distance", "measure", "planted_model",
            "planted_layer", "n_stimuli", "n_subjects", "n_units", "n_repetitions",
            "recovery_exact", "recovery_neighbour", "recovery_family", "power_zero",
            "power_runner_up", "false_positive", "false_winner", "n_recovery", "n_power_zero",
            "n_power_runner_up", "n_false_positive", "n_false_winner", "error_recovery",
            "error_power_zero", "error_power_runner_up", "error_false_positive",
            "error_false_winner", "n_candidates", "reliability_target", "reliability_known",
            "reliability_simulated", "noise_share", "assumed", "status",
        ),
        "agreement": (
            "dataset", "simulated", *PLACE, "over", "distance_a", "measure_a", "distance_b",
            "measure_b", "kendall_tau_b", "spearman", "n_candidates", "winner_a", "winner_b",
            "same_winner", "status",
        ),
        "partial": (
            "dataset", "simulated", *PLACE, "model", "layer", "chosen_share", "distance",
            "measure", "controls", "n_controls", "statistic", "estimate", "standard_error",
            "interval_low", "interval_high", "scheme", "p", "p_corrected", "correction", "family",
            "family_size", "p_note", "n_resamples", "n_stimuli", "n_subjects", "status",
        ),
        "weighted": (
            "dataset", "simulated", *PLACE, "model", "kind", "n_weighted", "distance", "measure",
            "fitted_by", "score", "single", "layer", "chosen_share", "gain", "standard_error",
            "interval_low", "interval_high", "scheme", "p", "p_corrected", "correction", "family",
            "family_size", "p_note", "weights", "ridge", "n_resamples", "n_stimuli", "n_subjects",
            "status",
        ),
        "partition": (
            "dataset", "simulated", *PLACE, "predictors", "layers", "distance", "measure",
            "part", "kind", "variance", "standard_error", "interval_low", "interval_high",
            "scheme", "p", "p_corrected", "correction", "family", "family_size", "p_note",
            "n_resamples", "n_stimuli", "n_subjects", "status",
        ),
        "models": (
            "dataset", "model_a", "model_b", "distance", "measure", "a_to_b", "b_to_a",
            "similarity", "standard_error", "interval_low", "interval_high", "scheme",
            "n_layers_a", "n_layers_b", "n_resamples", "n_stimuli", "status",
        ),
    },
)  # fmt: skip
"""Required columns by table. `status` is `ok` or says in words why the row has no number."""


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
    known = {**schema.variables, **schema.coordinates, **schema.optional}
    for name, dims in (known | _of_distances(data, schema, where)).items():
        if name in data.variables and data[name].dims != _there(dims, data[name].dims):
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


def _there(dims: tuple[str, ...], found: tuple[object, ...]) -> tuple[str, ...]:
    """Return the dimensions promised, without those that may be absent and are."""
    return tuple(name.rstrip("?") for name in dims if name[-1] != "?" or name[:-1] in found)


def _of_distances(data: xr.Dataset, schema: ArraySchema, where: str) -> dict[str, tuple[str, ...]]:
    """Return the dimensions of all that is said of distances, refusing RDMs that are so in part."""
    if not schema.each:
        return {}
    for name in ("region", "subject") if "representation" in data.dims else ("layer",):
        if name not in data.coords:
            raise IsomorphError(f'{where}: no coordinate "{name}" that tells RDMs apart')
    names = [str(name) for name, one in data.data_vars.items()
             if "pair" in one.dims and not str(name).endswith("_half")]  # fmt: skip
    for name in names:
        for of in ("_status", "_reason"):
            if f"{name}{of}" not in data:
                raise IsomorphError(f'{where}: no "{name}{of}" {_dims(schema.each[of])}')
        finite = np.isfinite(data[name].values)
        given = np.isin(data[f"{name}_status"].values.astype(str), HAS_RDM)
        bad = int((finite != given[..., None]).any(axis=-1).sum())
        if bad:
            raise IsomorphError(
                f'{where}: in {bad} of {given.size} RDMs "{name}" is not what its status says, '
                "expected numbers alone, or none where there is no RDM"
            )
    return {f"{name}{of}": dims for name in names for of, dims in schema.each.items()}


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

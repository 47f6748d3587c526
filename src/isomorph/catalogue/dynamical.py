"""The table of dynamics: regions by the laws their trajectories follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isomorph.catalogue.entries import WORDS, Artefact, named, table
from isomorph.catalogue.shared_columns import PROBABILITY, SHARE, SHARED

if TYPE_CHECKING:
    from isomorph.study import Study

LAW = "radians, or the eigenvalues'"

COLUMNS = {
    **named(
        WORDS,
        subject_a="Subject of the first region.",
        session_a="Session of the first region; empty where sessions are not kept apart.",
        subject_b="Subject of the second region.",
        session_b="Session of the second region; empty where sessions are not kept apart.",
        model_b="Model that stands in place of a second region; empty where there is none.",
        layer_b="Its layer.",
        field_distance="`angular`: the angle between the two laws after the best rotation of one. "
        "`wasserstein`: the distance between their eigenvalues.",
    ),
    **named(
        LAW,
        estimate="Distance between the linear laws by which the mean trajectories of two regions "
        "go from one time bin to the next; 0 for the same dynamics, whatever the units.",
        standard_error="Standard error of the distance, from resamples of the stimuli.",
        shuffled="Median of the distance when the time bins of the second region are shuffled.",
    ),
    **named(
        PROBABILITY,
        p="Probability of a distance as small if the time bins of the second region had no order. "
        "Any two regions that change slowly are nearer than that.",
    ),
    **named(
        SHARE,
        fit_a="Share of the variance of a time bin that the law of the first region predicts from "
        "the bin before.",
        fit_b="The same of the second region.",
        variance_a="Share of the variance of the first region's delayed trajectories that the "
        "coordinates of the law hold.",
        variance_b="The same of the second region.",
    ),
    **named(
        "count",
        rank="Coordinates of the laws.",
        delays="Time bins that stand beside each other.",
        n_bins="Time bins of the responses.",
        n_steps="Time steps of the layer, each taken to be one bin; empty where there is no model.",
        n_shuffles="Shuffles of time.",
        n_units_a="Units of the first region.",
        n_units_b="Units of the second region, or features of the layer.",
    ),
}  # fmt: skip


def asks(study: Study, dataset: str) -> bool:
    """Tell whether a study asks for the dynamics of a dataset, whose responses have time bins."""
    responses = study.dataset(dataset).responses
    times = getattr(responses, "times", None)
    several = len(times) > 1 if isinstance(times, tuple) else times is not None
    averaged = responses.kind == "arrays" and responses.window is not None
    return study.spec.dynamics is not None and several and not averaged


def models_in_time(study: Study, dataset: str) -> list[str]:
    """Return the model instances of a dataset whose features are said to have an axis of time."""
    return [
        instance
        for instance, spec, _ in study.instances_for(dataset)
        if spec.source.startswith("features/") and spec.options.get("time") is not None
    ]


DYNAMICAL: tuple[Artefact, ...] = (
    table(
        "dynamics", "dynamics", "regions and layers by the laws their trajectories follow",
        "dataset simulated region_a subject_a session_a region_b subject_b session_b "
        "model_b layer_b field_distance delays rank estimate standard_error shuffled p "
        "p_corrected correction family family_size fit_a fit_b variance_a variance_b "
        "n_shuffles n_bins n_steps n_stimuli n_units_a n_units_b status reason",
        COLUMNS, SHARED, asked=asks,
    ),
)  # fmt: skip

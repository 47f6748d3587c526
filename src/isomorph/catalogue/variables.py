"""What netCDF files hold: each variable with its dimensions, meaning and unit."""

from __future__ import annotations

from collections.abc import Mapping

from isomorph.catalogue.entries import WORDS, ArraySchema, Variable
from isomorph.registry import Registry

SECONDS = "seconds"


def _data(
    dims: str,
    unit: str = "",
    /,
    *,
    finite: bool = False,
    optional: bool = False,
    **meanings: str,
) -> tuple[Variable, ...]:
    named = tuple(dims.split())
    return tuple(
        Variable(name, named, meaning, unit, optional=optional, finite=finite)
        for name, meaning in meanings.items()
    )


def _coordinates(dim: str, unit: str = "", /, **meanings: str) -> tuple[Variable, ...]:
    return tuple(
        Variable(name, (dim,), meaning, unit, role="coordinate")
        for name, meaning in meanings.items()
    )


LEFT_OUT: Mapping[str, str] = {"left_out": "JSON: what was left out, and why."}

RESPONSES = ArraySchema(
    (
        *_data(
            "presentation unit", "that of its attribute `units`", finite=True,
            response="Response of a unit to one presentation: a spike count, a beta, a mean.",
        ),
        *_coordinates("presentation", WORDS, stimulus="What was shown."),
        *_coordinates(
            "presentation", "count",
            repetition="How often the stimulus had been shown before in this session, from 0.",
        ),
        *_coordinates(
            "unit", WORDS, unit="Name of the neuron, voxel or sensor.", region="Its brain region.",
        ),
        *_data("unit", WORDS, optional=True, area="The region without its time bin."),
        *_data(
            "unit", SECONDS, optional=True,
            time_start="Start of the time bin, from stimulus onset.",
            time_stop="End of the time bin, from stimulus onset.",
        ),
    ),
    {
        "session": "Name of the session. Beside it JSON: `dropped` and `noted` counts by reason, "
        "and of BOLD `runs`, a record for each run: `volumes`, `left_out` (flagged as not steady "
        "or censored), `repetition_time` and `start_time` in seconds, and the file that says the "
        "former.",
    },
)  # fmt: skip
"""Of one session; a file holds a group per session."""

ACTIVATIONS = ArraySchema(
    (
        *_data(
            "layer stimulus stimulus_b", "squared activation", finite=True,
            gram="Gram matrix of the features, centred over stimuli. With u = mean_projection and "
            "c = mean_norm that of the raw features is gram + u_i + u_j + c.",
        ),
        *_data(
            "layer stimulus", "squared activation", finite=True,
            mean_projection="Inner product of the centred features with their mean over stimuli.",
        ),
        *_data(
            "layer", "squared activation", finite=True,
            mean_norm="Squared length of the mean over stimuli.",
        ),
        *_data(
            "layer stimulus", "activation", finite=True, stimulus_mean="Mean over features.",
        ),
        *_data("layer", "count", n_features="Features of the layer."),
        *_coordinates("layer", WORDS, layer="Name of the layer."),
        *_coordinates("layer", "count", depth="Its place in the order of execution, from 0."),
        *_coordinates("stimulus", WORDS, stimulus="Name of the stimulus."),
        *_coordinates("stimulus_b", WORDS, stimulus_b="The same, in the same order."),
        *_data(
            "layer component", "squared activation", optional=True,
            spectrum="Eigenvalues of the Gram matrix, the largest first.",
        ),
        *_data(
            "layer", optional=True,
            effective_dimensionality="Squared sum of eigenvalues over the sum of their squares.",
            spectrum_decay="Exponent with which the eigenvalues fall.",
            fidelity="Correlation of the RDM with the exact one where features were projected, "
            "else 1.",
        ),
        *_data(
            "layer", "count", optional=True, n_dead="Features that are equal for every stimulus.",
        ),
        *_data(
            "layer", WORDS, optional=True, read_as="Which tokens and positions were read.",
        ),
    ),
    {"model": "Model instance.", **LEFT_OUT},
)  # fmt: skip

RDMS = ArraySchema(
    (
        *_data(
            "representation pair", "that of the distance", finite=True,
            rdm="Distance between the two stimuli of a pair. Pairs run over the upper triangle row "
            "by row, in the order of `stimulus`.",
        ),
        *_coordinates(
            "representation", WORDS,
            representation="Name of the representation.",
            distance="Distance inside it.",
            region="Brain region; empty for models.",
            subject="Subject; empty for models.",
            session="Session; empty where sessions are joined, and for models.",
            model="Model instance; empty for brains.",
            layer="Layer; empty for brains.",
        ),
        *_coordinates(
            "representation", "count",
            depth="Place of the layer in the order of execution; -1 for brains.",
            n_units="Units or features; -1 where not known.",
        ),
        *_coordinates("stimulus", WORDS, stimulus="Name of the stimulus."),
        *_coordinates(
            "pair", WORDS, stimulus_a="First stimulus of the pair.", stimulus_b="Second stimulus.",
        ),
        *_data(
            "halving half representation pair", "that of the distance", optional=True,
            rdm_half="The RDMs of two halves for every halving, the same for all regions of a "
            "subject; NaN where there are none. `1 - rdm_half` times `half_norm` of both stimuli "
            "is on the scale of the whole.",
        ),
        *_data(
            "representation stimulus", optional=True, half_norm="See rdm_half.",
        ),
        *_data(
            "representation", WORDS, optional=True,
            half_status="`ok`, or why there are no halves.",
            area="The region without its time bin.",
            fold="What cross-validation crosses and halves divide, whole ones: runs, sessions or "
            "repetitions.",
        ),
        *_data(
            "representation", SECONDS, optional=True,
            time_start="Start of the time bin, from stimulus onset; NaN where there is none.",
            time_stop="End of the time bin, from stimulus onset.",
        ),
        *_data(
            "representation", "number", optional=True,
            draw="Draw of equally many units: `n_units` of the `n_recorded`.",
        ),
        *_data(
            "representation", "count", optional=True,
            n_recorded="Units of the region in that subject.",
            n_folds="Folds there are, in the session with the fewest.",
        ),
    ),
    LEFT_OUT,
)  # fmt: skip
"""Of brains or models alike."""

REPRESENTATIONS = ArraySchema(
    (
        *_data(
            "measure representation representation_b", "the measure's", finite=True,
            similarity="Every region (subjects pooled) and every layer against every other.",
        ),
        *_coordinates("measure", WORDS, measure="Measure between two representations."),
        *_coordinates(
            "representation", WORDS,
            representation="Name of the region or layer.",
            region="Brain region; empty for layers.",
            model="Model instance; empty for regions.",
            layer="Layer; empty for regions.",
        ),
        *_coordinates("representation_b", WORDS, representation_b="The same, in the same order."),
        *_coordinates(
            "representation", "count",
            depth="Place of the layer in the order of execution; -1 for regions.",
        ),
    ),
    {"dataset": "Name of the dataset.", "distance": "Distance inside the representations."},
)  # fmt: skip

ARRAYS: Registry[ArraySchema] = Registry(
    "artefact",
    {
        "responses": RESPONSES,
        "activations": ACTIVATIONS,
        "rdms": RDMS,
        "representations": REPRESENTATIONS,
    },
)
"""Schemas of netCDF files, by what a file says that it is."""

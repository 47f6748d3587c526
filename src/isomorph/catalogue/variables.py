"""What netCDF files hold: each variable with its dimensions, meaning and unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from isomorph.catalogue.entries import DISTANCE, WORDS, ArraySchema, Variable
from isomorph.registry import Registry

SECONDS = "seconds"


def _data(
    dims: str, unit: str = "", /, *flags: Literal["finite", "optional"], **meanings: str
) -> tuple[Variable, ...]:
    named = tuple(dims.split())
    return tuple(
        Variable(name, named, said, unit, optional="optional" in flags, finite="finite" in flags)
        for name, said in meanings.items()
    )


def _coordinates(dim: str, unit: str = "", /, **meanings: str) -> tuple[Variable, ...]:
    return tuple(
        Variable(name, (dim,), meaning, unit, role="coordinate")
        for name, meaning in meanings.items()
    )


BINS = _data(
    "time?", SECONDS, "optional",
    time_start="Start of the time bins, or of the one window, from stimulus onset.",
    time_stop="End of the time bins, or of the one window, from stimulus onset.",
)  # fmt: skip

LEFT_OUT: Mapping[str, str] = {"left_out": "JSON: what was left out, and why."}

RESPONSES = ArraySchema(
    (
        *_data(
            "presentation unit time?", "that of its attribute `units`", "finite",
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
        *BINS,
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
            "layer stimulus stimulus_b", "squared activation", "finite",
            gram="Gram matrix of the features, centred over stimuli. With u = mean_projection and "
            "c = mean_norm that of the raw features is gram + u_i + u_j + c.",
        ),
        *_data(
            "layer stimulus", "squared activation", "finite",
            mean_projection="Inner product of the centred features with their mean over stimuli.",
        ),
        *_data(
            "layer", "squared activation", "finite",
            mean_norm="Squared length of the mean over stimuli.",
        ),
        *_data(
            "layer stimulus", "activation", "finite", stimulus_mean="Mean over features.",
        ),
        *_data("layer", "count", n_features="Features of the layer."),
        *_coordinates("layer", WORDS, layer="Name of the layer."),
        *_coordinates("layer", "count", depth="Its place in the order of execution, from 0."),
        *_coordinates("stimulus", WORDS, stimulus="Name of the stimulus."),
        *_coordinates("stimulus_b", WORDS, stimulus_b="The same, in the same order."),
        *_data(
            "layer component", "squared activation", "optional",
            spectrum="Eigenvalues of the Gram matrix, the largest first.",
        ),
        *_data(
            "layer", "", "optional",
            effective_dimensionality="Squared sum of eigenvalues over the sum of their squares.",
            spectrum_decay="Exponent with which the eigenvalues fall.",
            fidelity="Correlation of the RDM with the exact one where features were projected, "
            "else 1.",
        ),
        *_data(
            "layer", "count", "optional", n_dead="Features that are equal for every stimulus.",
        ),
        *_data(
            "feature stimulus", "activation", "finite", "optional",
            features="Features that the model's file asks to keep, layer after layer.",
        ),
        *_data(
            "feature", "count", "optional",
            feature_layer="Of a kept feature the place of its layer along `layer`, from 0.",
            feature_place="Its place among all features of the layer, from 0.",
        ),
        *_data(
            "layer", WORDS, "optional", read_as="Which tokens and positions were read.",
        ),
    ),
    {"model": "Model instance.", **LEFT_OUT},
)  # fmt: skip

ROWS = "representation? layer? draw? time?"
OF_DISTANCE = "that of the distance"

RDMS = ArraySchema(
    (
        *_data(
            f"{ROWS} pair", OF_DISTANCE, "optional",
            **{DISTANCE: "Distance between the two stimuli of a pair, `(representation[, draw]"
               "[, time], pair)` of brains and `(layer, pair)` of a model. Pairs run over the "
               "upper triangle row by row, in the order of `stimulus`. NaN where there is no RDM."},
        ),
        *_data(
            ROWS, WORDS, "optional",
            **{f"{DISTANCE}_status": "`ok`, or what is wrong in one word.",
               f"{DISTANCE}_reason": "Why there is no RDM; empty where there is one.",
               f"{DISTANCE}_note": "What a reader must know of an RDM."},
        ),
        *_data(
            f"halving half {ROWS} pair", OF_DISTANCE, "optional",
            **{f"{DISTANCE}_half": "The RDMs of two halves for every halving, the same for all "
               "regions of a subject; NaN where there are none. 1 minus it, times the norms of "
               "both stimuli, is on the scale of the whole."},
        ),
        *_data(
            f"{ROWS} stimulus", "", "optional",
            **{f"{DISTANCE}_half_norm": "The norm of each stimulus by which halves are scaled."},
        ),
        *_coordinates("stimulus", WORDS, stimulus="Name of the stimulus."),
        *_coordinates(
            "pair", WORDS, stimulus_a="First stimulus of the pair.", stimulus_b="Second stimulus.",
        ),
        *_data(
            "representation", WORDS, "optional",
            region="Brain region.",
            subject="Subject.",
            session="Session, where RDMs come by session.",
            fold="What cross-validation crosses and halves divide, whole ones: runs, sessions or "
            "repetitions.",
        ),
        *_data(
            "representation? layer?", "count", "optional",
            n_units="Units or features; absent where no number is known.",
        ),
        *_data(
            "representation", "count", "optional",
            n_recorded="Units of the region in that subject, of which each draw takes n_units.",
            n_folds="Folds there are, in the session with the fewest.",
        ),
        *BINS,
        *_data("", WORDS, "optional", model="Model instance."),
        *_data("layer", WORDS, "optional", layer="Name of the layer."),
        *_data("layer", "count", "optional", depth="Its place in the order of execution."),
    ),
    {"left_out": "JSON: what has no RDM under any distance, and why."},
)  # fmt: skip
"""Of brains, or of one model; representations are told apart by region, subject and session."""

REPRESENTATIONS = ArraySchema(
    (
        *_data(
            "measure representation representation_b", "the measure's", "finite",
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
        *_coordinates(
            "representation", SECONDS,
            time_start="Start of the region's time bin, from stimulus onset; NaN without bins.",
            time_stop="End of the region's time bin.",
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
